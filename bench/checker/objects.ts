/**
 * The general engine on key-value histories, by key and as a whole: Porcupine's own files where Porcupine is there, and
 * histories of the same shape from our own generator; beside Porcupine, and beside the plain search.
 */

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJepsen } from '../../checker/formats/jepsen.ts';
import { keyValueModel, wholeKeyValueModel } from '../../checker/models/key-value.ts';
import { casRegisterModel } from '../../checker/models/register.ts';
import { type KeyValueShape, keyValueHistory } from '../../checker/testing/key-value-histories.ts';
import { searchPlainly } from '../../checker/testing/plain-wgl/plain-wgl.ts';
import { checkOperations } from '../../checker/wgl/check-operations.ts';
import type { Model, Operation } from '../../checker/wgl/model.ts';
import type { Row } from '../table.ts';
import type { Peer } from './peer.ts';
import { expectVerdict } from './streams.ts';

const PEER_SECONDS_MAX = 30;
const OWN_RUNS = 15;
const PEER_RUNS = 7;
const PLAIN_STEPS_MAX = 100_000;
const WHOLE_STEPS_MAX = 5_000_000;
/** Clients, operations each, and whether something is wrong: the shapes of Porcupine's files. */
const SHAPES: readonly KeyValueShape[] = [
  { seed: 1, clients: 10, opsPerClient: 33, keys: 10, isWrong: false },
  { seed: 2, clients: 10, opsPerClient: 40, keys: 10, isWrong: true },
  { seed: 3, clients: 50, opsPerClient: 34, keys: 20, isWrong: false },
  { seed: 4, clients: 50, opsPerClient: 40, keys: 20, isWrong: true },
];

export function keyValues(peer: Peer | null): Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-bench-'));
  const own = SHAPES.map((shape) => {
    const file = join(folder, `c${shape.clients}-${shape.isWrong ? 'bad' : 'ok'}.txt`);
    writeFileSync(file, keyValueHistory(shape));
    return { name: `own c${shape.clients}-${shape.isWrong ? 'bad' : 'ok'}`, file };
  });
  const theirs = peer === null ? [] : filesIn(join(peer.testData, 'kv'), '.txt');
  const rows = [...own, ...theirs].flatMap(({ name, file }) => [
    ...rowsFor(`${name} by key`, keyValueModel() as never, file, 'kv', peer),
    ...(name.includes('c10')
      ? rowsFor(`${name} as a whole`, wholeKeyValueModel() as never, file, 'kv-whole', peer)
      : []),
  ]);
  rmSync(folder, { recursive: true });
  return rows;
}

/** All of Porcupine's etcd logs together; verdicts are compared with the names of its tests by checker/formats. */
export function registers(peer: Peer | null): Row[] {
  if (peer === null) return [];
  const texts = filesIn(join(peer.testData, 'jepsen'), '.log').map(({ file }) => readFileSync(file, 'utf8'));
  const histories = texts.map((text) => parseJepsen(text));
  const start = performance.now();
  let illegal = 0;
  for (const parsed of histories)
    if (parsed.kind === 'register' && checkOperations(casRegisterModel(), parsed.operations).verdict === 'illegal')
      illegal++;
  const value = performance.now() - start;
  return [{ what: `${histories.length} registers of etcd, ${illegal} illegal: WGL+`, value, unit: 'ms' }];
}

function rowsFor(
  name: string,
  model: Model<never, never, never>,
  file: string,
  kind: 'kv' | 'kv-whole',
  peer: Peer | null,
): Row[] {
  const parsed = parseJepsen(readFileSync(file, 'utf8'));
  if (parsed.kind !== 'key-value') throw new Error(`${name} is no key-value history`);
  const operations = parsed.operations as unknown as readonly Operation<never, never>[];
  let verdict = '';
  const runs = kind === 'kv' ? OWN_RUNS : 1;
  const own = Array.from({ length: runs }, () => {
    const [start, worked] = [performance.now(), process.cpuUsage()];
    ({ verdict } = checkOperations(model, operations, { stepsMax: WHOLE_STEPS_MAX }));
    const { user, system } = process.cpuUsage(worked);
    return { ms: performance.now() - start, processorMs: (user + system) / 1_000 };
  });
  const answers = Array.from({ length: peer === null ? 0 : kind === 'kv' ? PEER_RUNS : 1 }, () =>
    peer!.check(kind, file, PEER_SECONDS_MAX),
  );
  for (const answer of answers)
    if (answer.verdict !== 'unknown') expectVerdict(`${name} by Porcupine`, answer.verdict, verdict);
  const goal = { of: 'ratio', bound: 'at most', than: kind === 'kv' ? 1.5 : 1 } as const;
  const timed = (what: string, of: 'ms' | 'processorMs'): Row => {
    const row: Row = { what, value: least(own, of), unit: 'ms' };
    if (answers.length === 0) return row;
    const floor = { what: `Porcupine, ${answers[0]!.verdict}`, value: least(answers, of) };
    return of === 'ms' ? { ...row, floor, goal } : { ...row, floor };
  };
  const start = performance.now();
  const plain = searchPlainly(model, operations, { stepsMax: PLAIN_STEPS_MAX });
  const plainRow: Row = { what: `- plain search: ${plain.verdict}`, value: performance.now() - start, unit: 'ms' };
  return [timed(`${name}, ${verdict}: WGL+`, 'ms'), timed('- processor time, all threads', 'processorMs'), plainRow];
}

/** A busy machine only ever adds to a time: the least of some runs is the nearest to the truth. */
function least(runs: readonly { ms: number; processorMs: number }[], of: 'ms' | 'processorMs'): number {
  return Math.min(...runs.map((run) => run[of]));
}

function filesIn(folder: string, ending: string): { name: string; file: string }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ name: name.slice(0, -ending.length), file: join(folder, name) }));
}
