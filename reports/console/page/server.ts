/** What the page asks of the server it came from: the public v1 API and nothing else, by fetch. */

export interface Position {
  seq_num: number;
  timestamp: number;
}

export interface StreamRecord extends Position {
  headers?: [string, string][];
  body?: string;
}

export interface ReadBatch {
  records: StreamRecord[];
  tail?: Position;
}

export interface Target {
  basin: string;
  stream: string;
}

/** A stream and what its records are encrypted with, if they are. */
export interface KeyedTarget extends Target {
  /** Base64; null for none. */
  key: string | null;
}

export interface Listing {
  items: { name: string; isDeleting: boolean }[];
  hasMore: boolean;
}

interface Info {
  name: string;
  deleted_at: string | null;
}

/** What the server answered instead; `status` 0 when there was no answer. */
export class RequestFailed extends Error {
  override name = 'RequestFailed';
  readonly status: number;
  /** The key is missing, is none, or is not the one the records were written with. */
  readonly isAboutKey: boolean;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
    this.isAboutKey = /encryption key|decrypt/i.test(message);
  }
}

const PAGE = 100;

/** Where this tab keeps the token, until it closes. */
const TOKEN = 'access-token';

/** What is called when a request is refused for want of a token; `hadToken`: it came with one. */
let refused: (hadToken: boolean) => void = () => {};
let isRefused = false;

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
}

export function whenRefused(call: (hadToken: boolean) => void): void {
  refused = call;
}

export async function listBasins(after: string): Promise<Listing> {
  const answer = await ask('GET', `/v1/basins?limit=${PAGE}&start_after=${encodeURIComponent(after)}`);
  const { basins, has_more } = (await answer.json()) as { basins: Info[]; has_more: boolean };
  return { items: basins.map(named), hasMore: has_more };
}

export async function listStreams(basin: string, prefix: string, after: string): Promise<Listing> {
  const query = `limit=${PAGE}&prefix=${encodeURIComponent(prefix)}&start_after=${encodeURIComponent(after)}`;
  const answer = await ask('GET', `/v1/streams?${query}`, { basin });
  const { streams, has_more } = (await answer.json()) as { streams: Info[]; has_more: boolean };
  return { items: streams.map(named), hasMore: has_more };
}

export async function createBasin(basin: string): Promise<void> {
  await ask('POST', '/v1/basins', { body: { basin } });
}

export async function createStream({ basin, stream }: Target): Promise<void> {
  await ask('POST', '/v1/streams', { basin, body: { stream } });
}

export async function streamConfig({ basin, stream }: Target): Promise<Record<string, unknown>> {
  const answer = await ask('GET', `/v1/streams/${encodeURIComponent(stream)}`, { basin });
  return (await answer.json()) as Record<string, unknown>;
}

export interface Conditions {
  fencing_token?: string;
  match_seq_num?: number;
}

export async function append(target: KeyedTarget, body: string, conditions: Conditions): Promise<{ start: Position }> {
  const answer = await ask('POST', recordsPath(target), {
    ...target,
    body: { records: [{ body }], ...conditions },
  });
  return (await answer.json()) as { start: Position };
}

/** The bytes of an event stream that goes on until it is aborted or the server ends it. */
export async function openEvents(
  target: KeyedTarget,
  query: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { body } = await ask('GET', `${recordsPath(target)}?${query}`, {
    ...target,
    accept: 'text/event-stream',
    signal,
  });
  return chunksOf(body as ReadableStream<Uint8Array>);
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** The status and text of `/health`; status 0 when nobody answers. */
export async function health(): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch('/health', { cache: 'no-store' });
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 0, text: '' };
  }
}

/** Nothing where nobody may see them: asking again and again would not help. */
export async function metrics(): Promise<string> {
  if (isRefused) return '';
  return (await ask('GET', '/metrics')).text();
}

interface Ask {
  basin?: string;
  key?: string | null;
  body?: unknown;
  accept?: string;
  signal?: AbortSignal;
}

async function ask(method: string, path: string, { basin, key, body, accept, signal }: Ask = {}): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN);
  const headers: Record<string, string> = {
    ...(token !== null && { authorization: `Bearer ${token}` }),
    ...(basin !== undefined && { 's2-basin': basin }),
    ...(key != null && { 's2-encryption-key': key }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(accept !== undefined && { accept }),
  };
  const response = await fetch(path, {
    method,
    headers,
    cache: 'no-store',
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    throw new RequestFailed('the server does not answer', 0);
  });
  if (response.status === 401) {
    isRefused = true;
    refused(token !== null);
  }
  if (!response.ok) throw new RequestFailed(await reasonIn(response), response.status);
  return response;
}

async function reasonIn(response: Response): Promise<string> {
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (typeof body['fencing_token_mismatch'] === 'string') {
    return `not appended: the stream is fenced by "${body['fencing_token_mismatch']}"`;
  }
  if (typeof body['seq_num_mismatch'] === 'number') {
    return `not appended: the next record gets number ${body['seq_num_mismatch']}`;
  }
  const { tail } = body as { tail?: Position };
  if (tail !== undefined) return `the stream ends at ${tail.seq_num}`;
  return typeof body['message'] === 'string' ? body['message'] : `the server answered ${response.status}`;
}

function recordsPath({ stream }: Target): string {
  return `/v1/streams/${encodeURIComponent(stream)}/records`;
}

function named({ name, deleted_at }: Info) {
  return { name, isDeleting: deleted_at !== null };
}
