/**
 * What can be held to the program without a container runtime: the variables the files set are ones it knows, the launchers
 * start it as it wants to be started, and the health check tells a healthy server from one that is gone.
 */

import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PROGRAM = join(HERE, '../../dist/scenarios/main.js');
const read = (path: string) => readFileSync(join(HERE, path), 'utf8');
const run = promisify(execFile);

const LAUNCHERS = ['Dockerfile', 'systemd/tailrace.service'];

test('every variable that is set is one that `tailrace serve` knows', async () => {
  const { stdout } = await run(process.execPath, [PROGRAM, 'serve', '--help']);
  const known = new Set(stdout.match(/TAILRACE_[A-Z_]+/g));
  const files = readdirSync(HERE, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(ya?ml|mjs|env|service)$|Dockerfile/.test(file),
  );
  expect(files.length).toBeGreaterThan(8);
  for (const file of files) {
    for (const name of read(file).match(/TAILRACE_[A-Z_]+[A-Z]/g) ?? [])
      expect(known, `${file}: ${name}`).toContain(name);
  }
});

test.each(LAUNCHERS)('%s gives the program its generations and keeps memory from the kernel', (file) => {
  const text = read(file);
  expect(text).toMatch(/--max-semi-space-size=64\b.*--initial-old-space-size=128\b/);
  expect(text).toMatch(/MALLOC_MMAP_THRESHOLD_=33554432/);
  expect(text).toMatch(/MALLOC_TRIM_THRESHOLD_=\d{9}/);
  // It does not take part in the program's own first line, which says the same.
  expect(readFileSync(join(HERE, '../../scenarios/main.ts'), 'utf8')).toMatch(
    /^#!.*--max-semi-space-size=64 --initial-old-space-size=128\n/,
  );
});

test('no supervisor starts a server again that was fenced or can not start', () => {
  expect(read('systemd/tailrace.service')).toContain('RestartPreventExitStatus=2 4');
  expect(read('helm/tailrace/templates/deployment.yaml')).toMatch(/replicas: 1\n[^]*type: Recreate/);
});

test('every value a template of the chart uses is one that values.yaml explains', () => {
  const templates = readdirSync(join(HERE, 'helm/tailrace/templates')).map((name) =>
    read(`helm/tailrace/templates/${name}`),
  );
  const used = new Set(templates.flatMap((text) => [...text.matchAll(/\.Values\.([\w.]+)/g)].map((match) => match[1])));
  const path: string[] = [];
  const explained = new Set<string>();
  for (const [, indent = '', key = ''] of read('helm/tailrace/values.yaml').matchAll(/^( *)(\w+):/gm)) {
    path.splice(indent.length / 2, Infinity, key);
    explained.add(path.join('.'));
  }
  expect(used.size).toBeGreaterThan(15);
  expect([...used].filter((name) => !explained.has(name ?? ''))).toEqual([]);
});

test('the health check says whether the server is well, with TLS too', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0', '--tls-self'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (/^ready$/m.test(output)) break;
  }
  const env = {
    ...process.env,
    TAILRACE_HOST: '0.0.0.0',
    TAILRACE_PORT: /:(\d+)$/m.exec(output)?.[1],
    TAILRACE_TLS_SELF: 'true',
  };
  const check = () => run(process.execPath, [join(HERE, 'healthcheck.mjs')], { env }).then(({ stdout }) => stdout);
  expect(await check()).toContain('200');
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
  await expect(check()).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('ECONNREFUSED') });
});
