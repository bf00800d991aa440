/** Sessions as a story holds them: it sends what it likes when it likes, and looks at what came so far. */

import type { HttpResponse } from '../../engine/index.ts';
import type { Batch } from '../client.ts';
import { inputFrame, type SessionAnswer, sessionAnswers } from '../sessions/s2s-wire.ts';
import { type ServerSentEvent, serverSentEvents } from '../sessions/server-sent.ts';
import { field } from '../wire.ts';

export type Ending = 'open' | 'ended' | 'broken';

export interface SeenEvent extends ServerSentEvent {
  /** When it came, in milliseconds of simulated time. */
  atMs: number;
}

/** A read session over server-sent events. */
export class Listening {
  readonly headers: ReadonlyMap<string, string>;
  readonly events: SeenEvent[] = [];
  ending: Ending = 'open';
  /** When it ended; null while it is open. */
  endedAtMs: number | null = null;
  readonly #hangUp: AbortController;

  constructor(response: HttpResponse, hangUp: AbortController, nowMs: () => number) {
    this.headers = response.headers;
    this.#hangUp = hangUp;
    const listen = async () => {
      for await (const event of serverSentEvents(streamed(response))) this.events.push({ ...event, atMs: nowMs() });
    };
    const over = (ending: Ending) => {
      this.ending = ending;
      this.endedAtMs = nowMs();
    };
    listen().then(
      () => over('ended'),
      () => over('broken'),
    );
  }

  /** Numbers of the records that came, in the order they came. */
  get seqNums(): number[] {
    return this.#named('batch').flatMap(({ data }) => {
      const records = field(JSON.parse(data), 'records') as unknown[];
      return records.map((record) => field(record, 'seq_num') as number);
    });
  }

  get pings(): SeenEvent[] {
    return this.#named('ping');
  }

  /** It said itself that this was all. */
  get isDone(): boolean {
    return this.events.at(-1)?.data === '[DONE]';
  }

  leave(): void {
    this.#hangUp.abort('the story has heard enough');
  }

  #named(name: string): SeenEvent[] {
    return this.events.filter((event) => event.name === name);
  }
}

/** What a batch of a story is, where it is not a plain record. */
export type BatchWish = Partial<Batch> & { bodies: readonly string[] };

/** An append session: batches go out when they are sent, answers are kept as they come. */
export class Appending {
  readonly answers: SessionAnswer[] = [];
  headers: ReadonlyMap<string, string> = new Map();
  ending: Ending = 'open';
  readonly #hangUp: AbortController;
  readonly #unsent: (Uint8Array | null)[] = [];
  #wake: () => void = () => {};

  constructor(hangUp: AbortController) {
    this.#hangUp = hangUp;
  }

  send(...batches: readonly BatchWish[]): void {
    for (const wish of batches) {
      this.#push(inputFrame({ setFencingToken: null, fencingToken: null, matchSeqNum: null, ...wish }));
    }
  }

  /** No more input: the server answers what it has and ends. */
  halfClose(): void {
    this.#push(null);
  }

  leave(): void {
    this.#hangUp.abort('the story has sent enough');
  }

  /** To be called once, with what the server answered. */
  hear(response: HttpResponse): void {
    this.headers = response.headers;
    const listen = async () => {
      for await (const answer of sessionAnswers(streamed(response))) this.answers.push(answer);
    };
    listen().then(
      () => (this.ending = 'ended'),
      () => (this.ending = 'broken'),
    );
  }

  async *body(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const frame = this.#unsent.shift();
      if (frame === null) return;
      if (frame === undefined) await new Promise<void>((wake) => (this.#wake = wake));
      else yield frame;
    }
  }

  #push(frame: Uint8Array | null): void {
    this.#unsent.push(frame);
    this.#wake();
  }
}

async function* streamed({ body }: HttpResponse): AsyncGenerator<Uint8Array, void> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}
