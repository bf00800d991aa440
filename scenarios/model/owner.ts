/**
 * An owner at work: sequencing, the window of slots in flight, commit in order, and what happens on a foreign fence.
 * `committed` counts the slots known to be durable and ours or older, `next` is the first slot never issued,
 * and `committed <= next <= committed + K`. A slot's bytes never change between attempts.
 * Nothing is acknowledged, shown or folded before every slot below it is committed.
 */

import type { Append, Ghost } from './checks.ts';
import { foldData } from './fold.ts';
import type { MutantName } from './mutants.ts';
import { type Life, type Network, type Task, UNKNOWN, insist, once, until } from './network.ts';
import type { Data, Entry, LogObject, Publication, State } from './objects.ts';
import { listAllPublications, type Listing } from './publications.ts';

/** What every part of one run shares. */
export interface World {
  network: Network;
  ghost: Ghost;
  /** K, a constant of the format. */
  window: number;
  mutant: MutantName | undefined;
  listing: Listing;
  /** One publication of so many is a milestone. */
  milestoneEvery: number;
  fresh: () => number;
}

/** An entry on its way into the log; it has a slot once it is issued. */
export interface Proposal {
  entry: Entry;
  append?: Append;
  slot?: number;
}

/** What a takeover leaves its owner with. */
export interface Takeover {
  epoch: number;
  identity: number;
  fenceSlot: number;
  next: number;
  state: State;
  /** Slots to delete once a checkpoint above them is published: data and void ones, never a fence. */
  disposable: number[];
  /** By segment not yet deletable: the slot of the EDIT that removed it. */
  removedAt: Map<string, number>;
  publications: Publication[];
  /** The pages of the checkpoint that was loaded, and its name. */
  table: { of: string; pages: readonly string[] };
}

export class Owner {
  readonly world: World;
  readonly life: Life;
  readonly epoch: number;
  readonly identity: number;
  readonly takeover: Takeover;
  state: State;
  committed: number;
  next: number;
  /** The sequence number the next append gets: speculative, it counts what is queued and in flight. */
  tail: number;
  /** The lowest own slot in which a foreign fence was found. */
  fencedAt = Infinity;
  readonly queue: Proposal[] = [];
  private readonly issued = new Map<number, { data: Data; proposals: Proposal[] }>();
  private readonly marked = new Set<number>();
  private unsettled = 0;
  private uploads = 0;

  constructor(world: World, life: Life, takeover: Takeover) {
    this.world = world;
    this.life = life;
    this.takeover = takeover;
    this.epoch = takeover.epoch;
    this.identity = takeover.identity;
    this.state = takeover.state;
    this.committed = takeover.next;
    this.next = takeover.next;
    this.tail = takeover.state.count;
  }

  get isFenced(): boolean {
    return this.fencedAt !== Infinity;
  }

  /** A name nobody else can ever use. */
  uploadName(): string {
    return `${this.epoch}-${this.uploads++}`;
  }

  append(append: Append): void {
    this.propose({ type: 'append', first: this.tail, op: append.op }).append = append;
    this.tail++;
  }

  propose(entry: Entry): Proposal {
    const proposal: Proposal = { entry };
    this.queue.push(proposal);
    return proposal;
  }

  isCommitted(proposal: Proposal): boolean {
    return proposal.slot !== undefined && proposal.slot < this.committed;
  }

  /** Closes the arena: everything queued goes into the next slot, when the window has room. */
  issue(): void {
    if (this.isFenced || this.queue.length === 0 || this.next >= this.committed + this.world.window) return;
    const slot = this.next++;
    const proposals = this.queue.splice(0);
    for (const proposal of proposals) proposal.slot = slot;
    const entries = proposals.map(({ entry }) => entry);
    const data: Data = { kind: 'data', slot, epoch: this.epoch, identity: this.identity, entries };
    this.issued.set(slot, { data, proposals });
    this.world.network.start(this.life, this.write(data));
  }

  /** Ownership ends at `slot`: somebody else's fence is there. Slots below may still turn out to be ours. */
  loseAt(slot: number, found: LogObject): void {
    // A slot we issued can only hold a fence; the next one, which reads probe, may be the new owner's first already.
    if (found.epoch <= this.epoch || (found.kind !== 'fence' && slot < this.next)) {
      this.world.ghost.violate('one owner per fence', `epoch ${this.epoch} found no higher fence in slot ${slot}`);
    }
    if (slot >= this.fencedAt) return;
    if (found.kind === 'data') this.world.ghost.reach('probe that met data of the next owner');
    this.fencedAt = slot;
    for (const { append } of this.queue.splice(0)) if (append !== undefined) this.world.ghost.failDefinitely(append);
    this.unsettled++;
    this.world.network.start(this.life, this.settleLosses(slot));
  }

  /** The process dies: whoever waits for an answer never gets one. */
  abandon(): void {
    for (const { append } of this.queue) if (append?.outcome === 'pending') append.outcome = 'indefinite';
    for (const { proposals } of this.issued.values()) {
      for (const { append } of proposals) if (append?.outcome === 'pending') append.outcome = 'indefinite';
    }
  }

  private *write(data: Data): Task {
    const { slot } = data;
    const name = `wal/${slot}`;
    while (slot < this.fencedAt) {
      const put = yield* once({ verb: 'put', name, effect: (store) => store.putSlot(data) });
      if (put === 'done') return this.mark(slot);
      if (put === UNKNOWN) continue;
      const found = yield* insist({ verb: 'get', name, effect: (store) => store.wal.get(slot) });
      // Collected already: then it was replayed by a later owner, and putting it again is harmless litter.
      if (found === undefined) {
        this.world.ghost.reach('own slot collected before its reply');
        continue;
      }
      if (found.identity === this.identity) return this.mark(slot);
      return this.loseAt(slot, found);
    }
  }

  private mark(slot: number): void {
    if (slot >= this.fencedAt) return;
    this.marked.add(slot);
    if (this.world.mutant === 'ackOutOfOrder') this.acknowledge(slot);
    while (this.marked.delete(this.committed)) this.commit(this.committed);
  }

  private commit(slot: number): void {
    const issued = this.issued.get(slot);
    if (issued === undefined) throw new Error(`assertion: slot ${slot} was never issued`);
    const { mutant, ghost } = this.world;
    this.state = foldData(this.state, issued.data, mutant === 'installReplaces');
    noteRemovals(issued.data, this.takeover.removedAt);
    this.takeover.disposable.push(slot);
    this.committed = slot + 1;
    ghost.commit(this, this.committed);
    this.acknowledge(slot);
    this.issued.delete(slot);
  }

  private acknowledge(slot: number): void {
    const { ghost } = this.world;
    const isOwner = ghost.isOwner(this.identity);
    for (const { entry, append } of this.issued.get(slot)?.proposals ?? []) {
      if (append?.outcome === 'pending' && entry.type === 'append') ghost.acknowledge(append, entry.first, isOwner);
    }
  }

  /**
   * Says which losses are certain. A publication at or above the slot means that the slot may have been ours, replayed,
   * collected and only then fenced by a stale taker: the answer is indefinite then.
   */
  private *settleLosses(slot: number): Task {
    const { ghost, mutant } = this.world;
    const publications = mutant === 'definiteUnchecked' ? [] : yield* listAllPublications(this.world);
    const mayBeCollected = publications.some(({ frozenAt }) => frozenAt >= slot);
    for (const [lost, { proposals }] of this.issued) {
      for (const { append } of lost >= slot ? proposals : []) {
        if (append?.outcome !== 'pending') continue;
        if (!mayBeCollected) ghost.failDefinitely(append);
        else {
          append.outcome = 'indefinite';
          ghost.reach('loss left indefinite for a publication');
        }
      }
    }
    this.unsettled--;
    yield* until(() => this.unsettled === 0 && this.committed >= this.fencedAt);
    this.life.alive = false;
  }
}

/** Keeps the slot of the EDIT by which a segment left the list. */
export function noteRemovals({ slot, entries }: Data, removedAt: Map<string, number>): void {
  for (const entry of entries) {
    if (entry.type === 'edit') for (const name of entry.removed) removedAt.set(name, slot);
  }
}
