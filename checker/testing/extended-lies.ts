/** An answer of a small history bent into another one, which may be as true. */

import { type Draft, STAMPS } from './extended-drafts.ts';
import { wholeOf } from './pretended-stream.ts';
import type { Dice } from './random.ts';

export function falsify(dice: Dice, draft: Draft): void {
  const { answer: told } = draft;
  if (told === null) return;
  const moved = (value: number): number => Math.max(0, value + dice.pick([-1, 1]));
  if (draft.tailTimestamp !== undefined && dice.chance(1, 2)) draft.tailTimestamp = dice.pick(STAMPS);
  else if (told.kind === 'read-success') {
    const hashes = told.recordHashes ?? [0n];
    draft.answer = wholeOf(
      dice.chance(1, 2) ? hashes.slice(1) : [...hashes.slice(1), 9n],
      told.recordHashes !== undefined,
    );
  } else if (told.kind === 'append-rejected')
    draft.answer = {
      kind: 'append-rejected',
      actual: 'tail' in told.actual ? { tail: dice.below(5) } : { fencingToken: dice.pick(['a', 'b', '']) },
    };
  else if (told.kind === 'append-acked') {
    const isLater = dice.chance(1, 2);
    draft.answer = isLater ? { ...told, tail: told.tail + 1 } : { ...told, start: moved(told.start) };
    if (told.timestamps !== undefined) draft.answer = { ...told, timestamps: [dice.pick(STAMPS), told.timestamps[1]] };
  } else if (draft.call.kind === 'follow' && dice.chance(1, 2)) draft.answer = { kind: 'stream-absent' };
  else if (told.kind === 'read-part-success') {
    const { start, timestamps, contentHashes } = told;
    const bent = <T>(values: readonly T[], bend: (value: T) => T): T[] =>
      values.map((value) => (dice.chance(1, 2) ? bend(value) : value));
    if (contentHashes !== undefined)
      draft.answer = { ...told, contentHashes: bent(contentHashes, (hash) => hash ^ 1n) };
    else if (timestamps !== undefined)
      draft.answer = { ...told, timestamps: bent(timestamps, () => dice.pick(STAMPS)) };
    else if (told.tail !== null && dice.chance(1, 2)) draft.answer = { ...told, tail: moved(told.tail) };
    else if (dice.chance(1, 2)) draft.answer = { ...told, start: moved(start) };
    else draft.answer = { ...told, recordHashes: bent(told.recordHashes, (hash) => hash ^ 1n) };
  } else if ('tail' in told && told.tail !== null) draft.answer = { ...told, tail: moved(told.tail) };
  else if (draft.call.kind === 'create' || draft.call.kind === 'delete')
    draft.answer = {
      kind:
        draft.call.kind === 'create'
          ? dice.pick(['created', 'stream-exists', 'create-noop', 'stream-pending'] as const)
          : dice.pick(['deleted', 'stream-absent'] as const),
    };
  else if (told.kind === 'read-nothing') draft.answer = { kind: 'stream-absent' };
  else if (told.kind === 'stream-absent' || told.kind === 'stream-pending')
    draft.answer = { kind: dice.pick(['stream-absent', 'stream-pending'] as const) };
}
