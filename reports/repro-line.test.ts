import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { reproLine } from './repro-line.ts';

test('a plain seed needs no quotes', () => {
  expect(reproLine({ seed: '1729', profile: 'failover' })).toBe(
    'npx tailrace sim repro --seed 1729 --profile failover',
  );
});

test('whatever the seed is, a shell hands it on unchanged', () => {
  for (const seed of ["it's", '$(date)', 'two words', '"; rm', '']) {
    const line = reproLine({ seed, profile: 'quiet' });
    const echoed = execFileSync('sh', ['-c', `npx() { printf '%s' "$5"; }; ${line}`], { encoding: 'utf8' });
    expect(echoed).toBe(seed);
  }
});

test('a run with a planted bug is repeated with the program that has it', () => {
  expect(reproLine({ seed: '4', profile: 'failover', plant: 'stale-tail' })).toBe(
    'node .plants/stale-tail.mjs sim repro --seed 4 --profile failover',
  );
});
