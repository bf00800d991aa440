/**
 * What a bench shows while it runs, in each of its phases: lines that are drawn anew on a terminal, a plain line every few
 * seconds elsewhere; and a table at the end.
 */

import type { Flow } from './bench.ts';
import type { LatencySummary } from './latencies.ts';

const REDRAW_MS = 200;
const PLAIN_LINE_MS = 5000;
const MIB = 1024 * 1024;

/** Draws until it is stopped, on standard error. */
export class BenchDisplay {
  readonly #lines: () => readonly string[];
  readonly #isTerminal = process.stderr.isTTY === true;
  readonly #timer: NodeJS.Timeout;
  #drawnLines = 0;

  /** `lines` says how far the phase is. */
  constructor(lines: () => readonly string[]) {
    this.#lines = lines;
    this.#timer = setInterval(() => this.draw(), this.#isTerminal ? REDRAW_MS : PLAIN_LINE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#isTerminal) this.#erase();
  }

  /** At once; it draws by itself every so often. */
  draw(): void {
    const lines = this.#lines();
    if (!this.#isTerminal) return void process.stderr.write(`${lines.join('; ')}\n`);
    this.#erase();
    const width = process.stderr.columns || 80;
    process.stderr.write(`${lines.map((line) => line.slice(0, width - 1)).join('\n')}\n`);
    this.#drawnLines = lines.length;
  }

  /** Up to the first of the lines, and everything below away. */
  #erase(): void {
    if (this.#drawnLines > 0) process.stderr.write(`\u001b[${this.#drawnLines}A\u001b[J`);
    this.#drawnLines = 0;
  }
}

export interface Figures {
  written: Flow;
  followed: Flow;
  /** Null when it was ended before everything was read again. */
  again: Flow | null;
}

export function finalFigures({ written, followed, again }: Figures): string {
  return [
    `append    ${rates(written)}`,
    `read      ${rates(followed)}, live`,
    `catch up  ${again === null ? '       - left out' : `${rates(again)}, from the beginning`}`,
    '',
    `latency ms  ${['min', 'p50', 'p90', 'p99', 'max'].map((name) => name.padStart(9)).join('')}`,
    `  append    ${latencyRow(written.latencies.summary())}`,
    `  end to end${latencyRow(followed.latencies.summary())}`,
  ].join('\n');
}

/** While records are appended and followed. */
export function liveLines(written: Flow, followed: Flow): string[] {
  return [liveLine('append', written, 'acknowledged in'), liveLine('read', followed, 'end to end')];
}

/** While the server is left alone, until `endMs`. */
export function pauseLines(endMs: number): string[] {
  const seconds = Math.max(0, Math.ceil((endMs - performance.now()) / 1000));
  return [`everything is read again in ${seconds} s; Ctrl-C leaves that out`];
}

/** While everything is read again; `total` records are there. */
export function catchUpLines(again: Flow, total: number): string[] {
  return [`${liveLine('catch up', again, '')} of ${total}`];
}

function liveLine(name: string, flow: Flow, latencyName: string): string {
  const summary = flow.latencies.summary();
  const latency =
    summary === null ? '' : `  ${latencyName} ${msText(summary.p50Ms)} ms p50, ${msText(summary.p99Ms)} p99`;
  return `${name.padEnd(7)}${rates(flow)}${latency}`;
}

function rates({ records, bytes, startMs, endMs }: Flow): string {
  const seconds = Math.max(0.001, ((endMs ?? performance.now()) - startMs) / 1000);
  const mibps = (bytes / MIB / seconds).toFixed(2).padStart(8);
  return `${mibps} MiB/s ${Math.round(records / seconds)
    .toLocaleString('en')
    .padStart(9)} records/s (${records} in ${seconds.toFixed(1)} s)`;
}

function latencyRow(summary: LatencySummary | null): string {
  if (summary === null) return '';
  const { minMs, p50Ms, p90Ms, p99Ms, maxMs } = summary;
  return [minMs, p50Ms, p90Ms, p99Ms, maxMs].map((ms) => msText(ms).padStart(9)).join('');
}

function msText(ms: number): string {
  return ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0);
}
