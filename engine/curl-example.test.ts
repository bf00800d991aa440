/** The example of docs/API.md, S2's own of prefixed streams, typed line by line into a shell against a server with tokens. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { createApi } from './api/routes.ts';
import { accessBench } from './testing/access-bench.ts';
import { httpBench, urlOf } from './testing/http-bench.ts';

const { serve } = httpBench();

/** What is typed, and what the document says comes of it. A line that begins with `>` goes on with the one before. */
function example(): { typed: string; shown: string }[] {
  const page = readFileSync(new URL('../docs/API.md', import.meta.url), 'utf8');
  const [, block = ''] = /```console\n([^]*?)```/.exec(page) ?? [];
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const lines = step.split('\n');
      const end = lines.findIndex((line, i) => i > 0 && !line.startsWith('>'));
      const typed = lines.slice(0, end).map((line) => line.replace(/^> /, ''));
      return { typed: typed.join('\n'), shown: lines.slice(end).join('\n').trim() };
    });
}

test('the example shows what comes of it', async () => {
  const bench = await accessBench();
  const server = await serve(createApi(() => bench.engine, bench.options));
  const basin = 'browser-instances-wtvr';
  await bench.engine.createBasin(basin, null);
  for (const session of ['g7wrzr9t', 'rhc2q95x']) {
    for (const name of ['console', 'dom-events', 'telemetry']) {
      await bench.engine.createStream(basin, `session/${session}/${name}`, null);
    }
  }
  const steps = example();
  expect(steps.length).toBeGreaterThan(8);
  const script = steps.map(({ typed }, i) => `${typed}\necho "--- ${i}"`).join('\n');
  const env = { ...process.env, URL: urlOf(server, ''), ROOT: bench.root };
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { env });
  const outputs = stdout.split(/--- \d+\n/);
  for (const [i, { typed, shown }] of steps.entries()) expect(outputs[i]?.trim(), typed).toBe(shown);
}, 20_000);
