/** A failure that comes back has one issue: the script finds it by its mark, with a stand-in for GitHub's client. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('issues', import.meta.url));

test('an issue is opened once per signature and added to afterwards', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-issues-'));
  const open = [
    { number: 5, body: 'another\n<!-- tailrace-signature: liveness: known for longer -->' },
    { number: 7, body: 'since June\n<!-- tailrace-signature: liveness: known -->' },
  ];
  writeFileSync(join(folder, 'open.json'), JSON.stringify(open));
  writeFileSync(
    join(folder, 'gh'),
    `#!/bin/sh\nif [ "$2" = list ]; then cat "${folder}/open.json"; elif [ "$1" = label ]; then echo "$1 $3" >> "${folder}/calls"; else echo "$2 $3 $(cat)" >> "${folder}/calls"; fi\n`,
  );
  chmodSync(join(folder, 'gh'), 0o755);
  const issues = ['known', 'new'].map((name) => ({
    mark: `tailrace-signature: liveness: ${name}`,
    title: `sweep: ${name}`,
    body: `body of ${name}`,
  }));
  writeFileSync(join(folder, 'issues.jsonl'), issues.map((issue) => `${JSON.stringify(issue)}\n`).join(''));
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` };
  execFileSync('bash', [SCRIPT, join(folder, 'issues.jsonl')], { env });
  expect(readFileSync(join(folder, 'calls'), 'utf8').split('\n')).toEqual([
    'label sweep',
    'comment 7 body of known',
    'create --label body of new',
    '',
  ]);
});

test('a night that found nothing asks GitHub nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-issues-'));
  writeFileSync(join(folder, 'gh'), '#!/bin/sh\nexit 1\n');
  chmodSync(join(folder, 'gh'), 0o755);
  writeFileSync(join(folder, 'issues.jsonl'), '');
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` };
  execFileSync('bash', [SCRIPT, join(folder, 'issues.jsonl')], { env });
});
