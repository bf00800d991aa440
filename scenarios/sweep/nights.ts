/** The history of nights: a line of figures per sweep, in a file that grows, for the trends on the page. */

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
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

/**
 * Adds the night and returns all there are, oldest first. One that is there already, from a merge of the same results, is
 * replaced. Throws a RangeError, and writes nothing, when the file is something else.
 */
export function addNight(path: string, night: Night): Night[] {
  const nights = readNights(path);
  const known = nights.findIndex(({ startedAt, build }) => startedAt === night.startedAt && build === night.build);
  if (known === -1) nights.push(night);
  else nights[known] = night;
  // By renaming: years of nights are not lost to a moment in which the disk is full.
  writeFileSync(`${path}.new`, nights.map((each) => `${JSON.stringify(each)}\n`).join(''));
  renameSync(`${path}.new`, path);
  return nights;
}

/** None when there is no file. A last line that was cut short is left out; throws a RangeError when the file is something else. */
export function readNights(path: string): Night[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  const last = lines.pop() ?? '';
  if (last !== '' && (parsed(last) !== null || !last.startsWith('{'))) lines.push(last);
  return lines.map((line, index) => {
    const night = parsed(line);
    if (night === null) throw new RangeError(`it is no history of nights: line ${index + 1} is none`);
    return night;
  });
}

function parsed(line: string): Night | null {
  try {
    const night = JSON.parse(line) as Partial<Night> | null;
    return typeof night?.startedAt === 'string' && typeof night.runs === 'number' ? (night as Night) : null;
  } catch {
    return null;
  }
}
