/** Which runs a sweep does: seeds in order, profiles dealt out in turn, shards that do not overlap. */

import type { RunName } from './protocol.ts';

export interface RunRange {
  /** First seed. */
  from: number;
  /** End, exclusive; Infinity for a sweep that is limited by time. */
  end: number;
  /**
   * With one profile every seed runs under it. With several, seed s runs under profile s modulo their number,
   * so that each gets its share whenever the sweep stops.
   */
  profiles: readonly string[];
  /** This process does every `shards`-th seed, beginning with number `shard` (from 0). */
  shard: number;
  shards: number;
}

export function* runNames({ from, end, profiles, shard, shards }: RunRange): Generator<RunName> {
  for (let index = shard; from + index < end; index += shards) {
    const seed = from + index;
    yield { seed: String(seed), profile: profiles[seed % profiles.length] as string };
  }
}

/** `7/lossy`: no two runs of a sweep share it. */
export function runKey({ seed, profile }: RunName): string {
  return `${seed}/${profile}`;
}
