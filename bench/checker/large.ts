/**
 * Histories of 100,000 and a million events, from the file to the verdict, each in a process of its own: the time is a
 * cold one, and the memory is that of the whole process.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeSync, openSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatHistory } from '../../checker/formats/jsonl.ts';
import { readStreamFrom } from '../../checker/formats/stream-reader.ts';
import { piecesOf } from '../../scenarios/cli/pieces.ts';
import { sweepOperations } from '../../checker/sweep/sweep.ts';
import { collectHistory } from '../../checker/testing/collected-histories.ts';
import type { Row } from '../table.ts';
import { expectVerdict } from './streams.ts';

const MEMORY_MB_MAX = 400;
const LINES_AT_ONCE = 50_000;

/** The argument with which the program measures one file instead, and prints what it measured. */
export const MEASURE = '--measure-history';

interface Measured {
  ms: number;
  /** Of all threads; a busy machine adds less to it. */
  processorMs: number;
  memoryMb: number;
  verdict: string;
}

export function large(): Row[] {
  return [
    [1_000, 300],
    [10_000, 2_000],
  ].flatMap(([opsPerClient = 0, msMax = 0]): Row[] => {
    const { ms, processorMs, memoryMb, verdict } = measured(opsPerClient);
    const name = `${(100 * opsPerClient).toLocaleString('en-US')} events, 1 % unknown`;
    expectVerdict(name, verdict, 'ok');
    return [
      {
        what: `${name}: read, parsed and decided, cold`,
        value: ms,
        unit: 'ms',
        goal: { of: 'value', bound: 'at most', than: msMax },
      },
      { what: '- processor time, all threads', value: processorMs, unit: 'ms' },
      {
        what: '- memory of the process, bare Node included',
        value: memoryMb,
        unit: 'MB',
        goal: { of: 'value', bound: 'at most', than: MEMORY_MB_MAX },
      },
    ];
  });
}

function measured(opsPerClient: number): Measured {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-bench-'));
  const file = join(folder, 'history.jsonl');
  const history = collectHistory({ seed: 1, clients: 50, opsPerClient, unknownPermille: 10 });
  const written = openSync(file, 'w');
  for (let i = 0; i < history.length; i += LINES_AT_ONCE)
    writeSync(written, formatHistory(history.slice(i, i + LINES_AT_ONCE)));
  closeSync(written);
  const printed = execFileSync(process.execPath, [process.argv[1]!, MEASURE, file], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return JSON.parse(printed) as Measured;
}

/** What the child does: from the file to the verdict. */
export function measureFile(file: string): void {
  const [start, worked] = [performance.now(), process.cpuUsage()];
  const read = readStreamFrom(piecesOf(file), () => readFileSync(file));
  const { verdict } = read.kind === 'malformed' ? { verdict: read.message } : sweepOperations(read.operations);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(worked);
  const memoryMb = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ ms, processorMs: (user + system) / 1_000, memoryMb, verdict }));
}
