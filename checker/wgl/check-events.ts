/**
 * Histories as lists of events, where the place in the list is the time: made into operations, and checked.
 *
 * What is no history is refused with the number of the event: an id used twice, a return without a call, a return by
 * another client, a kind of event that there is not. A call without a return is what the model says it is (`pending`).
 */

import { MalformedHistory } from '../malformed.ts';
import { checkOperations, type SearchOptions, type SearchResult } from './check-operations.ts';
import type { Model, Operation } from './model.ts';

/** `id` pairs a return with its call. */
export type Event<I, O> =
  | { kind: 'call'; clientId: number; id: number; value: I; metadata?: unknown }
  | { kind: 'return'; clientId: number; id: number; value: O };

/** Throws `MalformedHistory`. */
export function checkEvents<S, I, O>(
  model: Model<S, I, O>,
  events: readonly Event<NoInfer<I>, NoInfer<O>>[],
  options: SearchOptions = {},
): SearchResult<I, O> {
  return checkOperations(model, operationsOf(model, events), options);
}

/** In order of call. Throws `MalformedHistory`. */
export function operationsOf<I, O>(
  model: Pick<Model<never, I, O>, 'pending'>,
  events: readonly Event<I, O>[],
): Operation<I, O>[] {
  const calls = new Map<number, { at: number; event: Event<I, O> & { kind: 'call' } }>();
  const returns = new Map<number, { at: number; output: O }>();
  events.forEach((event, at) => {
    const refuse = (what: string): never => {
      throw new MalformedHistory(at + 1, what);
    };
    // Where there are no types to say so.
    const { kind } = event as { kind: unknown };
    if (kind !== 'call' && kind !== 'return')
      refuse(`the kind is ${JSON.stringify(kind)}; expected "call" or "return"`);
    const call = calls.get(event.id);
    if (event.kind === 'call') {
      if (call !== undefined) refuse(`id ${event.id} is called a second time (first by event ${call.at + 1})`);
      calls.set(event.id, { at, event });
      return;
    }
    if (call === undefined) return refuse(`id ${event.id} returns but was never called`);
    if (call.event.clientId !== event.clientId)
      refuse(`id ${event.id} returns to client ${event.clientId} but was called by client ${call.event.clientId}`);
    if (returns.has(event.id)) refuse(`id ${event.id} returns a second time`);
    returns.set(event.id, { at, output: event.value });
  });
  return [...calls].flatMap(([id, { at, event }]) => {
    const answered = returns.get(id);
    const made = answered ?? pendingAnswer(model, event.value, at);
    if (made === null) return [];
    const { clientId, value, metadata } = event;
    const operation = { clientId, input: value, output: made.output, call: at, return: made.at };
    return [metadata === undefined ? operation : { ...operation, metadata }];
  });
}

function pendingAnswer<I, O>(
  { pending }: Pick<Model<never, I, O>, 'pending'>,
  input: I,
  at: number,
): { at: number; output: O } | null {
  if (pending === undefined)
    throw new MalformedHistory(
      at + 1,
      'the call has no return, and the model does not say what that means (`pending`)',
    );
  const open = pending(input);
  return open === null ? null : { at: Number.POSITIVE_INFINITY, output: open.output };
}
