/**
 * Facts about an operation that need the whole history, and lists of facts as definition lists.
 */

import { factsOf } from '../describe.ts';
import { formatNumber } from '../figures.ts';
import { describeState } from '../stream-states.ts';
import { shownOrder } from './order-overlay.ts';
import { make } from './page-data.ts';
import type { Stage } from './stage.ts';

/** What it did, when, what was known before, and what it means in the order that is shown. */
export function operationFacts(stage: Stage, index: number): [string, string][] {
  const operation = stage.model.operations[index];
  if (operation === undefined) return [];
  return [...factsOf(operation), ...circumstanceFacts(stage, index), ...orderFacts(stage, index)];
}

export function showFacts(parent: Element, facts: readonly (readonly [string, string])[]): void {
  const list = make('dl', { className: 'facts', parent });
  for (const [name, value] of facts) {
    const row = make('div', { parent: list });
    make('dt', { text: name, parent: row });
    make('dd', { text: value, parent: row });
  }
}

/** When it was called and returned, and the tail that was known before. */
function circumstanceFacts(stage: Stage, index: number): [string, string][] {
  const { operations, floors, unknownPlaces } = stage.model;
  const operation = operations[index];
  if (operation === undefined) return [];
  const facts: [string, string][] = [['called', momentOf(stage, operation.callEvent)]];
  facts.push(['returned', operation.returnEvent === null ? 'never' : momentOf(stage, operation.returnEvent)]);
  if (operation.gaveUpAtMs !== null) facts.push(['gave up', `${formatNumber(operation.gaveUpAtMs)} ms`]);
  const place = unknownPlaces.get(index);
  if (place !== undefined) facts.push(['placed at', `${formatNumber(place)}, by the checker's order`]);
  facts.push(['known before', `tail ${formatNumber(floors[index] ?? 0)}`]);
  return facts;
}

/** The states around it in the order on show, or why it does not fit into that. */
function orderFacts(stage: Stage, index: number): [string, string][] {
  const { model } = stage;
  if (model.partials().length === 0) return [];
  const order = shownOrder(stage);
  const step = order?.steps.indexOf(index) ?? -1;
  const stateAt = (at: number): string => {
    const state = order?.states[at];
    return state === undefined ? '' : describeState(state);
  };
  if (order !== null && step >= 0) {
    const place = `step ${formatNumber(step + 1)} of ${formatNumber(order.steps.length)}`;
    return [
      [model.order === null ? 'partial order' : 'order', place],
      ['state before', stateAt(step)],
      ['state after', stateAt(step + 1)],
    ];
  }
  const illegal = order?.illegal.find(({ operation }) => operation === index);
  if (illegal === undefined) {
    return [['order', model.order === null ? 'in no partial order' : 'in the order it had no effect']];
  }
  return [
    ['state before', stateAt(order?.steps.length ?? 0)],
    ['does not fit', illegal.reason],
  ];
}

export function momentOf({ model }: Stage, event: number): string {
  const position = `event ${formatNumber(model.whole?.events[event] ?? event)}`;
  return model.timesMs === null ? position : `${formatNumber(model.timesMs[event] ?? 0)} ms · ${position}`;
}
