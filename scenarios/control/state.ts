/**
 * The basins of one group as they may be: immutable values, with a key that is equal for equal ones.
 *
 * A name has one life after the other. A life that is `isDoomed` is being deleted, or gone already: when its last step
 * takes place nobody is told, so both stay possible until an answer says which (`mayBeGone`). What was not told yet of a life
 * (when it was created, what its records are stamped) is left open and learned from the first answer that says it.
 */

import type { BasinConfig, BasinWish, Cipher, StreamConfig, StreamWish } from './config.ts';
import type { Shown } from './history.ts';
import type { Stamp } from './stamps.ts';

interface Life<Config, Wish> {
  /** The request that may be repeated; null when none may. */
  request: { token: string; wish: Wish } | null;
  config: Config;
  /** As it was shown; null as long as it was not. */
  createdAt: string | null;
  isDoomed: boolean;
  /** As it was shown; null as long as it was not. */
  deletedAt: string | null;
}

export interface BasinLife extends Life<BasinConfig, BasinWish> {
  streams: ReadonlyMap<string, StreamLife>;
}

export interface StreamLife extends Life<StreamConfig, StreamWish> {
  /** All records; the number of a record is its index. */
  records: readonly { content: string; stamp: Stamp }[];
  fencingToken: string;
  /** Of its basin when it was made; never changes. */
  cipher: Cipher | null;
}

export interface GroupState {
  readonly basins: ReadonlyMap<string, BasinLife>;
  readonly key: string;
}

export function groupState(basins: ReadonlyMap<string, BasinLife>): GroupState {
  const rows = [...basins]
    .toSorted(byName)
    .map(([name, { streams, ...basin }]) => [name, basin, [...streams].toSorted(byName)]);
  return { basins, key: JSON.stringify(rows) };
}

export const EMPTY_GROUP: GroupState = groupState(new Map());

/** A basin that is gone takes its streams with it. */
export function withBasin(state: GroupState, name: string, life: BasinLife | null): GroupState {
  return groupState(withEntry(state.basins, name, life));
}

export function withStream(basin: BasinLife, name: string, life: StreamLife | null): BasinLife {
  return { ...basin, streams: withEntry(basin.streams, name, life) };
}

/** What a basin may be now, null for nothing. */
export function basinsThatMayBe({ basins }: GroupState, name: string): (BasinLife | null)[] {
  const life = basins.get(name) ?? null;
  return life !== null && mayBeGone(life) ? [life, null] : [life];
}

/** What a stream may be now, in a basin that is as it is. */
export function streamsThatMayBe(basin: BasinLife | null, name: string): (StreamLife | null)[] {
  const life = basin?.streams.get(name) ?? null;
  return life !== null && mayBeGone(life, basin) ? [life, null] : [life];
}

/** The streams of a basin that is being deleted go one after the other, each without a word. */
export function mayBeGone({ isDoomed }: { isDoomed: boolean }, basin: BasinLife | null = null): boolean {
  return isDoomed || basin?.isDoomed === true;
}

/** The life once it was shown so; null when it can not have been. */
export function learned<Kind extends BasinLife | StreamLife>(
  life: Kind,
  { createdAt, deletedAt, cipher }: Shown,
): Kind | null {
  if (cipher !== ('cipher' in life ? life.cipher : null)) return null;
  if (life.createdAt !== null && life.createdAt !== createdAt) return null;
  if (life.isDoomed !== (deletedAt !== null)) return null;
  if (life.deletedAt !== null && life.deletedAt !== deletedAt) return null;
  return life.createdAt === createdAt && life.deletedAt === deletedAt ? life : { ...life, createdAt, deletedAt };
}

function withEntry<Value>(
  map: ReadonlyMap<string, Value>,
  name: string,
  value: Value | null,
): ReadonlyMap<string, Value> {
  const copy = new Map(map);
  if (value === null) copy.delete(name);
  else copy.set(name, value);
  return copy;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
