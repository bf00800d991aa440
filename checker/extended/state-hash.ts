/**
 * A hash of all that tells states of the extended model apart, beside the plain stream: equal states have equal hashes, and most
 * others another one. Without it the states of a search that differ in time or in what reads have come to are compared each
 * with each.
 *
 * What is before the last batch does not count, for as far as it is gone it may differ; nor does the order in which maps were filled.
 */

import type { Hash64 } from '../history.ts';
import { textHash } from '../models/text-hash.ts';
import type { Stamps } from './stamps.ts';
import type { ExtendedState } from './state.ts';

export function hashBesidesStream(state: ExtendedState): number {
  const { phase, creation, birth, bornMs, clockMs, config, content, last, trimmed, trimAsked } = state;
  let hash = textHash(creation ?? '', textHash(phase));
  for (const value of [birth, bornMs, clockMs, config.emptyAgeMs ?? -1, last?.calledMs ?? 0, trimmed, trimAsked])
    hash = mixed(hash, value);
  hash = mixed(hash, lowHalf(content));
  hash = mixed(hash, hashOnce(state.stamps, hashOfStamps));
  hash = mixed(hash, hashOnce(state.shownContents, hashOfContents));
  hash = mixed(hash, hashOnce(state.turns, hashOfTurns));
  return mixed(hash, hashOnce(state.reads, hashOfReads));
}

/** Infinities count as 0. */
export function mixed(hash: number, value: number): number {
  const both = Math.imul(hash ^ value, 0x9e3779b1) ^ (value / 2 ** 32);
  return both ^ (both >>> 15);
}

const hashes = new WeakMap<object, number>();

/** States share what did not change. */
function hashOnce<T extends object>(value: T, hashOf: (value: T) => number): number {
  let hash = hashes.get(value);
  if (hash === undefined) hashes.set(value, (hash = hashOf(value)));
  return hash;
}

function hashOfStamps({ bounds, claims }: Stamps): number {
  let hash = bounds.length;
  for (const { position, low, high } of bounds) hash = mixed(mixed(mixed(hash, position), low), high);
  for (const { start, from, sinceMs } of claims) hash = mixed(mixed(mixed(hash, start), from), sinceMs);
  return hash;
}

function hashOfContents(contents: ExtendedState['shownContents']): number {
  let sum = 0;
  for (const [position, content] of contents) sum += mixed(position, lowHalf(content));
  return sum;
}

function hashOfTurns(turns: ExtendedState['turns']): number {
  let sum = 0;
  for (const [session, count] of turns) sum += mixed(textHash(session), count);
  return sum;
}

function hashOfReads(reads: ExtendedState['reads']): number {
  let sum = 0;
  for (const [read, { moments, birth }] of reads) sum += mixed(mixed(textHash(read), moments), birth ?? 0);
  return sum;
}

function lowHalf(hash: Hash64): number {
  return Number(hash & 0xffffffffn);
}
