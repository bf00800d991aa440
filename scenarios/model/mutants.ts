/**
 * The rules that can be left out, one switch each. A mutant is the protocol without one of its rules; the model is
 * worth something only as long as it catches every one of them. `hidden` mutants escape random search (they need
 * several coincidences at once), so a directed schedule catches each and the random figure is only reported.
 */

export interface Mutant {
  name: MutantName;
  /** What the mutant does, as a sentence for the table. */
  what: string;
  /** True where only the directed schedule counts. */
  hidden: boolean;
}

const MUTANTS_BY_NAME = {
  ackOutOfOrder: 'acknowledges a slot that landed before its predecessors did',
  newestByCheckpointList: 'takes the newest checkpoint from a LIST of ckpt/ instead of pub/',
  noReadProof: 'answers reads from memory',
  noSkip: 'goes on at the slot after its fence instead of skipping the window',
  noValidation: 'does not list pub/ again after the fence',
  gcUnpublished: 'deletes once INSTALL is committed, before the publication is done',
  fencesCollected: 'collects fences like data',
  probeInflight: 'probes the lowest uncommitted slot instead of the next one',
  noInstall: 'publishes a checkpoint without an INSTALL in the log',
  orphansAnyEpoch: 'collects unreferenced names of every epoch',
  orphansBeforePublication: 'collects orphans while its installed checkpoint is not the newest publication',
  orphansEdited: 'collects as orphans what an EDIT above the newest publication removed',
  editedDeletedEarly: 'deletes what an EDIT removed as soon as the EDIT is committed',
  installReplaces: 'folds INSTALL by replacing the list of segments',
  pagesFromLoaded: 'shares pages with the checkpoint it loaded, though a newer one is installed',
  oneListing: 'trusts one listing of pub/ after the fence, and before it calls a loss definite',
  noMilestones: 'deletes every publication once two newer ones are there',
  fencesAsWitnesses: 'takes a fence far behind an empty slot for a proof that the slot was written',
  definiteUnchecked: 'calls a loss definite without listing pub/',
  validateByName: 'validates when no publication is at or above its fence, though it moved',
} as const;

export type MutantName = keyof typeof MUTANTS_BY_NAME;

const HIDDEN: ReadonlySet<MutantName> = new Set([
  'definiteUnchecked',
  'validateByName',
  'oneListing',
  'noMilestones',
  'fencesAsWitnesses',
]);

export const MUTANTS: readonly Mutant[] = (Object.entries(MUTANTS_BY_NAME) as [MutantName, string][]).map(
  ([name, what]) => ({ name, what, hidden: HIDDEN.has(name) }),
);
