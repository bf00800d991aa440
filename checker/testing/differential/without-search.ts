/**
 * Extended histories that need no search, each with so much in doubt that one would come to no end: what a rule only saves is
 * noticed by these. Each must have its verdict within a budget that no search can do anything with.
 */

import { checkExtendedStream, type ExtendedCheckOptions } from '../../extended/check.ts';
import type { ExtendedCall, ExtendedEvent, ExtendedHistory } from '../../extended/history.ts';
import { acked, append, inSequence, type Step } from '../extended-steps.ts';
import { shownInParts } from '../shown-in-parts.ts';

const STEPS_MAX = 2_000;

interface Decided {
  name: string;
  /** The code of the violation, or `ok`. */
  verdict: string;
  history: ExtendedHistory;
  options?: ExtendedCheckOptions;
}

/** The first one that is judged otherwise, or null. */
export function huntWithoutSearch(): { name: string; disagreement: string } | null {
  for (const { name, verdict, history, options = {} } of DECIDED) {
    const said = checkExtendedStream(history, { ...options, stepsMax: STEPS_MAX });
    const code = said.verdict === 'illegal' ? said.violation.code : said.verdict;
    if (code !== verdict) return { name, disagreement: `it is ${verdict}, the checker says ${code}` };
  }
  return null;
}

const tail = (value: number): Step => [{ kind: 'check-tail' }, { kind: 'check-tail-success', tail: value }];
const part = (start: number, ...recordHashes: bigint[]): Step => [
  { kind: 'read-part', from: { seqNum: start } },
  { kind: 'read-part-success', start, recordHashes, tail: null },
];
/** Never answered, each by a client of its own. */
const lost = (opId: number, call: ExtendedCall): ExtendedEvent => ({ type: 'call', clientId: opId, opId, call });
const doubts = Array.from({ length: 40 }, (_, i) => lost(1_000 + i, append([BigInt(1_000 + i)])));
/** The same, but they were over before anything else was called. */
const doubtsOfBefore = doubts.flatMap((event): ExtendedEvent[] => {
  const { clientId, opId } = event;
  return [event, { type: 'return', clientId, opId, return: { kind: 'append-indefinite-failure' } }];
});
/** Op ids from `first` on. */
const steps = (first: number, ...some: readonly Step[]): ExtendedEvent[] =>
  inSequence(...some).map((event) => ({ ...event, opId: first + event.opId }));

const gone: Step = [{ kind: 'check-tail' }, { kind: 'stream-absent' }];
const removed: Step = [{ kind: 'delete' }, { kind: 'deleted' }];
const large = { seed: 3, clients: 10, opsPerClient: 50, unknownPermille: 300, recordsMax: 2 } as const;
/** One of the doubtful is below. */
const holed: ExtendedEvent[] = [...doubts, ...steps(0, [append([1n]), acked(9)], tail(9))];
const stale: ExtendedEvent[] = [...holed, ...steps(10, tail(8))];
const config = { retentionAgeMs: null, emptyAgeMs: 1 };

const DECIDED: readonly Decided[] = [
  { name: 'followers', verdict: 'ok', history: shownInParts({ ...large, readers: 'followers' }) },
  { name: 'limited reads', verdict: 'ok', history: shownInParts({ ...large, readers: 'limits' }) },
  {
    name: 'a tail below what was shown',
    verdict: 'stale-tail',
    history: [...doubts, lost(5, append([7n, 8n])), ...steps(10, part(0, 7n), tail(1))],
  },
  {
    name: 'a record that one holds, which has others beside it',
    verdict: 'partial-apply',
    history: [lost(6, append([7n, 8n])), lost(4, append([9n, 1n])), ...doubts, ...steps(10, part(0, 7n, 9n))],
  },
  {
    name: 'a record that two hold, of which one demands another place',
    verdict: 'match-seq-num',
    history: [
      lost(5, append([7n], { matchSeqNum: 4 })),
      lost(6, append([7n])),
      ...doubts,
      ...steps(10, part(0, 7n), part(1, 7n)),
    ],
  },
  {
    name: 'a record that two hold, of which one was called too late',
    verdict: 'stale-tail',
    history: [
      lost(5, append([7n, 8n])),
      ...doubts,
      ...steps(10, part(0, 7n)),
      lost(6, append([7n, 9n])),
      ...steps(20, tail(1)),
    ],
  },
  {
    name: 'a record that two hold, of which one had returned before',
    verdict: 'ok',
    history: [
      lost(5, append([7n], { fencingToken: '' })),
      lost(6, append([7n])),
      { type: 'return', clientId: 6, opId: 6, return: { kind: 'append-indefinite-failure' } },
      ...doubts,
      ...steps(10, tail(0), part(0, 7n), tail(9)),
    ],
  },
  {
    name: 'a record that two hold, of which one is elsewhere',
    verdict: 'stale-tail',
    history: [
      lost(5, append([7n])),
      lost(6, append([7n, 8n])),
      ...doubts,
      ...steps(10, tail(1), [append([3n]), acked(2)], part(0, 7n), part(2, 7n), tail(3)),
    ],
  },
  {
    name: 'a tail below a part that two may have written',
    verdict: 'stale-tail',
    history: [
      ...doubts,
      lost(5, append([7n], { setFencingToken: 'x' })),
      lost(6, append([7n])),
      ...steps(10, part(0, 7n), tail(0)),
    ],
  },
  {
    name: 'a deletion in doubt that nobody noticed',
    verdict: 'unexplained-records',
    history: [...doubts, lost(500, { kind: 'delete' }), ...steps(10, part(0, 55n))],
  },
  {
    name: 'appends of a session out of turn',
    verdict: 'session-order',
    history: [
      ...doubts,
      lost(5, append([1n], { turn: { session: 's', index: 0 } })),
      { ...lost(6, append([2n], { turn: { session: 's', index: 1 } })), clientId: 5 },
      ...steps(10, part(0, 2n, 1n)),
    ],
  },
  {
    name: 'where nobody could notice that the stream was removed',
    verdict: 'stale-tail',
    history: stale,
    options: { config },
  },
  {
    name: 'where a stream was never gone, and requests would have created it',
    verdict: 'stale-tail',
    history: stale,
    options: { createsOn: ['append', 'read'] },
  },
  {
    name: 'where only requests can have created the stream',
    verdict: 'stale-tail',
    history: [...steps(600, gone), ...stale],
    options: { initially: 'absent', createsOn: ['append'] },
  },
  {
    name: 'where the stream was created, and requests would have done so',
    verdict: 'stale-tail',
    history: [...steps(600, [{ kind: 'create', token: null }, { kind: 'created' }]), ...stale],
    options: { initially: 'absent', createsOn: ['append'] },
  },
  {
    name: 'limited reads of a stream that a request created',
    verdict: 'ok',
    history: [...steps(10_000, gone), ...shownInParts({ ...large, readers: 'limits' })],
    options: { initially: 'absent', createsOn: ['append'] },
  },
  {
    name: 'limited reads of a stream that a request created, and that may have been removed',
    verdict: 'ok',
    history: [...steps(10_000, gone), ...shownInParts({ ...large, readers: 'limits' })],
    options: { initially: 'absent', createsOn: ['append'], config },
  },
  {
    name: 'a stream that is gone though nobody deleted it',
    verdict: 'answer-without-place',
    history: [...doubts, ...steps(10, [append([1n]), acked(1)], gone)],
    options: { initially: 'absent', createsOn: ['append'] },
  },
  {
    name: 'a session that was shown a stream and is told of none',
    verdict: 'answer-without-place',
    history: [
      ...doubts,
      ...steps(
        10,
        [
          { kind: 'follow', session: 'f', from: { seqNum: 0 } },
          { kind: 'read-part-success', start: 0, recordHashes: [1_000n], tail: null },
        ],
        [{ kind: 'follow', session: 'f', from: null }, { kind: 'stream-absent' }],
      ),
    ],
    options: { initially: 'absent', createsOn: ['append'] },
  },
  {
    name: 'a configuration in doubt',
    verdict: 'stale-tail',
    history: [lost(500, { kind: 'configure', emptyAgeMs: null }), ...stale],
  },
  {
    name: 'the only creation in doubt',
    verdict: 'stale-tail',
    history: [lost(500, { kind: 'create', token: null }), ...stale],
    options: { initially: 'absent' },
  },
  {
    name: 'a rejection by the match_seq_num that holds',
    verdict: 'answer-without-place',
    history: [
      ...doubts,
      ...steps(10, [append([5n], { matchSeqNum: 4 }), { kind: 'append-rejected', actual: { tail: 4 } }]),
    ],
  },
  {
    name: 'a rejection by a token that nobody ever set',
    verdict: 'answer-without-place',
    history: [
      ...doubts,
      ...steps(10, [append([5n], { fencingToken: 'a' }), { kind: 'append-rejected', actual: { fencingToken: 'b' } }]),
    ],
  },
  {
    name: 'records that are gone and that nothing removes',
    verdict: 'answer-without-place',
    history: [
      ...doubts,
      ...steps(10, [
        { kind: 'read-part', from: { seqNum: 0 } },
        { kind: 'read-part-success', start: 3, recordHashes: [], tail: null },
      ]),
    ],
  },
  {
    name: 'a creation where there is a stream',
    verdict: 'answer-without-place',
    history: [...doubts, ...steps(10, [{ kind: 'create', token: null }, { kind: 'created' }])],
  },
  {
    name: 'a deletion of a stream that was gone',
    verdict: 'answer-without-place',
    history: [...doubtsOfBefore, ...steps(10, removed, gone, removed)],
  },
  {
    name: 'a stream that is being deleted, which was gone',
    verdict: 'answer-without-place',
    history: [...doubtsOfBefore, ...steps(10, removed, gone, [{ kind: 'check-tail' }, { kind: 'stream-pending' }])],
  },
];
