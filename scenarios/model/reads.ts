/**
 * Every answer that reveals the tail is covered by a storage round trip begun after the request came in: (a) a slot
 * issued later became committed, or (b) the next slot, fetched later, was absent while all slots below it commit.
 */

import { insist, type Task, until } from './network.ts';
import type { Owner } from './owner.ts';
import type { Upkeep } from './upkeep.ts';

export type Proof = 'later slot' | 'probe';

/** Answers with the state at completion. */
export function* checkTail(owner: Owner, proof: Proof): Task {
  const { ghost } = owner.world;
  const floor = ghost.floor();
  yield* prove(owner, proof);
  if (!owner.isFenced) ghost.answerRead(floor, owner.state.count, owner.state.hash);
}

/** An append refused for its condition: it reports the tail of its decision, held back until that is committed. */
export function* reject(owner: Owner, proof: Proof): Task {
  const { ghost } = owner.world;
  const floor = ghost.floor();
  const decidedCount = owner.tail;
  yield* prove(owner, proof);
  yield* until(() => owner.isFenced || owner.state.count >= decidedCount);
  if (!owner.isFenced) ghost.answerRead(floor, decidedCount, undefined);
}

function* prove(owner: Owner, proof: Proof): Task {
  if (owner.world.mutant === 'noReadProof') return;
  if (proof === 'probe') return yield* probe(owner);
  const issuedLater = owner.next;
  yield* until(() => owner.isFenced || owner.committed > issuedLater);
}

function* probe(owner: Owner): Task {
  const inFlightToo = owner.world.mutant === 'probeInflight';
  const slot = inFlightToo ? owner.committed : owner.next;
  const found = yield* insist({ verb: 'get', name: `wal/${slot}`, effect: (store) => store.wal.get(slot) });
  if (found !== undefined && found.identity !== owner.identity) return owner.loseAt(slot, found);
  const required = found === undefined ? slot : slot + 1;
  yield* until(() => owner.isFenced || owner.committed >= required);
}

/** Reads a segment of the committed state and compares its records with the log. */
export function* readSegment(upkeep: Upkeep): Task {
  const { segments } = upkeep.owner.state;
  if (segments.length === 0) return;
  const { network, ghost } = upkeep.owner.world;
  const segment = network.dice.pick(segments);
  const body = yield* upkeep.fetch(segment);
  if (body !== undefined) ghost.checkSegment(segment, body);
}
