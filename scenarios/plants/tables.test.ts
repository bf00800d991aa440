/** There are enough wrong engines, for every table of the catalogue, and readers are shown which. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROWS } from '../rows.ts';
import { ALL_DIRECTED, ALL_HUNTED } from './all-plants.ts';
import { LESSONS, PLANT_TABLES } from './tables.ts';

const HUNTED = ALL_HUNTED.map(({ name }) => name);
const ALL = [...HUNTED, ...ALL_DIRECTED.map(({ name }) => name)];
const TEXT = readFileSync(new URL('../../docs/SIMULATION.md', import.meta.url), 'utf8');

test('each wrong engine is in one table, and each table has two at least that seeds find', () => {
  const named = PLANT_TABLES.flatMap(({ plants }) => plants);
  expect(named.toSorted()).toEqual(ALL.toSorted());
  for (const { about, plants } of PLANT_TABLES) {
    expect(plants.filter((name) => HUNTED.includes(name)).length, about).toBeGreaterThanOrEqual(2);
  }
  expect(HUNTED.length).toBeGreaterThanOrEqual(40);
});

test('the tables are those of the catalogue, but for what happens everywhere at once', () => {
  const letters = new Set(ROWS.map(({ id }) => id.replaceAll(/\d/g, '')));
  letters.delete('X');
  const covered = PLANT_TABLES.flatMap(({ about }) => /^([A-Z](?:, [A-Z])*):/.exec(about)?.[1]?.split(', ') ?? []);
  expect(covered.toSorted()).toEqual([...letters].toSorted());
});

test('every lesson of the model is an engine that is wrong so', () => {
  for (const [lesson, plant] of LESSONS) expect(ALL, lesson).toContain(plant);
});

test('docs/SIMULATION.md shows both', () => {
  const names = (plants: readonly string[]): string => plants.map((name) => `\`${name}\``).join(', ');
  for (const { about, plants } of PLANT_TABLES) expect(TEXT).toContain(`| ${about} | ${names(plants)} |`);
  for (const [lesson, plant] of LESSONS) expect(TEXT).toContain(`| ${lesson} | \`${plant}\` |`);
});
