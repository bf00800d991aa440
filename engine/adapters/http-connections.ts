/**
 * The connections of one server: which are open, which are asked for nothing, and how each of them ends.
 *
 * A client that ends its side of an HTTP/1.1 connection may still wait for answers to what it sent: a write is answered
 * however long that takes, within a bound, because its effect is there; for a read the bound is short, because most
 * clients that leave look just like that.
 */

import type { Socket } from 'node:net';

/** For reads of a client that ended its side. */
const READ_GRACE_MS = 1_000;

interface Connection {
  isHttp2: boolean;
  /** HTTP/1.1 exchanges that are not over, and what each does when it is. */
  exchanges: Set<Http1Life>;
}

interface LifeRules {
  mayBeRefused: () => boolean;
  isLast: () => boolean;
  closed: (life: Http1Life) => void;
}

/** One HTTP/1.1 exchange in the life of its connection. */
export class Http1Life {
  readonly isWrite: boolean;
  /** Whether a refusal, now, is understood as the answer to this one: it is not whole, and was not answered. */
  readonly mayBeRefused: () => boolean;
  readonly #closed: (life: Http1Life) => void;
  readonly #isLast: () => boolean;
  #listeners: (() => void)[] = [];
  #isClosed = false;

  constructor(method: string, rules: LifeRules) {
    const { mayBeRefused, isLast, closed } = rules;
    this.isWrite = method !== 'GET' && method !== 'HEAD';
    this.mayBeRefused = mayBeRefused;
    this.#isLast = isLast;
    this.#closed = closed;
  }

  /** Whether the connection ends with this exchange. */
  get isLast(): boolean {
    return this.#isLast();
  }

  /** Calls `listener` once: when the response is out, when it was cut, or when the connection is gone. */
  onClosed(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#listeners.push(listener);
  }

  /** Told more than once, for Node says nothing of responses that still waited for their turn on a connection that broke. */
  close(): void {
    this.#isClosed = true;
    this.#closed(this);
    for (const tell of this.#listeners.splice(0)) tell();
  }
}

export class HttpConnections {
  readonly #open = new Map<Socket, Connection>();
  /** What TLS connections run over, from before the handshake. */
  readonly #transports = new Set<Socket>();
  readonly #halfClosedMsMax: number;
  #closing = false;

  constructor(halfClosedMsMax: number) {
    this.#halfClosedMsMax = halfClosedMsMax;
  }

  /** Whether connections end with the exchange they carry. */
  get closing(): boolean {
    return this.#closing;
  }

  get size(): number {
    return Math.max(this.#open.size, this.#transports.size);
  }

  /** A TCP connection that is to become a TLS one, for which `opened` is called later. */
  arrived(socket: Socket): void {
    this.#transports.add(socket);
    socket.on('close', () => this.#transports.delete(socket));
  }

  opened(socket: Socket): void {
    const connection: Connection = { isHttp2: false, exchanges: new Set() };
    this.#open.set(socket, connection);
    socket.on('close', () => {
      this.#open.delete(socket);
      for (const exchange of connection.exchanges) exchange.close();
    });
    socket.on('end', () => this.#peerEnded(socket));
  }

  isHttp2(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (connection !== undefined) connection.isHttp2 = true;
  }

  /** An HTTP/1.1 exchange begins. */
  exchange(socket: Socket, method: string, mayBeRefused: () => boolean): Http1Life {
    const exchanges = this.#open.get(socket)?.exchanges ?? new Set();
    const life = new Http1Life(method, {
      mayBeRefused,
      isLast: () => this.#closing,
      closed: () => {
        exchanges.delete(life);
        if (this.#closing && exchanges.size === 0) socket.destroySoon();
      },
    });
    exchanges.add(life);
    return life;
  }

  /**
   * Whether a refusal, written now, can not pass for the answer to anything else: whoever waits for the answer to a request
   * that came whole would take it for that, and that one may have taken effect.
   */
  mayBeRefused(socket: Socket): boolean {
    return [...(this.#open.get(socket)?.exchanges ?? [])].every((exchange) => exchange.mayBeRefused());
  }

  /** From now on a connection ends as soon as nothing is under way on it. HTTP/2 sessions are told by their own protocol. */
  startClosing(): void {
    this.#closing = true;
    for (const [socket, connection] of this.#open) if (!connection.isHttp2 && isIdle(connection)) socket.destroy();
  }

  cutAll(): void {
    for (const socket of [...this.#open.keys(), ...this.#transports]) socket.destroy();
  }

  #peerEnded(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (connection === undefined || connection.isHttp2 || isIdle(connection)) return;
    const hasWrites = [...connection.exchanges].some(({ isWrite }) => isWrite);
    const graceMs = hasWrites ? this.#halfClosedMsMax : Math.min(READ_GRACE_MS, this.#halfClosedMsMax);
    const timer = setTimeout(() => socket.destroy(), graceMs);
    socket.on('close', () => clearTimeout(timer));
  }
}

function isIdle({ exchanges }: Connection): boolean {
  return exchanges.size === 0;
}
