/**
 * A set: elements are added and removed, asked for one by one, or all read at once.
 *
 * `add` and `remove` answer whether they changed anything, or null when the system does not say. A read may tell the
 * elements in any order, each once. As long as nobody reads the whole, elements cannot influence each other and each is
 * judged by itself.
 */

import type { Model } from '../wgl/model.ts';
import { groupBy, type Outcome, pendingUnless, told } from './outcome.ts';

export type Element = string | number;

export type SetInput =
  | { op: 'add'; value: Element }
  | { op: 'remove'; value: Element }
  | { op: 'contains'; value: Element }
  | { op: 'read' };
export type SetOutput = Outcome<boolean | null | readonly Element[]>;

/** A state is the sorted text of its elements: a value, so that equal sets are equal states. */
type Elements = string;

export function setModel(): Model<Elements, SetInput, SetOutput> {
  return {
    init: () => '[]',
    step: (state, input, output) => {
      if (output.outcome === 'failed') return { legal: true, state };
      if (input.op === 'read') {
        if (output.outcome === 'unknown') return { legal: true, state };
        const seen = Array.isArray(output.value) ? textOf(output.value as readonly Element[]) : '';
        return seen === state ? { legal: true, state } : { legal: false, reason: `the set holds ${state}` };
      }
      const elements = JSON.parse(state) as readonly Element[];
      const isThere = elements.includes(input.value);
      if (output.outcome === 'ok' && output.value !== null) {
        const expected = input.op === 'add' ? !isThere : isThere;
        if (output.value !== expected)
          return { legal: false, reason: `${JSON.stringify(input.value)} is ${isThere ? '' : 'not '}there` };
      }
      if (input.op === 'contains' || (input.op === 'add') === isThere) return { legal: true, state };
      const next = isThere ? elements.filter((element) => element !== input.value) : [...elements, input.value];
      return { legal: true, state: textOf(next) };
    },
    partition: (operations) =>
      operations.some(({ input }) => input.op === 'read')
        ? [operations]
        : groupBy(operations, ({ input }) => (input.op === 'read' ? '' : JSON.stringify(input.value))),
    pending: (input) => pendingUnless(input.op === 'contains' || input.op === 'read'),
    isOptional: (input, output) => (input.op === 'add' || input.op === 'remove') && output.outcome === 'unknown',
    isReadOnly: (input, output) =>
      input.op === 'contains' || input.op === 'read' || output.outcome === 'failed' || hasChangedNothing(output),
    describeOperation: (input, output) =>
      told(input.op === 'read' ? 'read' : `${input.op} ${JSON.stringify(input.value)}`, output),
    describeState: (state) => state,
  };
}

/** An add that found its element there, or a remove that did not. */
function hasChangedNothing(output: SetOutput): boolean {
  return output.outcome === 'ok' && output.value === false;
}

/** Numbers before strings, each ascending. */
function textOf(elements: readonly Element[]): Elements {
  const order = (a: Element, b: Element): number => {
    if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
    return a === b ? 0 : a < b ? -1 : 1;
  };
  return JSON.stringify(elements.toSorted(order));
}
