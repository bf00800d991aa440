/**
 * Porcupine on the same files in the same run, where the machine has a Go toolchain: built in a temporary folder from
 * the module proxy, gone with it. Each check is a process with a limit of time and memory.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const VERSION = 'v1.3.0';
const MEMORY_KIB_MAX = 8_000_000;

interface PeerAnswer {
  /** `unknown`: out of time or memory. */
  verdict: 'ok' | 'illegal' | 'unknown';
  /** Of the check alone. */
  ms: number;
  /** Of all its threads. */
  processorMs: number;
}

export interface Peer {
  check(kind: 'stream' | 'kv' | 'kv-whole', file: string, secondsMax: number): PeerAnswer;
  /** Porcupine's own test data. */
  readonly testData: string;
  remove(): void;
}

/** Null where there is no Go toolchain, or no way to the module. */
export function buildPeer(): Peer | null {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-porcupine-'));
  cpSync(join(process.cwd(), 'bench/checker/porcupine.go'), join(folder, 'main.go'));
  writeFileSync(join(folder, 'go.mod'), 'module peer\n\ngo 1.21\n');
  const go = (...args: string[]): string | null => {
    const { status, stdout } = spawnSync('go', args, { cwd: folder, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : null;
  };
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const module = 'github.com/anishathalye/porcupine';
  const isBuilt = go('get', `${module}@${VERSION}`) !== null && go('build', '-o', 'peer', '.') !== null;
  const sources = isBuilt ? go('list', '-m', '-f', '{{.Dir}}', module) : null;
  if (sources === null) {
    remove();
    return null;
  }
  return { check: (...args) => run(join(folder, 'peer'), ...args), testData: join(sources, 'test_data'), remove };
}

function run(program: string, kind: string, file: string, secondsMax: number): PeerAnswer {
  const command = `ulimit -v ${MEMORY_KIB_MAX}; exec "$0" "$@"`;
  const { stdout } = spawnSync('sh', ['-c', command, program, kind, file, `${secondsMax}`], {
    encoding: 'utf8',
    timeout: (secondsMax + 30) * 1_000,
  });
  const [word = '', ms = '', processorMs = ''] = (stdout ?? '').trim().split(' ');
  const verdict = ({ Ok: 'ok', Illegal: 'illegal' } as const)[word];
  return verdict === undefined
    ? { verdict: 'unknown', ms: secondsMax * 1_000, processorMs: secondsMax * 1_000 }
    : { verdict, ms: Number(ms), processorMs: Number(processorMs) };
}
