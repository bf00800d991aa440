/**
 * A sweep in GitHub's Markdown: the summary of a job, and an issue per signature. An issue is found again by the mark in its
 * text, so a failure that comes back every night has one issue and not thirty.
 */

import { counted } from '../counted.ts';
import type { SweepRecord } from '../run.ts';
import { type SignatureGroup, signatureGroups } from './signatures.ts';
import { verdictOf } from './verdict.ts';

/** Of those that told nothing, in an issue. */
const RUNS_SHOWN_MAX = 10;

export function summaryMarkdown(record: SweepRecord): string {
  const groups = signatureGroups(record);
  const rows = groups.map(
    ({ kind, signature, count, smallest }) => `| ${cell(`${kind}: ${signature}`)} | ${count} | \`${smallest.repro}\` |`,
  );
  const lit = new Set(record.results.flatMap(({ probes }) => Object.keys(probes)));
  const dark = darkProbes(record).map((name) => `\`${name}\``);
  return [
    `## Sweep: ${verdictOf(record)}`,
    '',
    `${counted(record.results.length, 'run')} of build \`${record.build}\`, ${counted(groups.length, 'distinct failure')}, ` +
      `${counted(record.harnessErrors.length, 'harness error')}, ` +
      `${lit.size} of ${record.probes.length} probes lit.`,
    ...(rows.length === 0 ? [] : ['', '| failure | runs | to repeat the smallest |', '|---|---|---|', ...rows]),
    ...(dark.length === 0 || verdictOf(record) !== 'probes dark'
      ? []
      : ['', `Required probes that stayed dark: ${dark.join(', ')}.`]),
    '',
  ].join('\n');
}

export interface Issue {
  /** Stands in the body of the issue and nowhere else. */
  mark: string;
  title: string;
  body: string;
}

export function issuesOf(record: SweepRecord): Issue[] {
  return [...signatureGroups(record).map((group) => issueOf(group, record)), ...issuesWithoutRun(record)];
}

/** What no failing run tells of, and nobody would hear of otherwise. */
function issuesWithoutRun(record: SweepRecord): Issue[] {
  const { harnessErrors } = record;
  const issues: Issue[] = [];
  if (harnessErrors.length > 0) {
    const shown = harnessErrors.slice(0, RUNS_SHOWN_MAX);
    const lines = shown.map(({ message, repro }) => `- \`${repro}\`: ${cell(message)}`);
    issues.push(
      issueOfSweep('harness errors', [`${counted(harnessErrors.length, 'run')} told nothing.`, '', ...lines], record),
    );
  }
  if (verdictOf(record) === 'probes dark') {
    const lines = darkProbes(record).map((name) => `- \`${name}\``);
    issues.push(issueOfSweep('probes dark', lines, record));
  }
  return issues;
}

function issueOfSweep(what: string, lines: readonly string[], { build, startedAt }: SweepRecord): Issue {
  const mark = `tailrace-sweep: ${what}`;
  const body = [`In the sweep of ${startedAt}, build \`${build}\`:`, '', ...lines, '', `<!-- ${mark} -->`].join('\n');
  return { mark, title: `sweep: ${what}`, body };
}

function darkProbes({ results, probes }: SweepRecord): string[] {
  const lit = new Set(results.flatMap((result) => Object.keys(result.probes)));
  return probes.filter(({ required, name }) => required && !lit.has(name)).map(({ name }) => name);
}

function issueOf(
  { kind, signature, count, smallest, fastest }: SignatureGroup,
  { build, startedAt, results }: SweepRecord,
): Issue {
  // It stands in a comment of the text, where two dashes may not be.
  const mark = `tailrace-signature: ${kind}: ${signature}`.replaceAll('--', '- -');
  const body = [
    `${count} of ${counted(results.length, 'run')} of build \`${build}\` failed so in the sweep of ${startedAt}.`,
    '',
    '```',
    smallest.failure.message,
    '```',
    '',
    `Smallest: \`${smallest.repro}\` (${counted(smallest.counts.operations, 'operation')}, ${counted(smallest.events, 'event')})`,
    '',
    `Fastest: \`${fastest.repro}\` (${fastest.wallMs} ms)`,
    '',
    `<!-- ${mark} -->`,
  ].join('\n');
  return { mark, title: `sweep: ${kind}: ${signature}`.slice(0, 200), body };
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');
}
