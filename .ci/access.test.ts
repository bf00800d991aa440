/** The table of docs/SECURITY.md is the one requests are routed and judged by: every endpoint, what it needs, what it shows. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

import { ENDPOINTS, type Endpoint } from '../engine/api/endpoints.ts';
import { OPERATION_NAMES, type Resource, ruleOf } from '../engine/core/operations.ts';

const NAMES: Record<Resource, string> = { basins: 'basin', streams: 'stream', accessTokens: 'token' };

const unique = (words: readonly string[]) => [...new Set(words)];

function rowOf({ method, path, needs, any }: Endpoint): string {
  const rules = needs.map(ruleOf);
  const groups = unique(rules.map(({ group, access }) => `${group} ${access}`)).join(', ');
  const within = unique(rules.flatMap((rule) => rule.within.map((resource) => NAMES[resource]))).join(', ');
  const shows = unique(rules.flatMap(({ shows: shown }) => (shown === undefined ? [] : [`${NAMES[shown]}s`]))).join(
    ', ',
  );
  const operations = needs.map((operation) => `\`${operation}\``).join(any === true ? ' or ' : ' and ');
  return `| ${[`\`${method} ${path}\``, operations, groups, within, shows].join(' | ')} |`.replaceAll(/ +\|/g, ' |');
}

test('docs/SECURITY.md has every endpoint with what it needs, and no other', () => {
  const page = readFileSync(fileURLToPath(new URL('../docs/SECURITY.md', import.meta.url)), 'utf8');
  const lines = page.slice(page.indexOf('\n| endpoint ') + 1).split('\n');
  const rows = lines.slice(
    2,
    lines.findIndex((line) => !line.startsWith('|')),
  );
  expect(rows).toEqual(ENDPOINTS.map(rowOf));
});

test('every operation is what some endpoint needs', () => {
  const needed = new Set(ENDPOINTS.flatMap(({ needs }) => needs as readonly string[]));
  expect([...needed].toSorted()).toEqual(OPERATION_NAMES.toSorted());
});
