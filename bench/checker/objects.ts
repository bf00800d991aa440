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
import { median, type Row } from '../table.ts';
import type { Peer } from './peer.ts';
import { expectVerdict } from './streams.ts';

const PEER_SECONDS_MAX = 30;
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
  let found: ReturnType<typeof checkOperations> | null = null;
  const runs = kind === 'kv' ? 7 : 1;
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    found = checkOperations(model, operations, { stepsMax: WHOLE_STEPS_MAX });
    return performance.now() - start;
  });
  const { verdict } = found as unknown as { verdict: string };
  const answer = peer?.check(kind, file, PEER_SECONDS_MAX);
  if (answer !== undefined && answer.verdict !== 'unknown')
    expectVerdict(`${name} by Porcupine`, answer.verdict, verdict);
  const row: Row = { what: `${name}, ${verdict}: WGL+`, value: median(times), unit: 'ms' };
  const peerRow: Row =
    answer === undefined
      ? row
      : {
          ...row,
          floor: { what: `Porcupine, ${answer.verdict}`, value: answer.ms },
          goal: { of: 'ratio', bound: 'at most', than: kind === 'kv' ? 1.5 : 1 },
        };
  const start = performance.now();
  const plain = searchPlainly(model, operations, { stepsMax: PLAIN_STEPS_MAX });
  return [peerRow, { what: `- plain search: ${plain.verdict}`, value: performance.now() - start, unit: 'ms' }];
}

function filesIn(folder: string, ending: string): { name: string; file: string }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ name: name.slice(0, -ending.length), file: join(folder, name) }));
}
