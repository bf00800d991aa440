/**
 * Starts a server again after it ended by itself, as an operator's supervisor does: with a back-off that grows
 * while it keeps ending, so that two servers which fence each other leave time to work in between.
 */

import { defineSite, type Host, type ProcessExit, type Program, type World } from '../sim/index.ts';
import { EXIT } from './server.ts';
import { endingAtDamage } from './storage/damage.ts';

const RESTART_AFTER = defineSite('supervisor.restart-after', 'how soon a server that ended is started again');

/** While faults go on, takeovers are wanted often. */
const FAULTY_DELAYS_MS = [500, 100, 2_000, 5_000];
/** Once the world is healed, a loser leaves the winner in peace. */
const HEALED_DELAY_MS = 20_000;
/** A store that refuses is asked less and less often. */
const REFUSED_DELAY_MS_MAX = 20_000;

export class Supervisor {
  readonly #world: World;
  #healed = false;
  #retired = false;
  readonly #abandoned = new Set<Host>();
  /** How much longer than drawn a server stays down that the store would not have, by host. */
  readonly #factors = new Map<Host, number>();

  constructor(world: World) {
    this.#world = world;
  }

  run(host: Host, program: Program): void {
    host.start(endingAtDamage(program, this.#world), { onExit: (exit) => this.#restartLater(host, exit) });
  }

  healed(): void {
    this.#healed = true;
  }

  /** Whatever ends from here on stays down. */
  retire(): void {
    this.#retired = true;
  }

  /** It dies now, if it lives, and nobody starts it again. */
  abandon(host: Host): void {
    this.#abandoned.add(host);
    host.crash();
  }

  #restartLater(host: Host, { code }: ProcessExit): void {
    const delayMs = this.#healed ? HEALED_DELAY_MS : this.#faultyDelayMs(host, code);
    // The nemesis may have started it meanwhile.
    this.#world.after(delayMs, 'supervisor.restart', () => {
      if (!host.isUp && !this.#retired && !this.#abandoned.has(host)) host.restart();
    });
  }

  #faultyDelayMs(host: Host, code: number): number {
    const delayMs = this.#world.choices.pick(RESTART_AFTER, host.name, FAULTY_DELAYS_MS);
    const isRefused = code !== EXIT.fenced && code !== EXIT.stopped;
    const factor = isRefused ? (this.#factors.get(host) ?? 1) : 1;
    this.#factors.set(host, isRefused ? 2 * factor : 1);
    return Math.min(delayMs * factor, REFUSED_DELAY_MS_MAX);
  }
}
