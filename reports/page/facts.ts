/**
 * Facts about an operation that need the whole history, and lists of facts as definition lists.
 */

import { formatNumber } from '../figures.ts';
import { make } from './page-data.ts';
import type { Stage } from './stage.ts';

/** When it was called and returned, how long it took, and the tail that was known before. */
export function circumstanceFacts(stage: Stage, index: number): [string, string][] {
  const { operations, timesMs, floors, unknownPlaces } = stage.model;
  const operation = operations[index];
  if (operation === undefined) return [];
  const facts: [string, string][] = [['called', momentOf(timesMs, operation.callEvent)]];
  facts.push(['returned', operation.returnEvent === null ? 'never' : momentOf(timesMs, operation.returnEvent)]);
  if (operation.gaveUpAtMs !== null) facts.push(['gave up', `${formatNumber(operation.gaveUpAtMs)} ms`]);
  const place = unknownPlaces.get(index);
  if (place !== undefined) facts.push(['placed at', `${formatNumber(place)}, by the checker's order`]);
  facts.push(['known before', `tail ${formatNumber(floors[index] ?? 0)}`]);
  return facts;
}

export function showFacts(parent: Element, facts: readonly (readonly [string, string])[]): void {
  const list = make('dl', { className: 'facts', parent });
  for (const [name, value] of facts) {
    const row = make('div', { parent: list });
    make('dt', { text: name, parent: row });
    make('dd', { text: value, parent: row });
  }
}

function momentOf(timesMs: readonly number[] | null, event: number): string {
  const position = `event ${formatNumber(event)}`;
  return timesMs === null ? position : `${formatNumber(timesMs[event] ?? 0)} ms · ${position}`;
}
