/**
 * What a story can do: ask servers over the simulated network, keep their puts back, crash and start them, let time pass.
 * One client; requests may overlap. Everything is by the wire, as any client meets it.
 */

import type { HttpRequest, HttpResponse } from '../../engine/index.ts';
import type { HostPorts, World } from '../../sim/index.ts';
import { errorCode, field } from '../wire.ts';
import type { HazardServers } from './servers.ts';
import { must } from './story.ts';
import { Appending, type BatchWish, Listening } from './talks.ts';

export const BASIN = 'basin-01';
export const STREAM = 'stream';
export const RECORDS = `/v1/streams/${STREAM}/records`;

/** No answer within this is no answer. */
const PATIENCE_MS = 70_000;
/** Long enough for a request and its answer when nothing is kept back, far below every patience. */
const MOMENT_MS = 100;

export interface Answer {
  /** 0: there was none. */
  status: number;
  headers: ReadonlyMap<string, string>;
  /** Parsed; text where it is no JSON. */
  body: unknown;
}

/** A request under way. */
export interface Question {
  /** Null until it is there. */
  answer: Answer | null;
  answered: Promise<Answer>;
}

export class Stage {
  readonly servers: HazardServers;
  readonly #world: World;
  readonly #ports: HostPorts;
  /** Which server is asked. */
  server = 'node-1';

  constructor(world: World, ports: HostPorts, servers: HazardServers) {
    this.#world = world;
    this.#ports = ports;
    this.servers = servers;
  }

  /** Milliseconds of simulated time. */
  get nowMs(): number {
    return this.#world.nowMs;
  }

  /** What the clock on the wall of the client says. */
  get wallMs(): number {
    return this.#ports.clock.wallMs();
  }

  get objects(): ReadonlyMap<string, Uint8Array> {
    return this.#world.store.objects();
  }

  pass(ms: number): Promise<void> {
    return this.#ports.clock.sleep(ms);
  }

  /** What is under way comes to its end, or waits for what is kept back. */
  moment(): Promise<void> {
    return this.pass(MOMENT_MS);
  }

  /** The server crashes, and is started again at once; resolves when it serves. */
  async restart(host = this.server): Promise<void> {
    this.servers.crash(host);
    await this.moment();
    await this.start(host);
  }

  /** Resolves when it has taken over. */
  async start(host: string): Promise<void> {
    this.servers.start(host);
    for (let waits = 0; !this.servers.serves(host); waits++) {
      must(waits < 100, `${host} has not taken over within ${waits * MOMENT_MS} ms`);
      await this.moment();
    }
  }

  // --- asking ------------------------------------------------------------------------------------------------

  /** `line` as in `POST /v1/basins`; what is no text goes as JSON. The basin is named unless the headers say otherwise. */
  begin(line: string, body?: unknown, headers: Record<string, string> = {}): Question {
    const question: Question = { answer: null, answered: this.#ask(line, body, headers) };
    void question.answered.then((answer) => (question.answer = answer));
    return question;
  }

  ask(line: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.begin(line, body, headers).answered;
  }

  /** As `ask`; anything but `status` is a hazard met. */
  async get(status: number, line: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    const answer = await this.ask(line, body, headers);
    must(answer.status === status, `${line} was answered with ${shown(answer)}, not with ${status}`);
    return answer;
  }

  /** The basin and the stream of most stories. */
  async provision(streamConfig: unknown = {}, basinConfig: unknown = {}): Promise<void> {
    await this.get(201, 'POST /v1/basins', { basin: BASIN, config: basinConfig });
    await this.get(201, 'POST /v1/streams', { stream: STREAM, config: streamConfig });
  }

  /** Numbers of the first record and behind the last one. */
  async append(...bodies: readonly string[]): Promise<{ start: number; end: number }> {
    const { body } = await this.get(200, `POST ${RECORDS}`, batch(...bodies));
    return { start: seqNumIn(body, 'start'), end: seqNumIn(body, 'end') };
  }

  /** Bodies of the records of a stream from its beginning; empty when nothing is written. */
  async bodies(stream = STREAM): Promise<string[]> {
    const line = `GET /v1/streams/${stream}/records?seq_num=0`;
    const { status, body } = await this.ask(line);
    if (status === 416) return [];
    must(status === 200, `${line} was answered with ${status} ${errorCode(body)}`);
    return recordsIn(body).map((record) => (field(record, 'body') ?? '') as string);
  }

  async tail(stream = STREAM): Promise<number> {
    const { body } = await this.get(200, `GET /v1/streams/${stream}/records/tail`);
    return seqNumIn(body, 'tail');
  }

  /** A read session over server-sent events that has begun. */
  async follow(query: string, headers: Record<string, string> = {}): Promise<Listening> {
    const hangUp = new AbortController();
    const wanted = { accept: 'text/event-stream', ...headers };
    const response = await this.#call('GET', `${RECORDS}${query}`, wanted, nothing(), hangUp.signal);
    must(response.status === 200, `a read session ${query} was answered with ${response.status}`);
    return new Listening(response, hangUp, () => this.nowMs);
  }

  /** An append session that has begun: its first input goes with it. */
  async appendSession(stream = STREAM, ...first: readonly BatchWish[]): Promise<Appending> {
    const { session, response } = await this.#openSession(stream, first);
    session.hear(response);
    return session;
  }

  /** One whose answers nobody takes. */
  async stalledSession(): Promise<Appending> {
    return (await this.#openSession(STREAM, [])).session;
  }

  async #openSession(stream: string, first: readonly BatchWish[]) {
    const hangUp = new AbortController();
    const session = new Appending(hangUp);
    session.send(...first);
    const wanted = { 'content-type': 's2s/proto' };
    const target = `/v1/streams/${stream}/records`;
    const response = await this.#call('POST', target, wanted, session.body(), hangUp.signal);
    must(response.status === 200, `an append session was answered with ${response.status}`);
    return { session, response };
  }

  async #ask(line: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
    const [method = '', target = ''] = line.split(' ');
    const bytes = body === undefined ? null : new TextEncoder().encode(textOf(body));
    const typed = bytes === null ? headers : { 'content-type': 'application/json', ...headers };
    const giveUp = new AbortController();
    const patience = new AbortController();
    void this.#ports.clock.sleep(PATIENCE_MS, patience.signal).then(() => giveUp.abort('no answer'));
    try {
      const response = await this.#call(method, target, typed, once(bytes), giveUp.signal);
      return { status: response.status, headers: response.headers, body: parsed(await whole(response)) };
    } catch (error) {
      if (!(error instanceof Error && 'sent' in error)) throw error;
      return { status: 0, headers: new Map(), body: error.message };
    } finally {
      patience.abort('answered');
    }
  }

  #call(
    method: string,
    target: string,
    headers: Record<string, string>,
    body: HttpRequest['body'],
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const all = new Map(Object.entries({ 's2-basin': BASIN, ...headers }));
    return this.#ports.network.call(this.server, { method, target, headers: all, body, signal });
  }
}

/** A batch as JSON. */
export function batch(...bodies: readonly string[]): { records: unknown[] } {
  return { records: bodies.map((body) => ({ body })) };
}

export const fenceTo = (token: string) => ({ headers: [['', 'fence']], body: token });

/** A trim command: its body is eight bytes, which are text below 128. */
export const trimTo = (seqNum: number) => ({
  headers: [['', 'trim']],
  body: '\0'.repeat(7) + String.fromCharCode(seqNum),
});

/** An answer as messages show it. */
export function shown(answer: Answer | null): string {
  const { status, body } = answer ?? { status: 0, body: 'not yet' };
  return status === 0 ? `nothing (${String(body)})` : `${status} ${JSON.stringify(body).slice(0, 160)}`;
}

export function recordsIn(body: unknown): unknown[] {
  const records = field(body, 'records');
  must(Array.isArray(records), `a read was answered with ${JSON.stringify(body)}`);
  return records as unknown[];
}

export function seqNumIn(body: unknown, position: string): number {
  return field(field(body, position), 'seq_num') as number;
}

/** The S2 code of an error. */
export function codeOf({ body }: Answer): string {
  return errorCode(body);
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function whole({ body }: HttpResponse): Promise<string> {
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  const utf8 = new TextDecoder();
  let text = '';
  for await (const chunk of body) text += utf8.decode(chunk, { stream: true });
  return text;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* once(bytes: Uint8Array | null): AsyncGenerator<Uint8Array> {
  if (bytes !== null && bytes.length > 0) yield bytes;
}
