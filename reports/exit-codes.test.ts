import { expect, test } from 'vitest';
import { withExitWord } from './exit-codes.ts';
import { hostSpansOf } from './host-spans.ts';

const exit = (label: string) => ({ track: 'host node-1', label, startMs: 9, endMs: 9, tone: 'warn' as const });

test('an exit code is told with what it means, and one that nobody knows as it is', () => {
  expect(withExitWord(exit('exit 4'))).toMatchObject({
    label: 'exit 4 (fenced)',
    detail: 'another server has taken over, so that this one ended itself',
  });
  expect(withExitWord(exit('exit 3')).label).toBe('exit 3 (store refused)');
  expect(withExitWord(exit('exit 77'))).toEqual(exit('exit 77'));
  expect(withExitWord(exit('crash'))).toEqual(exit('crash'));
});

test('with its meaning it still ends what the host was doing', () => {
  const marks = [[1, 'node-1', 'takeover.completed', 2]] as const;
  const spans = hostSpansOf([[...marks[0]]], [withExitWord(exit('exit 4'))], 20);
  expect(spans.map(({ label, endMs }) => [label, endMs])).toContainEqual(['owner, epoch 2', 9]);
});
