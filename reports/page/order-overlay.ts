/**
 * The order over the client lanes: a point on every operation where it took effect, joined by a line; where the history has
 * no whole order, how far it gets, and in red what could have come next but does not fit.
 */

import { type OrderPoint, orderPoints } from '../linearization.ts';
import type { Operation } from '../operations.ts';
import { orderFor, type PartialOrder } from '../partial-orders.ts';
import { firstAbove } from '../time-scale.ts';
import type { Stage } from './stage.ts';

/** More points on a screen are a thicket. */
const POINTS_MAX = 4000;

/** The points of an order, by place and by operation. */
interface Points {
  all: readonly OrderPoint[];
  events: readonly number[];
  eventOf: ReadonlyMap<number, number>;
}

const known = new WeakMap<PartialOrder, Points>();

/** The order that is shown now: for what is hovered or pinned, else the longest. */
export function shownOrder(stage: Stage): PartialOrder | null {
  const { model, hovered, selected } = stage;
  const orders = model.partials();
  const asked = hovered ?? selected;
  if (asked !== null && model.order === null) return orderFor(orders, asked);
  return orders[0] ?? null;
}

/** `middleOf` gives the height of an operation's bar. */
export function drawOrder(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  { middleOf, halfPx }: { middleOf: (operation: number) => number; halfPx: number },
): void {
  const order = shownOrder(stage);
  if (order === null) return;
  const { all, events } = pointsOf(stage.model.operations, order);
  const { x, time } = stage;
  const [start, end] = stage.range.map((value) => time.toEvent(value)) as [number, number];
  const from = Math.max(0, firstAbove(events, start) - 1);
  const seen = all.slice(from, firstAbove(events, end) + 1);
  if (seen.length > POINTS_MAX) return;
  const places = seen.map(({ operation, event }) => ({ at: x(time.ofEvent(event)), middle: middleOf(operation) }));
  brush.strokeStyle = stage.palette.order;
  brush.lineWidth = 1;
  brush.globalAlpha = 0.4;
  brush.beginPath();
  for (const { at, middle } of places) brush.lineTo(at, middle);
  brush.stroke();
  brush.globalAlpha = 1;
  brush.fillStyle = stage.palette.order;
  for (const { at, middle } of places) brush.fillRect(at - 1, middle - halfPx, 2, 2 * halfPx);
  drawIllegal(stage, brush, order, { last: all.at(-1), middleOf, halfPx });
}

/** Event coordinate of an operation's point in the shown order; undefined when it has none. */
export function pointIn(stage: Stage, order: PartialOrder, operation: number): number | undefined {
  return pointsOf(stage.model.operations, order).eventOf.get(operation);
}

/** Event coordinates of the steps of an order, ascending. */
export function orderEvents(operations: readonly Operation[], order: PartialOrder): readonly number[] {
  return pointsOf(operations, order).events;
}

function drawIllegal(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  { illegal }: PartialOrder,
  place: { last: OrderPoint | undefined; middleOf: (operation: number) => number; halfPx: number },
): void {
  const { x, time, model } = stage;
  const { last, middleOf, halfPx } = place;
  brush.strokeStyle = stage.palette.bad;
  brush.fillStyle = stage.palette.bad;
  for (const { operation } of illegal) {
    const call = model.callEvents[operation] ?? 0;
    const at = x(time.ofEvent(Math.max(call + 0.5, last?.event ?? 0)));
    const middle = middleOf(operation);
    if (last !== undefined) {
      brush.lineWidth = 1.25;
      brush.setLineDash([4, 3]);
      brush.beginPath();
      brush.moveTo(x(time.ofEvent(last.event)), middleOf(last.operation));
      brush.lineTo(at, middle);
      brush.stroke();
      brush.setLineDash([]);
    }
    brush.fillRect(at - 1.5, middle - halfPx - 2, 3, 2 * halfPx + 4);
  }
}

function pointsOf(operations: readonly Operation[], order: PartialOrder): Points {
  const found = known.get(order);
  if (found !== undefined) return found;
  const all = orderPoints(operations, order.steps);
  const made = {
    all,
    events: all.map(({ event }) => event),
    eventOf: new Map(all.map(({ operation, event }) => [operation, event])),
  };
  known.set(order, made);
  return made;
}
