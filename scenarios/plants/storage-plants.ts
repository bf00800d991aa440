/**
 * Wrong upkeep of the store: what the model of the protocol taught (storage reference §4.10), made in the real engine.
 * Checkpoints, publications, takeovers and collection, each with one of its rules left out.
 *
 * Three of them a random search of this size does not find, because they need a stall, a lost reply and a rival in one
 * exact order, or a store whose listings are not atomic; each of these names the directed test that fails with it, and
 * `run-directed.ts` shows that it does.
 */

import type { Edit, Plant } from './plants.ts';

/** Caught by a test that plays its one story, not by a sweep. */
export interface DirectedPlant extends Pick<Plant, 'name' | 'lie' | 'edits'> {
  directedOnly: true;
  /** File and claim of the test that fails. */
  test: { file: string; claim: string };
}

const CHECKPOINT = 'engine/segments/checkpoint.ts';
const FLUSHER = 'engine/segments/flusher.ts';
const GARBAGE = 'engine/segments/garbage.ts';
const PROOF = 'engine/log/ownership-proof.ts';
const PUBLICATION = 'engine/log/publication.ts';
const SEGMENTS = 'engine/state/segment-list.ts';
const SLOT_LOG = 'engine/log/slot-log.ts';
const TAKEOVER = 'engine/log/takeover.ts';

const PUBLISH = 'await store.putIfAbsent(publicationKey(checkpoint), publicationBody(isMilestone));';
const VALIDATE = 'if (await this.#isStillNewest(published)) {';

const COLLECT_THEN_PUBLISH: Edit = {
  file: FLUSHER,
  find: PUBLISH,
  replace:
    'this.#parts.collector.published({ name: checkpoint, pages: frozen.pages, retired: frozen.retired });\n' +
    '    await this.#parts.collector.idle();\n' +
    `    ${PUBLISH}`,
};

export const STORAGE_PLANTS: readonly Plant[] = [
  {
    name: 'newest-by-listing',
    lie: 'a takeover begins at the newest checkpoint that is listed, published or not',
    edits: [
      {
        file: PUBLICATION,
        find: 'const listed = await store.list(PUBLICATION_PREFIX);',
        replace: "const listed = await store.list('ckpt/');",
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'no-validation',
    lie: 'a takeover does not look again, once its fence stands, whether something was published meanwhile',
    edits: [{ file: TAKEOVER, find: VALIDATE, replace: 'if (slot >= 0) {' }],
    seedsMax: 1_000,
  },
  {
    name: 'collected-before-published',
    lie: 'log and segments are collected as soon as the INSTALL is committed, before the publication is there',
    edits: [
      COLLECT_THEN_PUBLISH,
      {
        file: GARBAGE,
        find: 'if (newest === undefined || newest.epoch !== view.epoch || compareCheckpoints(newest, view.published.name) < 0) {',
        replace: 'if (newest !== undefined && newest.epoch > view.epoch) {',
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'fences-collected',
    lie: 'fences are collected with the slots around them',
    edits: [
      {
        file: GARBAGE,
        find: 'if (slot === null || slot > published.name.slot || fences.has(slot)) continue;',
        replace: 'if (slot === null || slot > published.name.slot) continue;',
      },
      {
        file: GARBAGE,
        find: 'if (size <= HEADER_BYTES) {',
        replace: 'if (size <= HEADER_BYTES && !fences.has(slot)) {',
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'published-without-install',
    lie: 'a checkpoint is published without waiting for its INSTALL',
    edits: [
      {
        file: FLUSHER,
        find: "const settlement = await submit({ type: 'install', checkpoint, stateHash, segments });",
        replace:
          "void submit({ type: 'install', checkpoint, stateHash, segments }).catch(() => undefined);\n" +
          "    const settlement = 'committed' as Settlement;",
      },
      {
        file: FLUSHER,
        find: "assert(isInstalled(state, frozen), 'a committed INSTALL is the newest one');",
        replace: '',
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'orphans-of-any-epoch',
    lie: 'whatever no checkpoint names counts as an orphan, what is being written right now too',
    edits: [
      {
        file: GARBAGE,
        find: 'const isDead = (name: OwnedName): boolean => name.epoch < epoch;',
        replace: 'const isDead = (name: OwnedName): boolean => name.epoch <= epoch;',
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'orphans-before-published',
    lie: 'an owner deletes the orphans of others before it has published, so their last publication may come after it',
    edits: [
      COLLECT_THEN_PUBLISH,
      {
        file: GARBAGE,
        find: 'const newest = view.publications.at(-1);',
        replace: 'const newest = view.publications.at(-1);\n  if (sweeps.orphans) yield* orphans(view, kept);',
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'edited-before-published',
    lie: 'a segment is deleted once an EDIT removed it, although the newest publication still names it',
    edits: [
      {
        file: GARBAGE,
        find: 'for (const name of published.retired) {',
        replace: 'for (const name of [...state.segments.retired()]) {',
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'install-replaces',
    lie: 'an INSTALL puts the list of segments back to what it was when its checkpoint was taken',
    edits: [
      {
        file: FLUSHER,
        find: 'const frozen = checkpoints.freeze(state, slot, names);',
        replace:
          'const frozen = checkpoints.freeze(state, slot, names);\n    const listed = [...state.segments.all()];',
      },
      {
        file: FLUSHER,
        find: "submit({ type: 'install', checkpoint, stateHash, segments });",
        replace: "submit({ type: 'install', checkpoint, stateHash, segments: [...listed, ...segments] });",
      },
      {
        file: SEGMENTS,
        find: 'for (const ref of entry.segments) this.#add(ref);',
        replace:
          'for (const ref of [...this.#refs.values()]) this.#remove(ref);\n' +
          '    for (const ref of entry.segments) {\n' +
          '      this.#retired.delete(segmentKey(ref));\n' +
          '      this.#add(ref);\n' +
          '    }',
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'ack-out-of-order',
    lie: 'a durable slot acknowledges the slots below it too, whether they are durable or not',
    edits: [
      {
        file: SLOT_LOG,
        find: 'slot.durable = true;',
        replace: 'for (const below of this.#inFlight) if (below.number <= slot.number) below.durable = true;',
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'orphans-kept',
    lie: 'what dead owners left is never collected',
    edits: [
      {
        file: GARBAGE,
        find: 'const isDead = (name: OwnedName): boolean => name.epoch < epoch;',
        replace: 'const isDead = (name: OwnedName): boolean => name.epoch < epoch - 1_000_000;',
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'retired-kept',
    lie: 'segments that compaction replaced are never collected by the owner that replaced them',
    edits: [
      {
        file: GARBAGE,
        find: 'for (const name of published.retired) {',
        replace: 'for (const name of published.retired.slice(published.retired.length)) {',
      },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'probe-in-flight',
    lie: 'ownership is proved by the absence of the lowest uncommitted slot, which may have been collected',
    edits: [{ file: PROOF, find: 'const slot = this.#log.next();', replace: 'const slot = this.#log.committed();' }],
    seedsMax: 1_000,
  },
  {
    name: 'probe-covers-late-askers',
    lie: 'a probe of ownership answers for whoever asked while it was under way, too',
    edits: [
      {
        file: PROOF,
        find: 'for (const waiter of covered) waiter.byProbeAt = slot;',
        replace: 'for (const waiter of this.#waiters) waiter.byProbeAt = slot;',
      },
    ],
    seedsMax: 20_000,
  },
  {
    name: 'proof-by-any-commit',
    lie: 'the commit of a slot that was under way already when somebody asked counts as a proof',
    edits: [
      { file: PROOF, find: 'byCommitOf: this.#log.next() + 1', replace: 'byCommitOf: this.#log.committed() + 1' },
    ],
    seedsMax: 1_000,
  },
  {
    name: 'pages-from-loaded',
    lie: 'pages are shared with the checkpoint that was loaded, though a newer one of a predecessor is installed',
    edits: [
      {
        file: CHECKPOINT,
        find: 'const everything = this.#distrusts(state, table);',
        replace: 'const everything = false;',
      },
    ],
    seedsMax: 20_000,
  },
  {
    name: 'one-listing',
    lie: 'one listing of the publications after the fence is enough, though it may miss what goes while it runs',
    edits: [{ file: PUBLICATION, find: 'export const LISTINGS = 2;', replace: 'export const LISTINGS = 1;' }],
    seedsMax: 20_000,
    // Takers that list for long, and stalls longer than a takeover, are together nowhere else as often.
    profile: 'storage',
  },
];

export const DIRECTED_PLANTS: readonly DirectedPlant[] = [
  {
    name: 'one-publication-kept',
    lie: 'only the newest publication is kept, and a listing that is no snapshot may show none',
    edits: [
      {
        file: GARBAGE,
        find: 'return publications.slice(0, Math.max(0, milestone)).filter(({ isMilestone }) => !isMilestone);',
        replace: 'return publications.slice(0, milestone < 0 ? -1 : -1);',
      },
    ],
    directedOnly: true,
    test: {
      file: 'engine/segments/shifting-listings.test.ts',
      claim: 'a taker whose listings show nothing of what comes and goes loses nothing that was acknowledged',
    },
  },
  {
    name: 'loss-always-definite',
    lie: 'a slot lost to a fence is reported as void without a look at the publications',
    edits: [
      {
        file: SLOT_LOG,
        find: "const settlement = (await isPublishedFrom(this.#ports, this.#tunables, fenceSlot)) ? 'unknown' : 'void';",
        replace: "const settlement = (await Promise.resolve('void')) as 'void' | 'unknown';",
      },
    ],
    directedOnly: true,
    test: {
      file: 'engine/log/slot-log-end.test.ts',
      claim: 'at or below a publication leaves what was issued open, and only what was never issued is void',
    },
  },
  {
    name: 'validated-by-slot',
    lie: 'a takeover is valid when nothing is published at or above its fence, whatever was published below',
    edits: [
      {
        file: TAKEOVER,
        find: VALIDATE,
        replace:
          'const newest = await newestPublication(this.#store);\n    if (newest === null || newest.slot < slot) {',
      },
    ],
    directedOnly: true,
    test: {
      file: 'engine/log/takeover-checkpoint.test.ts',
      claim: 'begins again when a newer one is published before its fence is validated',
    },
  },
];
