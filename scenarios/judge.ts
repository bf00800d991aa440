/** What a finished run amounts to: the world's own failure first, then the history's verdict. */

import { checkStream, type HistoryEvent, type Verdict } from '../checker/index.ts';
import type { World, WorldFailure } from '../sim/index.ts';
import type { RunFailure } from './run.ts';

export interface Judgement {
  failure: RunFailure | null;
  /** opIds in the order the checker placed them, or null. */
  linearization: readonly number[] | null;
}

export function judge(world: World, history: readonly HistoryEvent[]): Judgement {
  // A history cut short by a failure is judged too: its violation explains more than the assertion it tripped.
  const verdict = checkStream(history);
  const own = worldFailure(world.failure);
  if (verdict.verdict === 'illegal') return { failure: verdictFailure(verdict), linearization: null };
  return {
    failure: own ?? verdictFailure(verdict),
    linearization: verdict.verdict === 'ok' ? verdict.linearization : null,
  };
}

/** The checker's verdict as a failure; null when it is `ok`. */
export function verdictFailure(verdict: Verdict): RunFailure | null {
  switch (verdict.verdict) {
    case 'ok':
      return null;
    case 'illegal': {
      const { code, message, opIds } = verdict.violation;
      return { kind: 'linearizability', signature: code, message, opIds };
    }
    case 'unknown':
      return { kind: 'unknown', signature: 'unknown', message: `the checker gave up: ${verdict.reason}`, opIds: [] };
  }
}

function worldFailure(failure: WorldFailure | null): RunFailure | null {
  if (failure === null) return null;
  const { kind, signature, message, host, atMs } = failure;
  const where = `${host === null ? '' : ` on ${host}`} at ${atMs} ms`;
  const [first = '', ...rest] = message.split('\n');
  return { kind, signature, message: [`${first}${where}`, ...rest].join('\n'), opIds: [] };
}
