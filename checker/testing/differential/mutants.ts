/**
 * The checker with one rule taken out or bent: the differential test must notice every one of them.
 *
 * Each clause of the floor theorem and each rule of WGL+ has at least one mutant, named after what it breaks;
 * docs/CHECKER.md puts them next to the proofs. Where a rule is looked after in two places, both are edited. Those of
 * the extended model are in extended-mutants.ts.
 */

import { EXTENDED_MUTANTS } from './extended-mutants.ts';
import type { Mutant } from './mutant.ts';

const one = (breaks: string, file: string, find: string, replace: string): Mutant => ({
  breaks,
  on: 'streams',
  edits: [{ file: `checker/${file}`, find, replace }],
});

const CONFIGURATIONS = 'checker/wgl/configurations.ts';

const onRegisters = (mutant: Pick<Mutant, 'breaks' | 'edits'>): Mutant => ({ ...mutant, on: 'registers' });

const onKeyValues = (mutant: Pick<Mutant, 'breaks' | 'edits'>): Mutant => ({ ...mutant, on: 'key-values' });

export const MUTANTS: readonly Mutant[] = [
  ...EXTENDED_MUTANTS,
  // The floor theorem.
  one('floors of answers', 'sweep/floors.ts', 'if (low < op.floor) return belowFloor(op, op.floorOp!);', ''),
  {
    breaks: 'floors of used unknown appends',
    on: 'streams',
    edits: [
      { file: 'checker/sweep/candidates.ts', find: 'candidate.members[0]!.floor <= position && ', replace: '' },
      {
        file: 'checker/sweep/log-state.ts',
        find: 'if (op.floor > position) return this.refuse(position, () => explainTooEarly(op, position));',
        replace: 'if (op.floor < 0) return this.refuse(position, () => explainTooEarly(op, position));',
      },
      {
        file: 'checker/sweep/fillings.ts',
        find: 'member === undefined || member.floor > position',
        replace: 'member === undefined',
      },
    ],
  },
  one('boundaries inside acknowledged batches', 'sweep/tiling.ts', 'findTear(batches, observers), ', ''),
  one('boundaries inside holes', 'sweep/tiling.ts', 'Math.min(end, observers[next]?.tail ?? end)', 'end'),
  one('match_seq_num of acknowledged appends', 'sweep/floors.ts', 'op.matchSeqNum !== low)', 'op.matchSeqNum === -1)'),
  one(
    'match_seq_num of used unknown appends',
    'sweep/candidates.ts',
    'if (candidate.matchSeqNum !== null && candidate.matchSeqNum !== position) return false;',
    '',
  ),
  one(
    'fencing tokens',
    'sweep/log-state.ts',
    'op.fencingToken === null || op.fencingToken === this.#token',
    'op !== null',
  ),
  one('the token set by a batch', 'sweep/log-state.ts', 'this.#token = op.setFencingToken;', ''),
  one('the initial token', 'sweep/sweep.ts', "return strictS2 ? null : '';", "return strictS2 ? '' : null;"),
  one(
    'content of acknowledged appends',
    'sweep/sweep.ts',
    'return chain.hi === endRead.hashHi && chain.lo === endRead.hashLo;',
    'return chain.hi !== 1;',
  ),
  one(
    'content that reads told',
    'sweep/parse.ts',
    'agreementAt(content, operations, candidate, position) === candidate.recordCount',
    'true',
  ),
  one(
    'reads that contradict each other',
    'sweep/tiling.ts',
    'content.proof, findDisagreement(observers)',
    'content.proof',
  ),
  one(
    'ceilings against answers',
    'sweep/candidates.ts',
    'position + candidate.recordCount <= candidate.ceiling',
    'true',
  ),
  one(
    'ceilings among unknown appends',
    'sweep/log-state.ts',
    'candidate.hasReturned && latest !== null',
    'latest === null',
  ),
  one('overlapping batches', 'sweep/tiling.ts', 'lowOf(batch) < reaching.tail) proofs', 'lowOf(batch) < 0) proofs'),
  one(
    'each append used once',
    'sweep/log-state.ts',
    'const op = candidate.members[used];',
    'const op = candidate.members[0];',
  ),
  // The search of the sweep.
  one(
    'earliest called first among equals',
    'sweep/log-state.ts',
    'const op = candidate.members[used];',
    'const op = candidate.members.at(-1 - used);',
  ),
  one(
    'copies in one filling',
    'sweep/fillings.ts',
    'copiesOf: (candidate) => candidate.members.length',
    'copiesOf: () => 1',
  ),
  one(
    'more pieces than two',
    'sweep/two-ended.ts',
    'Math.floor((end - start) / least)',
    'Math.min(2, Math.floor((end - start) / least))',
  ),
  one('the next filling', 'sweep/compose.ts', 'const number = frame.next++;', 'const number = frame.next++ * 1_000;'),
  one('void operations in the witness', 'sweep/witness.ts', 'slot = Math.max(slot, placeOf[~event]!)', 'slot = -1'),
  // WGL+.
  one(
    'commits of what is not read-only',
    'models/stream.ts',
    "call.kind !== 'append' || outcome.kind === 'append-definite-failure'",
    'true',
  ),
  one(
    'commits before what returned earlier',
    'wgl/walk.ts',
    'this.#timeline.isReadOnly[entry] === 0 || !this.#mayCommit(entry)',
    'this.#timeline.isReadOnly[entry] === 0',
  ),
  one(
    'commits are not branched on',
    'wgl/walk.ts',
    'else if (this.#step(entry) !== ILLEGAL) this.#place(entry);',
    'else if (this.#step(entry) !== ILLEGAL && entry % 2 === 0) this.#place(entry);',
  ),
  one(
    'optional operations after their return',
    'wgl/walk.ts',
    'if (this.#timeline.rank[this.#timeline.count + operation]! < this.#latestCall) continue;',
    '',
  ),
  one(
    'optional operations before their call',
    'wgl/walk.ts',
    'this.#timeline.optionalBefore(boundary)',
    'this.#timeline.optional.length',
  ),
  one(
    'optional operations need not happen',
    'models/stream.ts',
    "outcome.kind === 'append-indefinite-failure'",
    "outcome.kind === 'read-failure'",
  ),
  one('optional operations that fill no gap', 'wgl/walk.ts', 'level.optionalPass < 2', 'level.optionalPass < 1'),
  one(
    'states at a position are not dead',
    'wgl/walk.ts',
    'this.#timeline.positionOf(operation) < progress',
    'this.#timeline.positionOf(operation) <= progress',
  ),
  one(
    'what is hopeless',
    'models/stream.ts',
    "isHopeless: (state, _call, outcome) => outcome.kind === 'read-success' && !hasContent",
    "isHopeless: (state, _call, outcome) => outcome.kind === 'read-success' && hasContent",
  ),
  one('positions put back', 'wgl/timeline.ts', 'this.#positioned?.putBack(operation);', ''),
  onKeyValues(one('what nothing leads to', 'models/key-value.ts', '!state.couldGrowTo(', 'state.couldGrowTo(')),
  onKeyValues(
    one(
      'what overwrites may come between',
      'wgl/walk.ts',
      'if (firstOverwriting < rank[count + operation]!) return false;',
      '',
    ),
  ),
  onKeyValues(one('what overwrites put back', 'wgl/timeline.ts', 'this.#overwriting?.putBack(operation);', '')),
  onRegisters({
    breaks: 'states of configurations',
    edits: [
      { file: CONFIGURATIONS, find: 'into[at + 1] = state;', replace: 'into[at + 1] = 0;' },
      { file: CONFIGURATIONS, find: 'slotHash(placed.hash, state) & mask', replace: 'slotHash(placed.hash, 0) & mask' },
    ],
  }),
  onRegisters({
    breaks: 'placed operations of configurations',
    edits: [
      { file: CONFIGURATIONS, find: 'this.#hash ^= scrambled(operation);', replace: '' },
      { file: CONFIGURATIONS, find: 'word < this.#requiredWords; word++) into', replace: 'word < 0; word++) into' },
    ],
  }),
  onRegisters(one('the latest call after backtracking', 'wgl/walk.ts', 'this.#latestCall = parent.latestCall;', '')),
];
