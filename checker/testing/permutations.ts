/**
 * The slowest oracle: tries every order of the operations that real time allows, with no cache and no cleverness.
 *
 * Meant for at most seven or eight operations. Whatever disagrees with it is wrong.
 */

import type { NondeterministicModel, Operation } from '../wgl/model.ts';

/** Is there any order, and any choice of next states, that the model accepts? */
export function hasLinearization<S, I, O>(
  model: NondeterministicModel<S, I, O>,
  operations: readonly Operation<I, O>[],
): boolean {
  return model.init().some((state) => canGoOn(model, operations, state));
}

function canGoOn<S, I, O>(model: NondeterministicModel<S, I, O>, left: readonly Operation<I, O>[], state: S): boolean {
  if (left.length === 0) return true;
  const firstReturn = left.reduce((least, operation) => Math.min(least, operation.return), Number.POSITIVE_INFINITY);
  return left.some((operation, index) => {
    if (operation.call > firstReturn) return false;
    const rest = left.toSpliced(index, 1);
    return model.step(state, operation.input, operation.output).some((next) => canGoOn(model, rest, next));
  });
}
