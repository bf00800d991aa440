/**
 * A checkpoint from freeze to deletion: upload segments and pages, upload the checkpoint, INSTALL through the log, wait for its
 * commit, publish, wait for that too; only then delete what the publication makes unnecessary.
 */

import { foldData } from './fold.ts';
import { insist, type Task, until } from './network.ts';
import type { Checkpoint, Data, Entry, Publication, SegmentBody, SegmentRef, State } from './objects.ts';
import type { Owner } from './owner.ts';
import type { PutOutcome, Store } from './store.ts';
import type { Upkeep } from './upkeep.ts';

/** Slots that one delete request names. */
const DELETE_BATCH = 3;
/** Pages of a checkpoint. */
const PAGES = 3;

export function* checkpoint(upkeep: Upkeep): Task {
  const { owner } = upkeep;
  const frozenAt = owner.committed - 1;
  if (upkeep.isCheckpointing || frozenAt <= owner.state.installedAt) return;
  upkeep.isCheckpointing = true;
  const { uploaded, install } = yield* upload(upkeep, frozenAt);
  if (owner.world.mutant === 'noInstall') owner.state = foldData(owner.state, lonely(install, frozenAt), false);
  else {
    const proposal = owner.propose(install);
    yield* until(() => owner.isCommitted(proposal));
  }
  if (owner.world.mutant === 'gcUnpublished') collect(upkeep, uploaded);
  const publication = { checkpoint: uploaded.name, frozenAt, isMilestone: upkeep.isMilestoneDue };
  const name = `pub/${uploaded.name}`;
  yield* insist({ verb: 'put', name, effect: (store) => publish(owner, store, publication) });
  upkeep.publications = [...upkeep.publications, publication];
  collect(upkeep, uploaded);
  upkeep.isCheckpointing = false;
}

function publish(owner: Owner, store: Store, publication: Publication): PutOutcome {
  const newest = store.listPublications().at(-1);
  if (newest !== undefined && newest.frozenAt > publication.frozenAt) {
    owner.world.ghost.reach('publication that comes after a newer one');
  }
  return store.putPublication(publication);
}

function* upload(upkeep: Upkeep, frozenAt: number): Task<{ uploaded: Checkpoint; install: Entry }> {
  const { owner } = upkeep;
  const { state, epoch } = owner;
  const name = owner.uploadName();
  const { pages, written } = freezePages(upkeep, name);
  const segments = yield* flush(owner, state);
  for (const page of written) {
    yield* insist({ verb: 'put', name: `meta/${page}`, effect: (store) => store.putPage(page, epoch) });
  }
  const bare: Entry = { type: 'install', frozenAt, checkpoint: name, segments, wholeList: [] };
  const installed = foldData(state, lonely(bare, frozenAt), false);
  const uploaded: Checkpoint = { name, uploader: epoch, frozenAt, epoch, state: installed, pages };
  yield* insist({ verb: 'put', name: `ckpt/${name}`, effect: (store) => store.putCheckpoint(uploaded) });
  return { uploaded, install: { ...bare, wholeList: installed.segments } };
}

/**
 * The pages of a new checkpoint: those of the one loaded or frozen last as far as they did not change, and only if that
 * one is installed. A predecessor whose newer INSTALL was replayed may still publish it and then delete pages of the
 * one that was loaded.
 */
function freezePages(upkeep: Upkeep, name: string): { pages: string[]; written: string[] } {
  const { owner, table } = upkeep;
  const { ghost, mutant, network } = owner.world;
  const isTrusted = table.of === owner.state.installed || mutant === 'pagesFromLoaded';
  if (!isTrusted && table.of !== '') ghost.reach('pages of the loaded checkpoint distrusted');
  const written: string[] = [];
  const pages = Array.from({ length: PAGES }, (_, index) => {
    const shared = isTrusted && !network.dice.chance(0.4) ? table.pages[index] : undefined;
    if (shared !== undefined) return shared;
    const page = owner.uploadName();
    written.push(page);
    return page;
  });
  upkeep.table = { of: name, pages };
  upkeep.knownPages = new Set([...upkeep.knownPages, ...pages]);
  return { pages, written };
}

/** Uploads the readable records of all chunks, as one segment or as two. */
function* flush(owner: Owner, state: State): Task<SegmentRef[]> {
  const pieces = state.chunks.map(({ first, ops }) => ({
    first: Math.max(first, state.trim),
    ops: ops.slice(Math.max(0, state.trim - first)),
  }));
  const readable = pieces.filter(({ ops }) => ops.length > 0);
  const half = owner.world.network.dice.chance(0.3) ? Math.floor(readable.length / 2) : 0;
  const segments: SegmentRef[] = [];
  for (const group of [readable.slice(0, half), readable.slice(half)]) {
    const first = group[0]?.first;
    if (first === undefined) continue;
    const ops = group.flatMap((piece) => piece.ops);
    segments.push(yield* uploadSegment(owner, { uploader: owner.epoch, first, ops }));
  }
  return segments;
}

export function* uploadSegment(owner: Owner, body: SegmentBody): Task<SegmentRef> {
  const name = owner.uploadName();
  yield* insist({ verb: 'put', name: `seg/${name}`, effect: (store) => store.putSegment(name, body) });
  return { name, epoch: owner.epoch, first: body.first, next: body.first + body.ops.length };
}

/** Deletes what the published checkpoint makes unnecessary. Every request is on its own, in no order. */
function collect(upkeep: Upkeep, { frozenAt, state, name: published, pages }: Checkpoint): void {
  const { owner, publications } = upkeep;
  const { network, mutant } = owner.world;
  const start = (task: Task): void => network.start(owner.life, task);
  for (const slots of batches(takeUpTo(owner.takeover.disposable, frozenAt))) start(deleteSlots(slots));
  const named = new Set(state.segments.map(({ name }) => name));
  for (const [name, removedAt] of owner.takeover.removedAt) {
    if (removedAt > frozenAt || named.has(name)) continue;
    owner.takeover.removedAt.delete(name);
    start(upkeep.deleteSegment(name));
  }
  for (const { checkpoint: old } of publications) if (old !== published) start(deleteCheckpoint(old));
  for (const page of upkeep.knownPages) if (!pages.includes(page)) start(deletePage(page));
  upkeep.knownPages = new Set(pages);
  const milestone = publications.findLast(({ isMilestone }) => isMilestone)?.frozenAt ?? -1;
  const floor = mutant === 'noMilestones' ? (publications.at(-2)?.frozenAt ?? -1) : milestone;
  const isDeletable = (one: Publication): boolean =>
    one.frozenAt < floor && (!one.isMilestone || mutant === 'noMilestones');
  upkeep.publications = publications.filter((one) => !isDeletable(one));
  for (const old of publications) if (isDeletable(old)) start(deletePublication(old.checkpoint));
}

export function* deletePage(name: string): Task {
  yield* insist({ verb: 'delete', name: `meta/${name}`, effect: (store) => store.deletePage(name) });
}

function* deleteSlots(slots: readonly number[]): Task {
  yield* insist({ verb: 'delete', name: `wal/${slots.join(',')}`, effect: (store) => store.deleteSlots(slots) });
}

function* deletePublication(name: string): Task {
  yield* insist({ verb: 'delete', name: `pub/${name}`, effect: (store) => store.deletePublication(name) });
}

export function* deleteCheckpoint(name: string): Task {
  yield* insist({ verb: 'delete', name: `ckpt/${name}`, effect: (store) => store.deleteCheckpoint(name) });
}

/** Removes the slots at or below the limit from the list and returns them. */
function takeUpTo(disposable: number[], limit: number): number[] {
  const taken = disposable.filter((slot) => slot <= limit);
  const kept = disposable.filter((slot) => slot > limit);
  disposable.splice(0, disposable.length, ...kept);
  return taken;
}

function batches(slots: readonly number[]): number[][] {
  const cut: number[][] = [];
  for (let at = 0; at < slots.length; at += DELETE_BATCH) cut.push(slots.slice(at, at + DELETE_BATCH));
  return cut;
}

/** An entry as a log object of its own, to fold it outside the log. */
function lonely(entry: Entry, slot: number): Data {
  return { kind: 'data', slot, epoch: 0, identity: 0, entries: [entry] };
}

/** One LIST of `wal/` after each takeover: late puts of dead owners behind the collector, and what a crash left. */
export function* sweepLitter(upkeep: Upkeep): Task {
  const { owner, publishedAt } = upkeep;
  if (upkeep.hasSwept || publishedAt < 0) return;
  upkeep.hasSwept = true;
  const listed = yield* insist({ verb: 'list', name: 'wal/', effect: (store) => store.listSlots(publishedAt) });
  const isSpared = owner.world.mutant !== 'fencesCollected';
  const litter = listed.filter(({ isFence }) => !(isFence && isSpared)).map(({ slot }) => slot);
  for (const slots of batches(litter)) owner.world.network.start(owner.life, deleteSlots(slots));
}
