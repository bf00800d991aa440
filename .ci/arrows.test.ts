/** The import arrows of docs/ARCHITECTURE.md, written once as data; any other import fails, naming file and line. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const TOP = fileURLToPath(new URL('..', import.meta.url));

/** Folder → what it may import. A longer prefix wins; `door` is the folder's index.ts. */
const ARROWS: Record<string, readonly string[]> = {
  'engine/core': ['engine/core'],
  'engine/state': ['engine/state', 'engine/core', 'engine/log/format.ts', 'engine/log/fold.ts'],
  'engine/log': ['engine/log', 'engine/core', 'engine/ports.ts', 'engine/telemetry.ts'],
  'engine/segments': [
    'engine/segments',
    'engine/state',
    'engine/log',
    'engine/core',
    'engine/ports.ts',
    'engine/telemetry.ts',
  ],
  'engine/store-tools': [
    'engine/store-tools',
    'engine/segments',
    'engine/state',
    'engine/log',
    'engine/core',
    'engine/ports.ts',
  ],
  'engine/stream': [
    'engine/stream',
    'engine/segments',
    'engine/state',
    'engine/log',
    'engine/core',
    'engine/ports.ts',
    'engine/tunables.ts',
  ],
  'engine/api': ['engine/api', 'engine/engine.ts', 'engine/core', 'engine/ports.ts'],
  'engine/api/proto': ['@package'],
  'engine/api/proto-messages.ts': ['engine/api', 'engine/core', '@package'],
  'engine/adapters': ['engine/adapters', 'engine/ports.ts', 'engine/telemetry.ts', 'node:'],
  'engine/adapters/s3-client.ts': ['engine/adapters', 'engine/ports.ts', 'node:', '@package'],
  'engine/adapters/s3-blob-store.ts': ['engine/adapters', 'engine/ports.ts', '@package'],
  'engine/adapters/s3-listing.ts': ['engine/adapters', 'engine/ports.ts', '@package'],
  'engine/adapters/system-compression.ts': ['engine/adapters', 'engine/ports.ts', 'node:', '@package'],
  'engine/adapters/aegis-256.ts': ['@package'],
  'engine/adapters/portable-ciphers.ts': ['engine/adapters', 'engine/ports.ts', '@package'],
  'engine/adapters/metrics.ts': ['engine/adapters', 'engine/ports.ts', 'engine/telemetry.ts', '@package'],
  'engine/server': ['engine/server', 'engine/api/errors.ts', 'engine/ports.ts', 'engine/tunables.ts'],
  'engine/ports.ts': ['engine/telemetry.ts'],
  'engine/telemetry.ts': [],
  'engine/tunables.ts': ['engine/core', 'engine/log', 'engine/segments/tunables.ts'],
  'engine/engine.ts': [
    'engine/stream',
    'engine/segments',
    'engine/state',
    'engine/log',
    'engine/core',
    'engine/ports.ts',
    'engine/tunables.ts',
  ],
  'engine/look.ts': ['engine/adapters', 'engine/store-tools', 'engine/log', 'engine/ports.ts'],
  'engine/index.ts': ['engine'],
  'engine/main.ts': ['engine', 'node:', '@package'],
  'engine/testing': ['engine', 'node:', '@package'],
  // The official client does not export its codecs, so they are named by their files.
  'engine/testing/official-codecs.ts': ['node_modules/@s2-dev/streamstore'],
  sim: [
    'sim',
    'engine/ports.ts',
    'engine/telemetry.ts',
    'engine/core/assert.ts',
    'engine/index.ts',
    'node:',
    '@package',
  ],
  checker: ['checker', '@package'],
  'checker/testing/differential': ['checker', 'node:', '@package'],
  scenarios: [
    'scenarios',
    'engine/index.ts',
    'engine/main.ts',
    'sim/index.ts',
    'checker/index.ts',
    'reports/index.ts',
    'reports/console/index.ts',
    'node:',
    '@package',
  ],
  'scenarios/kill': ['scenarios', 'checker/index.ts', 'engine/testing/s3-server.ts', 'node:', '@package'],
  'reports/console': ['reports/console', 'reports/built-files.ts', 'reports/testing', 'node:', '@package'],
  reports: ['reports', 'checker/history.ts', 'checker/chain-hash.ts', 'scenarios/run.ts', 'node:', '@package'],
};

/** Layers that must not even import a package: runs have to be deterministic. */
const IMPORT = /^(?:import|export)\b[^;'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;

test('every import follows the arrows', () => {
  const wrong: string[] = [];
  for (const file of sources(TOP)) {
    const rule = ruleFor(file);
    if (rule === null) continue;
    const text = readFileSync(join(TOP, file), 'utf8');
    for (const match of text.matchAll(IMPORT)) {
      const target = resolve(file, match[1] ?? match[2] ?? '');
      if (!rule.some((allowed) => isWithin(target, allowed))) {
        const line = text.slice(0, match.index).split('\n').length;
        wrong.push(`${file}:${line} imports ${target}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('nothing in the engine but adapters and main names a Node module', () => {
  for (const file of sources(join(TOP, 'engine'))) {
    if (/^(adapters|testing)\/|^main\.ts$/.test(file)) continue;
    expect(readFileSync(join(TOP, 'engine', file), 'utf8'), file).not.toMatch(/from 'node:/);
  }
});

test('core decides without waiting: no async, await or Promise', () => {
  for (const file of sources(join(TOP, 'engine/core'))) {
    const code = readFileSync(join(TOP, 'engine/core', file), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
    expect(code, file).not.toMatch(/\b(async|await|Promise)\b/);
  }
});

test('every source file says in its first lines what it is', () => {
  const silent = sources(TOP).filter((file) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(readFileSync(join(TOP, file), 'utf8')));
  expect(silent).toEqual([]);
});

/** Product sources (no tests), relative to `root`. */
function sources(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('.d.ts'))
    .filter((file) => !/(^|\/)(node_modules|dist|\.runs|\.plants|\.git)\//.test(file));
}

function ruleFor(file: string): readonly string[] | null {
  const prefixes = Object.keys(ARROWS).filter((prefix) => isWithin(file, prefix));
  const longest = prefixes.toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined ? null : (ARROWS[longest] as readonly string[]);
}

function resolve(from: string, specifier: string): string {
  if (specifier.startsWith('node:')) return 'node:';
  if (!specifier.startsWith('.')) return '@package';
  return relative(TOP, join(TOP, dirname(from), specifier)).replaceAll('\\', '/');
}

function isWithin(path: string, prefix: string): boolean {
  return path === prefix || (prefix.endsWith(':') ? path === prefix : path.startsWith(`${prefix}/`));
}
