/**
 * The state machine: a pure fold of log entries. Every process and the ghost use this one function, so two of them
 * that folded the same log have the same state; `logicalHash` and `physicalHash` say whether they did.
 * INSTALL adds the segments it carries and releases the chunks they hold. It leaves every EDIT between the
 * checkpoint's slot and its own alone, and does nothing when a checkpoint as new is installed already.
 */

import { mix } from './dice.ts';
import type { Chunk, Data, Entry, SegmentRef, State } from './objects.ts';

export const EMPTY: State = { count: 0, hash: 0, trim: 0, segments: [], chunks: [], installedAt: -1, installed: '' };

/** @param installReplaces the mutant of that name */
export function foldData(before: State, data: Data, installReplaces: boolean): State {
  const after = { ...before };
  for (const entry of data.entries) foldEntry(after, data.slot, entry, installReplaces);
  return after;
}

function foldEntry(state: State, slot: number, entry: Entry, installReplaces: boolean): void {
  switch (entry.type) {
    case 'append':
      state.hash = mix(state.hash ^ entry.op);
      state.count++;
      state.chunks = appendToChunks(state.chunks, slot, entry.first, entry.op);
      return;
    case 'trim':
      state.trim = Math.max(state.trim, Math.min(entry.to, state.count));
      return;
    case 'edit': {
      const kept = state.segments.filter(({ name }) => !entry.removed.includes(name));
      state.segments = inOrder([...kept, ...entry.added]);
      return;
    }
    case 'install':
      if (entry.frozenAt <= state.installedAt) return;
      state.segments = installReplaces ? entry.wholeList : inOrder([...state.segments, ...entry.segments]);
      state.chunks = state.chunks.filter((chunk) => chunk.slot > entry.frozenAt);
      state.installedAt = entry.frozenAt;
      state.installed = entry.checkpoint;
      return;
  }
}

function appendToChunks(chunks: readonly Chunk[], slot: number, first: number, op: number): readonly Chunk[] {
  const last = chunks.at(-1);
  if (last?.slot !== slot) return [...chunks, { slot, first, ops: [op] }];
  return [...chunks.slice(0, -1), { ...last, ops: [...last.ops, op] }];
}

function inOrder(segments: SegmentRef[]): readonly SegmentRef[] {
  return segments.sort((one, other) => one.first - other.first);
}

/** Equal for states that show clients the same stream. */
export function logicalHash(state: State): number {
  return mix(mix(state.hash ^ state.count) ^ state.trim);
}

/** Equal for states that also name the same objects. */
export function physicalHash(state: State): number {
  let hash = mix(logicalHash(state) ^ state.installedAt);
  for (const { epoch, first, next } of state.segments) hash = mix(mix(mix(hash ^ epoch) ^ first) ^ next);
  for (const { slot, first } of state.chunks) hash = mix(mix(hash ^ slot) ^ first);
  return hash;
}

/** The first readable record that nothing holds or two objects hold; undefined when segments and chunks tile the tail. */
export function firstGap(state: State): number | undefined {
  let covered: number | undefined;
  const chunks = state.chunks.map(({ first, ops }) => ({ first, next: first + ops.length }));
  for (const { first, next } of [...state.segments, ...chunks]) {
    if (covered !== undefined && first < covered) return first;
    // Below the trim point nobody needs anything: dead segments are dropped one by one.
    if (first > Math.max(covered ?? 0, state.trim)) return Math.max(covered ?? 0, state.trim);
    covered = next;
  }
  const tiled = Math.max(covered ?? 0, state.trim);
  return tiled < state.count ? tiled : undefined;
}
