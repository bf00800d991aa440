/**
 * The two ends of a streamed body: a pump that takes chunks from the sender's iterable and a reader that
 * hands them out at the receiver, with a window of bytes between them.
 *
 * Each end runs in its own host's events and never touches the other directly. The pump stops when told;
 * the reader ends, or throws the error the connection broke with, after what arrived before has been read.
 */

import type { HttpResponse } from '../../engine/ports.ts';

/** Bytes that may be on their way or unread before the pump waits; of a body that is read slowly, much less. */
const WINDOW_BYTES = 256 * 1024;
export const SMALL_WINDOW_BYTES = 1024;

/** What the pump does with what it got. */
export interface BodySink {
  /** False: nothing more is wanted. */
  chunk(bytes: Uint8Array): boolean;
  end(): void;
  /** The sender's iterable threw. */
  broke(error: unknown): void;
}

export class BodyPump {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #sink: BodySink;
  readonly #windowBytes: number;
  #isStopped = false;
  #unreadBytes = 0;
  #wakeUp: (() => void) | null = null;

  constructor(source: AsyncIterable<Uint8Array>, sink: BodySink, windowBytes = WINDOW_BYTES) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#sink = sink;
    this.#windowBytes = windowBytes;
  }

  /** Pumps until the source ends, breaks, or `stop` is called. Never rejects. */
  async run(): Promise<void> {
    try {
      while (!this.#isStopped) {
        const next = await this.#iterator.next();
        if (this.#isStopped) return;
        if (next.done === true) {
          this.#isStopped = true;
          this.#sink.end();
          return;
        }
        this.#unreadBytes += next.value.length;
        if (!this.#sink.chunk(next.value)) this.stop();
        while (this.#unreadBytes >= this.#windowBytes && !this.#isStopped) {
          await new Promise<void>((resolve) => (this.#wakeUp = resolve));
        }
      }
    } catch (error) {
      // The source is the program's own; what it throws is the program's answer, passed on as a broken body.
      if (!this.#isStopped) this.#sink.broke(error);
      this.#isStopped = true;
    }
  }

  /** The receiver read this many bytes more. */
  credit(bytes: number): void {
    this.#unreadBytes -= bytes;
    this.#wake();
  }

  /** Nobody wants the rest. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#wake();
    // A generator may throw while it is being ended; nobody is left to hear of it.
    this.#iterator.return?.().catch(() => {});
  }

  #wake(): void {
    const wakeUp = this.#wakeUp;
    this.#wakeUp = null;
    wakeUp?.();
  }
}

export interface ReaderOwner {
  /** Bytes were read; sent back as window when enough of them came together. */
  credit(bytes: number): void;
  /** The reader wants nothing more. */
  cancelled(): void;
}

interface Waiter {
  resolve: (result: IteratorResult<Uint8Array>) => void;
  reject: (error: Error) => void;
}

/** One reader; may be iterated once. */
export class BodyReader implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #owner: ReaderOwner;
  readonly #windowBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #state: 'open' | 'ended' | 'broken' | 'cancelled' = 'open';
  #error: Error | null = null;
  #unreported = 0;
  #waiting: Waiter | null = null;

  constructor(owner: ReaderOwner, windowBytes = WINDOW_BYTES) {
    this.#owner = owner;
    this.#windowBytes = windowBytes;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#consumed(chunk.length);
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#state === 'broken') return Promise.reject(this.#error!);
    if (this.#state !== 'open') return Promise.resolve({ done: true, value: undefined });
    if (this.#waiting !== null) throw new Error('assertion: a body is read by two at once');
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    if (this.#state === 'open') {
      this.#state = 'cancelled';
      this.#owner.cancelled();
    }
    this.#chunks.length = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  push(chunk: Uint8Array): void {
    if (this.#state === 'cancelled') {
      this.#consumed(chunk.length);
    } else if (this.#state === 'open') {
      if (this.#waiting === null) {
        this.#chunks.push(chunk);
        return;
      }
      this.#consumed(chunk.length);
      this.#take().resolve({ done: false, value: chunk });
    }
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    if (this.#waiting !== null) this.#take().resolve({ done: true, value: undefined });
  }

  fail(error: Error): void {
    if (this.#state !== 'open') return;
    this.#state = 'broken';
    this.#error = error;
    if (this.#waiting !== null) this.#take().reject(error);
  }

  #take(): Waiter {
    const waiting = this.#waiting!;
    this.#waiting = null;
    return waiting;
  }

  #consumed(bytes: number): void {
    this.#unreported += bytes;
    if (this.#unreported < this.#windowBytes / 2) return;
    this.#owner.credit(this.#unreported);
    this.#unreported = 0;
  }
}

/** Tells a streamed body that nobody reads it. */
export function discard(body: HttpResponse['body']): void {
  if (body instanceof Uint8Array) return;
  // A generator may throw while it is being ended; nobody is left to hear of it.
  body[Symbol.asyncIterator]()
    .return?.()
    .catch(() => {});
}

export async function* nothing(): AsyncGenerator<Uint8Array> {}

export async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}
