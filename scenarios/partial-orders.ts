/**
 * How far the operations of a history that has no order can be ordered: for each of them the longest legal order with it, as
 * the general search finds them. What the history page draws over its lanes.
 */

import { checkOperations, type History, streamModel, streamOperations } from '../checker/index.ts';

/** The search is exponential at worst: longer histories do without, and so does what is not found within the budget. */
const EVENTS_MAX = 4_000;
const STEPS_MAX = 200_000;
/** Orders that differ by little are many; the page has to stay small. */
const ORDERS_MAX = 24;

/** As opIds, longest first; empty for a history that is too long. Equal input gives equal output. */
export function partialOrders(history: History): number[][] {
  if (history.length > EVENTS_MAX) return [];
  // Without the hints that let the search give up early: what it tried before is what is to be seen.
  const model = streamModel();
  delete model.isReadOnly;
  delete model.progress;
  delete model.position;
  delete model.isHopeless;
  const { partitions } = checkOperations(model, streamOperations(history), {
    stepsMax: STEPS_MAX,
    keepsAllOrders: true,
  });
  return partitions
    .flatMap(({ operations, partialLinearizations }) =>
      partialLinearizations.map((order) =>
        order.flatMap((index) => history[operations[index]?.call ?? -1]?.opId ?? []),
      ),
    )
    .sort((a, b) => b.length - a.length)
    .slice(0, ORDERS_MAX);
}
