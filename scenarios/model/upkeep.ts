/**
 * What an owner remembers for its housekeeping: which segments are being read or merged, what is published, which pages
 * the last checkpoint has. One
 * checkpoint and one compaction at a time. A pinned segment is never deleted by its own process.
 */

import { type Task, insist, until } from './network.ts';
import type { Publication, SegmentBody, SegmentRef } from './objects.ts';
import type { Owner } from './owner.ts';

export class Upkeep {
  readonly owner: Owner;
  isCheckpointing = false;
  isCompacting = false;
  hasSwept = false;
  /** Known publications, the newest last. */
  publications: Publication[];
  /** The pages of the checkpoint that was loaded or frozen last, and its name; no name when there is none. */
  table: { of: string; pages: readonly string[] };
  /** Pages that may exist and were in a checkpoint of ours or in the one we loaded. */
  knownPages: ReadonlySet<string>;
  /** Segments that an EDIT under way removes. */
  readonly claimed = new Set<string>();
  private readonly pins = new Map<string, number>();

  constructor(owner: Owner) {
    this.owner = owner;
    this.publications = owner.takeover.publications;
    this.table = owner.takeover.table;
    this.knownPages = new Set(this.table.pages);
  }

  get publishedAt(): number {
    return this.publications.at(-1)?.frozenAt ?? -1;
  }

  /** So that few enough publications are there that are no milestones. */
  get isMilestoneDue(): boolean {
    const plain = this.publications.length - 1 - this.publications.findLastIndex(({ isMilestone }) => isMilestone);
    return plain + 1 >= this.owner.world.milestoneEvery;
  }

  isPinned(name: string): boolean {
    return this.pins.has(name);
  }

  /**
   * Fetches a segment the committed state names. An owner must find it; nothing comes back only to a zombie, whose
   * read ends with a retryable error.
   */
  *fetch({ name }: SegmentRef): Task<SegmentBody | undefined> {
    const { owner } = this;
    const { ghost } = owner.world;
    this.pins.set(name, (this.pins.get(name) ?? 0) + 1);
    const { body, isOwner } = yield* insist({
      verb: 'get',
      name: `seg/${name}`,
      effect: (store) => ({ body: store.segments.get(name), isOwner: ghost.isOwner(owner.identity) }),
    });
    if (body === undefined && isOwner) {
      ghost.violate('an owner never misses a segment', `epoch ${owner.epoch} reads ${name}, which is gone`);
    }
    const pins = (this.pins.get(name) ?? 0) - 1;
    if (pins > 0) this.pins.set(name, pins);
    else this.pins.delete(name);
    return body;
  }

  *deleteSegment(name: string): Task {
    yield* until(() => !this.isPinned(name));
    yield* insist({ verb: 'delete', name: `seg/${name}`, effect: (store) => store.deleteSegment(name) });
  }
}
