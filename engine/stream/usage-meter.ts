/**
 * Operations counted where they come in, told to the log once in a while: at most one entry in `flushMs`, and none while
 * nothing is asked for. What was counted and not logged when the process dies is lost, so nobody is shown it before.
 *
 * Counts are kept by name for the basins there will be when all queued entries are in the log, and go in the turn in which the
 * end of their basin is queued: so an entry made of them meets the very basin they were made for, never the next of its name.
 */

import { type AccountFigure, accountFigure, basinFigure, type Count, type CountedFigure } from '../core/usage.ts';
import type { Clock, Telemetry } from '../ports.ts';
import type { UsageEntry } from '../state/entries.ts';
import type { Journal } from './journal.ts';

export interface UsageMeterParts {
  ports: { clock: Clock; telemetry: Telemetry };
  journal: Journal;
  /** Between two entries. */
  flushMs: number;
  /** Aborts when the engine ends. */
  signal: AbortSignal;
  /** A bug. */
  failed: (error: unknown) => void;
}

/** What one entry tells at most: it has to fit into a slot. */
const BASINS_PER_ENTRY = 1_000;

type Counts = Map<number, number>;

export class UsageMeter {
  readonly #parts: UsageMeterParts;
  #account: Counts = new Map();
  #basins = new Map<string, Counts>();
  #isServing = false;
  /** When an entry was made last, monotonic milliseconds. */
  #loggedMs = -Infinity;

  constructor(parts: UsageMeterParts) {
    this.#parts = parts;
  }

  count(figure: AccountFigure): void {
    add(this.#account, accountFigure(figure), 1);
    this.#serveIfNeeded();
  }

  countIn(basin: string, figure: CountedFigure, count = 1): void {
    let counts = this.#basins.get(basin);
    if (counts === undefined) {
      if (this.#parts.journal.ahead.basin(basin) === undefined) return;
      this.#basins.set(basin, (counts = new Map()));
    }
    add(counts, basinFigure(figure), count);
    this.#serveIfNeeded();
  }

  /** The end of the basin is queued in this turn. */
  ends(basin: string): void {
    this.#basins.delete(basin);
  }

  /**
   * An append is about to be queued that tells no time, because the newest arrival is far ahead of this clock: the history of
   * usage would stand still until real time is there. An entry before it tells the time, counts or not, once in `flushMs`.
   */
  timelessAppend(): void {
    const { ports, journal, flushMs } = this.#parts;
    if (ports.clock.monoMs() < this.#loggedMs + flushMs || !journal.writable) return;
    ports.telemetry.event('usage.time-told');
    this.#logAll();
  }

  /** Logs what was counted so far, if the log takes anything. */
  flush(): void {
    if ((this.#account.size > 0 || this.#basins.size > 0) && this.#parts.journal.writable) this.#logAll();
  }

  #logAll(): void {
    const [account, basins] = [this.#account, this.#basins];
    this.#account = new Map();
    this.#basins = new Map();
    const told = Array.from(basins, ([name, counts]) => ({ name, counts: listed(counts) }));
    this.#log({ account: listed(account), basins: told.slice(0, BASINS_PER_ENTRY) });
    for (let at = BASINS_PER_ENTRY; at < told.length; at += BASINS_PER_ENTRY) {
      this.#log({ account: [], basins: told.slice(at, at + BASINS_PER_ENTRY) });
    }
  }

  #log(counts: Pick<UsageEntry, 'account' | 'basins'>): void {
    const { journal, ports, failed } = this.#parts;
    this.#loggedMs = ports.clock.monoMs();
    const logged = journal.submit({ type: 'usage', atMs: ports.clock.wallMs(), ...counts });
    void logged.then(
      (settlement) => ports.telemetry.event(settlement === 'committed' ? 'usage.logged' : 'usage.lost'),
      failed,
    );
  }

  #serveIfNeeded(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    void this.#serve().catch(this.#parts.failed);
  }

  async #serve(): Promise<void> {
    const { ports, flushMs, signal } = this.#parts;
    while (this.#account.size > 0 || this.#basins.size > 0) {
      await ports.clock.sleep(flushMs, signal);
      if (signal.aborted) return;
      this.flush();
    }
    this.#isServing = false;
  }
}

function add(counts: Counts, figure: number, count: number): void {
  counts.set(figure, (counts.get(figure) ?? 0) + count);
}

/** Ascending, so that the same counts are the same bytes. */
function listed(counts: Counts): Count[] {
  return [...counts].toSorted(([a], [b]) => a - b);
}
