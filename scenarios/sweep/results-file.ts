/**
 * Results of a sweep as they come, a line of JSON each, so that an interrupted sweep loses nothing and goes on where it was.
 * The first line says what was swept; a file of another sweep is not gone on with, because its results are not those that
 * were asked for. A last line that is cut short, by whatever ended the sweep, is dropped.
 */

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { SeedResult } from '../run.ts';
import type { HarnessError } from './harness-errors.ts';
import type { RunName } from './protocol.ts';
import { type ResultsHead, sweepsDiffer } from './results-head.ts';
import { runKey } from './run-names.ts';

type Line = { result: SeedResult } | { broken: HarnessError } | { wallMs: number; jobs: number };

export interface ResultsContent {
  head: ResultsHead;
  results: SeedResult[];
  /** All there were, also of runs that were done later. */
  harnessErrors: HarnessError[];
  /** Wall time of all sittings, and the processes of the last one. */
  wallMs: number;
  jobs: number;
}

export class ResultsFile {
  readonly #path: string;
  /** What earlier sittings left. */
  readonly before: ResultsContent | null;

  /** Begins the file, or goes on with it. Throws a RangeError when it is of something else. */
  constructor(path: string, head: ResultsHead) {
    this.#path = path;
    if (!existsSync(path)) {
      this.before = null;
      writeFileSync(path, `${JSON.stringify(head)}\n`);
      return;
    }
    const text = readFileSync(path, 'utf8');
    this.before = parseResults(text);
    const difference = sweepsDiffer(this.before.head, head);
    if (difference !== null) {
      throw new RangeError(`it is of ${difference[0]}, not of ${difference[1]}: name another file, or begin it anew`);
    }
    // So that the next line does not hang on to half a line.
    if (!text.endsWith('\n')) writeFileSync(path, text.slice(0, text.lastIndexOf('\n') + 1));
  }

  has(run: RunName): boolean {
    this.#done ??= new Set(this.before?.results.map(runKey));
    return this.#done.has(runKey(run));
  }
  #done: Set<string> | null = null;

  result(result: SeedResult): void {
    this.#write({ result });
  }

  broken(broken: HarnessError): void {
    this.#write({ broken });
  }

  /** This sitting is over. */
  end(wallMs: number, jobs: number): void {
    this.#write({ wallMs, jobs });
  }

  /** Why lines are no longer written, which a full disk can be; null as long as they are. */
  get error(): unknown {
    return this.#error;
  }
  #error: unknown = null;

  /** Nothing behind a line that may be half there: the file would say something else. */
  #write(line: Line): void {
    if (this.#error !== null) return;
    try {
      appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
    } catch (error) {
      this.#error = error;
    }
  }
}

/** Throws a RangeError when it is no results file. */
export function parseResults(text: string): ResultsContent {
  const [first = '', ...rest] = text.split('\n').slice(0, -1);
  const head = parsed(first) as ResultsHead | null;
  if (head?.format !== 'tailrace-results/2') throw new RangeError('its first line does not say tailrace-results/2');
  const content: ResultsContent = { head, results: [], harnessErrors: [], wallMs: 0, jobs: 1 };
  for (const [index, text] of rest.entries()) {
    const line = parsed(text) as Line | null;
    if (line === null) throw new RangeError(`line ${index + 2} is no JSON`);
    if ('result' in line) content.results.push(line.result);
    else if ('broken' in line) content.harnessErrors.push(line.broken);
    else {
      content.wallMs += line.wallMs;
      content.jobs = line.jobs;
    }
  }
  return content;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
