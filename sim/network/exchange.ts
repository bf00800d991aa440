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
import { BodyPump, BodyReader, discard, nothing, once, SMALL_WINDOW_BYTES } from './body.ts';
import { arrivesAsStream, type CallPlan, drainMsOfKib } from './call-plan.ts';
import { SimNetworkError } from './errors.ts';
import { GIVE_UP_MS, type Link } from './links.ts';
import { ServedRequest } from './served-request.ts';
import { type Arrivals, SlowDrain } from './slow-drain.ts';
import { streamSink } from './stream-sink.ts';
import { Wire, type Way } from './wire.ts';

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

/** Delays after which a connection breaks under a request that was delivered; the first: instead of the response. */
const RESET_AFTER_MS = [-1, 0, 5, 100] as const;

export class Exchange {
  readonly client: Host;
  readonly server: Host;
  readonly address: string;
  readonly label: string;
  readonly startedUs: number;
  readonly #o: ExchangeOptions;
  readonly #context: WorldContext;
  readonly #id: string;
  readonly #wire: Wire;
  /** Made when the server first looks at the signal of the request: few do, and making one is slow. */
  #abort: AbortController | null = null;
  #brokeWith: SimNetworkError | null = null;
  readonly #requestBody: BodyReader;
  readonly #responseBody: BodyReader;
  readonly #clientGeneration: number;
  #isClientOpen = true;
  /** The server end is there from the moment the head is delivered. */
  #isServerOpen = false;
  #accepted: { host: Host; generation: number } | null = null;
  /** Between sending the head and its arrival: it arrives even if the caller is gone by then. */
  #isHeadTravelling = false;
  #isSent = false;
  #isAnswered = false;
  /** The client's end is gone and the server does not know. */
  #isHalfOpen = false;
  #requestPump: BodyPump | null = null;
  #responsePump: BodyPump | null = null;
  #resolve: (response: HttpResponse) => void = () => {};
  #reject: (error: Error) => void = () => {};
  /** Handle of the event in which a caller that hears nothing gives up; 0 when it has no reason to. */
  #giveUp = 0;

  constructor(options: ExchangeOptions) {
    const { board, client, server, address, request, up, down } = options;
    this.#o = options;
    this.#context = board.context;
    this.client = client;
    this.server = server;
    this.address = address;
    this.label = `${request.method} ${request.target} at ${address}`;
    this.startedUs = this.#context.kernel.nowUs;
    this.#id = String(options.id);
    this.#clientGeneration = client.generation;
    this.#wire = new Wire({
      context: this.#context,
      id: this.#id,
      label: this.label,
      client,
      up,
      down,
      acceptedBy: () => this.#accepted,
      gaveUp: (way) => this.#gaveUp(way),
    });
    this.#requestBody = new BodyReader(
      {
        credit: (bytes) => this.#wire.send('down', () => this.#requestPump?.credit(bytes)),
        cancelled: () => {},
      },
      this.#windowOf('up'),
    );
    this.#responseBody = new BodyReader(
      {
        credit: (bytes) => this.#wire.send('up', () => this.#responsePump?.credit(bytes)),
        cancelled: () => this.#abandon(),
      },
      this.#windowOf('down'),
    );
  }

  /** Begins; call in an event of the client. */
  start(): Promise<HttpResponse> {
    const response = new Promise<HttpResponse>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#o.request.signal?.addEventListener('abort', this.#onCallerAbort, { once: true });
    if (this.#o.request.signal?.aborted === true) this.#onCallerAbort();
    else if (this.#o.plan.fault === 'refused') this.#refuse();
    else if (this.#o.isConnected) this.#sendRequest();
    else if (this.#o.plan.fault === 'connect-hangs') this.#hang();
    else this.#connect();
    return response;
  }

  /** Breaks the connection now; both ends learn of it, each as fast as its link allows. */
  reset(): void {
    this.#tellClient('reset', 'the connection was reset');
    this.#tellServer('the connection was reset');
  }

  /** If the caller waits for something that will never come, it learns that the connection is dead. */
  breakSilence(): void {
    if (this.#isHalfOpen) this.#tellServer('the peer is gone');
    if (this.#giveUp === 0) return;
    this.#forgetGiveUp();
    this.#resetAtClientSoon();
  }

  /** The process on `host` died; tells the other end. */
  hostDied(host: Host): void {
    if (host === this.server && this.#isServerOpen) {
      this.#isServerOpen = false;
      this.#responsePump?.stop();
      this.#context.probes.reachable('fault.net.peer-crash');
      this.#tellClient('reset', `${host.name} died`);
    }
    if (host === this.client && this.#isClientOpen) {
      this.#isClientOpen = false;
      this.#forgetGiveUp();
      this.#requestPump?.stop();
      this.#tellServer(`${host.name} died`);
    }
    this.#endIfOver();
  }

  // --- the way up

  #refuse(): void {
    const { up, down } = this.#o;
    this.#context.kernel.after(up.latencyUs() + down.latencyUs(), this.client, 'net.refused', this.#id, () => {
      this.#context.probes.reachable('fault.net.refused');
      this.#closeClient('refused', `${this.address} refused the connection`);
    });
  }

  #hang(): void {
    this.#context.probes.reachable('fault.net.connect-hangs');
    this.#fallSilent();
  }

  /** Both directions must work, and somebody must listen. */
  #connect(): void {
    const isListening = (): boolean => this.#o.board.listener(this.address) !== null;
    const answered = (isThere: boolean): void => {
      if (!this.#isClientOpen) return;
      if (isThere) this.#sendRequest();
      else this.#closeClient('refused', `nobody listens at ${this.address}`);
    };
    this.#wire.knock(isListening, answered, () => this.#atClient('timeout', `cannot connect to ${this.address}`));
  }

  #sendRequest(): void {
    const { plan, request } = this.#o;
    this.#isSent = true;
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
    this.#wire.send('up', () => this.#deliver(), true);
    this.#requestPump = this.#pump('up', request.body);
    void this.#requestPump.run();
  }

  /** The head reached the server's machine. */
  #deliver(): void {
    this.#isHeadTravelling = false;
    const { board, plan } = this.#o;
    const listener = board.listener(this.address);
    if (listener === null) {
      this.#tellClient('reset', `nobody listens at ${this.address} any more`);
      this.#endIfOver();
      return;
    }
    this.#accepted = { host: this.server, generation: this.server.generation };
    this.#isServerOpen = true;
    board.connected(this.client, this.address);
    this.#context.kernel.after(0, this.server, 'net.request', this.#id, () => this.#serve(listener.handler));
    if (plan.fault === 'reset-after') this.#resetLater();
    if (plan.fault === 'half-open') this.#vanishLater();
    if (plan.fault === 'duplicated') this.#deliverAgain(listener.handler);
    if (!this.#isClientOpen) this.#tellServer('the peer is gone');
  }

  #serve(handler: HttpHandler): void {
    if (!this.#isServerOpen) return;
    handler(new ServedRequest(this.#o.request, this.#requestBody, this.client, () => this.#signal())).then(
      (response) => this.#respond(response),
      (error: unknown) => this.#handlerFailed(error),
    );
  }

  /** Aborts when the connection breaks. */
  #signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#brokeWith !== null) this.#abort.abort(this.#brokeWith);
    return this.#abort.signal;
  }

  /** A second copy of a read-only request, without a body; nobody waits for its response. */
  #deliverAgain(handler: HttpHandler): void {
    this.#context.kernel.after(this.#o.up.latencyUs() * 3, this.server, 'net.request-again', this.#id, () => {
      this.#context.probes.reachable('fault.net.duplicated');
      handler(new ServedRequest(this.#o.request, nothing(), this.client, () => new AbortController().signal)).then(
        (response) => discard(response.body),
        (error: unknown) => this.#handlerFailed(error),
      );
    });
  }

  #handlerFailed(error: unknown): void {
    // A handler may pass on the error its own connection broke with; anything else is the program's fault.
    if (error instanceof SimNetworkError) this.reset();
    else throw error;
  }

  // --- the way down

  #respond(response: HttpResponse): void {
    const { plan } = this.#o;
    const { probes } = this.#context;
    if (!this.#isServerOpen) {
      discard(response.body);
    } else if (plan.fault === 'response-lost') {
      probes.reachable('fault.net.response-lost');
      discard(response.body);
      this.#serverFinished();
      this.#fallSilent();
    } else if (plan.fault === 'reset-after') {
      probes.reachable('fault.net.reset-after');
      discard(response.body);
      this.reset();
    } else {
      this.#sendResponse(response);
    }
  }

  #sendResponse({ status, headers, body }: HttpResponse): void {
    const isWhole = body instanceof Uint8Array;
    const { fault } = this.#o.plan;
    const isCutOrSlow = fault === 'response-cut' || fault === 'slow-drain';
    if (isWhole && !isCutOrSlow && !arrivesAsStream(this.#context, this.#o.down.name)) {
      this.#wire.send('down', () => this.#answer({ status, headers, body }, true));
      this.#serverFinished();
      return;
    }
    this.#wire.send('down', () => this.#answer({ status, headers, body: this.#responseBody }, false));
    this.#responsePump = this.#pump('down', isWhole ? once(body) : body);
    void this.#responsePump.run();
  }

  #answer(response: HttpResponse, isWhole: boolean): void {
    if (!this.#isClientOpen) return;
    this.#isAnswered = true;
    this.#resolve(response);
    if (isWhole) this.#clientFinished();
  }

  #pump(way: Way, source: AsyncIterable<Uint8Array>): BodyPump {
    const isUp = way === 'up';
    const sink = streamSink({
      context: this.#context,
      wire: this.#wire,
      way,
      reader: this.#arrivals(way),
      isCut: this.#o.plan.fault === (isUp ? 'request-cut' : 'response-cut'),
      onSent: () => {
        if (!isUp) this.#serverFinished();
      },
      onArrived: () => {
        if (!isUp) this.#clientFinished();
      },
      reset: () => this.reset(),
    });
    return new BodyPump(source, sink, this.#windowOf(way));
  }

  #windowOf(way: Way): number | undefined {
    if (this.#isSlow(way)) return SMALL_WINDOW_BYTES;
    return (way === 'up' ? this.server : this.client).windowBytes;
  }

  /** Mostly it is the caller who takes its time. */
  #isSlow(way: Way): boolean {
    const { fault, detail } = this.#o.plan;
    return fault === 'slow-drain' && (detail === 1 ? way === 'up' : way === 'down');
  }

  #arrivals(way: Way): Arrivals {
    const reader = way === 'up' ? this.#requestBody : this.#responseBody;
    if (!this.#isSlow(way)) return reader;
    const kibMs = drainMsOfKib(this.#context, this.#wire.link(way).name);
    return new SlowDrain(reader, this.#context, way === 'up' ? this.server : this.client, kibMs);
  }

  // --- breaking

  #gaveUp(way: Way): void {
    this.#context.probes.reachable('fault.net.gave-up');
    if (way === 'up') {
      this.#isHeadTravelling = false;
      this.#atClient('timeout', `${this.address} does not answer`);
      this.#tellServer('the peer gave up');
      this.#endIfOver();
    } else {
      const { server } = this;
      if (this.#isServerOpen) {
        this.#context.kernel.after(0, server, 'net.reset', this.#id, () =>
          this.#closeServer('the peer does not answer'),
        );
      }
      this.#tellClient('reset', 'the peer gave up');
    }
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

  /** As a machine that lost its power: its peer hears of it when nothing was acknowledged for too long. */
  #vanishLater(): void {
    const delayMs = Math.max(0, RESET_AFTER_MS[this.#o.plan.detail % RESET_AFTER_MS.length]!);
    this.#context.kernel.after(delayMs * 1000, null, 'net.vanish', this.#id, () => {
      if (!this.#isClientOpen || !this.#isServerOpen || !this.client.isAlive(this.#clientGeneration)) return;
      this.#isHalfOpen = true;
      this.#context.probes.reachable('fault.net.half-open');
      this.#resetAtClientSoon();
      this.#context.kernel.after(GIVE_UP_MS * 1000, null, 'net.give-up', this.#id, () => {
        this.#isHalfOpen = false;
        this.#tellServer('the peer does not answer');
      });
    });
  }

  readonly #onCallerAbort = (): void => this.#closeClient('timeout', `the call to ${this.address} was abandoned`);

  /** The caller wants no more of the response. */
  #abandon(): void {
    this.#clientFinished();
    this.#tellServer('the peer hung up');
  }

  /** The client's own machine tells it, whatever the links do. */
  #atClient(code: NetworkError['code'], message: string): void {
    if (!this.#isClientOpen || !this.client.isAlive(this.#clientGeneration)) return;
    this.#context.kernel.after(0, this.client, 'net.reset', this.#id, () => this.#closeClient(code, message));
  }

  #tellClient(code: NetworkError['code'], message: string): void {
    if (this.#isClientOpen) this.#wire.sendReset('down', () => this.#closeClient(code, message));
  }

  #tellServer(message: string): void {
    if (this.#isServerOpen) this.#wire.sendReset('up', () => this.#closeServer(message));
  }

  #closeClient(code: NetworkError['code'], message: string): void {
    if (!this.#isClientOpen) return;
    const error = new SimNetworkError(code, this.#isSent, message);
    this.#clientFinished();
    if (!this.#isHalfOpen) this.#tellServer('the peer is gone');
    if (this.#isAnswered) this.#responseBody.fail(error);
    else this.#reject(error);
  }

  #closeServer(message: string): void {
    if (!this.#isServerOpen) return;
    this.#responsePump?.stop();
    this.#serverFinished();
    const error = new SimNetworkError('reset', true, message);
    this.#requestBody.fail(error);
    this.#brokeWith = error;
    this.#abort?.abort(error);
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
