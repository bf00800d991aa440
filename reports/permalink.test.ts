import { expect, test } from 'vitest';
import { formatOutlook, NO_OUTLOOK, parseOutlook } from './permalink.ts';

test('a link opens what it was made from', () => {
  const outlook = {
    ...{ opId: 42, pin: 'tracks:3', scale: 'warped' as const, view: [1200.25, 1450] as const, at: 77 },
    ...{ hidden: ['read', 'rejected'], find: 'token a&b=c,d' },
  };
  expect(parseOutlook(`#${formatOutlook(outlook)}`)).toEqual(outlook);
  expect(formatOutlook(NO_OUTLOOK)).toBe('');
  expect(formatOutlook({ ...NO_OUTLOOK, opId: 42 })).toBe('op-42');
});

test('what makes no sense in a link is left out', () => {
  expect(parseOutlook('#op-x&scale=lunar&view=5..2&at=-1&find=%E0%A4')).toEqual(NO_OUTLOOK);
  expect(parseOutlook('')).toEqual(NO_OUTLOOK);
});
