/** A record that only one append can have written tells where that append is: nothing is left to search for. */

import { describe, expect, test } from 'vitest';
import { acked, append, inSequence, type Step } from '../testing/extended-steps.ts';
import { type PartsOptions, shownInParts } from '../testing/shown-in-parts.ts';
import { checkExtendedStream } from './check.ts';
import type { ExtendedAppend, ExtendedEvent, ExtendedHistory } from './history.ts';

/** Nearly a third of all appends are of unknown outcome, and nobody reads the whole. */
const inParts = (options: Partial<PartsOptions>): ExtendedHistory =>
  shownInParts({
    seed: 3,
    clients: 10,
    opsPerClient: 50,
    unknownPermille: 300,
    recordsMax: 2,
    readers: 'limits',
    ...options,
  });

/** Too little for any search of such a history. */
const NO_SEARCH = { stepsMax: 2_000 };

describe('a history in which nobody reads the whole needs no search', () => {
  test.each<[string, Partial<PartsOptions>]>([
    ['of followers', { readers: 'followers' }],
    ['of limited reads', { readers: 'limits' }],
    ['of reads from a timestamp', { readers: 'timestamps' }],
    ['of followers and pipelined sessions', { readers: 'followers', isPipelined: true }],
    ['of limited reads and pipelined sessions', { readers: 'limits', isPipelined: true }],
  ])('%s', (_what, options) => {
    expect(checkExtendedStream(inParts(options), NO_SEARCH).verdict).toBe('ok');
  });

  test('to be convicted of one wrong bit', () => {
    const history = inParts({ readers: 'followers' });
    const at = history.findLastIndex((event) => event.type === 'return' && event.return.kind === 'read-part-success');
    const bent = history.map((event, index): ExtendedEvent => {
      if (index !== at || event.type !== 'return' || event.return.kind !== 'read-part-success') return event;
      return {
        ...event,
        return: { ...event.return, recordHashes: event.return.recordHashes.map((hash) => hash ^ 1n) },
      };
    });
    const verdict = checkExtendedStream(bent, NO_SEARCH);
    expect(verdict).toMatchObject({
      verdict: 'illegal',
      violation: { opIds: expect.arrayContaining([history[at]!.opId]) },
    });
  });
});

const part = (start: number, ...recordHashes: bigint[]): Step => [
  { kind: 'read-part', from: { seqNum: start } },
  { kind: 'read-part-success', start, recordHashes, tail: null },
];
const told = (start: number, hash: bigint, content: bigint): Step => [
  { kind: 'read-part', from: { seqNum: start } },
  { kind: 'read-part-success', start, recordHashes: [hash], contentHashes: [content], tail: null },
];
const tail = (value: number): Step => [{ kind: 'check-tail' }, { kind: 'check-tail-success', tail: value }];
/** Never answered, by a client of its own. */
const lost = (opId: number, hashes: bigint[], more: Partial<ExtendedAppend> = {}): ExtendedEvent => ({
  type: 'call',
  clientId: opId,
  opId,
  call: append(hashes, more),
});

function blamed(...events: readonly ExtendedEvent[]): { code: string; opIds: readonly number[]; message: string } {
  const verdict = checkExtendedStream(events);
  return verdict.verdict === 'illegal' ? verdict.violation : { code: verdict.verdict, opIds: [], message: '' };
}

describe('a record is convicted that nobody can have written', () => {
  const [first] = [inSequence([append([1n]), acked(1)])];
  const shown = (opId: number, ...step: Step): ExtendedEvent[] =>
    inSequence(step).map((event) => ({ ...event, opId, clientId: opId }));

  test.each<[string, readonly ExtendedEvent[], string, readonly number[]]>([
    ['by anybody', shown(9, ...part(1, 7n)), 'unexplained-records', [9]],
    [
      'with its content',
      [
        lost(4, [7n], { contentHashes: [10n] }),
        lost(5, [7n], { contentHashes: [11n] }),
        ...shown(9, ...told(1, 7n, 12n)),
      ],
      'wrong-content',
      [9, 4, 5],
    ],
    [
      'with its content, but elsewhere',
      [
        lost(4, [7n], { contentHashes: [10n] }),
        ...shown(5, append([7n], { contentHashes: [11n] }), acked(2)),
        ...shown(9, ...told(2, 7n, 11n)),
      ],
      'applied-twice',
      [5, 9],
    ],
    [
      'there again',
      [lost(5, [7n]), ...shown(8, ...part(1, 7n)), ...shown(9, ...part(2, 7n))],
      'applied-twice',
      [5, 9, 8],
    ],
    ['there, but elsewhere', [lost(5, [2n]), ...shown(9, ...part(1, 1n))], 'applied-twice', [0, 9]],
    ['with others beside it', [lost(5, [7n, 8n]), ...shown(9, ...part(1, 7n, 9n))], 'partial-apply', [5, 9]],
    [
      'there by its condition',
      [lost(5, [7n], { matchSeqNum: 3 }), ...shown(9, ...part(1, 7n))],
      'match-seq-num',
      [5, 9],
    ],
    ['yet', [...shown(8, ...part(1, 7n)), lost(5, [7n])], 'seen-before-written', [5, 8]],
    [
      'any more',
      [
        lost(5, [7n]),
        { type: 'return', clientId: 5, opId: 5, return: { kind: 'append-indefinite-failure' } },
        ...shown(8, ...tail(1)),
        ...shown(9, ...part(1, 7n)),
      ],
      'late-effect',
      [5, 9, 8],
    ],
    [
      'for having failed',
      [
        lost(5, [7n]),
        { type: 'return', clientId: 5, opId: 5, return: { kind: 'append-definite-failure' } },
        ...shown(9, ...part(1, 7n)),
      ],
      'failed-append-visible',
      [5, 9],
    ],
    [
      'for having been rejected',
      [
        ...shown(5, append([7n], { fencingToken: 'x' }), { kind: 'append-rejected', actual: { fencingToken: '' } }),
        ...shown(9, ...part(1, 7n)),
      ],
      'failed-append-visible',
      [5, 9],
    ],
  ])('%s', (_why, events, code, opIds) => {
    // Something is in doubt beside it, so that a search would come to no end.
    const doubts = Array.from({ length: 40 }, (_, i) => lost(100 + i, [BigInt(1_000 + i)]));
    const said = blamed(...doubts, ...first, ...events);
    expect([said.code, ...said.opIds]).toEqual([code, ...opIds]);
    expect(said.message).toContain('was shown a record');
    if (code !== 'applied-twice') expect(said.message).not.toContain('acknowledged');
  });

  test('and only one in doubt holds it where no acknowledged one does', () => {
    const [begun, ended] = [lost(5, [1n]), { type: 'return', clientId: 5, opId: 5 } as const];
    const events = [begun, { ...ended, return: { kind: 'append-indefinite-failure' } } as const, ...first];
    const { message } = blamed(...events, ...shown(9, ...part(0, 1n, 1n)));
    expect(message).toContain('that op 5 holds');
  });

  test('and who was called behind a part that two may have written is held to it', () => {
    const two = [lost(5, [7n], { setFencingToken: 'x' }), lost(6, [7n])];
    const said = (step: Step): unknown => blamed(...two, ...shown(8, ...part(0, 7n)), ...shown(9, ...step));
    expect(said(tail(0))).toMatchObject({ code: 'stale-tail', opIds: [9, 8] });
  });

  test('out of turn, whoever was shown it', () => {
    const turn = (index: number): Partial<ExtendedAppend> => ({ turn: { session: 's', index } });
    const sent = [lost(5, [1n], turn(0)), { ...lost(6, [2n], turn(1)), clientId: 5 }];
    const { code, opIds, message } = blamed(...sent, ...shown(9, ...part(0, 2n, 1n)));
    expect([code, ...opIds]).toEqual(['session-order', 5, 9, 6]);
    expect(message).toContain('op 6, of the same session, is at [0, 1)');
  });

  test('a tail below an append that was shown is stale, and who was shown it is named', () => {
    const { code, message, opIds } = blamed(
      ...first,
      lost(5, [7n, 8n]),
      ...shown(8, ...part(1, 7n)),
      ...shown(9, ...tail(2)),
    );
    expect([code, ...opIds]).toEqual(['stale-tail', 9, 5, 8]);
    expect(message).toContain('was shown at [1, 3) to op 8, which had finished before');
  });

  test('one that was shown holds its place against the acknowledgement of another', () => {
    const over: ExtendedEvent[] = shown(9, append([3n]), acked(2));
    const { code, message, opIds } = blamed(...first, lost(5, [7n, 8n]), ...shown(8, ...part(2, 8n)), ...over);
    expect([code, ...opIds]).toEqual(['partial-apply', 5, 8, 9]);
    expect(message).toContain('number 1 of its 2 records, and op 9 tells of others beside it');
  });
});

describe('of appends that nobody could tell apart', () => {
  test('one that was called behind an answer does not change places with one called before it', () => {
    const early = lost(5, [7n]);
    const late = lost(6, [7n]);
    const read = (opId: number, step: Step): ExtendedEvent[] => inSequence(step).map((event) => ({ ...event, opId }));
    const doubts = Array.from({ length: 40 }, (_, i) => lost(100 + i, [BigInt(1_000 + i), 1n]));
    const between = [...read(7, tail(1)), late, ...read(8, part(1, 7n))];
    expect(checkExtendedStream([early, ...doubts, ...between], NO_SEARCH)).toMatchObject({
      verdict: 'ok',
      linearization: [5, 7, 6, 8],
    });
  });

  test('each stands once', () => {
    const twins = [lost(5, [7n]), lost(6, [7n])];
    const read = inSequence(part(0, 7n, 7n), part(0, 7n, 7n, 7n));
    expect(blamed(...twins, ...read.slice(0, 2)).code).toBe('ok');
    expect(blamed(...twins, ...read).code).toBe('applied-twice');
  });
});

test('what nobody can have written is told in the same words where nothing is in doubt', () => {
  const failed = inSequence([append([7n]), { kind: 'append-definite-failure' }], part(0, 7n));
  const twice = inSequence([append([7n]), acked(1)], part(0, 7n, 7n));
  for (const stray of [[], [lost(9, [9n])]]) {
    expect(blamed(...stray, ...failed)).toMatchObject({ code: 'failed-append-visible', opIds: [0, 1] });
    expect(blamed(...stray, ...twice)).toMatchObject({ code: 'applied-twice', opIds: [0, 1] });
  }
});

test('an append that was shown in one life is in no other', () => {
  const remake: Step[] = [
    [{ kind: 'delete' }, { kind: 'deleted' }],
    [{ kind: 'create', token: null }, { kind: 'created' }],
  ];
  const history = [lost(5, [7n]), ...inSequence(part(0, 7n), ...remake, tail(1))];
  expect(blamed(...history).code).toBe('unexplained-records');
});
