/**
 * The object store: six folders of names, every method one atomic effect at the instant it is called. That requests
 * and replies are late, lost or doubled is the business of `network.ts`. Nothing is ever overwritten.
 * A witness (the ghost) sees the effects that matter to the checks; the protocol never sees the witness.
 */

import type { Checkpoint, LogObject, Publication, SegmentBody } from './objects.ts';

export interface Witness {
  /** A log object became visible in its slot. */
  sawSlot(object: LogObject): void;
  /** Something was published or deleted: what the newest publication needs must still be there. */
  sawChange(store: Store): void;
}

export type PutOutcome = 'done' | 'refused';

export interface WalName {
  slot: number;
  isFence: boolean;
}

export interface UploadName {
  name: string;
  uploader: number;
}

export class Store {
  readonly wal = new Map<number, LogObject>();
  readonly publications = new Map<string, Publication>();
  readonly checkpoints = new Map<string, Checkpoint>();
  readonly segments = new Map<string, SegmentBody>();
  /** Pages by name, with the epoch that uploaded them; what stands in them does not matter here. */
  readonly pages = new Map<string, number>();
  private readonly witness: Witness;

  constructor(witness: Witness) {
    this.witness = witness;
  }

  putSlot(object: LogObject): PutOutcome {
    if (this.wal.has(object.slot)) return 'refused';
    this.wal.set(object.slot, object);
    this.witness.sawSlot(object);
    return 'done';
  }

  putPublication(publication: Publication): PutOutcome {
    if (this.publications.has(publication.checkpoint)) return 'refused';
    this.publications.set(publication.checkpoint, publication);
    this.witness.sawChange(this);
    return 'done';
  }

  putCheckpoint(checkpoint: Checkpoint): void {
    this.checkpoints.set(checkpoint.name, checkpoint);
  }

  putSegment(name: string, body: SegmentBody): void {
    this.segments.set(name, body);
  }

  putPage(name: string, uploader: number): void {
    this.pages.set(name, uploader);
  }

  /** In ascending order. */
  listPublications(): Publication[] {
    return [...this.publications.values()].sort((one, other) => one.frozenAt - other.frozenAt);
  }

  listPages(): UploadName[] {
    return [...this.pages].map(([name, uploader]) => ({ name, uploader }));
  }

  listCheckpoints(): UploadName[] {
    return [...this.checkpoints.values()].map(({ name, uploader }) => ({ name, uploader }));
  }

  listSegments(): UploadName[] {
    return [...this.segments].map(([name, { uploader }]) => ({ name, uploader }));
  }

  /** A listing shows sizes, and a fence is exactly as long as a header. */
  listSlots(upTo: number): WalName[] {
    const objects = [...this.wal.values()].filter(({ slot }) => slot <= upTo);
    return objects.map(({ slot, kind }) => ({ slot, isFence: kind === 'fence' }));
  }

  deleteSlots(slots: readonly number[]): void {
    for (const slot of slots) this.wal.delete(slot);
  }

  deletePublication(checkpoint: string): void {
    this.publications.delete(checkpoint);
    this.witness.sawChange(this);
  }

  deleteCheckpoint(name: string): void {
    this.checkpoints.delete(name);
    this.witness.sawChange(this);
  }

  deletePage(name: string): void {
    this.pages.delete(name);
    this.witness.sawChange(this);
  }

  deleteSegment(name: string): void {
    this.segments.delete(name);
    this.witness.sawChange(this);
  }
}
