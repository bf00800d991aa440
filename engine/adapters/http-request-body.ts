/**
 * The body of one request as it arrives, for one reader.
 *
 * Nothing is taken from the connection before it is asked for the first time, and never more than a little ahead of the
 * reader. It ends only when all of it came: a peer that goes away in the middle makes it throw. Abandoning it leaves the
 * connection in order.
 *
 * Written by hand, because Node's own iterator costs more than the rest of a small request; and over `data` events, because
 * `read()` joins what came since into fresh memory, a copy of every byte of a large body.
 */

import type { Readable } from 'node:stream';

import type { HttpLoad } from './http-load.ts';

/** The peer went away in the middle of its request. */
export class PeerGoneError extends Error {}

/** The peer stopped sending in the middle of its request, or sends it too slowly to wait for. */
export class BodySilenceError extends Error {}

/** What is demanded of a request that was not answered at all. Once a response has begun it is a session, which may rest. */
export interface BodyRules {
  /** Longest pause between two chunks. */
  silenceMsMax: number;
  /** Longest time from the first look at the body to its end. */
  wholeMsMax: number;
  /** Where what came is counted until the response begins. */
  load: HttpLoad;
}

export interface BodySource {
  incoming: Readable;
  /** Whether the request body ended before its end. Asked when nothing more comes. */
  truncated(): boolean;
  headSent(): boolean;
}

const CHANGES = ['end', 'error', 'close'];

/** Chunks that came and were not asked for yet; with so many the connection rests. A few reads of a socket. */
const AHEAD_MAX = 16;

export class RequestBody implements AsyncIterableIterator<Uint8Array> {
  readonly #source: BodySource;
  readonly #rules: BodyRules;
  /** What came and was not asked for yet, oldest first. */
  readonly #ahead: Uint8Array[] = [];
  #startMs = 0;
  #heldBytes = 0;
  #wake: () => void = () => undefined;
  #state: 'untouched' | 'reading' | 'ended' | 'released' = 'untouched';

  constructor(source: BodySource, rules: BodyRules) {
    this.#source = source;
    this.#rules = rules;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** One call at a time. Throws a PeerGoneError, a BodySilenceError or a BodyOverloadError. */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { incoming } = this.#source;
    if (this.#state === 'untouched') this.#start();
    for (;;) {
      if (this.#state === 'ended') return { done: true, value: undefined };
      if (this.#state === 'released') throw new PeerGoneError('the exchange was over before the body was read');
      const chunk = this.#take();
      if (chunk !== undefined) {
        if (!this.#source.headSent()) this.#hold(chunk.length);
        return { done: false, value: chunk };
      }
      if (incoming.readableEnded && !this.#source.truncated()) this.#stop('ended');
      else if (incoming.readableEnded || incoming.destroyed) {
        this.#stop('released');
        throw new PeerGoneError('the peer went away in the middle of its request', { cause: incoming.errored });
      } else await this.#change();
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#stop('ended');
    return { done: true, value: undefined };
  }

  /** Reads nothing more, so that others can throw away what is left. A reader that still waits is told. */
  release(): void {
    if (this.#state !== 'ended') this.#stop('released');
  }

  /** The response begins, or there is none: what came before is nobody's burden any more. */
  unhold(): void {
    this.#rules.load.release(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #hold(bytes: number): void {
    this.#rules.load.hold(bytes);
    this.#heldBytes += bytes;
    if (performance.now() - this.#startMs < this.#rules.wholeMsMax) return;
    throw new BodySilenceError(`the request body was not whole after ${this.#rules.wholeMsMax} ms`);
  }

  #take(): Uint8Array | undefined {
    const chunk = this.#ahead.shift();
    if (chunk !== undefined && this.#ahead.length === 0 && this.#source.incoming.isPaused()) {
      this.#source.incoming.resume();
    }
    return chunk;
  }

  readonly #came = (chunk: Uint8Array): void => {
    this.#ahead.push(chunk);
    if (this.#ahead.length >= AHEAD_MAX) this.#source.incoming.pause();
    this.#wake();
  };

  #stop(state: 'ended' | 'released'): void {
    const { incoming } = this.#source;
    if (this.#state === 'reading') {
      incoming.removeListener('data', this.#came);
      for (const change of CHANGES) incoming.removeListener(change, this.#changed);
      // Whoever sends on waits, until somebody decides what becomes of it.
      if (!incoming.readableEnded) incoming.pause();
    }
    this.#state = state;
    this.#wake();
  }

  #start(): void {
    const { incoming } = this.#source;
    this.#state = 'reading';
    this.#startMs = performance.now();
    for (const change of CHANGES) incoming.on(change, this.#changed);
    incoming.on('data', this.#came);
  }

  readonly #changed = (): void => this.#wake();

  /**
   * Resolves when there may be something to read. A request that was not answered at all must go on sending;
   * once a response has begun the exchange is a session, which may rest as long as it likes.
   */
  #change(): Promise<void> {
    if (this.#source.headSent()) return new Promise((resolve) => (this.#wake = resolve));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        if (this.#source.headSent()) return;
        reject(new BodySilenceError(`no byte of the request body came for ${this.#rules.silenceMsMax} ms`));
        this.release();
      }, this.#rules.silenceMsMax);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
