/**
 * What an exploration leaves for the next one: a file of JSON lines, each the genome of a run that is the cheapest of some
 * combination. The next one does these runs first, so it knows what they light in the build it runs.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isProfile } from '../plan.ts';
import type { Coverage } from './coverage.ts';
import type { Gene, Genome } from './genome.ts';

export class Corpus {
  readonly #file: string;
  /** Not done again yet. */
  readonly #given: Genome[];

  /** Empty when there is no such file. Throws a RangeError when a line is no genome. */
  constructor(file: string) {
    this.#file = file;
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    this.#given = lines.flatMap((line, index) => (line === '' ? [] : [genomeFrom(line, index + 1)]));
  }

  /** How many of its runs were not done again. */
  get left(): number {
    return this.#given.length;
  }

  /** A run that was not done again yet; null when all were. */
  next(): Genome | null {
    return this.#given.shift() ?? null;
  }

  /**
   * Leaves what was found, and what there was no time to do again; returns how many these are. In one step, so that who is
   * interrupted leaves what was there before.
   */
  write(coverage: Coverage): number {
    const genomes = [...coverage.specimens().map(({ genome }) => genome), ...this.#given];
    const unfinished = `${this.#file}.unfinished`;
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(unfinished, genomes.map((genome) => `${JSON.stringify(genome)}\n`).join(''));
    renameSync(unfinished, this.#file);
    return genomes.length;
  }
}

function genomeFrom(line: string, number: number): Genome {
  try {
    const genome = JSON.parse(line) as Genome;
    if (isProfile(genome.profile) && typeof genome.seed === 'string' && areGenes(genome.genes)) return genome;
  } catch {
    // Said below.
  }
  throw new RangeError(`line ${number} is no run of an exploration`);
}

function areGenes(genes: unknown): boolean {
  if (genes === null) return true;
  return Array.isArray(genes) && genes.every((gene: Partial<Gene> | null) => typeof gene?.outcome === 'number');
}
