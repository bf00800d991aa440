/**
 * The segments that hold what the log has let go, and the checkpoint that says so: a pure fold of EDIT and INSTALL.
 *
 * INSTALL adds the segments that took over the chunks of its slots and leaves everything later alone, an EDIT between
 * the checkpoint's slot and its own included; one that is not above the installed checkpoint does nothing, because a
 * replay from a checkpoint always meets that checkpoint's own INSTALL (storage reference §4.3).
 */

import { assert } from '../core/assert.ts';
import { type CheckpointName, type OwnedName, segmentKey } from '../core/object-names.ts';
import type { EditEntry, InstallEntry } from './entries.ts';
import type { SegmentRef } from './segment-ref.ts';
import type { StateHasher } from './state-hash.ts';

export class SegmentList {
  readonly #hasher: StateHasher;
  /** By key, oldest records first. */
  readonly #refs = new Map<string, SegmentRef>();
  /** Segments of several streams, and per stream those it has for itself, by first number. */
  readonly #shared = new Map<string, SegmentRef>();
  readonly #own = new Map<number, readonly SegmentRef[]>();
  #installed: CheckpointName | null = null;
  /** Removed by an EDIT, and the object not known to be deleted. */
  readonly #retired = new Map<string, OwnedName>();

  constructor(hasher: StateHasher) {
    this.#hasher = hasher;
  }

  /** The newest checkpoint the log has installed, or the one the state was loaded from; null before the first. */
  get installed(): CheckpointName | null {
    return this.#installed;
  }

  get size(): number {
    return this.#refs.size;
  }

  has(name: OwnedName): boolean {
    return this.#refs.has(segmentKey(name));
  }

  /** Segments that left the list since the state was loaded and whose objects may still be there, oldest first. */
  retired(): IterableIterator<OwnedName> {
    return this.#retired.values();
  }

  isRetired(name: OwnedName): boolean {
    return this.#retired.has(segmentKey(name));
  }

  /** The object of a retired segment is deleted. */
  forgetRetired(name: OwnedName): void {
    this.#retired.delete(segmentKey(name));
  }

  all(): IterableIterator<SegmentRef> {
    return this.#refs.values();
  }

  /** Segments that hold several streams; each has to be asked. */
  shared(): IterableIterator<SegmentRef> {
    return this.#shared.values();
  }

  /** Segments that hold this stream and nothing else, ascending and disjoint. */
  ownOf(streamId: number): readonly SegmentRef[] {
    return this.#own.get(streamId) ?? [];
  }

  /** What a checkpoint says: nothing else is in the list yet. */
  restore(installed: CheckpointName, refs: readonly SegmentRef[]): void {
    assert(this.#refs.size === 0 && this.#installed === null, 'a checkpoint is loaded into an empty state');
    this.#installed = installed;
    for (const ref of refs) this.#list(ref);
    // All at once: one by one, a stream with a hundred thousand of them would copy its list as often.
    const own = new Map<number, SegmentRef[]>();
    for (const ref of refs) {
      if (ref.only === null) continue;
      const others = own.get(ref.only.streamId);
      if (others === undefined) own.set(ref.only.streamId, [ref]);
      else others.push(ref);
    }
    for (const [streamId, ofStream] of own) this.#own.set(streamId, ordered(ofStream));
  }

  /** True when the entry counted: the chunks of slots up to the checkpoint's are in its segments now. */
  install(entry: InstallEntry): boolean {
    if (this.#installed !== null && entry.checkpoint.slot <= this.#installed.slot) return false;
    this.#installed = entry.checkpoint;
    for (const ref of entry.segments) this.#add(ref);
    return true;
  }

  /**
   * What is added stands where the first of what is removed stood, so the list stays in order of age: compaction merges
   * neighbours by it, and two owners list the same.
   */
  edit(entry: EditEntry): void {
    const keys = [...this.#refs.keys()];
    const removed = new Set(entry.removed.map(segmentKey));
    const first = keys.findIndex((key) => removed.has(key));
    const younger = first < 0 ? [] : keys.slice(first).filter((key) => !removed.has(key));
    for (const name of entry.removed) this.#remove(name);
    for (const ref of entry.added) this.#add(ref);
    if (entry.added.length > 0) for (const key of younger) this.#moveToEnd(key);
  }

  #moveToEnd(key: string): void {
    for (const refs of [this.#refs, this.#shared]) {
      const ref = refs.get(key);
      if (ref === undefined) continue;
      refs.delete(key);
      refs.set(key, ref);
    }
  }

  #add(ref: SegmentRef): void {
    this.#list(ref);
    if (ref.only !== null) this.#own.set(ref.only.streamId, ordered([...this.ownOf(ref.only.streamId), ref]));
  }

  #list(ref: SegmentRef): void {
    const key = segmentKey(ref);
    assert(!this.#refs.has(key), 'a segment is listed once');
    this.#refs.set(key, ref);
    this.#hasher.segment(ref, 1);
    if (ref.only === null) this.#shared.set(key, ref);
  }

  #remove(name: OwnedName): void {
    const key = segmentKey(name);
    const ref = this.#refs.get(key);
    assert(ref !== undefined, 'only a listed segment is removed');
    this.#refs.delete(key);
    this.#shared.delete(key);
    this.#retired.set(key, { epoch: ref.epoch, number: ref.number });
    this.#hasher.segment(ref, -1);
    if (ref.only === null) return;
    const own = this.ownOf(ref.only.streamId).filter((other) => other !== ref);
    if (own.length === 0) this.#own.delete(ref.only.streamId);
    else this.#own.set(ref.only.streamId, own);
  }
}

function ordered(own: readonly SegmentRef[]): readonly SegmentRef[] {
  const sorted = own.toSorted((a, b) => firstOf(a) - firstOf(b));
  for (let i = 1; i < sorted.length; i++) {
    const below = sorted[i - 1] as SegmentRef;
    assert(endOf(below) <= firstOf(sorted[i] as SegmentRef), 'segments of one stream do not overlap');
  }
  return sorted;
}

function firstOf(ref: SegmentRef): number {
  return ref.only?.firstSeqNum ?? 0;
}

function endOf(ref: SegmentRef): number {
  return ref.only?.nextSeqNum ?? 0;
}
