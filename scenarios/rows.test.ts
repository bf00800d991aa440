/** The catalogue of rows, the probes and the table that readers are shown agree with each other. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isClaim } from './claims.ts';
import { probeCatalogue } from './probes.ts';
import { type CatalogueRow, ROWS } from './rows.ts';

/** How many rows the catalogue has under each letter. */
const COUNTS = { W: 13, A: 17, P: 14, R: 15, T: 9, D: 11, G: 8, C: 5, E: 4, L: 2, N: 3, X: 1 };

/** A row as docs/SIMULATION.md has it. */
function lineOf({ id, schedule, reached, absent, why, never }: CatalogueRow): string {
  const dark = never === undefined ? '' : `; \`${never}\` stays dark`;
  const how = reached === null ? `${absent}: ${why}${dark}` : reached.map((probe) => `\`${probe}\``).join(', ');
  return `| ${id} | ${schedule} | ${how} |`;
}

test('every row of the catalogue is there once', () => {
  const ids = Object.entries(COUNTS).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
  );
  expect(ROWS.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
});

test('a row has probes that exist, or is excluded or put off with a reason', () => {
  const known = new Set(probeCatalogue().map(({ name }) => name));
  for (const { id, reached, absent, why, never } of ROWS) {
    if (never !== undefined) {
      expect(absent, id).toBe('excluded');
      expect(known, id).toContain(never);
    }
    expect(absent === undefined, id).toBe(reached !== null);
    if (reached === null) expect(why, id).toMatch(/\w/);
    else expect(reached.length, id).toBeGreaterThan(0);
    for (const probe of reached ?? []) expect(known, `${id} names ${probe}`).toContain(probe);
  }
});

test('a probe that answers to a row is required, and every fault and every claim is', () => {
  for (const probe of probeCatalogue()) {
    const { name } = probe;
    if (probe.row !== null || name.startsWith('fault.') || isClaim(name)) expect(probe.required, name).toBe(true);
    expect(isClaim(name), name).toBe(name.startsWith('always.'));
  }
});

test('the table of docs/SIMULATION.md is the catalogue', () => {
  const text = readFileSync(new URL('../docs/SIMULATION.md', import.meta.url), 'utf8');
  const lines = [...text.matchAll(/^\| *[A-Z]\d+ .*\|$/gm)].map(([line]) => line.replaceAll(/ +/g, ' '));
  expect(lines).toEqual(ROWS.map(lineOf));
});
