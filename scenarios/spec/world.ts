/**
 * The state of the specification: everything S2 promises to remember, as plain values that are never changed. There are no
 * logs, caches or segments here, only basins, streams and records, and what the server of the moment knows of time.
 */

import type { BasinConfig, StreamConfig, StreamWish } from '../../engine/index.ts';
import type { RecordCommand, StreamFacts } from './invariants.ts';

export interface World {
  readonly nowMs: number;
  readonly basins: ReadonlyMap<string, Basin>;
  /** When the newest record arrived, of whatever stream. */
  readonly lastArrivalMs: number;
  /** Since when the present server serves, and the newest arrival it was told of then. */
  readonly server: { readonly sinceMs: number; readonly lastArrivalMs: number };
}

type Cipher = BasinConfig['streamCipher'];

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
  /** Its basin's when it was created, for good. */
  readonly cipher: Cipher;
  readonly fencingToken: string;
  /** All there ever were: the place is the number. */
  readonly records: readonly SpecRecord[];
  /** Those below are gone. */
  readonly trimPoint: number;
  /** When it last got records, or became one that is to be deleted when it is empty. */
  readonly idleSinceMs: number;
}

export interface SpecRecord {
  readonly timestamp: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly arrivedMs: number;
}

export function newWorld(nowMs: number): World {
  return { nowMs, basins: new Map(), lastArrivalMs: 0, server: { sinceMs: nowMs, lastArrivalMs: 0 } };
}

export function withBasin(world: World, name: string, basin: Basin): World {
  return { ...world, basins: new Map(world.basins).set(name, basin) };
}

export function withStream(world: World, basin: string, name: string, stream: Stream): World {
  const home = world.basins.get(basin);
  if (home === undefined) throw new Error('a stream has a basin');
  return withBasin(world, basin, { ...home, streams: new Map(home.streams).set(name, stream) });
}

/** Every stream as `after` leaves it, and without those it leaves nothing of. */
export function eachStream(world: World, after: (stream: Stream) => Stream | null): World {
  const basins = [...world.basins].map(([name, basin]): [string, Basin] => {
    const streams = [...basin.streams].flatMap(([key, stream]): [string, Stream][] => {
      const left = after(stream);
      return left === null ? [] : [[key, left]];
    });
    return [name, { ...basin, streams: new Map(streams) }];
  });
  return { ...world, basins: new Map(basins) };
}

/** The number of the next record and the timestamp of the last. */
export function tailOf({ records }: Stream): { seqNum: number; timestamp: number } {
  return { seqNum: records.length, timestamp: records.at(-1)?.timestamp ?? 0 };
}

/** The stream, as the invariants look at it. */
export function factsOf(stream: Stream): StreamFacts {
  const { config, trimPoint, fencingToken } = stream;
  const records = stream.records.map((record, seqNum) => ({
    seqNum,
    timestamp: record.timestamp,
    command: commandOf(record),
  }));
  return { config, tail: tailOf(stream), trimPoint, fencingToken, records: records.slice(trimPoint) };
}

/** Null of a record that is no command: those have one header, without a name. */
export function commandOf({ headers, body }: Pick<SpecRecord, 'headers' | 'body'>): RecordCommand | null {
  const [only, ...more] = headers;
  if (only === undefined || more.length > 0 || only[0] !== '') return null;
  if (only[1] === 'fence') return { op: 'fence', token: body };
  return { op: 'trim', to: Number(Buffer.from(body, 'latin1').readBigUInt64BE()) };
}
