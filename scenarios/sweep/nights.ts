/** The history of nights: a line of figures per sweep, in a file that grows, for the trends on the page. */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Night, SweepRecord } from '../run.ts';
import { signatureGroups } from './signatures.ts';

export function nightOf(record: SweepRecord): Night {
  const { results, build, startedAt, wallMs, probes, harnessErrors } = record;
  return {
    startedAt,
    build,
    runs: results.length,
    failed: results.filter(({ failure }) => failure !== null).length,
    signatures: signatureGroups(record).map(({ kind, signature }) => `${kind}: ${signature}`),
    harnessErrors: harnessErrors.length,
    probesLit: new Set(results.flatMap((result) => Object.keys(result.probes))).size,
    probes: probes.length,
    runsPerSecond: Math.round((results.length / Math.max(wallMs, 1)) * 10_000) / 10,
  };
}

/** Adds the night and returns all there are, oldest first. A line that is no JSON is left out. */
export function addNight(path: string, night: Night): Night[] {
  appendFileSync(path, `${JSON.stringify(night)}\n`);
  return readNights(path);
}

export function readNights(path: string): Night[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as Night];
      } catch {
        return [];
      }
    });
}
