/** What a finished run amounts to: a history no order explains first, then the world's own failure. */

import { checkStream, type HistoryEvent, type Verdict } from '../checker/index.ts';
import type { World, WorldFailure } from '../sim/index.ts';
import { operationsNamed } from './named-operations.ts';
import type { RunFailure } from './run.ts';

/** The name of the judged stream in what monitors say. */
const STREAM = 'stream-1';

export interface Judgement {
  failure: RunFailure | null;
  /** opIds in the order the checker placed them, or null. */
  linearization: readonly number[] | null;
}

/** `verdicts`: what crews found in what they heard, each of its own part of the run. */
export function judge(world: World, history: readonly HistoryEvent[], verdicts: readonly RunFailure[] = []): Judgement {
  // A history cut short by a failure is judged too: its violation explains more than the assertion it tripped.
  const verdict = checkStream(history);
  const own = worldFailure(world.failure, history);
  if (verdict.verdict === 'illegal') return { failure: verdictFailure(verdict), linearization: null };
  const linearization = verdict.verdict === 'ok' ? verdict.linearization : null;
  const convicted = verdicts.find(({ kind }) => kind === 'linearizability') ?? null;
  const failure = convicted ?? own ?? verdicts[0] ?? verdictFailure(verdict);
  return { failure, linearization };
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

function worldFailure(failure: WorldFailure | null, history: readonly HistoryEvent[]): RunFailure | null {
  if (failure === null) return null;
  const { kind, signature, message, host, atMs } = failure;
  const where = `${host === null ? '' : `on ${host} `}at ${atMs} ms`;
  const [first = '', ...rest] = message.split('\n');
  return {
    kind,
    signature,
    message: [`${first} (${where})`, ...rest].join('\n'),
    opIds: operationsNamed(message, history, STREAM),
  };
}
