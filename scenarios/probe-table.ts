/**
 * What a sweep visited, as text: the rows of the fault catalogue first, then every probe with its first seed, then how far runs
 * went.
 */

import { WATERMARKS } from '../sim/index.ts';
import { counted } from './counted.ts';
import { type CatalogueRow, ROWS } from './rows.ts';
import type { SweepRecord } from './run.ts';

interface Lit {
  hits: number;
  first: string;
}

export function probeTable(record: SweepRecord): string {
  const lit = litProbes(record);
  return [...rowLines(record, lit), '', ...probeLines(record, lit), '', ...watermarkLines(record)].join('\n');
}

/** Hits of each probe over the sweep, and the lowest seed that lit it. Results are sorted by seed. */
function litProbes(record: SweepRecord): Map<string, Lit> {
  const lit = new Map<string, Lit>();
  for (const { seed, profile, probes } of record.results) {
    for (const [name, hits] of Object.entries(probes)) {
      const known = lit.get(name);
      if (known === undefined) lit.set(name, { hits, first: `${seed}/${profile}` });
      else known.hits += hits;
    }
  }
  return lit;
}

/** A row is visited by a run in which every one of its probes lit. */
function rowLines(record: SweepRecord, lit: ReadonlyMap<string, Lit>): string[] {
  const lines = ['rows of the fault catalogue, and the runs in which all of their probes lit:'];
  let visited = 0;
  for (const { id, schedule, reached, absent, why, never } of ROWS) {
    if (reached === null) {
      const how = never !== undefined && lit.has(never) ? 'BROKEN' : (absent ?? '');
      lines.push(`  ${id.padEnd(4)} ${how.padStart(9)}  ${schedule} (${why})`);
      continue;
    }
    const runs = record.results.filter(({ probes }) => reached.every((name) => name in probes)).length;
    const hits = reached.map((name) => `${name} ${lit.get(name)?.hits ?? 0}`);
    if (runs > 0) visited++;
    lines.push(
      `  ${id.padEnd(4)} ${(runs > 0 ? counted(runs, 'run') : 'DARK').padStart(9)}  ${schedule}: ${hits.join(', ')}`,
    );
  }
  const count = (kind: CatalogueRow['absent']) => ROWS.filter(({ absent }) => absent === kind).length;
  lines.push(`  ${visited} of ${count(undefined)} reachable rows visited; ${count('excluded')} are excluded by design`);
  return lines;
}

function probeLines(record: SweepRecord, lit: ReadonlyMap<string, Lit>): string[] {
  const width = Math.max(...record.probes.map(({ name }) => name.length));
  return record.probes.map(({ name, sentence, required }) => {
    const { hits, first } = lit.get(name) ?? { hits: 0, first: required ? 'DARK, required' : 'dark' };
    return `${name.padEnd(width)}  ${String(hits).padStart(9)}  ${first.padEnd(18)}  ${sentence}`;
  });
}

/** The furthest that any run went, and the first of those that did. */
function watermarkLines({ results }: SweepRecord): string[] {
  return Object.entries(WATERMARKS).map(([name, sentence]) => {
    let [most, seed] = [0, 'dark'];
    for (const result of results) {
      const height = result.watermarks?.[name] ?? 0;
      if (height > most) [most, seed] = [height, `${result.seed}/${result.profile}`];
    }
    return `${name.padEnd(28)}  ${String(most).padStart(9)}  ${seed.padEnd(18)}  ${sentence}`;
  });
}
