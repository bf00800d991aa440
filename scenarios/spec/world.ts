/**
 * The state of the specification: everything S2 promises to remember, as plain values that are never changed. There are no
 * logs, caches or owners here, only basins, streams and records.
 */

import type { BasinConfig, StreamConfig, StreamWish } from '../../engine/index.ts';

export interface World {
  readonly nowMs: number;
  readonly basins: ReadonlyMap<string, Basin>;
}

interface Named<Wish> {
  readonly createdAtMs: number;
  /** Of the request that created it. */
  readonly token: string | null;
  readonly requested: Wish;
  /** Null while it lives. */
  readonly deletedAtMs: number | null;
  /** When a deleted one may go. */
  readonly goesAtMs: number;
}

export interface Basin extends Named<BasinConfig> {
  readonly config: BasinConfig;
  readonly streams: ReadonlyMap<string, Stream>;
}

export interface Stream extends Named<StreamWish> {
  readonly config: StreamConfig;
  readonly fencingToken: string;
  /** All there ever were: the place is the number. */
  readonly records: readonly SpecRecord[];
  /** Those below are gone. */
  readonly trimPoint: number;
}

export interface SpecRecord {
  readonly timestamp: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export function withBasin(world: World, name: string, basin: Basin): World {
  return { ...world, basins: new Map(world.basins).set(name, basin) };
}

export function withStream(world: World, basin: string, name: string, stream: Stream): World {
  const home = world.basins.get(basin);
  if (home === undefined) throw new Error('a stream has a basin');
  return withBasin(world, basin, { ...home, streams: new Map(home.streams).set(name, stream) });
}

export function without<Row>(rows: ReadonlyMap<string, Row>, gone: (row: Row) => boolean): Map<string, Row> {
  return new Map([...rows].filter(([, row]) => !gone(row)));
}

/** The number of the next record and the timestamp of the last. */
export function tailOf({ records }: Stream): { seqNum: number; timestamp: number } {
  return { seqNum: records.length, timestamp: records.at(-1)?.timestamp ?? 0 };
}
