/**
 * A store that speaks as much of the S3 protocol as the adapter needs, in the process of the test, with bad habits
 * and faults on demand. It checks no signatures. The real server (`s3-server.ts`) runs the same suite, so that
 * this one can not drift from the protocol.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FakeS3Habits {
  /** What `If-None-Match: *` does: works, nothing, or looks first and writes later. Default `honoured`. */
  conditions?: 'honoured' | 'ignored' | 'racy';
  /** The order of listings; `reversed` also ignores start-after, as S3 Express does. Default `sorted`. */
  listing?: 'sorted' | 'reversed';
  /** Keys on a page of a listing at most. Default 1000. */
  pageKeysMax?: number;
  /** The first read of a key after it was written says that it is absent, as a cached 404 would. */
  remembersAbsence?: boolean;
  /** Reads give the whole object whatever range was asked for. */
  ignoresRanges?: boolean;
}

export interface FakeRequest {
  method: string;
  /** The object's key; empty for requests about the bucket. */
  key: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
}

interface PlainAnswer {
  status: number;
  /** S3's error code. */
  code?: string;
  headers?: Record<string, string>;
  body?: string;
  /** The connection breaks after this much of the body. */
  endAfterBytes?: number;
}

/** An answer of the test's making. `reset` closes the connection instead, `hang` never answers. */
export type FakeAnswer = PlainAnswer | 'reset' | 'hang';

export class FakeS3 {
  readonly habits: FakeS3Habits;
  readonly objects = new Map<string, Buffer>();
  /** Everything that was asked, oldest first. */
  readonly requests: FakeRequest[] = [];
  /** Answers in the place of the store; `undefined` lets the store answer. Called when the whole body is there. */
  answer: (request: FakeRequest) => FakeAnswer | undefined = () => undefined;
  /** Called when the headers of a request are there and its body is not. */
  onHeaders: (request: FakeRequest, message: IncomingMessage) => void = () => {};
  /** Called when the whole body is there; the answer waits for it. */
  gate: (request: FakeRequest) => Promise<void> = async () => {};
  readonly #absences = new Set<string>();
  readonly #server: Server;

  constructor(habits: FakeS3Habits = {}) {
    this.habits = habits;
    this.#server = createServer((message, response) => void this.#serve(message, response));
  }

  static async start(habits: FakeS3Habits = {}): Promise<FakeS3> {
    const fake = new FakeS3(habits);
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(message.url ?? '/', 'http://fake');
    const [, bucket = '', ...path] = decodeURIComponent(url.pathname).split('/');
    const request = {
      method: message.method ?? '',
      key: path.join('/'),
      query: url.searchParams,
      headers: message.headers,
    };
    this.requests.push(request);
    this.onHeaders(request, message);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of message) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    await this.gate(request);
    const chosen = this.answer(request);
    if (chosen === 'hang') return;
    if (chosen === 'reset') return void message.socket.destroy();
    if (chosen !== undefined) return send(response, chosen);
    if (bucket !== 'bucket') return send(response, { status: 404, code: 'NoSuchBucket' });
    await this.#act(request, Buffer.concat(chunks), response);
  }

  async #act(request: FakeRequest, body: Buffer, response: ServerResponse): Promise<void> {
    const { method, key, query } = request;
    if (method === 'PUT') return send(response, await this.#put(request, body));
    if (method === 'GET' && key !== '') return this.#get(request, response);
    if (method === 'GET') return send(response, this.#list(query));
    if (method === 'POST' && query.has('delete')) {
      for (const [, doomed] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)) this.objects.delete(doomed ?? '');
      return send(response, { status: 200, body: '<DeleteResult/>' });
    }
    send(response, { status: 501, code: 'NotImplemented' });
  }

  async #put({ key, headers }: FakeRequest, body: Buffer): Promise<PlainAnswer> {
    const { conditions = 'honoured' } = this.habits;
    const mustBeNew = headers['if-none-match'] === '*' && conditions !== 'ignored';
    if (mustBeNew && this.objects.has(key)) return { status: 412, code: 'PreconditionFailed' };
    if (conditions === 'racy') await sleep(20);
    this.objects.set(key, body);
    return { status: 200, headers: { etag: '"fake"' } };
  }

  #get({ key, headers }: FakeRequest, response: ServerResponse): void {
    const object = this.objects.get(key);
    if (object === undefined || this.#absences.delete(key)) {
      if (object === undefined && this.habits.remembersAbsence === true) this.#absences.add(key);
      return send(response, { status: 404, code: 'NoSuchKey' });
    }
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    if (first === undefined || this.habits.ignoresRanges === true) return void response.writeHead(200).end(object);
    if (Number(first) >= object.length) {
      return send(response, {
        status: 416,
        code: 'InvalidRange',
        headers: { 'content-range': `bytes */${object.length}` },
      });
    }
    const part = object.subarray(Number(first), Number(last) + 1);
    const contentRange = `bytes ${first}-${Number(first) + part.length - 1}/${object.length}`;
    response.writeHead(206, { 'content-length': part.length, 'content-range': contentRange }).end(part);
  }

  #list(query: URLSearchParams): PlainAnswer {
    const { listing = 'sorted', pageKeysMax = 1000 } = this.habits;
    const prefix = query.get('prefix') ?? '';
    const token = query.get('continuation-token');
    const after = listing === 'reversed' ? '' : (query.get('start-after') ?? '');
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    if (listing === 'reversed') keys.reverse();
    const start = token === null ? 0 : Number(token);
    const end = start + Math.min(pageKeysMax, Number(query.get('max-keys') ?? 1000));
    const contents = keys
      .slice(start, end)
      .map((key) => `<Contents><Key>${key}</Key><Size>${this.objects.get(key)?.length}</Size></Contents>`);
    const more = end < keys.length;
    const next = more ? `<NextContinuationToken>${end}</NextContinuationToken>` : '';
    const body = `<ListBucketResult><IsTruncated>${more}</IsTruncated>${contents.join('')}${next}</ListBucketResult>`;
    return { status: 200, body };
  }
}

function send(response: ServerResponse, answer: PlainAnswer): void {
  const { status, code, headers = {}, endAfterBytes } = answer;
  const error = code === undefined ? '' : `<Error><Code>${code}</Code><Message>so says the test</Message></Error>`;
  const body = answer.body ?? error;
  response.writeHead(status, {
    'content-length': Buffer.byteLength(body),
    'content-type': 'application/xml',
    ...headers,
  });
  if (endAfterBytes === undefined) return void response.end(body);
  response.write(body.slice(0, endAfterBytes), () => response.socket?.destroy());
}
