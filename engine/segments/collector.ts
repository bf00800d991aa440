/**
 * Deletes what `garbage.ts` names, after each publication, beside everything else the owner does.
 *
 * Deleting can be broken off anywhere and begun again: names that are gone count as deleted, and what is not finished
 * is found again at the next publication or by the next owner. It never stops the log: a store that refuses deletes
 * costs space, not availability, so the refusal is reported and the next publication tries again.
 */

import { checkpointKey, SEGMENT_PREFIX } from '../core/object-names.ts';
import { aboveMilestone, listPublications, type Publication } from '../log/publication.ts';
import { type PersistentStore, StoreAbandoned, StoreRefused } from '../log/persistent-store.ts';
import type { Telemetry } from '../ports.ts';
import type { LogState } from '../state/log-state.ts';
import type { EngineEvent } from '../telemetry.ts';
import type { CheckpointPages } from './checkpoint.ts';
import { findGarbage, type GarbageView, type Published, type Sweeps } from './garbage.ts';

export interface CollectorParts {
  telemetry: Telemetry;
  store: PersistentStore;
  state: LogState;
  epoch: number;
  /** The first slot of this ownership. */
  firstSlot: number;
  /** The checkpoint the state was loaded from. */
  loaded: CheckpointPages | null;
  orphanSweepEvery: number;
  milestoneEvery: number;
  readers: {
    /** True while a read of this engine needs the segment. */
    isPinned(key: string): boolean;
    /** The segment is deleted: nothing of it is worth keeping. */
    forget(key: string): void;
  };
  /** Something is wrong that is no refusal of the store: a bug. */
  failed(error: unknown): void;
}

/** What a collection would delete now, and why: the event it would be reported as. */
export interface CollectionPlan {
  garbage: { reason: EngineEvent; keys: string[] }[];
  /** What could be taken for garbage and stays. */
  kept: { reason: EngineEvent; key: string }[];
}

export class Collector {
  readonly #parts: CollectorParts;
  readonly #pagesOf = new Map<string, CheckpointPages>();
  #published: Published | null = null;
  #publications = 0;
  /** Publications above the newest milestone, as far as the last listing showed; null before the first. */
  #aboveMilestone: number | null = null;
  #orphansSweptAt: number | null = null;
  #litterSwept = false;
  #running: Promise<void> = Promise.resolve();
  #waiting = false;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
    if (parts.loaded !== null) this.#know(parts.loaded);
  }

  /** Whether this owner has published. */
  get hasPublished(): boolean {
    return this.#published !== null;
  }

  /** Whether the next publication has to be a milestone, so that few enough stand above the newest one. */
  async isMilestoneDue(): Promise<boolean> {
    this.#aboveMilestone ??= aboveMilestone(await listPublications(this.#parts.store));
    return this.#aboveMilestone + 1 >= this.#parts.milestoneEvery;
  }

  /** A checkpoint of this owner is published for certain. Collects by and by; several at once are collected as one. */
  published(checkpoint: CheckpointPages & Published): void {
    this.#know(checkpoint);
    this.#published = { name: checkpoint.name, retired: checkpoint.retired };
    this.#publications++;
    if (this.#waiting) return;
    this.#waiting = true;
    this.#running = this.#running.then(() => {
      this.#waiting = false;
      return this.#collect();
    });
  }

  /** Resolves when everything begun is deleted, or given up until the next publication. */
  idle(): Promise<void> {
    return this.#running;
  }

  /** What a collection with all sweeps would do now. Empty before this owner has published. Rejects as the store does. */
  async plan(): Promise<CollectionPlan> {
    if (this.#published === null) return { garbage: [], kept: [] };
    return planCollection(this.#view(this.#published, await listPublications(this.#parts.store)));
  }

  async #collect(): Promise<void> {
    const { telemetry } = this.#parts;
    try {
      await this.#deleteAll();
    } catch (error) {
      if (error instanceof StoreAbandoned) return;
      if (!(error instanceof StoreRefused)) return this.#parts.failed(error);
      telemetry.event('collect.refused', error.message);
    }
  }

  async #deleteAll(): Promise<void> {
    const { orphanSweepEvery, store, telemetry } = this.#parts;
    if (this.#published === null) return;
    const isFirst = this.#orphansSweptAt === null;
    const orphans = isFirst || this.#publications - (this.#orphansSweptAt ?? 0) >= orphanSweepEvery;
    const sweeps: Sweeps = { orphans, litter: !this.#litterSwept };
    const report = (reason: EngineEvent, detail: string) => telemetry.event(reason, detail);
    const publications = await listPublications(store);
    this.#aboveMilestone = aboveMilestone(publications);
    for await (const { event, keys, deleted } of findGarbage(
      this.#view(this.#published, publications),
      sweeps,
      report,
    )) {
      await store.delete(keys);
      for (const key of keys) if (key.startsWith(SEGMENT_PREFIX)) this.#parts.readers.forget(key);
      for (const key of keys) this.#pagesOf.delete(key);
      deleted?.();
      if (event === 'collect.litter-swept') this.#litterSwept = true;
      if (event === 'collect.orphans-swept') this.#orphansSweptAt = this.#publications;
      telemetry.event(event, keys.length);
    }
  }

  #know({ name, pages }: CheckpointPages): void {
    this.#pagesOf.set(checkpointKey(name), { name, pages });
  }

  #view(published: Published, publications: readonly Publication[]): GarbageView {
    const { store, state, epoch, firstSlot, readers } = this.#parts;
    const isPinned = (key: string) => readers.isPinned(key);
    // Those an earlier collection deleted are forgotten.
    const retired = published.retired.filter((name) => state.segments.isRetired(name));
    const what = { published: { name: published.name, retired }, publications, pagesOf: new Map(this.#pagesOf) };
    return { store, state, epoch, firstSlot, isPinned, ...what };
  }
}

/** Everything `findGarbage` finds, with all sweeps and without deleting: also for tools that own nothing. */
export async function planCollection(view: GarbageView): Promise<CollectionPlan> {
  const plan: CollectionPlan = { garbage: [], kept: [] };
  const keep = (reason: EngineEvent, key: string) => void plan.kept.push({ reason, key });
  // What was named once would be gone by the time a later part lists.
  const named = new Set<string>();
  for await (const { event, keys } of findGarbage(view, { orphans: true, litter: true }, keep)) {
    const fresh = keys.filter((key) => !named.has(key));
    for (const key of fresh) named.add(key);
    if (fresh.length > 0) plan.garbage.push({ reason: event, keys: fresh });
  }
  return plan;
}
