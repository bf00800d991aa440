/** docs/CONFORMANCE.md names tests that are there: each claim stands in its file, and no line is without one or a reason. */

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const CLAIM = /`([\w./-]+\.test\.ts)` "([^"]+)"/g;
/** What a line may say instead of a claim. */
const REASON = /^(nothing is|there are no|another version)/;

const lines = read('docs/CONFORMANCE.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith("| S2's"))
  .map((line) => line.split('|').map((cell) => cell.trim()) as [string, string, string]);

const SKIPPED = /\.(skip|skipIf|runIf|todo|fails|only)\(/;

/** Whether sources have the claim as a whole string, and not in a comment: a part of another title is not a test. */
function isTitleIn(source: string, claim: string): boolean {
  const code = source.split('\n').filter((line) => !/^\s*(\/\/|\/?\*)/.test(line));
  const strings = [`'${claim.replaceAll("'", "\\'")}'`, `"${claim}"`, `\`${claim}\``];
  return code.some((line) => strings.some((string) => line.includes(string)));
}

test('every claim is the name of a test, or of a row of one', () => {
  const missing: string[] = [];
  for (const [, what, held] of lines) {
    for (const [, file = '', claim = ''] of held.matchAll(CLAIM)) {
      const isThere = existsSync(new URL(`../${file}`, import.meta.url));
      const text = isThere ? read(file) : '';
      if (!isTitleIn(text, claim) || SKIPPED.test(text)) missing.push(`${what}: ${file} "${claim}"`);
    }
  }
  expect(missing).toEqual([]);
});

test("every line of S2's checklists has a claim, or says why it has none", () => {
  expect(lines.length).toBeGreaterThan(110);
  for (const [, what, held] of lines)
    expect([...held.matchAll(CLAIM)].length > 0 || REASON.test(held), what).toBe(true);
});

test.each(['skip', 'skipIf', 'runIf', 'todo', 'fails', 'only'])(
  'a file with a test marked %s holds no claim',
  (mark) => {
    expect(SKIPPED.test(`test.${mark}('a read ends', () => {`)).toBe(true);
  },
);

test('a part of a title and a title in a comment are no tests', () => {
  expect(isTitleIn("  test('a read ends', () => {", 'a read ends')).toBe(true);
  expect(isTitleIn("test('a read\\'s end', () => {", "a read's end")).toBe(true);
  expect(isTitleIn("test('a read ends', () => {", 'a read')).toBe(false);
  expect(isTitleIn("  // test('a read ends', () => {", 'a read ends')).toBe(false);
  expect(isTitleIn("/* test('a read ends', () => {", 'a read ends')).toBe(false);
});
