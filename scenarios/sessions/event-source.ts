/** Read sessions of server-sent events as a client opens and keeps them, whatever it follows. */

import type { Clock, NetworkError } from '../../engine/index.ts';
import { ProtocolViolation } from '../client.ts';
import type { Transport } from '../wire.ts';
import { type ServerSentEvent, serverSentEvents } from './server-sent.ts';

/** The official clients end a session of events that is silent for so long. */
export const SILENCE_MS_MAX = 25_000;

export interface EventRequest {
  basin: string;
  target: string;
  headers: readonly (readonly [string, string])[];
  signal: AbortSignal;
}

export type Opened =
  | { kind: 'open'; events: AsyncIterable<ServerSentEvent> }
  /** An answer before the session began. */
  | { kind: 'answer'; status: number; body: unknown };

/** Rejects with a NetworkError, or with ProtocolViolation for an answer that is no JSON. */
export async function openEvents(transport: Transport, address: string, request: EventRequest): Promise<Opened> {
  const { basin, target, signal } = request;
  const headers = new Map([['s2-basin', basin], ['accept', 'text/event-stream'], ...request.headers]);
  const { status, body } = await transport(address, { method: 'GET', target, headers, body: nothing(), signal });
  if (status === 200 && !(body instanceof Uint8Array)) return { kind: 'open', events: serverSentEvents(body) };
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : await textOf(body);
  return { kind: 'answer', status, body: parse(text) };
}

/** The server is not the owner, or about to go; another one may serve. */
export function isNotServing(code: string): boolean {
  return code === 'hot_server' || code === 'server_draining' || code === 'unavailable';
}

/** Aborts a session of which nothing is heard for too long. */
export class Silence {
  readonly #clock: Clock;
  readonly #session: AbortController;
  readonly #noticed: () => void;
  #timer = new AbortController();

  constructor(clock: Clock, session: AbortController, noticed: () => void) {
    this.#clock = clock;
    this.#session = session;
    this.#noticed = noticed;
  }

  within(ms: number): void {
    this.over();
    const timer = (this.#timer = new AbortController());
    void this.#clock.sleep(ms, timer.signal).then(() => {
      if (timer.signal.aborted) return;
      this.#noticed();
      this.#session.abort('nothing was heard');
    });
  }

  over(): void {
    this.#timer.abort('heard');
  }
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolViolation(`no JSON where JSON is due: ${text.slice(0, 80)}`);
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const utf8 = new TextDecoder();
  let text = '';
  for await (const chunk of body) text += utf8.decode(chunk, { stream: true });
  return text;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

export function isNetworkError(error: unknown): error is NetworkError {
  return error instanceof Error && 'sent' in error && 'code' in error;
}
