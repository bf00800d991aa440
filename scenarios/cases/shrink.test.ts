/** A wrong engine's failure is made small, replays from its file, and is told in sentences. */

import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildPlant } from '../plants/build.ts';
import { STORAGE_PLANTS } from '../plants/storage-plants.ts';

const folder = mkdtempSync(join(tmpdir(), 'tailrace-cases-'));

function run(program: string, ...args: string[]): Promise<{ code: unknown; stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'sim', ...args], { cwd: folder }, (error, stdout) =>
      resolve({ code: error?.code ?? 0, stdout }),
    );
  });
}

test('a failure is shrunk to a few decisions, repeated from the file and explained', { timeout: 120_000 }, async () => {
  const plant = STORAGE_PLANTS.find(({ name }) => name === 'ack-out-of-order');
  if (plant === undefined) throw new Error('that plant is gone');
  const program = await buildPlant({ name: 'ack-out-of-order-shrunk', edits: plant.edits });
  const found = JSON.parse((await run(program, 'hunt', '--seeds', '0..60')).stdout);
  const { seed, profile } = found.caught;

  // The figures for an idle machine are in docs/SIMULATION.md; here others are at work.
  const shrunk = await run(program, 'shrink', `${seed}/${profile}`, '--budget', '15s');
  expect(shrunk.code).toBe(0);
  const [, before, after] = /(\d+) → (\d+) decisions/.exec(shrunk.stdout) ?? [];
  expect(Number(after)).toBeLessThan(Number(before));

  const repro = await run(program, 'repro', 'case.simcase');
  expect(repro.code).toBe(1);
  expect(repro.stdout).toContain('as recorded');

  const explained = (await run(program, 'explain', 'case.simcase')).stdout;
  expect(explained).toMatch(
    /: (appends \d+ records|thinks for \d+ ms|reads the whole stream|checks the tail|how long .* takes: \d+ µs|a \w+ takes (as|ten|a hundred))/,
  );
  expect(explained).not.toMatch(/what a client does next, and how large it is → \d|how slow .* → 1/);

  const same = await run(program, 'diff', 'case.simcase', 'case.simcase');
  expect(same.stdout).toContain('the runs are the same');
});
