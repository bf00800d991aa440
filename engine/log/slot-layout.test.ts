/** Entries laid out slot by slot: which slot each lands in, in what order slots are taken, and where the bytes stand. */

import { expect, test } from 'vitest';

import { WordFold } from '../testing/log-bench.ts';
import { type ManualPorts, manualPorts } from '../testing/manual-ports.ts';
import { frameLength, HEADER_BYTES, payloadStart } from './format.ts';
import { type Batch, SlotLayout } from './slot-layout.ts';

/** Room for two words of ten letters, and no third. */
const TWO_WORDS = 2 * frameLength(10);
const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(10)) as [string, string, string];

function layoutOf(...words: readonly string[]): { layout: SlotLayout<string>; ports: ManualPorts } {
  const ports = manualPorts();
  const layout = new SlotLayout(ports, TWO_WORDS, new WordFold());
  for (const entry of words) layout.add({ entry, settle: () => {} });
  return { layout, ports };
}

/** The words of a slot, as its bytes have them. */
function words({ arena, start, ends }: Batch<string>): string[] {
  const starts = [start + HEADER_BYTES, ...ends.slice(0, -1)];
  return ends.map((end, i) => Buffer.from(arena.subarray(payloadStart(starts[i] as number), end)).toString());
}

test('slots are taken whole and in order, the open one last', () => {
  const { layout } = layoutOf(A, B, C);
  expect([layout.hasClosed, layout.isOpenFull]).toEqual([true, false]);
  expect(words(layout.take())).toEqual([A, B]);
  expect([layout.hasClosed, layout.isEmpty]).toEqual([false, false]);
  expect(words(layout.take())).toEqual([C]);
  expect(layout.isEmpty).toBe(true);
});

test('a slot ends with its last entry, and the next one begins there', () => {
  const { layout } = layoutOf(A, B, C);
  const [first, second] = [layout.take(), layout.take()];
  expect(first.end - first.start).toBe(HEADER_BYTES + TWO_WORDS);
  expect(second.arena).toBe(first.arena);
  expect(second.start).toBe(first.end);
  expect(first.ends.at(-1)).toBe(first.end);
});

test('a slot is full at exactly its size, and stays open until another entry comes', () => {
  const { layout } = layoutOf(A, B);
  expect([layout.isOpenFull, layout.hasClosed]).toEqual([true, false]);
});

test('an entry larger than a slot has one of its own', () => {
  const huge = 'x'.repeat(1000);
  const { layout } = layoutOf(A, huge, B);
  expect([words(layout.take()), words(layout.take()), words(layout.take())]).toEqual([[A], [huge], [B]]);
});

test('the age of the open slot is that of its oldest entry', async () => {
  const { layout, ports } = layoutOf(A);
  const since = ports.clock.monoMs();
  await ports.clock.advance(5);
  layout.add({ entry: B, settle: () => {} });
  expect(layout.openSinceMs).toBe(since);
  layout.add({ entry: C, settle: () => {} });
  expect(layout.openSinceMs).toBe(since + 5);
});

test('who waits in slots that are never taken is told in the order of the queue', () => {
  const { layout } = layoutOf(A, B, C);
  expect(layout.takeAll().map(({ entry }) => entry)).toEqual([A, B, C]);
  expect([layout.isEmpty, layout.takeAll()]).toEqual([true, []]);
});

test('bytes that were taken do not change when more is added', () => {
  const { layout } = layoutOf(A);
  const taken = layout.take();
  const before = taken.arena.slice(taken.start, taken.end);
  for (let i = 0; i < 100; i++) layout.add({ entry: B, settle: () => {} });
  expect(taken.arena.subarray(taken.start, taken.end)).toEqual(before);
});
