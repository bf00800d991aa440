/**
 * What a crew is: some of the clients of one run, with what they expect of it. The run (`linearizable.ts`) knows phases and
 * crews; a crew knows its clients and how they are judged, and nothing of other crews.
 *
 * Phases, in order: `start` under faults → all clients through → everything healed → each goal of `afterHealing`, one after
 * another → rest → `atRest` → `verdict`. A phase in which the run failed is the last one but for `verdict`.
 */

import type { Engine } from '../../engine/index.ts';
import type { HostOptions, HostPorts, Site, World } from '../../sim/index.ts';
import type { Plan } from '../plan.ts';
import type { RunFailure } from '../run.ts';
import type { Transport, WireOptions } from '../wire.ts';

/** Something that has to come true in bounded time once nothing goes wrong any more. */
export interface Goal {
  /** In words, for the failure: `every follower has every record`. */
  name: string;
  /** Called once, when the goals before it are reached; clients started here are waited for. */
  begin?: () => void;
  /** Looked at between events, besides the clients that are waited for. */
  isReached?: () => boolean;
}

export interface Crew {
  /** Starts clients, while faults go on. The run waits for all that `Stage.start` was given. */
  start(): void | Promise<void>;
  afterHealing?(): readonly Goal[];
  /** Everything is quiet: what must hold now? Findings go to `world.fail`. */
  atRest?(): void | Promise<void>;
  /** The engine of the server on `host` as clients of this crew are to see it; called whenever one begins to serve. */
  seen?(engine: Engine, host: string): Engine;
  /**
   * What the crew makes of all it heard, once the run is over, however it ended; null when nothing is wrong. Probes that only
   * the whole can light are lit here.
   */
  verdict?(): RunFailure | null;
  /** What happened to its clients, a line per operation, for the record of the run. */
  lines?(): readonly string[];
}

/** What crews are given of the run. */
export interface Stage {
  readonly world: World;
  readonly plan: Plan;
  readonly servers: readonly string[];
  readonly basin: string;
  /** The judged stream; other crews leave it alone. */
  readonly stream: string;
  /** A client on a host of its own, which nobody crashes, and which the phase under way waits for. What it throws fails the run. */
  start(name: string, work: (ports: HostPorts) => Promise<void>, options?: HostOptions): void;
  /** The same, but nobody waits for it; the crew says in its goals when it has to be gone. */
  startApart(name: string, work: (ports: HostPorts) => Promise<void>, options?: HostOptions): void;
  transport(ports: HostPorts): Transport;
  /** How a client of that name finds servers. Those who work after healing stay with one that answers: `stays`. */
  wireOptions(name: string, stays?: boolean): WireOptions;
  /** A uniform integer in [0, bound), drawn at `site` for that client. */
  below(site: Site, name: string): (bound: number, means?: (outcome: number) => string) => number;
  readonly noted: (probe: string) => void;
}
