/**
 * A register: one value that is read, written and, where `cas` is used, swapped if it is what was expected.
 *
 * A compare-and-set that answers false saw another value than it expected. Values are compared with `Object.is`, so
 * they are numbers, strings or booleans.
 */

import type { Model } from '../wgl/model.ts';
import { type Outcome, pendingUnless, told } from './outcome.ts';

export type Value = string | number | boolean | null;

export type RegisterInput = { op: 'read' } | { op: 'write'; value: Value } | { op: 'cas'; from: Value; to: Value };
/** The value read, null for a write, whether a compare-and-set swapped. */
export type RegisterOutput = Outcome<Value>;

/** Reads and writes; a compare-and-set is no operation of it. */
export function registerModel(initial: Value = null): Model<Value, RegisterInput, RegisterOutput> {
  const model = casRegisterModel(initial);
  return {
    ...model,
    step: (state, input, output) =>
      input.op === 'cas'
        ? { legal: false, reason: 'a plain register has no compare-and-set' }
        : model.step(state, input, output),
  };
}

/** Reads, writes and compare-and-sets. */
export function casRegisterModel(initial: Value = null): Model<Value, RegisterInput, RegisterOutput> {
  return {
    init: () => initial,
    step: (state, input, output) => {
      if (output.outcome === 'failed') return { legal: true, state };
      if (input.op === 'read') {
        if (output.outcome === 'unknown' || Object.is(output.value, state)) return { legal: true, state };
        return { legal: false, reason: `the register holds ${JSON.stringify(state)}` };
      }
      if (input.op === 'write') return { legal: true, state: input.value };
      const fits = Object.is(state, input.from);
      if (output.outcome === 'ok' && output.value !== fits)
        return { legal: false, reason: `the register holds ${JSON.stringify(state)}` };
      return { legal: true, state: fits ? input.to : state };
    },
    pending: (input) => pendingUnless(input.op === 'read'),
    isOptional: (input, output) => input.op !== 'read' && output.outcome === 'unknown',
    isReadOnly: (input, output) => input.op === 'read' || output.outcome === 'failed' || isRefusedSwap(input, output),
    describeOperation: (input, output) => told(wordsOf(input), output),
    describeState: (state) => JSON.stringify(state),
  };
}

function isRefusedSwap(input: RegisterInput, output: RegisterOutput): boolean {
  return input.op === 'cas' && output.outcome === 'ok' && output.value === false;
}

function wordsOf(input: RegisterInput): string {
  switch (input.op) {
    case 'read':
      return 'read';
    case 'write':
      return `write ${JSON.stringify(input.value)}`;
    case 'cas':
      return `cas ${JSON.stringify(input.from)} to ${JSON.stringify(input.to)}`;
  }
}
