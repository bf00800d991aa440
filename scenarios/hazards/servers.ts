/**
 * The servers of a story: the real engine with the real API in front of it, on hosts that are crashed and started by the
 * story. A server that was fenced stays and answers, as one does in production until its process is gone.
 */

import { type BlobStore, createApi, type Engine, type EngineTunables, openEngine } from '../../engine/index.ts';
import type { HostPorts, Program, World } from '../../sim/index.ts';

/** How often a put that is kept back looks whether it may go. */
const LOOK_MS = 5;

export class HazardServers {
  readonly #world: World;
  readonly #tunables: EngineTunables;
  readonly #heldBack = new Set<string>();
  readonly #serving = new Map<string, Engine>();
  /** What engines reported and what was answered, in the order it happened. */
  readonly noted: string[] = [];

  constructor(world: World, tunables: EngineTunables) {
    this.#world = world;
    this.#tunables = tunables;
  }

  /** Whether the engine there is the owner and serves. */
  serves(host: string): boolean {
    return this.#serving.get(host)?.end === null;
  }

  /** Starts a server, or starts it again, as an event of its own; it serves as soon as it has taken over. */
  start(host: string): void {
    this.#world.after(0, 'start', () => this.#world.host(host).start(this.#program()));
  }

  /** As an event of its own: the process is gone at once, and what it had not put into the store with it. */
  crash(host = 'node-1'): void {
    this.#serving.delete(host);
    this.#world.after(0, 'crash', () => this.#world.host(host).crash());
  }

  /** From here on nothing that a server there puts reaches the store; reads do. */
  holdPuts(host = 'node-1'): void {
    this.#heldBack.add(host);
  }

  /** What was kept back goes its way. */
  letPuts(host = 'node-1'): void {
    this.#heldBack.delete(host);
  }

  #program(): Program {
    return async (ports, { host }) => {
      // What was kept back of a process that is gone never leaves; the next one begins freely.
      this.letPuts(host);
      let engine: Engine | null = null;
      const api = createApi(() => engine);
      await ports.network.serve(host, async (request) => {
        const response = await api(request);
        this.noted.push(`answered ${request.method} ${request.target}`);
        return response;
      });
      engine = await openEngine(this.#tapped(host, ports), this.#tunables);
      this.#serving.set(host, engine);
    };
  }

  #tapped(host: string, ports: HostPorts): HostPorts {
    const { telemetry } = ports;
    return {
      ...ports,
      blobs: this.#gated(host, ports),
      telemetry: {
        event: (name, detail) => {
          this.noted.push(name);
          telemetry.event(name, detail);
        },
      },
    };
  }

  #gated(host: string, { blobs, clock }: HostPorts): BlobStore {
    const free = async () => {
      while (this.#heldBack.has(host)) await clock.sleep(LOOK_MS);
    };
    return {
      putIfAbsent: (key, parts) => free().then(() => blobs.putIfAbsent(key, parts)),
      put: (key, parts) => free().then(() => blobs.put(key, parts)),
      get: (key, range) => blobs.get(key, range),
      list: (prefix, after, limit) => blobs.list(prefix, after, limit),
      delete: (keys) => blobs.delete(keys),
    };
  }
}
