/**
 * What is metered (API contract §1.15): operations of the account, and of each basin operations, bytes and what it stores.
 *
 * A figure is known by its place in these lists, in the log and in checkpoints: names are only ever added at the end.
 */

/** Operations on the account, by the names S2 has for them. */
export const ACCOUNT_FIGURES = [
  'list-basins',
  'create-basin',
  'delete-basin',
  'reconfigure-basin',
  'get-basin-config',
  'issue-access-token',
  'revoke-access-token',
  'list-access-tokens',
  'account-metrics',
  'basin-metrics',
  'stream-metrics',
  'list-locations',
  'get-default-location',
  'set-default-location',
] as const;

/** Figures of a basin. The first group follows from the log, the second is counted where requests come in. */
export const BASIN_FIGURES = [
  /** Metered bytes stored now, in all its streams. The only figures that fall are this one and the next. */
  'stored-bytes',
  'streams',
  'streams-created',
  /** Batches that were appended to streams of that storage class. */
  'appends-standard',
  'appends-express',
  /** Metered. */
  'appended-bytes',
  'appended-records',

  'reads-unary',
  'reads-streaming',
  /** Metered bytes of records handed to readers. */
  'read-bytes',
  'list-streams',
  'create-stream',
  'delete-stream',
  'get-stream-config',
  'reconfigure-stream',
  'check-tail',
] as const;

export type AccountFigure = (typeof ACCOUNT_FIGURES)[number];
export type BasinFigure = (typeof BASIN_FIGURES)[number];
/** What is counted where requests come in. */
export type CountedFigure = Exclude<
  BasinFigure,
  | 'stored-bytes'
  | 'streams'
  | 'streams-created'
  | 'appends-standard'
  | 'appends-express'
  | 'appended-bytes'
  | 'appended-records'
>;

/** How many of a figure came, by its place in its list. */
export type Count = readonly [figure: number, count: number];

/** Minutes in which what a stream stores changed, of all streams together. */
export const STREAM_MINUTES_KEPT = 65_536;

export function accountFigure(name: AccountFigure): number {
  return ACCOUNT_FIGURES.indexOf(name);
}

export function basinFigure(name: BasinFigure): number {
  return BASIN_FIGURES.indexOf(name);
}

/** Whether an entry of the log may say how many came: figures that follow from the log itself are not told. */
export function isCounted(figure: number): boolean {
  return figure >= FIRST_COUNTED && figure < BASIN_FIGURES.length;
}

const FIRST_COUNTED = basinFigure('reads-unary');

// --- questions about it -----------------------------------------------------------------------------------------

export type UsageInterval = 'minute' | 'hour' | 'day';
export const INTERVALS = ['minute', 'hour', 'day'] as const satisfies readonly UsageInterval[];

export const INTERVAL_S: Readonly<Record<UsageInterval, number>> = { minute: 60, hour: 3_600, day: 86_400 };

/** Intervals that are remembered of the account and of each basin: the newest in which something happened. */
export const KEPT_OF_EACH: Readonly<Record<UsageInterval, number>> = { minute: 180, hour: 744, day: 366 };
/** …and of all basins together, so many minutes, so many hours, and so many days: the oldest go first. */
export const KEPT_OF_ALL = 32_768;

/** Seconds since 1970; whatever touches the range is told, `endS` included. */
export interface UsageRange {
  startS: number;
  endS: number;
}

export interface UsageQuestion extends UsageRange {
  /** Null: as the set of figures has it. */
  interval: UsageInterval | null;
}

export type AccountUsageSet = 'active-basins' | 'account-ops';
export type BasinUsageSet =
  | 'storage'
  | 'append-ops'
  | 'read-ops'
  | 'read-throughput'
  | 'append-throughput'
  | 'basin-ops';
export type StreamUsageSet = 'storage';

/** Seconds since 1970, and the value. */
export type UsagePoint = readonly [atS: number, value: number];

export type UsageFigure =
  | { kind: 'labels'; name: string; values: readonly string[] }
  /** Each value is the one at the end of the minute or hour that begins at its point, or the newest of it. */
  | { kind: 'gauge'; name: string; unit: 'bytes'; values: readonly UsagePoint[] }
  /** Each value is what came in the interval that begins at its point; intervals in which nothing came have none. */
  | {
      kind: 'accumulation';
      name: string;
      unit: 'bytes' | 'operations';
      interval: UsageInterval;
      values: readonly UsagePoint[];
    };
