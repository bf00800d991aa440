/** `tailrace report --open` hands the page to whatever the machine calls its browser. Runs the built program. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));

// Elsewhere the system has a way of its own, which no variable of ours replaces.
test.runIf(process.platform === 'linux')('the page is opened by its whole path', { timeout: 30_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-report-'));
  const [browser, seen] = [join(folder, 'browser'), join(folder, 'seen')];
  writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" > '${seen}.part' && mv '${seen}.part' '${seen}'\n`, {
    mode: 0o755,
  });
  writeFileSync(join(folder, 'empty.jsonl'), '');
  const env = { ...process.env, BROWSER: browser };
  execFileSync(process.execPath, [PROGRAM, 'report', 'empty.jsonl', '--open'], { cwd: folder, env });
  while (!existsSync(seen)) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(readFileSync(seen, 'utf8')).toBe(join(folder, 'empty.html'));
  rmSync(folder, { recursive: true });
});
