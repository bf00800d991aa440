/**
 * One request and its response between two hosts: head, body up, head, body down, and every way to break.
 *
 * Both ends live in their own host's events; whatever one end does reaches the other as a message on a
 * link. Each end is open until it finished or broke. What an end learns is honest: a call fails with
 * `sent: false` only when nothing of the request left the caller.
 */

import type { HttpHandler, HttpRequest, HttpResponse, NetworkError } from '../../engine/ports.ts';
import type { WorldContext } from '../context.ts';
import type { Host } from '../host.ts';
import { BodyPump, BodyReader } from './body.ts';
import { cutPoint, splitChunk, type CallPlan } from './call-plan.ts';
import { GIVE_UP_MS, newLane, type Lane, type Link } from './links.ts';

export class SimNetworkError extends Error implements NetworkError {
  override readonly name = 'NetworkError';
  readonly code: NetworkError['code'];
  readonly sent: boolean;

  constructor(code: NetworkError['code'], sent: boolean, message: string) {
    super(message);
    this.code = code;
    this.sent = sent;
  }
}

/** What the exchange asks of the network around it. */
export interface Switchboard {
  readonly context: WorldContext;
  /** Who answers at this address now, or null when nobody does. */
  listener(address: string): { host: Host; handler: HttpHandler } | null;
  /** Both ends are done with it. */
  ended(exchange: Exchange): void;
  /** The client has a working connection to the address from now on. */
  connected(client: Host, address: string): void;
}

export interface ExchangeOptions {
  board: Switchboard;
  id: number;
  client: Host;
  address: string;
  server: Host;
  request: HttpRequest;
  plan: CallPlan;
  /** A connection from an earlier call is there to be used. */
  isConnected: boolean;
  up: Link;
  down: Link;
}

/** What travels together: everything one end sent within one event. */
interface Parcel {
  event: number;
  items: (() => void)[];
}

/** Delays after which a connection breaks under a request that was delivered; the first: instead of the response. */
const RESET_AFTER_MS = [-1, 0, 5, 100] as const;

export class Exchange {
  readonly label: string;
  readonly client: Host;
  readonly server: Host;
  readonly address: string;
  readonly startedUs: number;
  readonly #o: ExchangeOptions;
  readonly #context: WorldContext;
  readonly #id: string;
  readonly #upLane: Lane = newLane();
  readonly #downLane: Lane = newLane();
  readonly #parcels: { up: Parcel | null; down: Parcel | null } = { up: null, down: null };
  readonly #abort = new AbortController();
  readonly #requestBody: BodyReader;
  readonly #responseBody: BodyReader;
  readonly #clientGeneration: number;
  #serverGeneration = 0;
  #isClientOpen = true;
  /** The server end exists from the moment the head is delivered. */
  #isServerOpen = false;
  #wasDelivered = false;
  /** Between sending the head and its arrival: it arrives even if the caller is gone by then. */
  #isHeadTravelling = false;
  #isSent = false;
  #isAnswered = false;
  #requestPump: BodyPump | null = null;
  #responsePump: BodyPump | null = null;
  #settle: { resolve: (response: HttpResponse) => void; reject: (error: Error) => void } | null = null;
  #giveUp = 0;

  constructor(options: ExchangeOptions) {
    this.#o = options;
    this.#context = options.board.context;
    this.client = options.client;
    this.server = options.server;
    this.address = options.address;
    this.#id = String(options.id);
    this.label = `${options.request.method} ${options.request.target} at ${options.address}`;
    this.startedUs = this.#context.kernel.nowUs;
    this.#clientGeneration = options.client.generation;
    this.#requestBody = new BodyReader({
      credit: (bytes) => this.#sendDown(() => this.#requestPump?.credit(bytes)),
      cancelled: () => {},
    });
    this.#responseBody = new BodyReader({
      credit: (bytes) => this.#sendUp(() => this.#responsePump?.credit(bytes)),
      cancelled: () => this.#abandon(),
    });
  }

  /** Begins; runs in an event of the client. */
  start(): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#o.request.signal?.addEventListener('abort', this.#onCallerAbort, { once: true });
      if (this.#o.plan.fault === 'refused') this.#refuse('fault.net.refused');
      else if (this.#o.isConnected) this.#sendRequest();
      else this.#connect();
    });
  }

  /** Breaks the connection now; both ends learn of it, each as fast as its link allows. */
  reset(): void {
    this.#toClient(() => this.#closeClient('reset', 'the connection was reset'));
    this.#toServer(() => this.#closeServer('the connection was reset'));
  }

  /** Nobody will ever hear of this exchange unless something is done. */
  get isSilent(): boolean {
    return this.#giveUp !== 0;
  }

  /** The process of `host` died; tells the other end. */
  hostDied(host: Host): void {
    if (host === this.server && this.#wasDelivered && this.#isServerOpen) {
      this.#isServerOpen = false;
      this.#stopServerSide();
      this.#context.probes.reachable('fault.net.peer-crash');
      this.#toClient(() => this.#closeClient('reset', `${host.name} died`));
    }
    if (host === this.client && this.#isClientOpen) {
      this.#isClientOpen = false;
      this.#forgetGiveUp();
      this.#requestPump?.stop();
      this.#toServer(() => this.#closeServer(`${host.name} died`));
    }
    this.#endIfOver();
  }

  // --- connecting: both directions must work, and somebody must listen

  #connect(): void {
    const { up, down } = this.#o;
    const gaveUp = (): void => this.#ownEvent(() => this.#closeClient('timeout', `cannot connect to ${this.address}`));
    up.send({
      owner: null,
      kind: 'net.connect',
      detail: this.#id,
      lane: this.#upLane,
      gaveUp,
      arrive: () => {
        const isListening = this.#o.board.listener(this.address) !== null;
        down.send({
          owner: this.client,
          kind: isListening ? 'net.connected' : 'net.refused',
          detail: this.#id,
          lane: this.#downLane,
          gaveUp,
          arrive: () => {
            if (!this.#isClientOpen) return;
            if (isListening) this.#sendRequest();
            else this.#closeClient('refused', `nobody listens at ${this.address}`);
          },
        });
      },
    });
  }

  #refuse(probe: string): void {
    this.#context.kernel.after(
      this.#o.up.latencyUs() + this.#o.down.latencyUs(),
      this.client,
      'net.refused',
      this.#id,
      () => {
        this.#context.probes.reachable(probe);
        this.#closeClient('refused', `${this.address} refused the connection`);
      },
    );
  }

  // --- the way up

  #sendRequest(): void {
    this.#isSent = true;
    const { plan, request } = this.#o;
    if (plan.fault === 'request-lost') {
      this.#context.probes.reachable('fault.net.request-lost');
      this.#fallSilent();
      return;
    }
    if (plan.fault === 'reset-before') {
      this.#context.probes.reachable('fault.net.reset-before');
      this.#resetAtClientSoon();
      return;
    }
    this.#isHeadTravelling = true;
    this.#sendUp(() => this.#deliver(), true);
    this.#requestPump = new BodyPump(request.body, this.#sink('request'));
    void this.#requestPump.run();
  }

  /** The head reached the server's machine. */
  #deliver(): void {
    this.#isHeadTravelling = false;
    const listener = this.#o.board.listener(this.address);
    if (listener === null) {
      this.#toClient(() => this.#closeClient('reset', `nobody listens at ${this.address} any more`));
      this.#endIfOver();
      return;
    }
    this.#wasDelivered = true;
    this.#isServerOpen = true;
    this.#serverGeneration = this.server.generation;
    this.#o.board.connected(this.client, this.address);
    this.#context.kernel.after(0, this.server, 'net.request', this.#id, () => this.#serve(listener.handler));
    if (this.#o.plan.fault === 'reset-after') this.#resetLater();
    if (this.#o.plan.fault === 'duplicated') this.#deliverAgain(listener.handler);
    if (!this.#isClientOpen) this.#toServer(() => this.#closeServer('the peer is gone'));
  }

  #serve(handler: HttpHandler): void {
    if (!this.#isServerOpen) return;
    const request = { ...this.#serverRequest(), body: this.#requestBody, signal: this.#abort.signal };
    handler(request).then(
      (response) => this.#respond(response),
      (error: unknown) => this.#handlerFailed(error),
    );
  }

  #serverRequest(): Pick<HttpRequest, 'method' | 'target' | 'headers'> {
    const { method, target, headers } = this.#o.request;
    return { method, target, headers };
  }

  /** A second copy of a read-only request, without a body; nobody waits for its response. */
  #deliverAgain(handler: HttpHandler): void {
    const { kernel, probes } = this.#context;
    const delayUs = this.#o.up.latencyUs() * 3;
    kernel.after(delayUs, this.server, 'net.request-again', this.#id, () => {
      probes.reachable('fault.net.duplicated');
      const copy = { ...this.#serverRequest(), body: nothing(), signal: new AbortController().signal };
      handler(copy).then(
        (response) => discard(response),
        (error: unknown) => this.#handlerFailed(error),
      );
    });
  }

  // --- the way down

  #respond(response: HttpResponse): void {
    if (!this.#isServerOpen) {
      discard(response);
      return;
    }
    const { plan } = this.#o;
    const { probes } = this.#context;
    if (plan.fault === 'response-lost') {
      probes.reachable('fault.net.response-lost');
      this.#isServerOpen = false;
      discard(response);
      this.#fallSilent();
      return;
    }
    if (plan.fault === 'reset-after') {
      probes.reachable('fault.net.reset-after');
      discard(response);
      this.reset();
      return;
    }
    const { status, headers, body } = response;
    if (body instanceof Uint8Array && plan.fault !== 'response-cut') {
      const pieces = splitChunk(this.#context, this.#o.down.name, body);
      if (pieces.length === 1) {
        this.#sendDown(() => this.#answer({ status, headers, body }, true));
        this.#serverFinished();
        return;
      }
    }
    this.#sendDown(() => this.#answer({ status, headers, body: this.#responseBody }, false));
    this.#responsePump = new BodyPump(body instanceof Uint8Array ? once(body) : body, this.#sink('response'));
    void this.#responsePump.run();
  }

  #handlerFailed(error: unknown): void {
    // A handler may pass on the error its own connection broke with; anything else is the program's fault.
    if (error instanceof SimNetworkError) this.reset();
    else throw error;
  }

  #answer(response: HttpResponse, isWhole: boolean): void {
    if (!this.#isClientOpen) return;
    this.#isAnswered = true;
    this.#settle!.resolve(response);
    if (isWhole) this.#clientFinished();
  }

  /** What a body's chunks become: messages, in pieces or cut short if the dice say so. */
  #sink(which: 'request' | 'response'): {
    chunk: (bytes: Uint8Array) => boolean;
    end: () => void;
    broke: (error: unknown) => void;
  } {
    const isUp = which === 'request';
    const link = isUp ? this.#o.up : this.#o.down;
    const send = (item: () => void, alone = false): void =>
      isUp ? this.#sendUp(item, alone) : this.#sendDown(item, alone);
    const reader = isUp ? this.#requestBody : this.#responseBody;
    const isCut = this.#o.plan.fault === (isUp ? 'request-cut' : 'response-cut');
    const cut = (): void => {
      this.#context.probes.reachable(isUp ? 'fault.net.request-cut' : 'fault.net.response-cut');
      this.reset();
    };
    return {
      chunk: (bytes) => {
        if (bytes.length === 0) return true;
        const keep = isCut ? cutPoint(this.#context, link.name, bytes.length) : bytes.length;
        for (const piece of splitChunk(this.#context, link.name, bytes.subarray(0, keep))) {
          send(() => reader.push(piece), piece.length < bytes.length);
        }
        if (isCut) cut();
        return !isCut;
      },
      end: () => {
        if (isCut) {
          cut();
          return;
        }
        send(() => {
          reader.end();
          if (!isUp) this.#clientFinished();
        });
        if (!isUp) this.#serverFinished();
      },
      broke: () => this.reset(),
    };
  }

  // --- messages: what one end sends within one event travels together

  #sendUp(item: () => void, alone = false): void {
    this.#send('up', item, alone);
  }

  #sendDown(item: () => void, alone = false): void {
    this.#send('down', item, alone);
  }

  #send(way: 'up' | 'down', item: () => void, alone: boolean): void {
    const event = this.#context.trace.events;
    const parcel = this.#parcels[way];
    if (parcel !== null && parcel.event === event && !alone) {
      parcel.items.push(item);
      return;
    }
    const isUp = way === 'up';
    const fresh: Parcel = { event, items: [item] };
    this.#parcels[way] = fresh;
    // Before the head is delivered there is no process to address: then the machine itself receives.
    const owner = isUp ? (this.#wasDelivered ? this.server : null) : this.client;
    (isUp ? this.#o.up : this.#o.down).send({
      owner,
      kind: isUp ? 'net.up' : 'net.down',
      detail: this.#id,
      lane: isUp ? this.#upLane : this.#downLane,
      gaveUp: () => this.#gaveUp(way),
      arrive: () => {
        this.#parcels[way] = this.#parcels[way] === fresh ? null : this.#parcels[way];
        if (isUp && owner === null && this.#wasDelivered) this.#runAtServer(fresh.items);
        else for (const part of fresh.items) part();
      },
    });
  }

  /** Chunks that were addressed to the machine before the process had accepted the request. */
  #runAtServer(items: (() => void)[]): void {
    if (!this.server.isAlive(this.#serverGeneration)) return;
    this.#context.kernel.after(0, this.server, 'net.up', this.#id, () => {
      for (const part of items) part();
    });
  }

  #toClient(run: () => void): void {
    if (!this.#isClientOpen) return;
    this.#o.down.send({
      owner: this.client,
      kind: 'net.reset',
      detail: this.#id,
      lane: this.#downLane,
      arrive: run,
    });
  }

  #toServer(run: () => void): void {
    if (!this.#isServerOpen) return;
    this.#o.up.send({ owner: this.server, kind: 'net.reset', detail: this.#id, lane: this.#upLane, arrive: run });
  }

  #ownEvent(run: () => void): void {
    if (!this.client.isAlive(this.#clientGeneration)) return;
    this.#context.kernel.after(0, this.client, 'net.reset', this.#id, run);
  }

  // --- breaking

  #gaveUp(way: 'up' | 'down'): void {
    this.#context.probes.reachable('fault.net.gave-up');
    if (way === 'up') {
      this.#isHeadTravelling = false;
      this.#ownEvent(() => this.#closeClient('timeout', `${this.address} does not answer`));
      this.#toServer(() => this.#closeServer('the peer gave up'));
      return;
    }
    if (this.#isServerOpen && this.server.isAlive(this.#serverGeneration)) {
      this.#context.kernel.after(0, this.server, 'net.reset', this.#id, () =>
        this.#closeServer('the peer does not answer'),
      );
    }
    this.#toClient(() => this.#closeClient('reset', 'the peer gave up'));
  }

  /** From here on the caller hears nothing; its machine gives up in the end. */
  #fallSilent(): void {
    if (!this.#isClientOpen) return;
    this.#giveUp = this.#context.kernel.after(GIVE_UP_MS * 1000, this.client, 'net.give-up', this.#id, () => {
      this.#giveUp = 0;
      this.#context.probes.reachable('fault.net.gave-up');
      this.#closeClient('timeout', `${this.address} does not answer`);
    });
  }

  /** The silence ends: the caller learns that the connection is dead. */
  breakSilence(): void {
    if (this.#giveUp === 0) return;
    this.#forgetGiveUp();
    this.#resetAtClientSoon();
  }

  #resetAtClientSoon(): void {
    this.#context.kernel.after(this.#o.down.latencyUs(), this.client, 'net.reset', this.#id, () => {
      this.#closeClient('reset', `the connection to ${this.address} was reset`);
    });
  }

  #resetLater(): void {
    const delayMs = RESET_AFTER_MS[this.#o.plan.detail % RESET_AFTER_MS.length]!;
    if (delayMs < 0) return;
    this.#context.kernel.after(delayMs * 1000, null, 'net.break', this.#id, () => {
      if (!this.#isClientOpen || this.#isAnswered) return;
      this.#context.probes.reachable('fault.net.reset-after');
      this.reset();
    });
  }

  readonly #onCallerAbort = (): void => {
    this.#closeClient('timeout', `the call to ${this.address} was abandoned`);
  };

  /** The caller wants no more of the response. */
  #abandon(): void {
    this.#clientFinished();
    this.#toServer(() => this.#closeServer('the peer hung up'));
  }

  #closeClient(code: NetworkError['code'], message: string): void {
    if (!this.#isClientOpen) return;
    const error = new SimNetworkError(code, this.#isSent, message);
    const wasAnswered = this.#isAnswered;
    this.#clientFinished();
    this.#toServer(() => this.#closeServer('the peer is gone'));
    if (wasAnswered) this.#responseBody.fail(error);
    else this.#settle!.reject(error);
  }

  #closeServer(message: string): void {
    if (!this.#isServerOpen) return;
    this.#serverFinished();
    this.#stopServerSide();
    this.#requestBody.fail(new SimNetworkError('reset', true, message));
    this.#abort.abort();
  }

  #stopServerSide(): void {
    this.#responsePump?.stop();
  }

  #clientFinished(): void {
    this.#isClientOpen = false;
    this.#o.request.signal?.removeEventListener('abort', this.#onCallerAbort);
    this.#forgetGiveUp();
    this.#requestPump?.stop();
    this.#endIfOver();
  }

  #serverFinished(): void {
    this.#isServerOpen = false;
    this.#endIfOver();
  }

  #forgetGiveUp(): void {
    if (this.#giveUp !== 0) this.#context.kernel.cancel(this.#giveUp);
    this.#giveUp = 0;
  }

  #endIfOver(): void {
    if (!this.#isClientOpen && !this.#isServerOpen && !this.#isHeadTravelling) this.#o.board.ended(this);
  }
}

/** Tells a streamed body that nobody reads it. */
function discard(response: HttpResponse): void {
  if (response.body instanceof Uint8Array) return;
  // A generator may throw while it is being ended; nobody is left to hear of it.
  response.body[Symbol.asyncIterator]()
    .return?.()
    .catch(() => {});
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}
