/**
 * Key-value histories in the shape of the files that Porcupine is tested with: appends and gets of a few keys by clients
 * without think time, each append a text of its own, written as Jepsen's maps. A wrong one loses an append on its way.
 */

import { seededRandom } from './random.ts';

export interface KeyValueShape {
  seed: number;
  clients: number;
  opsPerClient: number;
  keys: number;
  isWrong: boolean;
}

/** Each client's operation begins, takes effect and ends at steps of the dice. */
export function keyValueHistory({ seed, clients, opsPerClient, keys, isWrong }: KeyValueShape): string {
  const dice = seededRandom(seed);
  const store = new Map<string, string>();
  const lines: string[] = [];
  const workers = Array.from({ length: clients }, (_, process) => ({
    process,
    left: opsPerClient,
    op: null as Op | null,
  }));
  let lost = !isWrong;
  while (workers.length > 0) {
    const worker = dice.pick(workers);
    const { op, process } = worker;
    if (op === null) {
      const key = `${dice.below(keys)}`;
      const value = `x ${process} ${opsPerClient - worker.left} y`;
      worker.op = dice.chance(1, 2)
        ? { f: 'append', key, value, isDone: false }
        : { f: 'get', key, value: null, isDone: false };
      lines.push(lineOf(process, 'invoke', worker.op));
    } else if (!op.isDone) {
      op.isDone = true;
      const before = store.get(op.key) ?? '';
      if (op.f === 'get') op.value = before;
      // Once, half-way, an append is answered and forgotten.
      else if (!lost && worker.left * 2 < opsPerClient) lost = true;
      else store.set(op.key, before + op.value);
    } else {
      lines.push(lineOf(process, 'ok', op));
      worker.op = null;
      if (--worker.left === 0) workers.splice(workers.indexOf(worker), 1);
    }
  }
  return `${lines.join('\n')}\n`;
}

interface Op {
  f: 'append' | 'get';
  key: string;
  value: string | null;
  isDone: boolean;
}

function lineOf(process: number, type: 'invoke' | 'ok', { f, key, value }: Op): string {
  return `{:process ${process}, :type :${type}, :f :${f}, :key "${key}", :value ${value === null ? 'nil' : `"${value}"`}}`;
}
