/** The catalogue of rows, the probes and the table that readers are shown agree with each other. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { probeCatalogue } from './probes.ts';
import { type CatalogueRow, ROWS } from './rows.ts';

const FIRST_RELEASE = `
  W1 W2 W3 W4 W5 W8 W11 A1 A2 A3 A4 A5 A6 A9 A12 A13 A14 P1 P2 P3 P4 P5 P6 R1 R2 R3 R4 R5 R6 T1 T3 D1 D5 D7 D8 G1 G2
  C1 C3 E1`;
const STORAGE = `
  W1 W2 W3 W4 W5 W6 W7 W8 W9 W10 W11 W12 W13 A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16 A17
  D1 D2 D3 D4 D7 D8 D10 G1 G2 G3 G4 G5 G6 G7 G8`;
const words = (text: string) => text.trim().split(/\s+/);

/** A row as docs/SIMULATION.md has it. */
function lineOf({ id, schedule, reached, absent, why, never }: CatalogueRow): string {
  const dark = never === undefined ? '' : `; \`${never}\` stays dark`;
  const how = reached === null ? `${absent}: ${why}${dark}` : reached.map((probe) => `\`${probe}\``).join(', ');
  return `| ${id} | ${schedule} | ${how} |`;
}

test('every row of a first release and of storage is there once', () => {
  const ids = ROWS.map(({ id }) => id);
  expect(ids.toSorted()).toEqual([...new Set([...words(FIRST_RELEASE), ...words(STORAGE)])].toSorted());
});

test('a row has probes that exist, or is excluded or put off with a reason', () => {
  const known = new Set(probeCatalogue().map(({ name }) => name));
  for (const { id, reached, absent, why, never } of ROWS) {
    expect(never === undefined, id).toBe(absent !== 'excluded');
    if (never !== undefined) expect(known, id).toContain(never);
    expect(absent === undefined, id).toBe(reached !== null);
    if (reached === null) expect(why, id).toMatch(/\w/);
    else expect(reached.length, id).toBeGreaterThan(0);
    for (const probe of reached ?? []) expect(known, `${id} names ${probe}`).toContain(probe);
  }
});

test('a probe that answers to a row is required, others are not', () => {
  for (const probe of probeCatalogue()) expect(probe.required, probe.name).toBe(probe.row !== null);
});

test('the table of docs/SIMULATION.md is the catalogue', () => {
  const text = readFileSync(new URL('../docs/SIMULATION.md', import.meta.url), 'utf8');
  const lines = [...text.matchAll(/^\| *[A-Z]\d+ .*\|$/gm)].map(([line]) => line.replaceAll(/ +/g, ' '));
  expect(lines).toEqual(ROWS.map(lineOf));
});
