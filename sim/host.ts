/**
 * A machine that runs one program at a time: starts it, kills it, lets it stand still, starts it again.
 *
 * A crash is exact: between two events nothing is half done, so dropping what is pending for the process
 * leaves its promises unsettled for ever, and it never does anything again. Each process (a generation of
 * the host) has ports of its own; those of a dead one do nothing. What the machine owns survives: its clocks
 * and the counter that keeps its entropy from repeating.
 */

import type { BlobStore, Network, Ports, Telemetry } from '../engine/ports.ts';
import { HostClocks, processClock } from './clock.ts';
import type { WorldContext } from './context.ts';
import { simCompute, simEntropy, simRandom } from './dice.ts';
import { type StandIns, standInsFor } from './guard/stand-ins.ts';
import type { KernelOwner } from './kernel.ts';
import { HEIGHTS } from './watermarks.ts';

/** What a program gets: the engine's ports and the network. */
export interface HostPorts extends Ports {
  network: Network;
}

/** The process a program runs in. */
export interface HostProcess {
  readonly host: string;
  /** 1 for the first process on the host, and so on. */
  readonly generation: number;
  /** Ends the process at once: nothing it does from here on has any effect. */
  exit(code: number): void;
}

/**
 * A program. Resolving with a number ends the process with that code; resolving with nothing means that
 * setting up is over and the program lives on in its callbacks. Rejecting fails the run.
 */
export type Program = (ports: HostPorts, process: HostProcess) => Promise<number | void>;

export interface ProcessExit {
  host: string;
  generation: number;
  code: number;
}

export interface StartOptions {
  /** Called as an event of the world after the process exited by itself (not when it was crashed). */
  onExit?: (exit: ProcessExit) => void;
}

export type HostState = 'stopped' | 'running' | 'paused';

/** Ports that depend on the rest of the world. */
export interface PortMakers {
  network: (host: Host, generation: number) => Network;
  blobs: (host: Host, generation: number) => BlobStore;
  /** The process is gone: break its connections. */
  died: (host: Host) => void;
}

export interface HostOptions {
  /** `server` hosts are what the nemesis crashes, pauses and skews; `client` hosts are left alone. */
  role?: 'server' | 'client';
  /**
   * For programs that were not written against ports: the ambient clocks, timers, dice and `fetch` of JavaScript are
   * the host's own there instead of throwing. `resolve` gives the address for the host of a URL.
   */
  ambient?: { resolve: (host: string) => string };
  /** So many bytes may be sent to it before it has read them. */
  windowBytes?: number;
}

interface LastWord {
  event: string;
  atMs: number;
}

export class Host implements KernelOwner {
  readonly name: string;
  readonly role: 'server' | 'client';
  readonly windowBytes: number | undefined;
  readonly clocks: HostClocks;
  readonly #context: WorldContext;
  readonly #makers: PortMakers;
  readonly #ambient: HostOptions['ambient'];
  #standIns: StandIns | null = null;
  #lastEvent = '';
  #lastEventUs = 0;
  #state: HostState = 'stopped';
  #generation = 0;
  #wasCrashed = false;
  #stoodStillUs: number | null = null;
  #entropyDrawn = 0;
  #program: Program | null = null;
  #options: StartOptions = {};

  constructor(name: string, options: HostOptions, context: WorldContext, makers: PortMakers, epochMs: number) {
    this.name = name;
    this.role = options.role ?? 'server';
    this.windowBytes = options.windowBytes;
    this.#ambient = options.ambient;
    this.#context = context;
    this.#makers = makers;
    this.clocks = new HostClocks(context.kernel, epochMs);
  }

  get state(): HostState {
    return this.#state;
  }

  /** What the process that lives here finds in place of ambient functions. */
  get standIns(): StandIns | null {
    return this.#standIns;
  }

  /** What a process here reported last, and when; null when none reported anything. */
  get lastWord(): LastWord | null {
    return this.#lastEvent === '' ? null : { event: this.#lastEvent, atMs: Math.floor(this.#lastEventUs / 1000) };
  }

  /** How many processes were started here. */
  get generation(): number {
    return this.#generation;
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  /** When a process here last went on that had stood still; null: never. */
  get stoodStillMs(): number | null {
    return this.#stoodStillUs === null ? null : Math.floor(this.#stoodStillUs / 1000);
  }

  /** Down because it was crashed, not because its program ended. */
  get wasCrashed(): boolean {
    return this.#wasCrashed;
  }

  /** Down because its program ended. */
  get hasEnded(): boolean {
    return this.#state === 'stopped' && this.#generation > 0 && !this.#wasCrashed;
  }

  get isUp(): boolean {
    return this.#state !== 'stopped';
  }

  /** Whether `generation` is the process that lives here now. */
  isAlive(generation: number): boolean {
    return this.#generation === generation && this.#state !== 'stopped';
  }

  /** Starts `program` in a new process, as an event of this host. */
  start(program: Program, options: StartOptions = {}): void {
    if (this.isUp) throw new Error(`assertion: ${this.name} runs a program already`);
    this.#program = program;
    this.#options = options;
    this.#state = 'running';
    this.#wasCrashed = false;
    const generation = ++this.#generation;
    this.#context.kernel.after(0, this, 'start', '', () => {
      const process: HostProcess = { host: this.name, generation, exit: (code) => this.#exit(generation, code) };
      void this.#supervise(program, process, generation);
    });
  }

  /** Kills the process. What it sent travels on; what it waited for never comes. */
  crash(): void {
    if (!this.isUp) return;
    this.#context.trace.note(this.name, 'crash', this.#generation);
    this.#context.probes.reachable('fault.host.crash');
    this.#context.tracks.point(`host ${this.name}`, `crash ${this.name}`, 'bad');
    this.#die();
    this.#wasCrashed = true;
  }

  /** Starts the last program again in a new process. */
  restart(): void {
    if (this.isUp) throw new Error(`assertion: ${this.name} is restarted while it runs`);
    if (this.#program === null) throw new Error(`assertion: ${this.name} never ran a program`);
    this.#context.trace.note(this.name, 'restart', this.#generation);
    this.#context.probes.reachable('fault.host.restart');
    this.#context.tracks.point(`host ${this.name}`, `start ${this.name}`, 'good');
    this.start(this.#program, this.#options);
  }

  /** The process stands still: its events wait. */
  pause(options: { stopsClock?: boolean } = {}): void {
    if (this.#state !== 'running') return;
    this.#context.trace.note(this.name, 'pause', options.stopsClock === true ? 1 : 0);
    this.#state = 'paused';
    if (options.stopsClock === true) this.clocks.stop();
  }

  /** Everything that waited happens now, in the order it was due. */
  resume(): void {
    this.clocks.resume();
    if (this.#state !== 'paused') return;
    this.#context.trace.note(this.name, 'resume');
    this.#state = 'running';
    this.#stoodStillUs = this.#context.kernel.nowUs;
    this.#context.kernel.agenda.unpark(this, this.#context.kernel.nowUs);
  }

  async #supervise(program: Program, process: HostProcess, generation: number): Promise<void> {
    const ports = this.#ports(generation);
    if (this.#ambient !== undefined) this.#standIns = standInsFor(ports, this.#ambient.resolve);
    const code = await program(ports, process);
    if (typeof code === 'number') process.exit(code);
  }

  #exit(generation: number, code: number): void {
    if (!this.isAlive(generation)) return;
    const { kernel, trace, tracks } = this.#context;
    trace.note(this.name, 'exit', code);
    tracks.point(`host ${this.name}`, `exit ${code}`, code === 0 ? 'neutral' : 'warn');
    const { onExit } = this.#options;
    this.#die();
    if (onExit !== undefined) {
      kernel.after(0, null, 'exited', this.name, () => onExit({ host: this.name, generation, code }));
    }
  }

  #die(): void {
    this.#state = 'stopped';
    this.clocks.resume();
    this.#context.kernel.agenda.cancelOwned(this);
    this.#makers.died(this);
  }

  #ports(generation: number): HostPorts {
    const { kernel, choices } = this.#context;
    const isAlive = (): boolean => this.isAlive(generation);
    return {
      clock: processClock({ kernel, clocks: this.clocks, owner: this, isAlive }),
      random: simRandom(choices, this.name),
      entropy: simEntropy(choices, this.name, () => this.#entropyDrawn++),
      compute: simCompute(this.#context.ciphers),
      telemetry: this.#telemetry(isAlive),
      blobs: this.#makers.blobs(this, generation),
      network: this.#makers.network(this, generation),
    };
  }

  #telemetry(isAlive: () => boolean): Telemetry {
    const { probes, trace, tracks } = this.#context;
    return {
      event: (name, detail = '') => {
        if (!isAlive()) return;
        this.#lastEvent = name;
        this.#lastEventUs = this.#context.kernel.nowUs;
        trace.note(this.name, name, detail);
        tracks.mark(this.name, name, detail);
        probes.reachable(name);
        const height = HEIGHTS.get(name);
        if (height !== undefined) probes.watermarks.reach(height, Number(detail));
      },
    };
  }
}
