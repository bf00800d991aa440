/** The command that repeats a run is complete and survives a shell. */

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { buildName } from './build-name.ts';
import { reproLine, withBuild } from './repro-line.ts';

test('a plain seed of the size it draws needs neither quotes nor flags', () => {
  expect(reproLine({ seed: '1729', profile: 'failover' }, {})).toBe(
    'npx tailrace sim repro --seed 1729 --profile failover',
  );
});

test('another size is part of the command, because it is part of the run', () => {
  expect(reproLine({ seed: '1', profile: 'quiet' }, { clients: 5, operationsPerClient: 100 })).toBe(
    'npx tailrace sim repro --seed 1 --profile quiet --clients 5 --ops 100',
  );
});

test('whatever the seed is, a shell hands it on unchanged', () => {
  for (const seed of ["it's", '$(date)', 'two words', '"; rm', '']) {
    const line = reproLine({ seed, profile: 'quiet' }, {});
    const echoed = execFileSync('sh', ['-c', `npx() { printf '%s' "$5"; }; ${line}`], { encoding: 'utf8' });
    expect(echoed).toBe(seed);
  }
});

test('a run with a planted bug is repeated with the program that has it', () => {
  expect(reproLine({ seed: '4', profile: 'failover' }, {}, 'stale-tail')).toBe(
    'node .plants/stale-tail.mjs sim repro --seed 4 --profile failover',
  );
});

test('what a person is given names the build too, in words that need no quotes', () => {
  const repro = reproLine({ seed: '4', profile: 'quiet' }, {});
  expect(withBuild({ repro })).toEqual({ repro: `${repro} --build ${buildName()}` });
});
