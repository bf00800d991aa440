import { expect, test } from 'vitest';
import { sideTablesOf } from './side-rows.ts';

test('operations beside the judged stream lie in a table for each stream, in order', () => {
  const tables = sideTablesOf([
    'side-1.1 side-1-writer 212..218 ms: create → unknown (reset)',
    'control-1 689..689 ms: create basin a with {"x":"→ y"} → refused (refused)',
    'side-1.1 reader 266.. ms: read 100 from number 0, waiting → open',
    'something nobody expected',
  ]);
  expect(tables.map(({ stream, rows }) => [stream, rows.length])).toEqual([
    ['side-1.1', 2],
    [null, 2],
  ]);
  expect(tables[0]?.rows).toEqual([
    { when: '212–218', client: 'side-1-writer', what: 'create', outcome: 'unknown (reset)' },
    { when: '266–', client: 'reader', what: 'read 100 from number 0, waiting', outcome: 'open' },
  ]);
  expect(tables[1]?.rows).toEqual([
    { when: '689', client: 'control-1', what: 'create basin a with {"x":"→ y"}', outcome: 'refused (refused)' },
    { when: '', client: '', what: 'something nobody expected', outcome: '' },
  ]);
});
