/** The end of a sweep in words: one screen that a tired person can act on. Pure text. */

import { green, red } from '../colours.ts';
import { counted } from '../counted.ts';
import { PROFILES } from '../plan.ts';
import type { SweepRecord } from '../run.ts';
import { compact } from './progress.ts';
import { Tally } from './tally.ts';
import { type SweepVerdict, verdictOf } from './verdict.ts';

const FAILURES_SHOWN = 10;

export function summaryText(record: SweepRecord): string {
  const tally = new Tally();
  for (const result of record.results) tally.add(result);
  const seconds = record.wallMs / 1000;
  const verdict = verdictOf(record);
  return [
    '',
    `${verdict === 'ok' ? green('ok') : red(verdict.toUpperCase())}  ${seedsOf(record)} of build ${record.build} in ${seconds.toFixed(1)} s on ${counted(record.jobs, 'process', 'processes')}: ` +
      `${compact(tally.operations)} operations checked, ${compact(tally.events)} events, ` +
      `${compact(tally.simulatedMs / Math.max(record.wallMs, 1))}x real time`,
    '',
    ...profileTable(record),
    '',
    ...probeLines(record, tally, verdict),
    ...failureLines(record),
    ...record.harnessErrors.map(
      ({ seed, profile, message }) => `harness error, seed ${seed} profile ${profile}: ${message}`,
    ),
  ].join('\n');
}

/** `1400 seeds (7..1407)`, and whether that is all that was asked for. */
function seedsOf({ results, runsPlanned }: SweepRecord): string {
  if (results.length === 0) return '0 seeds';
  // Results are sorted by seed.
  const range = `${results[0]?.seed}..${Number(results.at(-1)?.seed) + 1}`;
  if (runsPlanned === null || results.length >= runsPlanned) return `${counted(results.length, 'seed')} (${range})`;
  return `${results.length} of ${counted(runsPlanned, 'seed')}, stopped early (${range})`;
}

function profileTable(record: SweepRecord): string[] {
  const head = ['profile', 'seeds', 'operations', 'durable', 'rejected', 'unknown', 'faults', 'failed'];
  const profiles = PROFILES.filter((profile) => record.results.some((r) => r.profile === profile));
  const rows = profiles.map((profile) => {
    const of = record.results.filter((r) => r.profile === profile);
    const sum = (pick: (result: (typeof of)[number]) => number) => compact(of.reduce((total, r) => total + pick(r), 0));
    return [
      profile,
      String(of.length),
      sum((r) => r.counts.operations),
      sum((r) => r.counts.appendsDurable),
      sum((r) => r.counts.appendsRejected),
      sum((r) => r.counts.appendsUnknown),
      sum((r) => r.counts.faults),
      sum((r) => (r.failure === null ? 0 : 1)),
    ];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] as string).length)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      )
      .join('  '),
  );
}

/** Which required probes stayed dark is told only when that is what the sweep failed for: a small one says little. */
function probeLines(record: SweepRecord, tally: Tally, verdict: SweepVerdict): string[] {
  const dark = record.probes.filter((probe) => probe.required && !tally.probes.has(probe.name));
  const required = record.probes.filter((probe) => probe.required).length;
  const lines = [
    `probes: ${tally.probes.size} of ${record.probes.length} lit, required ${required - dark.length} of ${required}`,
  ];
  if (verdict !== 'probes dark') return lines;
  for (const probe of dark) lines.push(`  dark: ${probe.name} (${probe.sentence})`);
  return lines;
}

function failureLines(record: SweepRecord): string[] {
  const failed = record.results.filter((result) => result.failure !== null);
  if (failed.length === 0) return [];
  const lines = ['', 'failures, to repeat them:'];
  for (const { repro, failure } of failed.slice(0, FAILURES_SHOWN)) {
    // A line of its own: not every shell takes a comment behind a command.
    lines.push(`  ${failure?.message.split('\n')[0]}`, `    ${repro}`);
  }
  if (failed.length > FAILURES_SHOWN) lines.push(`  and ${failed.length - FAILURES_SHOWN} more, all on the page`);
  return lines;
}
