/**
 * A verdict as text for a terminal: the first line says it all, the lines below say why.
 */

import type { Verdict } from './sweep.ts';
import { counted } from './violation.ts';

const WIDTH = 100;

/** Lines without a newline at the end. */
export function describeVerdict(verdict: Verdict): string {
  switch (verdict.verdict) {
    case 'ok':
      return describeOk(verdict);
    case 'illegal': {
      const { code, message, opIds } = verdict.violation;
      const title = `VIOLATION  ${code}: no order of the operations explains what the clients saw`;
      const guilty = `guilty ${opIds.length === 1 ? 'operation' : 'operations'}: ${opIds.map((opId) => `op ${opId}`).join(', ')}`;
      return [title, ...wrapped(message), `  ${guilty}`].join('\n');
    }
    case 'unknown':
      return [
        'UNKNOWN  neither proved nor refuted within the budget',
        ...wrapped(verdict.reason),
        `  ${counted(verdict.steps, 'step')} of a budget of ${verdict.stepsMax.toLocaleString('en-US')} spent; a larger one may decide (--budget, stepsMax)`,
      ].join('\n');
  }
}

function describeOk({ operations, withoutEffect }: Verdict & { verdict: 'ok' }): string {
  if (operations === 0) return 'OK  nothing was checked: no operation was answered or can have had an effect';
  const title = `OK  ${counted(operations, 'operation')}, linearizable; the order found was replayed`;
  if (withoutEffect.length === 0) return title;
  return `${title}\n  ${counted(withoutEffect.length, 'operation')} of unknown outcome need not have taken effect`;
}

function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line.length + word.length + 3 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `  ${line}`);
}
