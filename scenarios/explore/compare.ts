/**
 * What guidance is worth: explorations with it and without, of as many events each, because events are what runs cost. Several of
 * both, from other seeds; medians are compared.
 */

import type { Profile, RunSize } from '../plan.ts';
import { signatureOfRun } from '../cases/case.ts';
import { Explorer } from './explore.ts';
import { Paths } from './paths.ts';

export interface CompareOptions {
  /** Of the first exploration; the others count up. */
  seed: number;
  tries: number;
  events: number;
  profiles: readonly Profile[];
  size: Partial<RunSize>;
}

export interface Measured {
  runs: number;
  /** Combinations of probes, which guide. */
  combinations: number;
  /** Ways of servers, which do not. */
  paths: number;
  failedRuns: number;
  /** Events up to the end of the first run that failed, by signature. */
  firstFailures: ReadonlyMap<string, number>;
}

export interface Comparison {
  options: CompareOptions;
  blind: Measured[];
  guided: Measured[];
}

/** `said` hears of each exploration as it ends. */
export async function compare(options: CompareOptions, said: (line: string) => void): Promise<Comparison> {
  const comparison: Comparison = { options, blind: [], guided: [] };
  for (let i = 0; i < options.tries; i++) {
    for (const kind of ['blind', 'guided'] as const) {
      const measured = await measure({ ...options, seed: options.seed + i }, kind === 'guided');
      comparison[kind].push(measured);
      said(`seed ${options.seed + i} ${kind}: ${lineOf(measured)}`);
    }
  }
  return comparison;
}

async function measure(options: CompareOptions, isGuided: boolean): Promise<Measured> {
  const explorer = new Explorer({ ...options, isGuided });
  const paths = new Paths();
  const firstFailures = new Map<string, number>();
  let [runs, events, failedRuns] = [0, 0, 0];
  while (events < options.events) {
    const { hear, end } = paths.ofRun();
    const { record } = await explorer.next(hear);
    end();
    runs++;
    events += record.events;
    const signature = signatureOfRun(record.failure);
    if (signature === null) continue;
    failedRuns++;
    if (!firstFailures.has(signature)) firstFailures.set(signature, events);
  }
  const combinations = explorer.coverage.combinations.length;
  return { runs, combinations, paths: paths.known, failedRuns, firstFailures };
}

function lineOf({ runs, combinations, paths, failedRuns, firstFailures }: Measured): string {
  return `${runs} runs, ${combinations} combinations, ${paths} ways, ${failedRuns} failed with ${firstFailures.size} signatures`;
}

/** A table of medians, and how fast each failure was met that one kind meets in most explorations. */
export function comparisonText({ options, blind, guided }: Comparison): string {
  const row = (name: string, of: (measured: Measured) => number): string => {
    const [without, within] = [median(blind.map(of)), median(guided.map(of))];
    return tableRow(name, text(without), text(within), ratio(within, without));
  };
  const rows = [
    tableRow(`medians of ${options.tries}, ${options.events} events each`, 'blind', 'guided', 'ratio'),
    row('runs', ({ runs }) => runs),
    row('combinations of probes', ({ combinations }) => combinations),
    row('ways of servers (held out)', ({ paths }) => paths),
    row('runs that failed', ({ failedRuns }) => failedRuns),
    row('signatures of failures', ({ firstFailures }) => firstFailures.size),
  ];
  const signatures = new Set([...blind, ...guided].flatMap(({ firstFailures }) => [...firstFailures.keys()]));
  const eventsTo =
    (signature: string) =>
    ({ firstFailures }: Measured): number =>
      firstFailures.get(signature) ?? Infinity;
  const firsts = [...signatures]
    .filter((signature) => [blind, guided].some((kind) => median(kind.map(eventsTo(signature))) < Infinity))
    .map((signature) => row(`events to "${signature}"`, eventsTo(signature)));
  return [...rows, ...firsts].join('\n');
}

function tableRow(name: string, ...cells: string[]): string {
  return [...cells.map((cell) => cell.padStart(10)), `  ${name}`].join('');
}

function text(value: number): string {
  return value === Infinity ? 'never' : String(value);
}

function ratio(value: number, to: number): string {
  const quotient = value / to;
  return Number.isFinite(to) && Number.isFinite(quotient) ? quotient.toFixed(2) : '-';
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Infinity;
}
