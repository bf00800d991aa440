/**
 * Starts `peer.ts` as a process of its own, makes the stream of the benchmark in it, and ends it with the work it was for.
 * It is asked on its standard input what processor time it has taken, so that asking costs it next to nothing.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BENCH_TOKEN } from './messages.ts';
import type { PeerKind } from './peer.ts';
import { BENCH_BASIN } from './wire-clients.ts';

export const STREAM = 'bench';
/** How `tailrace` starts Node; the floor is started the same way. */
const AS_LAUNCHED = ['--max-semi-space-size=64', '--initial-old-space-size=128'];

export interface Peer {
  port: number;
  /** Microseconds of processor time that it has taken so far, all threads. One call at a time. */
  cpuUs(): Promise<number>;
}

export async function withPeer<Result>(kind: PeerKind, work: (peer: Peer) => Promise<Result>): Promise<Result> {
  const child = spawn(process.execPath, [...AS_LAUNCHED, await peerProgram(), kind], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const port = await nextNumber(child);
    if (kind !== 'raw') await makeStream(port);
    const cpuUs = (): Promise<number> => {
      child.stdin.write('\n');
      return nextNumber(child);
    };
    return await work({ port, cpuUs });
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end();
    await gone;
  }
}

let built: Promise<string> | null = null;

/** Bundled for the same reason as the benchmark itself. */
function peerProgram(): Promise<string> {
  built ??= (async () => {
    const runs = fileURLToPath(new URL('../.runs/', import.meta.url));
    await mkdir(runs, { recursive: true });
    const outfile = `${runs}bench-peer.mjs`;
    const entry = fileURLToPath(new URL('../bench/peer.ts', import.meta.url));
    const format = { bundle: true, platform: 'node', format: 'esm', packages: 'external' } as const;
    await build({ ...format, entryPoints: [entry], outfile, logLevel: 'warning' });
    return outfile;
  })();
  return built;
}

/** It prints one a line. */
function nextNumber(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the other process ended with ${code}`));
    child.once('exit', ended);
    child.stdout?.once('data', (line: Buffer) => {
      child.removeListener('exit', ended);
      resolve(Number(line.toString()));
    });
  });
}

async function makeStream(port: number): Promise<void> {
  // Who does not ask for a token does not look at it.
  const authorization = `Bearer ${BENCH_TOKEN}`;
  const headers = { authorization, 'content-type': 'application/json', 's2-basin': BENCH_BASIN };
  for (const [path, body] of [
    ['basins', { basin: BENCH_BASIN }],
    ['streams', { stream: STREAM }],
  ] as const) {
    const url = `http://127.0.0.1:${port}/v1/${path}`;
    const { status } = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    if (status !== 201) throw new Error(`the stream of the benchmark could not be made: ${status}`);
  }
}
