/** A search that is ended early says how far it came, what it was about, and what it may cost. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseExtended } from '../formats/extended-jsonl.ts';
import { describeVerdict } from '../sweep/describe.ts';
import { checkExtendedStream } from './check.ts';

test('an undecided search names the records it could not explain, who waited there, and its budget', () => {
  const file = new URL('../testdata/extended/illegal-answer-without-place-read-mixed-two-lives.jsonl', import.meta.url);
  const parsed = parseExtended(readFileSync(file, 'utf8'));
  if (parsed.kind === 'malformed') throw new Error(parsed.message);
  const verdict = checkExtendedStream(parsed.history, { ...parsed.header, stepsMax: 6 });
  expect(verdict).toMatchObject({ verdict: 'unknown', stepsMax: 6 });
  const said = describeVerdict(verdict).replaceAll(/\s+/g, ' ');
  expect(said).toContain('The furthest has 3 of the 6 answers and effects that need a place, and comes to tail 0');
  expect(said).toContain('Nothing was found that explains the records at [0, 2).');
  expect(said).toContain('There waited op 90 (only 0 records are written)');
  expect(said).toContain('of a budget of 6');
  expect(said).toContain('--budget');
});
