/** Command-line words turned into values, with messages that say what was expected. */

import { InvalidArgumentError } from 'commander';

export function countArgument(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('expected a positive whole number.');
}

/** A whole number of milliseconds up to a second; 0 is one. */
export function millisecondsArgument(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= 1000) return Number(text);
  throw new InvalidArgumentError('expected milliseconds between 0 and 1000.');
}

/** A TCP port; 0 lets the system choose. */
export function portArgument(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('expected a port between 0 and 65535.');
}

/** `A..B`, end exclusive. */
export function seedRangeArgument(text: string): { from: number; end: number } {
  const match = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text);
  const [from, end] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || from >= end) throw new InvalidArgumentError('expected A..B with A < B; B is not included.');
  return { from, end };
}

/** `30s`, `5m`, `2h`, in milliseconds. */
export function durationArgument(text: string): number {
  const match = /^(\d{1,6})(ms|s|m|h)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('expected a duration such as 30s, 5m or 2h.');
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as 'ms' | 's' | 'm' | 'h'];
  return Number(match[1]) * unit;
}

/** `128MiB`, `64KiB`, `1GiB`, or plain bytes. */
export function bytesArgument(text: string): number {
  const match = /^(\d{1,12})(KiB|MiB|GiB|)$/i.exec(text);
  if (match === null) throw new InvalidArgumentError('expected bytes such as 65536, 512KiB, 128MiB or 1GiB.');
  const unit = { '': 1, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 }[match[2]?.toLowerCase() ?? ''] as number;
  return Number(match[1]) * unit;
}

/** `i/n` with i from 0. */
export function shardArgument(text: string): { shard: number; shards: number } {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const [shard, shards] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || shard >= shards) throw new InvalidArgumentError('expected i/n with 0 <= i < n.');
  return { shard, shards };
}
