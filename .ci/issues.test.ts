/** A failure that comes back has one issue, found by its mark, and no job of a night fails without one. With a stand-in for GitHub's client. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('issues', import.meta.url));
const FAILED_JOBS = fileURLToPath(new URL('failed-jobs', import.meta.url));
const NIGHTLY = fileURLToPath(new URL('../.github/workflows/nightly.yml', import.meta.url));

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

/** What of a night gets an issue, by its title. */
function titlesOf(needs: Record<string, unknown>): string[] {
  const lines = execFileSync('bash', [FAILED_JOBS, 'the run'], { input: JSON.stringify(needs), encoding: 'utf8' });
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { mark, title, body } = JSON.parse(line) as Record<'mark' | 'title' | 'body', string>;
      expect(body).toContain(`the run\n\n<!-- ${mark} -->`);
      return title;
    });
}

test('a job that failed has an issue; shards have theirs by signature, unless the merge told of none', () => {
  const well = { result: 'success', outputs: {} };
  const bad = { result: 'failure', outputs: {} };
  const merge = (issues: string, result = 'failure') => ({ result, outputs: { issues } });
  expect(titlesOf({ explore: well, meta: well, sweep: well, merge: merge('success', 'success') })).toEqual([]);
  expect(titlesOf({ explore: bad, meta: bad, sweep: bad, merge: merge('success') })).toEqual([
    'nightly: explore failed',
    'nightly: meta failed',
  ]);
  // A shard that ran into its time limit; results that contradict each other.
  expect(titlesOf({ sweep: bad, merge: merge('success', 'success') })).toEqual(['nightly: sweep failed']);
  expect(titlesOf({ sweep: well, merge: merge('skipped') })).toEqual(['nightly: merge failed']);
});

test('every job of the night is one that gets an issue', () => {
  const [, jobs = ''] = readFileSync(NIGHTLY, 'utf8').split('\njobs:\n');
  const names = [...jobs.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name);
  const needs = /^ {2}failed:\n {4}needs: \[(.*)\]$/m.exec(jobs)?.[1]?.split(', ');
  expect(needs).toEqual(names.filter((name) => name !== 'failed'));
  expect(names.length).toBeGreaterThan(8);
});
