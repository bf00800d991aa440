/**
 * Usage as S2 asks for it (API contract §1.15): sets of figures over a range of time, told from what is durable, once
 * ownership is proved.
 */

import {
  ACCOUNT_FIGURES,
  accountFigure,
  type AccountUsageSet,
  type BasinFigure,
  basinFigure,
  type BasinUsageSet,
  INTERVAL_S,
  type StreamUsageSet,
  type UsageFigure,
  type UsageInterval,
  type UsageQuestion,
  type UsageRange,
} from '../core/usage.ts';
import type { Rejection, UsageOutcome } from '../core/outcome.ts';
import type { LedgerHistory } from '../state/ledger.ts';
import { storedBytesOf, type Usage } from '../state/usage.ts';
import { accumulated, hadStreams, hourly, type RangeSeen, storedByMinute } from '../state/usage-series.ts';
import { notFound, type Rejected, rejected } from './answers.ts';
import { PENDING } from './births.ts';
import { Desk } from './desk.ts';
import type { StreamParts } from './parts.ts';

/** A range may be this long (§1.15). */
const RANGE_S_MAX = 30 * INTERVAL_S.day;
/** …and end this far ahead of the server's clock, because the client's is another one. */
const AHEAD_S_MAX = 5 * INTERVAL_S.minute;

const STORED_NAME = 'metered_size';

/** Operations on a basin as such, by S2's names. */
const BASIN_OPS = [
  'list-streams',
  'create-stream',
  'delete-stream',
  'get-stream-config',
  'reconfigure-stream',
  'check-tail',
] as const satisfies readonly BasinFigure[];

interface Series {
  name: string;
  figure: BasinFigure;
  unit: 'bytes' | 'operations';
}

/** What sets of sums are made of. */
const SUMS: Readonly<Record<Exclude<BasinUsageSet, 'storage'>, readonly Series[]>> = {
  'append-ops': [
    { name: 'standard', figure: 'appends-standard', unit: 'operations' },
    { name: 'express', figure: 'appends-express', unit: 'operations' },
  ],
  'read-ops': [
    { name: 'unary', figure: 'reads-unary', unit: 'operations' },
    { name: 'streaming', figure: 'reads-streaming', unit: 'operations' },
  ],
  'read-throughput': [{ name: 'read-throughput', figure: 'read-bytes', unit: 'bytes' }],
  'append-throughput': [{ name: 'append-throughput', figure: 'appended-bytes', unit: 'bytes' }],
  'basin-ops': BASIN_OPS.map((figure) => ({ name: figure, figure, unit: 'operations' })),
};

export class UsageReports {
  readonly #parts: StreamParts;
  readonly #usage: Usage;
  readonly #desk: Desk;

  constructor(parts: StreamParts, usage: Usage) {
    this.#parts = parts;
    this.#usage = usage;
    this.#desk = new Desk(parts);
  }

  async account(set: AccountUsageSet, question: UsageQuestion): Promise<UsageOutcome> {
    return this.#report(question, null, () => {
      if (set === 'account-ops') return this.#accountOps(question);
      const { gone } = this.#usage;
      const active = [...this.#usage.basins()].filter(([, ledger]) =>
        hadStreams({ ledger, gone }, this.#seen(question)),
      );
      return [{ kind: 'labels', name: set, values: active.map(([name]) => name).toSorted() }];
    });
  }

  async basin(basin: string, set: BasinUsageSet, question: UsageQuestion): Promise<UsageOutcome> {
    const { interval } = question;
    return this.#report(question, set === 'storage' ? 'hour' : null, () => {
      const row = this.#parts.tables.basin(basin);
      const ledger = this.#usage.basin(basin);
      if (row === undefined || ledger === undefined) return rejected<Rejection>({ kind: 'basin-not-found', basin });
      if (set !== 'storage') return sums(set, ledger, interval ?? 'minute', this.#seen(question));
      const stored = basinFigure('stored-bytes');
      const values = hourly({ ledger, gone: this.#usage.gone }, stored, this.#past(question), row.createdAtMs / 1000);
      return [{ kind: 'gauge', name: STORED_NAME, unit: 'bytes', values }];
    });
  }

  async stream(basin: string, name: string, _set: StreamUsageSet, question: UsageQuestion): Promise<UsageOutcome> {
    return this.#report(question, 'minute', () => {
      const { tables } = this.#parts;
      const row = tables.streamByName(basin, name);
      if (row === undefined) return rejected(notFound(tables, basin, name));
      if (row.deletedAtMs !== null) return rejected(PENDING);
      const createdS = row.createdAtMs / 1000;
      const values = storedByMinute(this.#usage.streams, row.id, storedBytesOf(row), this.#past(question), createdS);
      return [{ kind: 'gauge', name: STORED_NAME, unit: 'bytes', values }];
    });
  }

  /** `only`: the one interval the set has. Whether the question makes sense is decided before anything is looked at. */
  async #report(
    question: UsageQuestion,
    only: UsageInterval | null,
    look: () => UsageFigure[] | Rejected,
  ): Promise<UsageOutcome> {
    const problem = problemOf(question, only, this.#nowS());
    if (problem !== null) return { kind: 'invalid', message: problem };
    return this.#desk.observe<UsageOutcome>(() => {
      const found = look();
      return Array.isArray(found) ? { kind: 'usage', figures: found } : found;
    });
  }

  #accountOps(question: UsageQuestion): UsageFigure[] {
    const interval = question.interval ?? 'hour';
    const range = this.#seen(question);
    return ACCOUNT_FIGURES.flatMap((name): UsageFigure[] => {
      const values = accumulated(this.#usage.account, accountFigure(name), interval, range);
      return values.length === 0 ? [] : [{ kind: 'accumulation', name, unit: 'operations', interval, values }];
    });
  }

  /** What of the range is over or goes on. */
  #past(range: UsageRange): RangeSeen {
    const { startS, endS, nowS } = this.#seen(range);
    return { startS, endS: Math.min(endS, nowS), nowS };
  }

  #seen({ startS, endS }: UsageRange): RangeSeen {
    return { startS, endS, nowS: this.#nowS() };
  }

  #nowS(): number {
    return Math.floor(this.#parts.ports.clock.wallMs() / 1000);
  }
}

function sums(set: keyof typeof SUMS, ledger: LedgerHistory, interval: UsageInterval, range: RangeSeen): UsageFigure[] {
  return SUMS[set].flatMap(({ name, figure, unit }): UsageFigure[] => {
    const values = accumulated(ledger, basinFigure(figure), interval, range);
    // Of many operations only those are told that happened; classes and kinds always.
    if (set === 'basin-ops' && values.length === 0) return [];
    return [{ kind: 'accumulation', name, unit, interval, values }];
  });
}

function problemOf({ startS, endS, interval }: UsageQuestion, only: UsageInterval | null, nowS: number): string | null {
  if (startS > endS) return '`start` must not be later than `end`';
  if (endS > nowS + AHEAD_S_MAX) return '`end` is too far in the future';
  if (endS - startS > RANGE_S_MAX) return 'the time range must not exceed 30 days';
  if (only !== null && interval !== null && interval !== only) return `the only interval of this set is \`${only}\``;
  return null;
}
