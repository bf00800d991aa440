/**
 * Register histories in the shape of the etcd logs that Porcupine is tested with: five clients that read, write and
 * compare-and-set five values, some of whose operations time out, written as Jepsen's log lines. A wrong one has a read
 * that is served from the past.
 */

import { seededRandom } from './random.ts';

interface Op {
  f: 'read' | 'write' | 'cas';
  from: number;
  to: number;
  /** What came back; null until it took effect. */
  answer: { text: string; type: 'ok' | 'fail' } | null;
}

const CLIENTS = 5;
const VALUES = 5;

export function registerHistory(seed: number, operations: number, isWrong: boolean): string {
  const dice = seededRandom(seed);
  const lines: string[] = [];
  const past: (number | null)[] = [null];
  const workers = Array.from({ length: CLIENTS }, (_, process) => ({ process, op: null as Op | null }));
  let isLying = isWrong;
  let nextProcess = CLIENTS;
  for (let begun = 0; begun < operations || workers.some(({ op }) => op !== null);) {
    const worker = dice.pick(workers);
    const { op, process } = worker;
    const say = (type: string, f: string, text: string): unknown =>
      lines.push(`INFO  jepsen.util - ${process}\t:${type}\t:${f}\t${text}`);
    if (op === null) {
      if (begun++ >= operations) continue;
      worker.op = {
        f: dice.pick(['read', 'write', 'cas'] as const),
        from: dice.below(VALUES),
        to: dice.below(VALUES),
        answer: null,
      };
      say('invoke', worker.op.f, askedFor(worker.op));
    } else if (op.f !== 'read' && dice.chance(1, 40)) {
      // It may have taken effect before this moment, or never; the process is not seen again.
      say('info', op.f, ':timed-out');
      worker.op = null;
      worker.process = nextProcess++;
    } else if (op.answer === null) {
      const lies: boolean = isLying && op.f === 'read' && past.length > 20 && past.at(-1) !== past.at(-9);
      if (lies) isLying = false;
      op.answer = takeEffect(op, past, lies);
    } else {
      say(op.answer.type, op.f, op.answer.text);
      worker.op = null;
    }
  }
  return `${lines.join('\n')}\n`;
}

function askedFor({ f, from, to }: Op): string {
  return f === 'read' ? 'nil' : f === 'write' ? `${to}` : `[${from} ${to}]`;
}

function takeEffect({ f, from, to }: Op, past: (number | null)[], lies: boolean): Op['answer'] {
  const now = past.at(-1) ?? null;
  if (f === 'read') return { text: `${(lies ? past.at(-9) : now) ?? 'nil'}`, type: 'ok' };
  const fits = f === 'write' || now === from;
  if (fits) past.push(to);
  return { text: f === 'write' ? `${to}` : `[${from} ${to}]`, type: fits ? 'ok' : 'fail' };
}
