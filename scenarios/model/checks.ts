/**
 * What must hold, and the ghost that knows the truth. The ghost keeps the first object ever written to each slot,
 * deleted or not, and follows the one true log through them: data of the current epoch, or a fence of a higher one.
 * Against that log it holds every acknowledgement, every read, every owner and every deletion.
 * The first violation ends a run; later ones are consequences.
 */

import { EMPTY, firstGap, foldData, logicalHash, physicalHash } from './fold.ts';
import type { Checkpoint, LogObject, Publication, SegmentBody, SegmentRef, State } from './objects.ts';
import type { Situation } from './situations.ts';
import type { Store, Witness } from './store.ts';

export type Claim =
  | 'nothing acknowledged is lost'
  | 'real-time order'
  | 'a definite failure is absent from the log'
  | 'reads are prefixes of the log'
  | 'reads are not stale'
  | 'reads are not from the future'
  | 'the log folds'
  | 'one owner per fence'
  | 'owners have the state of the log'
  | 'an owner never misses a segment'
  | 'the newest publication is whole'
  | 'a sound log is never called damaged'
  | 'recovery ends'
  | 'nothing but fences is left behind';

export interface Violation {
  claim: Claim;
  detail: string;
}

/** An append a client asked for. `floor` is the tail that clients knew of when it was invoked. */
export interface Append {
  op: number;
  floor: number;
  outcome: 'pending' | 'acknowledged' | 'definite' | 'indefinite';
}

/** A position in the log that an owner has reached. */
interface Standing {
  epoch: number;
  identity: number;
  state: State;
}

export class Ghost implements Witness {
  violation: Violation | undefined;
  /** Off for the mutant whose segments never enter the log: only what clients see is compared then. */
  private readonly comparesObjects: boolean;
  private readonly everWritten = new Map<number, LogObject>();
  private readonly hashes = new Map<number, { logical: number; physical: number }>();
  private readonly prefixHashes: number[] = [EMPTY.hash];
  private readonly appends = new Map<number, Append>();
  private readonly positions = new Map<number, number>();
  private readonly ops: number[] = [];
  readonly reached = new Map<Situation, number>();
  private position = 0;
  private lastEditAt = -1;
  private epoch = 0;
  private identity = 0;
  private state = EMPTY;
  /** The longest tail any client has been told of. */
  private known = 0;
  acknowledged = 0;
  definite = 0;
  reads = 0;
  fencesWon = 0;

  constructor(comparesObjects: boolean) {
    this.comparesObjects = comparesObjects;
    this.rememberHashes();
  }

  violate(claim: Claim, detail: string): void {
    this.violation ??= { claim, detail };
  }

  invoke(op: number): Append {
    const append: Append = { op, floor: this.known, outcome: 'pending' };
    this.appends.set(op, append);
    return append;
  }

  /** Counts a rare situation, so that "no violation" is known not to be for lack of trouble. */
  reach(situation: Situation): void {
    this.reached.set(situation, (this.reached.get(situation) ?? 0) + 1);
  }

  /** The tail every later answer must show. */
  floor(): number {
    return this.known;
  }

  acknowledge(append: Append, seq: number, isOwner: boolean): void {
    append.outcome = 'acknowledged';
    if (!isOwner) this.reach('acknowledgement by a former owner');
    this.acknowledged++;
    this.known = Math.max(this.known, seq + 1);
    if (this.ops[seq] !== append.op) {
      this.violate('nothing acknowledged is lost', `append ${append.op} as record ${seq}, not in the log there`);
    }
  }

  failDefinitely(append: Append): void {
    append.outcome = 'definite';
    this.definite++;
    if (this.positions.has(append.op)) {
      this.violate('a definite failure is absent from the log', `append ${append.op} is in it`);
    }
  }

  /** @param floor what `floor()` said when the read was invoked */
  answerRead(floor: number, count: number, hash: number | undefined): void {
    this.reads++;
    const shown = `a read of ${count} records`;
    if (count < floor) this.violate('reads are not stale', `${shown}, ${floor} were known before it began`);
    else if (count > this.state.count) this.violate('reads are not from the future', `${shown}, the log is shorter`);
    else if (hash !== undefined && this.prefixHashes[count] !== hash)
      this.violate('reads are prefixes of the log', shown);
    this.known = Math.max(this.known, count);
  }

  checkSegment({ name, first, next }: SegmentRef, body: SegmentBody): void {
    for (let seq = first; seq < next; seq++) {
      if (body.ops[seq - body.first] !== this.ops[seq]) {
        this.violate('reads are prefixes of the log', `record ${seq} of segment ${name}`);
        return;
      }
    }
  }

  /** Whether the fence of this identity is the newest in the true log at this instant. */
  isOwner(identity: number): boolean {
    return this.identity === identity;
  }

  becomeOwner(owner: Standing, next: number, fenceSlot: number): void {
    this.fencesWon++;
    if (this.everWritten.get(fenceSlot)?.identity !== owner.identity || !this.hashes.has(next)) {
      this.violate('one owner per fence', `epoch ${owner.epoch} owns through fence ${fenceSlot}, not part of the log`);
    }
    this.compare(owner.state, next, `the owner of epoch ${owner.epoch}`);
    const gap = firstGap(owner.state);
    if (gap !== undefined) this.violate('an owner never misses a segment', `record ${gap} is nowhere`);
  }

  /** Compares the state of an owner that has committed every slot below `next`. */
  commit(owner: Standing, next: number): void {
    this.compare(owner.state, next, `epoch ${owner.epoch}`);
  }

  sawSlot(object: LogObject): void {
    if (this.everWritten.has(object.slot)) {
      this.reach(object.kind === 'fence' ? 'stale fence in a collected slot' : 'late data in a collected slot');
      return;
    }
    this.everWritten.set(object.slot, object);
    if (object.slot < this.position) this.reach('late put in a void slot');
    for (;;) {
      const following = this.everWritten.get(this.position);
      if (following === undefined) return;
      this.follow(following);
    }
  }

  sawChange(store: Store): void {
    const newest = store.listPublications().at(-1);
    if (newest !== undefined) this.checkReachable(store, newest);
  }

  /** From every checkpoint whose publication survives, the rest of the log leads to the one true state. */
  checkPublications(store: Store): void {
    for (const { checkpoint: name } of store.publications.values()) {
      const checkpoint = store.checkpoints.get(name);
      if (checkpoint !== undefined) this.compare(this.refold(checkpoint), this.position, `recovery from ${name}`);
    }
  }

  private refold({ state: from, frozenAt }: Checkpoint): State {
    let state = from;
    for (let slot = frozenAt + 1; slot < this.position;) {
      const object = this.everWritten.get(slot);
      if (object?.kind === 'data') state = foldData(state, object, false);
      slot = object?.kind === 'fence' ? object.next : slot + 1;
    }
    return state;
  }

  private follow(object: LogObject): void {
    const { slot, epoch } = object;
    if (object.kind === 'fence') {
      if (epoch <= this.epoch) this.violate('the log folds', `fence ${slot} of epoch ${epoch} after ${this.epoch}`);
      this.epoch = epoch;
      this.identity = object.identity;
      this.position = object.next;
    } else {
      if (epoch !== this.epoch) this.violate('the log folds', `data ${slot} of epoch ${epoch} in ${this.epoch}`);
      for (const entry of object.entries) {
        if (entry.type === 'append') this.order(entry.op, entry.first);
        else if (entry.type === 'edit') this.lastEditAt = slot;
        else if (entry.type === 'install' && this.lastEditAt > entry.frozenAt) {
          this.reach('EDIT between a checkpoint and its INSTALL');
        }
      }
      this.state = foldData(this.state, object, false);
      this.position = slot + 1;
    }
    this.rememberHashes();
  }

  private order(op: number, seq: number): void {
    if (seq !== this.ops.length) this.violate('the log folds', `record ${seq} after ${this.ops.length} records`);
    this.ops.push(op);
    this.positions.set(op, seq);
    this.prefixHashes.push(chainedHash(this.prefixHashes, op));
    const append = this.appends.get(op);
    if (append === undefined) return;
    if (append.outcome === 'definite') {
      this.violate('a definite failure is absent from the log', `append ${op} came later`);
    }
    if (seq < append.floor) {
      this.violate('real-time order', `append ${op} is record ${seq}, ${append.floor} were known before it began`);
    }
  }

  private compare(state: State, next: number, who: string): void {
    const truth = this.hashes.get(next);
    const isSame =
      truth?.logical === logicalHash(state) && (!this.comparesObjects || truth.physical === physicalHash(state));
    if (!isSame) this.violate('owners have the state of the log', `${who} below slot ${next}`);
  }

  private checkReachable(store: Store, { checkpoint, frozenAt }: Publication): void {
    const named = store.checkpoints.get(checkpoint);
    if (named === undefined) {
      this.violate('the newest publication is whole', `checkpoint ${checkpoint} is gone`);
      return;
    }
    const missing = named.state.segments.find(({ name }) => !store.segments.has(name));
    if (missing !== undefined) this.violate('the newest publication is whole', `segment ${missing.name} is gone`);
    const lost = named.pages.find((page) => !store.pages.has(page));
    if (lost !== undefined) this.violate('the newest publication is whole', `page ${lost} is gone`);
    if (this.hashes.get(frozenAt + 1)?.logical !== logicalHash(named.state)) {
      this.violate('owners have the state of the log', `checkpoint ${checkpoint}`);
    }
  }

  private rememberHashes(): void {
    this.hashes.set(this.position, { logical: logicalHash(this.state), physical: physicalHash(this.state) });
  }
}

function chainedHash(prefixes: readonly number[], op: number): number {
  const { hash } = foldData(
    { ...EMPTY, hash: prefixes.at(-1) ?? 0 },
    { kind: 'data', slot: 0, epoch: 0, identity: 0, entries: [{ type: 'append', first: 0, op }] },
    false,
  );
  return hash;
}
