/**
 * Small random histories of any object, for differential tests of models: overlapping operations of a few clients on
 * a pretended object, unknown outcomes that take effect in time, late or never, and then perhaps something falsified.
 */

import type { Operation } from '../wgl/model.ts';
import type { Outcome } from '../models/outcome.ts';
import type { Dice } from './random.ts';

/** A pretended object: `answer` is asked in the order of effects and says what comes back and what is left. */
export interface Pretence<S, I, V> {
  initial: S;
  draw: (dice: Dice) => I;
  answer: (state: S, input: I) => { value: V; state: S };
}

const NEVER = Number.POSITIVE_INFINITY;

export function smallOperations<S, I, V>(
  dice: Dice,
  { initial, draw, answer }: Pretence<S, I, V>,
  operationsMax: number,
): Operation<I, Outcome<V>>[] {
  const drafts = Array.from({ length: dice.between(2, operationsMax) }, (_, clientId) => {
    const call = dice.below(14);
    const effectAt = call + dice.below(6);
    return { clientId, input: draw(dice), call, effectAt, end: effectAt + dice.below(6), value: null as V | null };
  });
  let state = initial;
  for (const draft of drafts.toSorted((a, b) => a.effectAt - b.effectAt || a.clientId - b.clientId)) {
    const answered = answer(state, draft.input);
    draft.value = answered.value;
    // Some effects are lost: legal where the client never learns of them, a bug otherwise.
    if (!dice.chance(1, 8)) state = answered.state;
  }
  if (dice.chance(1, 3)) {
    const [a, b] = [dice.pick(drafts), dice.pick(drafts)];
    [a.value, b.value] = [b.value, a.value];
  }
  return drafts.map(({ clientId, input, call, end, value }) => {
    const output: Outcome<V> =
      value === null || dice.chance(1, 5)
        ? { outcome: dice.chance(1, 3) ? 'failed' : 'unknown' }
        : { outcome: 'ok', value };
    const isOpen = output.outcome === 'unknown' && dice.chance(1, 2);
    return { clientId, input, output, call, return: isOpen ? NEVER : end };
  });
}
