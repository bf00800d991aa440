import { describe, expect, test } from 'vitest';
import type { TrackMark, TrackSpan } from '../scenarios/run.ts';
import { evidenceOf } from './evidence.ts';
import { eventTimesOf, operationsOf } from './operations.ts';
import { append, called, returned, timed } from './testing/events.ts';

/** Calls and returns at 0, 10, 20 ms and so on: an append of two, then whoever asks for the tail. */
const HISTORY = timed([
  called(1, append(2)),
  returned(1, { kind: 'append-success', tail: 2 }),
  called(2, { kind: 'check-tail' }, 2),
  returned(2, { kind: 'check-tail-success', tail: 2 }, 2),
]);
const FENCE = put(0, 'a', [-8, -4], 'done', [-6]);
const OWNER: TrackMark[] = [
  [-9, 'a', 'takeover.started', ''],
  [-4, 'a', 'takeover.completed', 1],
  [1, 'a', 'append.admitted', 2],
  [2, 'a', 'log.slot.issued', 64],
];
const COMMITTED: TrackMark = [9, 'a', 'log.slot.committed', 64];
const STORED = put(64, 'a', [2, 9], 'done', [7]);

function put(slot: number, host: string, [startMs, endMs]: [number, number], outcome: string, effectsMs: number[]) {
  const label = `PUT wal/${slot}: ${outcome}`;
  return { track: 'storage', label, startMs, endMs, tone: 'good', detail: host, effectsMs } satisfies TrackSpan;
}

function evidence(tracks: readonly TrackSpan[], marks: readonly TrackMark[], history = HISTORY, guilty: number[] = []) {
  const operations = operationsOf(history);
  return evidenceOf({ operations, timesMs: eventTimesOf(history), tracks, marks, guilty });
}

test('a trace in which everything is in order, or that nobody recorded, shows nothing', () => {
  expect(evidence([FENCE, STORED], [...OWNER, COMMITTED])).toEqual([]);
  expect(evidence([], [...OWNER, COMMITTED])).toEqual([]);
  expect(evidence([FENCE, STORED], [])).toEqual([]);
});

describe('of the log', () => {
  test('a slot that counts as durable before it is stored, or though its put was refused', () => {
    const late = put(64, 'a', [12, 20], 'done', [15]);
    expect(evidence([FENCE, late], [...OWNER, COMMITTED])[0]).toMatch(
      /^a took log slot 64 for durable at 9 ms, before it was: it had not even sent the put, and the store got it at 15 ms/,
    );
    const refused = put(64, 'a', [2, 8], 'refused', []);
    const rival = put(64, 'b', [1, 5], 'done', [3]);
    expect(evidence([FENCE, refused, rival], [...OWNER, COMMITTED])[0]).toMatch(
      /though the store had refused its put: an object of b stood there already/,
    );
  });

  test('a takeover without a fence', () => {
    expect(evidence([STORED], [...OWNER, COMMITTED])).toEqual([
      expect.stringMatching(/^a took over with epoch 1 at −4 ms without a fence/),
    ]);
  });

  test('a put of the owner before among the slots of the new one', () => {
    const next: TrackMark[] = [
      [30, 'b', 'takeover.started', ''],
      [40, 'b', 'takeover.completed', 2],
      [50, 'b', 'log.slot.issued', 66],
    ];
    const tracks = [FENCE, STORED, put(65, 'b', [31, 39], 'done', [35]), put(66, 'a', [25, 70], 'unknown', [45])];
    const found = evidence(tracks, [...OWNER, COMMITTED, ...next]);
    expect(found).toEqual([
      expect.stringMatching(/^a's put of log slot 66, sent at 25 ms, took effect at 45 ms among/),
    ]);
    const void_ = [...tracks.slice(0, 3), put(65, 'a', [25, 70], 'refused', [])];
    expect(evidence(void_, [...OWNER, COMMITTED, ...next])).toEqual([]);
  });
});

describe('of answers', () => {
  test('an acknowledgement of more records than a server admitted', () => {
    const half = OWNER.map((mark): TrackMark => (mark[2] === 'append.admitted' ? [1, 'a', mark[2], 1] : mark));
    expect(evidence([FENCE, STORED], [...half, COMMITTED])).toEqual([
      expect.stringMatching(
        /^Client 1 was told that all 2 records .* \(0–1, op 1\), but a had admitted 1 of them at 1 ms/,
      ),
    ]);
  });

  test('an acknowledgement before anything was stored, and a tail that counts what is not', () => {
    const late = put(64, 'a', [2, 60], 'done', [55]);
    expect(evidence([FENCE, late], [...OWNER, [60, 'a', 'log.slot.committed', 64]])).toEqual([
      expect.stringMatching(/append \(op 1\) was acknowledged at 10 ms, and nothing had reached the log/),
      expect.stringMatching(
        /^Client 2 was told the tail 2 at 30 ms \(op 2\), before the append .*op 1, called at 0 ms/,
      ),
    ]);
  });

  test('of an append that was told as failed and seen: that its put was without an answer', () => {
    const rejected = timed([called(1, append(2)), returned(1, { kind: 'append-definite-failure' })]);
    const slow = put(64, 'a', [2, 40], 'done', [5]);
    const marks: TrackMark[] = [...OWNER, [40, 'a', 'log.slot.committed', 64]];
    expect(evidence([FENCE, slow], marks, rejected)).toEqual([]);
    expect(evidence([FENCE, slow], marks, rejected, [0])).toEqual([
      expect.stringMatching(
        /certainly failed, although a had admitted 2 records at 1 ms .* slot 64: no answer .* effect at 5 ms/,
      ),
    ]);
  });
});
