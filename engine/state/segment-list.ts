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
  /** By key, in the order they were added. */
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
    // In this order each is the last of its stream, so that a stream with many of them costs no search.
    for (const ref of refs.toSorted((a, b) => firstOf(a) - firstOf(b))) this.#add(ref);
  }

  /** True when the entry counted: the chunks of slots up to the checkpoint's are in its segments now. */
  install(entry: InstallEntry): boolean {
    if (this.#installed !== null && entry.checkpoint.slot <= this.#installed.slot) return false;
    this.#installed = entry.checkpoint;
    for (const ref of entry.segments) this.#add(ref);
    return true;
  }

  edit(entry: EditEntry): void {
    for (const name of entry.removed) this.#remove(name);
    for (const ref of entry.added) this.#add(ref);
  }

  #add(ref: SegmentRef): void {
    const key = segmentKey(ref);
    assert(!this.#refs.has(key), 'a segment is listed once');
    this.#refs.set(key, ref);
    this.#hasher.segment(ref, 1);
    if (ref.only === null) this.#shared.set(key, ref);
    else this.#own.set(ref.only.streamId, inserted(this.ownOf(ref.only.streamId), ref));
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

function inserted(own: readonly SegmentRef[], ref: SegmentRef): readonly SegmentRef[] {
  let at = own.length;
  while (at > 0 && firstOf(own[at - 1] as SegmentRef) > firstOf(ref)) at--;
  const below = own[at - 1];
  const above = own[at];
  assert(below === undefined || endOf(below) <= firstOf(ref), 'segments of one stream do not overlap');
  assert(above === undefined || endOf(ref) <= firstOf(above), 'segments of one stream do not overlap');
  return own.toSpliced(at, 0, ref);
}

function firstOf(ref: SegmentRef): number {
  return ref.only?.firstSeqNum ?? 0;
}

function endOf(ref: SegmentRef): number {
  return ref.only?.nextSeqNum ?? 0;
}
