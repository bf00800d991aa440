import { expect, test } from 'vitest';
import type { TrackSpan } from '../scenarios/run.ts';
import { trackRowsOf } from './track-rows.ts';

function span(track: string, startMs: number, endMs: number, label = ''): TrackSpan {
  return { track, label, startMs, endMs, tone: 'neutral' };
}

test('faults stand above hosts, hosts above storage, storage above the rest', () => {
  const tracks = ['storage', 'clock', 'host b', 'faults', 'host a'].map((track) => span(track, 0, 1));
  expect(trackRowsOf(tracks).map(({ name }) => name)).toEqual(['faults', 'host a', 'host b', 'storage', 'clock']);
});

test('spans that overlap lie in different rows, spans that touch may share one', () => {
  const [track] = trackRowsOf([span('faults', 5, 9), span('faults', 0, 5), span('faults', 4, 6)]);
  expect(track?.spans.map(([startMs, , , row]) => [startMs, row])).toEqual([
    [0, 0],
    [4, 1],
    [5, 0],
  ]);
  expect(track?.rowCount).toBe(2);
});

test('two point events at one moment lie in different rows', () => {
  const [track] = trackRowsOf([span('faults', 3, 3, 'a'), span('faults', 3, 3, 'b')]);
  expect(track?.spans.map(([, , , row]) => row)).toEqual([0, 1]);
});

test('a crowd is held to eight rows', () => {
  const [track] = trackRowsOf(Array.from({ length: 50 }, (_, i) => span('storage', i, 100)));
  expect(track?.rowCount).toBe(8);
  expect(track?.spans.length).toBe(50);
});
