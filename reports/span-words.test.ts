import { expect, test } from 'vitest';
import { hostSpansOf } from './host-spans.ts';
import { inPlainWords } from './span-words.ts';

const exit = (label: string) => ({ track: 'host node-1', label, startMs: 9, endMs: 9, tone: 'warn' as const });

test('an exit code is told with what it means, and one that nobody knows as it is', () => {
  expect(inPlainWords(exit('exit 4'))).toMatchObject({
    label: 'exit 4 (fenced)',
    detail: 'another server has taken over, so that this one ended itself',
  });
  expect(inPlainWords(exit('exit 3')).label).toBe('exit 3 (store refused)');
  expect(inPlainWords(exit('exit 77'))).toEqual(exit('exit 77'));
  expect(inPlainWords(exit('crash'))).toEqual(exit('crash'));
});

test('damage is told as what it is done to: the name of an object is no kind of damage', () => {
  expect(inPlainWords(exit('damage format'))).toMatchObject({ label: 'object format is damaged' });
  expect(inPlainWords(exit('damage wal/7')).detail).toContain('until a sound copy is put back');
});

test('with its meaning it still ends what the host was doing', () => {
  const marks = [[1, 'node-1', 'takeover.completed', 2]] as const;
  const spans = hostSpansOf([[...marks[0]]], [inPlainWords(exit('exit 4'))], 20);
  expect(spans.map(({ label, endMs }) => [label, endMs])).toContainEqual(['owner, epoch 2', 9]);
});
