/** A wrong engine's failure is made small, replays from its file, and is told in sentences. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Simcase } from '../cases/simcase.ts';
import { buildPlant } from '../plants/build.ts';
import { PLANTS } from '../plants/plants.ts';

const folder = mkdtempSync(join(tmpdir(), 'tailrace-cases-'));

function run(program: string, ...args: string[]): Promise<{ code: unknown; stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'sim', ...args], { cwd: folder }, (error, stdout) =>
      resolve({ code: error?.code ?? 0, stdout }),
    );
  });
}

/** What other processes leave of the machine decides nothing. */
const LIMITS = ['--budget', '90s', '--runs'];

test('a failure is shrunk to a few decisions, repeated from the file and explained', { timeout: 120_000 }, async () => {
  const plant = PLANTS.find(({ name }) => name === 'half-a-batch');
  if (plant === undefined) throw new Error('that plant is gone');
  const program = await buildPlant({ name: 'half-a-batch-shrunk', edits: plant.edits });
  const found = JSON.parse((await run(program, 'hunt', '--seeds', '0..60')).stdout);
  const { seed, profile, failure } = found.caught;

  const shrunk = await run(program, 'shrink', `${seed}/${profile}`, ...LIMITS, '120');
  expect(shrunk.code).toBe(0);
  const [, after] = /\d+ → (\d+) decisions/.exec(shrunk.stdout) ?? [];
  expect(Number(after)).toBeLessThanOrEqual(20);
  const small = JSON.parse(readFileSync(join(folder, 'case.simcase'), 'utf8')) as Simcase;
  expect(small.expect.verdict).toBe(`${failure.kind}: ${failure.signature}`);

  const repro = await run(program, 'repro', 'case.simcase');
  expect(repro.code).toBe(1);
  expect(repro.stdout).toContain('as recorded');

  const explained = (await run(program, 'explain', 'case.simcase')).stdout;
  expect(explained).toMatch(/\d decisions? matters?; without/);
  expect(explained).toMatch(/: appends \d+ records/);
  expect(explained).not.toMatch(/what a client does next, and how large it is → \d|how slow .* → 1/);

  const same = await run(program, 'diff', 'case.simcase', 'case.simcase');
  expect(same.stdout).toContain('the runs are the same');

  // Which candidates there are hangs on the case and on nothing else.
  const [once, again] = ['once.simcase', 'again.simcase'];
  for (const file of [once, again]) await run(program, 'shrink', `${seed}/${profile}`, ...LIMITS, '20', '-o', file);
  expect(readFileSync(join(folder, again), 'utf8')).toBe(readFileSync(join(folder, once), 'utf8'));
});
