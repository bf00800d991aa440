/**
 * The network between the hosts of a world: requests and streams, not packets.
 *
 * An address is `<host>` or `<host>:<anything>`; only that host can serve it. A request is delivered at most
 * once, except one that the world's user called read-only. Partitions are cuts of directed links by name.
 */

import type { HttpHandler, HttpRequest, HttpResponse, Network } from '../engine/ports.ts';
import type { WorldContext } from './context.ts';
import type { Host } from './host.ts';
import { planCall } from './network/call-plan.ts';
import { Exchange, type Switchboard } from './network/exchange.ts';
import type { Links } from './network/links.ts';

export interface SimNetworkOptions {
  context: WorldContext;
  links: Links;
  /** The host of that name, or null. */
  hostNamed: (name: string) => Host | null;
  /** Requests that may be delivered twice; they must not need their body. */
  isReadOnly: (request: HttpRequest) => boolean;
}

/** A call that has not ended, for lists of who waits for what. */
export interface OpenCall {
  client: string;
  server: string;
  label: string;
  startedMs: number;
}

interface Listener {
  host: Host;
  handler: HttpHandler;
}

export class SimNetwork implements Switchboard {
  readonly context: WorldContext;
  readonly #o: SimNetworkOptions;
  readonly #listeners = new Map<string, Listener>();
  readonly #exchanges = new Set<Exchange>();
  /** Per client the addresses it has a living connection to. */
  readonly #connections = new Map<Host, Set<string>>();
  #calls = 0;

  constructor(options: SimNetworkOptions) {
    this.#o = options;
    this.context = options.context;
  }

  /** The Network port of one process. */
  port(host: Host, generation: number): Network {
    return {
      serve: (address, handler) => this.#serve(host, generation, address, handler),
      call: (address, request) => this.#call(host, generation, address, request),
    };
  }

  /** Cuts the link from one host to another, in this direction only. The store's name is `store`. */
  cut(from: string, to: string): void {
    this.#o.links.between(from, to).cut();
  }

  mend(from: string, to: string): void {
    this.#o.links.between(from, to).mend();
  }

  isCut(from: string, to: string): boolean {
    return this.#o.links.between(from, to).isCut;
  }

  /** Breaks every open connection between two hosts. */
  resetBetween(one: string, other: string): void {
    for (const exchange of this.#exchanges) {
      const { client, server } = exchange;
      if ((client.name === one && server.name === other) || (client.name === other && server.name === one)) {
        exchange.reset();
      }
    }
  }

  /** Mends every link and lets callers that wait in vain learn of it. */
  heal(): void {
    this.#o.links.mendAll();
    for (const exchange of this.#exchanges) exchange.breakSilence();
  }

  openCalls(): OpenCall[] {
    return [...this.#exchanges].map((exchange) => ({
      client: exchange.client.name,
      server: exchange.server.name,
      label: exchange.label,
      startedMs: Math.floor(exchange.startedUs / 1000),
    }));
  }

  /** The process on `host` is gone: its listeners close and its connections break. */
  hostDied(host: Host): void {
    for (const [address, listener] of this.#listeners) {
      if (listener.host !== host) continue;
      this.#listeners.delete(address);
      for (const addresses of this.#connections.values()) addresses.delete(address);
    }
    this.#connections.delete(host);
    for (const exchange of this.#exchanges) exchange.hostDied(host);
  }

  listener(address: string): Listener | null {
    return this.#listeners.get(address) ?? null;
  }

  ended(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
  }

  connected(client: Host, address: string): void {
    let addresses = this.#connections.get(client);
    if (addresses === undefined) {
      addresses = new Set();
      this.#connections.set(client, addresses);
    }
    addresses.add(address);
  }

  #serve(host: Host, generation: number, address: string, handler: HttpHandler): Promise<{ close(): Promise<void> }> {
    if (!host.isAlive(generation)) return new Promise(() => {});
    if (hostPart(address) !== host.name) {
      return Promise.reject(new Error(`assertion: ${host.name} cannot serve ${address}`));
    }
    if (this.#listeners.has(address)) return Promise.reject(new Error(`${address} is in use`));
    const listener = { host, handler };
    this.#listeners.set(address, listener);
    return Promise.resolve({
      close: () => {
        if (this.#listeners.get(address) === listener) this.#listeners.delete(address);
        return Promise.resolve();
      },
    });
  }

  #call(host: Host, generation: number, address: string, request: HttpRequest): Promise<HttpResponse> {
    if (!host.isAlive(generation)) return new Promise(() => {});
    const server = this.#o.hostNamed(hostPart(address));
    if (server === null) return Promise.reject(new Error(`assertion: there is no host for ${address}`));
    const up = this.#o.links.between(host.name, server.name);
    const exchange = new Exchange({
      board: this,
      id: ++this.#calls,
      client: host,
      address,
      server,
      request,
      plan: planCall(this.context, up.name, this.#o.isReadOnly(request)),
      isConnected: this.#connections.get(host)?.has(address) === true,
      up,
      down: this.#o.links.between(server.name, host.name),
    });
    this.#exchanges.add(exchange);
    return exchange.start();
  }
}

function hostPart(address: string): string {
  const colon = address.indexOf(':');
  return colon < 0 ? address : address.slice(0, colon);
}
