/**
 * An append session on one side stream that stays open while its stream is deleted and created again. It sends one batch at a
 * time; each is in the history as any append. A refusal is about the life the session was opened on, and says nothing of the
 * name.
 */

import type { Clock } from '../../engine/index.ts';
import { isNetworkError } from '../sessions/event-source.ts';
import { inputFrame, type SessionAnswer, sessionAnswers } from '../sessions/s2s-wire.ts';
import { errorCode, NO_EFFECT, streamPath, type Transport } from '../wire.ts';
import type { SideHistory, SideOutcome, SideRecord } from './history.ts';

export interface SideSessionOptions {
  address: string;
  basin: string;
  stream: string;
  /** Of the client, in the history. */
  client: string;
  /** Patience with one batch, in milliseconds. */
  timeoutMs: number;
}

export class SideAppendSession {
  readonly #clock: Clock;
  readonly #history: SideHistory;
  readonly #options: SideSessionOptions;
  readonly #gone = new AbortController();
  /** Frames to be sent; the request ends with null. */
  readonly #frames: (Uint8Array | null)[] = [];
  #wake: () => void = () => {};
  readonly #answers: AsyncGenerator<SessionAnswer, void>;

  constructor(transport: Transport, clock: Clock, history: SideHistory, options: SideSessionOptions) {
    this.#clock = clock;
    this.#history = history;
    this.#options = options;
    this.#answers = this.#listen(transport);
  }

  /** Ends when the batch was answered, or can not be any more; then the session is over. */
  async append(bodies: readonly string[]): Promise<SideOutcome> {
    const { stream, client } = this.#options;
    const records = bodies.map((body): SideRecord => ({ kind: 'data', body, timestamp: null }));
    const call = { kind: 'append', records, matchSeqNum: null } as const;
    const operation = this.#history.called({ stream, client, call });
    this.#send(inputFrame({ bodies, setFencingToken: null, fencingToken: null, matchSeqNum: null }));
    const patience = new AbortController();
    void this.#clock.sleep(this.#options.timeoutMs, patience.signal).then(() => {
      if (!patience.signal.aborted) this.#gone.abort('the client gave up');
    });
    const outcome = await this.#next();
    patience.abort('answered');
    this.#history.returned(operation, outcome);
    return outcome;
  }

  /** Half-closes, and leaves what is still to come. */
  close(): void {
    this.#send(null);
    this.#gone.abort('the session is over');
  }

  async #next(): Promise<SideOutcome> {
    try {
      const { value } = await this.#answers.next();
      if (value === undefined) return { kind: 'unknown', code: 'ended' };
      if (value.kind === 'failed') return failed(errorCode(value.body));
      return { kind: 'appended', start: value.start, end: value.end };
    } catch (error) {
      if (!isNetworkError(error)) throw error;
      return { kind: error.sent ? 'unknown' : 'refused', code: error.code };
    }
  }

  async *#listen(transport: Transport): AsyncGenerator<SessionAnswer, void> {
    const { address, basin, stream } = this.#options;
    const response = await transport(address, {
      method: 'POST',
      target: streamPath(stream, '/records'),
      headers: new Map([
        ['s2-basin', basin],
        ['content-type', 's2s/proto'],
      ]),
      body: this.#sent(),
      signal: this.#gone.signal,
    });
    const { status, body } = response;
    if (status === 200 && !(body instanceof Uint8Array)) return yield* sessionAnswers(body);
    const bytes = body instanceof Uint8Array ? body : await bytesOf(body);
    yield { kind: 'failed', status, body: JSON.parse(new TextDecoder().decode(bytes)) };
  }

  #send(frame: Uint8Array | null): void {
    this.#frames.push(frame);
    this.#wake();
  }

  async *#sent(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame === null || this.#gone.signal.aborted) return;
      if (frame !== undefined) yield frame;
      else await new Promise<void>((wake) => (this.#wake = wake));
    }
  }
}

function failed(code: string): SideOutcome {
  return { kind: NO_EFFECT.has(code) ? 'refused' : 'unknown', code };
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const out = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}
