/**
 * What the shipped models know of how an operation ended. In a file: `{"outcome": "ok", "value": 7}`.
 *
 * `ok`: it happened, and `value` is what came back. `failed`: it certainly never happens and says nothing. `unknown`:
 * it may have happened, may still, may never. A read without an answer says nothing either way.
 */

export type Outcome<V> = { outcome: 'ok'; value: V } | { outcome: 'failed' } | { outcome: 'unknown' };

/** What a call without a return amounts to in these models. */
export function pendingUnless(changesNothing: boolean): { output: { outcome: 'unknown' } } | null {
  return changesNothing ? null : { output: { outcome: 'unknown' } };
}

/** "read -> 7", "write 3 -> unknown". */
export function told(what: string, output: Outcome<unknown>): string {
  return `${what} -> ${output.outcome === 'ok' ? JSON.stringify(output.value) : output.outcome}`;
}

/** By key, in the order of each key's first operation. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string | number): readonly (readonly T[])[] {
  const groups = new Map<string | number, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
