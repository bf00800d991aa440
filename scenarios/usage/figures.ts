/**
 * What a server says of the usage of a basin, over the whole life of the basin and whatever clocks show: sums of series, and
 * what a stream stores now.
 *
 * Figures are asked for by ranges of time, and stand at the times that clocks of owners told (docs/API.md): no client can know
 * those, or what the clock of the server shows that it asks. The simulation tells, and whether any clock was set meanwhile;
 * then nothing was said.
 */

import { ProtocolViolation } from '../client.ts';
import { field, type Wire } from '../wire.ts';

/** Of series, over a whole life. */
export interface Sums {
  appends: number;
  appendedBytes: number;
  reads: number;
  readBytes: number;
}

/** The clocks of servers, as nobody but a simulation knows them. */
export interface ServerClocks {
  /** What the server's wall clock shows now. */
  wallMs: (server: string) => number;
  /** What a clock shows that was never touched. */
  trueMs: () => number;
  /** How often any clock was set so far. */
  jumps: () => { back: number; forward: number };
}

const SERIES: { readonly [Name in keyof Sums]: { set: string; series: string } } = {
  appends: { set: 'append-ops', series: 'express' },
  appendedBytes: { set: 'append-throughput', series: 'append-throughput' },
  reads: { set: 'read-ops', series: 'unary' },
  readBytes: { set: 'read-throughput', series: 'read-throughput' },
};
const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;
/** Clocks are off by hours, or by hours and whole years (`clockStepMs` of the simulator). */
const YEAR_S = 365 * DAY_S;
/** Around true time, and around the same time of every other year: the longest range that may be asked for. */
const RANGE_S = 30 * DAY_S;
/** Behind the server's clock as it is now: for as long as the question travels, and below the 5 minutes that are refused. */
const AHEAD_S = 120;

export class Figures {
  readonly #wire: Wire;
  readonly #basin: string;
  readonly #clocks: ServerClocks;

  constructor(wire: Wire, basin: string, clocks: ServerClocks) {
    this.#wire = wire;
    this.#basin = basin;
    this.#clocks = clocks;
  }

  /** All by one server; null when it did not say all of them. Throws ProtocolViolation. */
  sums(): Promise<Sums | null> {
    return this.#byOneServer(async (nowS) => {
      const ranges = this.#ranges(nowS + AHEAD_S);
      const sums: Partial<Sums> = {};
      for (const [name, { set, series }] of Object.entries(SERIES)) {
        const sum = await this.#sum(set, series, ranges);
        if (sum === null) return null;
        sums[name as keyof Sums] = sum;
      }
      return sums as Sums;
    });
  }

  /** Metered bytes; null when it did not say. Throws ProtocolViolation. */
  storedNow(stream: string): Promise<number | null> {
    return this.#byOneServer(async (nowS) => {
      const values = await this.#values(`/${stream}?set=storage`, nowS, nowS + AHEAD_S);
      const points = field(field(values?.[0], 'gauge'), 'values') as [number, number][] | undefined;
      return points?.at(-1)?.[1] ?? null;
    });
  }

  /** Null when another server was asked in between, or a clock was set, so that answers do not fit together. */
  async #byOneServer<Said>(ask: (nowS: number) => Promise<Said | null>): Promise<Said | null> {
    this.#wire.roam();
    const jumps = () => JSON.stringify(this.#clocks.jumps());
    const [server, jumped] = [this.#wire.asks, jumps()];
    const isTheSame = () => this.#wire.asks === server && jumps() === jumped;
    try {
      const said = await ask(Math.floor(this.#clocks.wallMs(server) / 1000));
      return isTheSame() ? said : null;
    } catch (error) {
      if (error instanceof ProtocolViolation && !isTheSame()) return null;
      throw error;
    }
  }

  /** Every time that any clock may have shown so far, as far as it is not to come for the server that is asked. */
  #ranges(untilS: number): { startS: number; endS: number }[] {
    const { back, forward } = this.#clocks.jumps();
    const middleS = Math.floor(this.#clocks.trueMs() / 1000 / DAY_S) * DAY_S;
    const ranges = [];
    for (let years = -back; years <= forward; years++) {
      const startS = middleS + years * YEAR_S - RANGE_S / 2;
      // Clocks that are set are not set to times before 1970, however often.
      if (startS >= 0 && startS <= untilS) ranges.push({ startS, endS: Math.min(startS + RANGE_S - 1, untilS) });
    }
    return ranges;
  }

  async #sum(set: string, series: string, ranges: readonly { startS: number; endS: number }[]): Promise<number | null> {
    let sum = 0;
    for (const { startS, endS } of ranges) {
      const values = await this.#values(`?set=${set}&interval=hour`, startS, endS);
      if (values === null) return null;
      const found = values
        .map((value) => field(value, 'accumulation'))
        .find((value) => field(value, 'name') === series);
      if (found === undefined) throw new ProtocolViolation(`the set ${set} has no series ${series}`);
      for (const [, value] of field(found, 'values') as [number, number][]) sum += value;
    }
    return sum;
  }

  async #values(of: string, startS: number, endS: number): Promise<unknown[] | null> {
    const target = `/v1/metrics/${this.#basin}${of}&start=${startS}&end=${endS}`;
    const exchange = await this.#wire.exchange('GET', target, null);
    if (exchange.kind === 'none' || exchange.status >= 500) return null;
    const values = field(exchange.body, 'values');
    if (exchange.status === 200 && Array.isArray(values)) return values as unknown[];
    throw new ProtocolViolation(`${target} was answered with ${exchange.status} ${JSON.stringify(exchange.body)}`);
  }
}
