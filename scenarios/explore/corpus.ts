/**
 * What an exploration leaves for the next one: a file of JSON lines, each the genome of a run that is the cheapest of some
 * combination. The next one does these runs first, so it knows what they light in the build it runs.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isProfile } from '../plan.ts';
import type { Coverage } from './coverage.ts';
import type { Genome } from './genome.ts';

/** Nothing when there is no such file. Throws a RangeError when a line is no genome. */
export function readCorpus(file: string): Genome[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, index) => (line === '' ? [] : [genomeFrom(line, index + 1)]));
}

export function writeCorpus(file: string, coverage: Coverage): number {
  const genomes = coverage.specimens().map(({ genome }) => genome);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, genomes.map((genome) => `${JSON.stringify(genome)}\n`).join(''));
  return genomes.length;
}

function genomeFrom(line: string, number: number): Genome {
  try {
    const genome = JSON.parse(line) as Genome;
    if (isProfile(genome.profile) && typeof genome.seed === 'string') return genome;
  } catch {
    // Said below.
  }
  throw new RangeError(`line ${number} is no run of an exploration`);
}
