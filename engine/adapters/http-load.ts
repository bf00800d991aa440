/**
 * How much a server takes on at once: requests of one connection, requests of all, bytes of request bodies that are held
 * until they are whole, and bytes of answers that their readers do not take. Who comes when it is full is refused at once,
 * before anything was begun; of readers the one that has been waited for longest is given up, so that others can be served.
 *
 * What is counted is counted back: zero once every exchange is over.
 */

export interface LoadLimits {
  /** Requests under way on one connection, those included whose client is gone and whose handler still works. */
  connectionRequestsMax: number;
  /** Requests under way on all connections; a session is one. */
  requestsMax: number;
  /** Bytes of request bodies that are not whole yet, of all requests together. */
  bodyBytesMax: number;
  /** Bytes of answers that wait to be taken, of all requests together. */
  unsentBytesMax: number;
}

/** An answer that its reader does not take as fast as it comes. */
interface Unsent {
  bytes: number;
  cut: () => void;
}

/** The server holds as many body bytes as it may. Nothing of this request took effect. */
export class BodyOverloadError extends Error {}

export class HttpLoad {
  readonly #limits: LoadLimits;
  readonly #ofConnection = new WeakMap<object, number>();
  #requests = 0;
  #bodyBytes = 0;
  /** In the order in which waiting began. */
  readonly #unsent = new Set<Unsent>();
  #unsentBytes = 0;
  #idle: (() => void)[] = [];

  constructor(limits: LoadLimits) {
    this.#limits = limits;
  }

  get requests(): number {
    return this.#requests;
  }

  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  requestsOf(connection: object): number {
    return this.#ofConnection.get(connection) ?? 0;
  }

  /** Counts a request that begins. False when it has to be refused, which is over soon and counted as well. */
  begin(connection: object): boolean {
    const before = this.requestsOf(connection);
    this.#ofConnection.set(connection, before + 1);
    this.#requests += 1;
    return before < this.#limits.connectionRequestsMax && this.#requests <= this.#limits.requestsMax;
  }

  end(connection: object): void {
    this.#ofConnection.set(connection, this.requestsOf(connection) - 1);
    this.#requests -= 1;
    if (this.#requests > 0) return;
    for (const tell of this.#idle.splice(0)) tell();
  }

  /** Resolves as soon as no request is under way. */
  whenIdle(): Promise<void> {
    return this.#requests === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Throws a BodyOverloadError when there is no room; then nothing is held. */
  hold(bytes: number): void {
    if (this.#bodyBytes + bytes > this.#limits.bodyBytesMax) {
      throw new BodyOverloadError('the server holds as many request bodies as it may; try again');
    }
    this.#bodyBytes += bytes;
  }

  release(bytes: number): void {
    this.#bodyBytes -= bytes;
  }

  /** An answer waits for its reader from now on, and may be cut at once. Returns what to call when it does not any more. */
  waits(bytes: number, cut: () => void): () => void {
    const unsent = { bytes, cut };
    this.#unsent.add(unsent);
    this.#unsentBytes += bytes;
    for (const oldest of this.#unsent) {
      if (this.#unsentBytes <= this.#limits.unsentBytesMax) break;
      this.#forget(oldest);
      oldest.cut();
    }
    return () => this.#forget(unsent);
  }

  #forget(unsent: Unsent): void {
    if (this.#unsent.delete(unsent)) this.#unsentBytes -= unsent.bytes;
  }
}
