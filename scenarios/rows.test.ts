/** The catalogue of rows and the probes agree with each other. */

import { expect, test } from 'vitest';
import { probeCatalogue } from './probes.ts';
import { ROWS } from './rows.ts';

test('there are forty rows, each with probes that exist or a reason why it can not be reached yet', () => {
  const known = new Set(probeCatalogue().map(({ name }) => name));
  expect(ROWS).toHaveLength(40);
  for (const { id, reached, why } of ROWS) {
    if (reached === null) expect(why, id).toMatch(/\w/);
    else for (const probe of reached) expect(known, `${id} names ${probe}`).toContain(probe);
  }
});

test('a probe that answers to a row is required, others are not', () => {
  for (const probe of probeCatalogue()) expect(probe.required, probe.name).toBe(probe.row !== null);
});
