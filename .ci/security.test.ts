/** The threat model of docs/SECURITY.md names tests that are there, and every claim but the honest ones has one. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const TOP = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(TOP, 'docs/SECURITY.md'), 'utf8');

/** Who, claim and tests of each row. */
function claims(): [who: string, claim: string, shownBy: string][] {
  const lines = page.slice(page.indexOf('\n| who | claim | shown by |') + 1).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) => {
    const [who = '', claim = '', shownBy = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return [who, claim, shownBy];
  });
}

test('every claim that somebody can not do something has a test', () => {
  expect(new Set(claims().map(([who]) => who))).toEqual(
    new Set(['network', 'token', 'bucket reader', 'bucket writer', 'operator']),
  );
  for (const [who, claim, shownBy] of claims()) {
    if (/can not|nothing more|nobody|no byte/.test(claim)) expect(shownBy, `${who}: ${claim}`).toMatch(/\.test\.ts`/);
  }
});

test('every test that the page names is there', () => {
  const named = [...page.matchAll(/`([\w./-]+\/[\w.-]+\.test\.ts)`/g)].map(([, path]) => path ?? '');
  expect(named.length).toBeGreaterThan(20);
  for (const path of named) expect(existsSync(join(TOP, path)), path).toBe(true);
});
