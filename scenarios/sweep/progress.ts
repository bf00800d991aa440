/**
 * The live line of a sweep, on standard error: rewritten in place on a terminal, one line every few seconds
 * elsewhere, so that a log stays readable.
 */

import { counted } from '../counted.ts';
import type { Tally } from './tally.ts';

const TERMINAL_EVERY_MS = 200;
const LOG_EVERY_MS = 5_000;

export interface ProgressGoal {
  /** Runs to do, or null when the sweep is limited by time. */
  runs: number | null;
  timeMs: number | null;
  probeCount: number;
}

export class ProgressLine {
  readonly #tally: Tally;
  readonly #goal: ProgressGoal;
  readonly #startedMs = performance.now();
  readonly #isTerminal = process.stderr.isTTY;
  readonly #timer: NodeJS.Timeout;

  constructor(tally: Tally, goal: ProgressGoal) {
    this.#tally = tally;
    this.#goal = goal;
    this.#timer = setInterval(() => this.#show(), this.#isTerminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS);
  }

  /** Something that must stay on the screen, above the line. */
  say(text: string): void {
    process.stderr.write(this.#isTerminal ? `\r\u001b[K${text}\n` : `${text}\n`);
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#isTerminal) process.stderr.write('\r\u001b[K');
  }

  #show(): void {
    const text = progressText(this.#tally, this.#goal, performance.now() - this.#startedMs);
    if (!this.#isTerminal) process.stderr.write(`${text}\n`);
    else process.stderr.write(`\r\u001b[K${text.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1))}`);
  }
}

/** Fits 80 columns: `12/30 s 790 seeds 66/s | 121k ops checked | 1469x | 0 failed | probes 94/105`; x is simulated : wall time. */
export function progressText(tally: Tally, goal: ProgressGoal, wallMs: number): string {
  const seconds = Math.max(wallMs / 1000, 0.001);
  const seeds = tally.results.length;
  const of = goal.runs === null ? '' : `/${goal.runs}`;
  const time = goal.timeMs === null ? `${seconds.toFixed(0)} s` : `${seconds.toFixed(0)}/${goal.timeMs / 1000} s`;
  return [
    `${time} ${of === '' ? counted(seeds, 'seed') : `${seeds}${of} seeds`} ${(seeds / seconds).toFixed(0)}/s`,
    `${compact(tally.operations)} ops checked`,
    `${compact(tally.simulatedMs / Math.max(wallMs, 1))}x`,
    `${tally.failures} failed`,
    `probes ${tally.probes.size}/${goal.probeCount}`,
  ].join(' | ');
}

/** 1234567 → `1.2M`. */
export function compact(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(0)}k`;
  return value.toFixed(0);
}
