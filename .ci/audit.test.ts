/** The audit of dependencies, with an npm that answers as the test says: what fails, what is only said, what was not checked. */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const TOP = fileURLToPath(new URL('..', import.meta.url));

function audit(answer: unknown, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-audit-'));
  try {
    writeFileSync(join(folder, 'answer.json'), JSON.stringify(answer));
    writeFileSync(join(folder, 'npm'), '#!/bin/sh\ncat "$(dirname "$0")/answer.json"\n');
    chmodSync(join(folder, 'npm'), 0o755);
    const PATH = `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['.ci/audit.mjs'], {
      cwd: TOP,
      env: { ...process.env, AUDIT: '', ...env, PATH },
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const reportOf = (...severities: string[]) => ({
  vulnerabilities: Object.fromEntries(severities.map((severity, n) => [n, { name: `p${n}`, severity, range: '<1' }])),
  metadata: { vulnerabilities: {} },
});

test.each([
  ['nothing known', reportOf(), 0, /\d{2,} packages of production, 0 with advisories/],
  ['what is known and not grave', reportOf('moderate', 'low'), 0, /moderate: p0 <1\n[^]*2 with advisories/],
  ['something grave', reportOf('low', 'high'), 1, /1 packages of production have advisories of high or critical/],
  ['no answer', { message: 'getaddrinfo ENOTFOUND' }, 0, /NOT CHECKED: advisories for the \d+ packages .*ENOTFOUND/],
])('%s', (_, answer, status, says) => {
  const { status: ended, said } = audit(answer);
  expect(said).toMatch(says);
  expect(ended).toBe(status);
});

test('no answer fails where one is required', () => {
  const { status, said } = audit({ message: '405 Method Not Allowed' }, { AUDIT: 'required' });
  expect(said).toContain('NOT CHECKED');
  expect(status).toBe(1);
});
