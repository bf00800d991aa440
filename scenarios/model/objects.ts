/**
 * What lies in the modelled store: log objects, checkpoints, pages, segments, publications. Shapes only. One stream stands
 * for all streams, one record per append, and the record is the number of the operation that wrote it.
 * An object's bytes never change once built: whoever shares one must not write to it.
 */

/** Records [first, first + ops.length) as they stand in log slot `slot`. */
export interface Chunk {
  slot: number;
  first: number;
  ops: readonly number[];
}

/** A reference to records [first, next) in `seg/<name>`; the name begins with the epoch that uploaded it. */
export interface SegmentRef {
  name: string;
  epoch: number;
  first: number;
  next: number;
}

export type Entry =
  | { type: 'append'; first: number; op: number }
  | { type: 'trim'; to: number }
  | { type: 'edit'; removed: readonly string[]; added: readonly SegmentRef[] }
  | {
      type: 'install';
      frozenAt: number;
      checkpoint: string;
      segments: readonly SegmentRef[];
      /** Not part of the protocol: what the mutant `installReplaces` puts in place of the list. */
      wholeList: readonly SegmentRef[];
    };

/** `identity` is unique per process start and takeover attempt, so "same identity in my slot" means "my write". */
export interface Data {
  kind: 'data';
  slot: number;
  epoch: number;
  identity: number;
  entries: readonly Entry[];
}

/** Takes the ownership away at `slot`; the log goes on at `next`, the slots between are void for ever. */
export interface Fence {
  kind: 'fence';
  slot: number;
  epoch: number;
  identity: number;
  next: number;
}

export type LogObject = Data | Fence;

/** The fold of the log up to and including `frozenAt`. */
export interface State {
  /** Records appended since the beginning of time; the tail. */
  count: number;
  /** Chain over every record ever appended, so that equal hashes mean equal histories. */
  hash: number;
  /** Records below this are gone for readers. */
  trim: number;
  /** In order of `first`, disjoint. */
  segments: readonly SegmentRef[];
  /** Records that no segment holds yet, in order. */
  chunks: readonly Chunk[];
  /** Slot of the newest installed checkpoint, -1 before the first. */
  installedAt: number;
  /** Its name in `ckpt/`, empty before the first. */
  installed: string;
}

export interface Checkpoint {
  name: string;
  uploader: number;
  frozenAt: number;
  /** Epoch of the newest fence at or below `frozenAt`. */
  epoch: number;
  state: State;
  /** Names in `meta/`: parts of the state that did not change may be shared with older checkpoints. */
  pages: readonly string[];
}

export interface SegmentBody {
  uploader: number;
  first: number;
  ops: readonly number[];
}

/** "The checkpoint of this name is installed; deletion may rely on it." */
export interface Publication {
  checkpoint: string;
  frozenAt: number;
  /** Never deleted. The others are deletable once a milestone above them is published for certain. */
  isMilestone: boolean;
}
