import { expect, test } from 'vitest';
import { hostSpansOf } from './host-spans.ts';

const spans = [{ track: 'host a', label: 'crash a', startMs: 50, endMs: 50, tone: 'bad' as const }];
const story = hostSpansOf(
  [
    [0, 'a', 'takeover.started', ''],
    [5, 'a', 'takeover.completed', 3],
    [10, 'a', 'log.slot.issued', 7],
    [12, 'a', 'log.slot.issued', 8],
    [20.5, 'a', 'log.slot.committed', 7],
    [60, 'b', 'takeover.started', ''],
    [70, 'b', 'takeover.completed', 4],
    [80, 'b', 'log.fenced', 5],
  ],
  spans,
  100,
);
const on = (track: string) =>
  story.filter((span) => span.track === track).map(({ label, startMs, endMs }) => [label, startMs, endMs]);

test('ownership lasts from the takeover to the crash or the fence, and a crashed host is down', () => {
  expect(on('host a')).toEqual([
    ['takeover, epoch 3', 0, 5],
    ['owner, epoch 3', 5, 50],
    ['down', 50, 100],
  ]);
  expect(on('host b')).toEqual([
    ['takeover, epoch 4', 60, 70],
    ['owner, epoch 4', 70, 80],
  ]);
});

test('a slot is in flight until it is committed or its owner is gone', () => {
  expect(on('slots a')).toEqual([
    ['slot 7', 10, 20.5],
    ['slot 8', 12, 50],
  ]);
  expect(story.find(({ label }) => label === 'slot 8')?.detail).toBe('crashed');
});

test('everything reported is a point on the track of probes', () => {
  expect(on('probes a').length).toBe(5);
});
