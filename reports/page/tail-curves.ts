/**
 * Floor and ceiling of the tail as curves and the band between them, in as many steps as there are pixels.
 */

import type { ScaleLinear } from 'd3';
import { firstAbove } from '../time-scale.ts';
import type { Stage } from './stage.ts';

interface Step {
  left: number;
  right: number;
  floorY: number;
  ceilingY: number;
}

/** The last answer of `tailRange`: several charts ask in every frame. */
let known: { of: readonly unknown[]; range: readonly [number, number] } | null = null;

/** Lowest and highest position on show: of the band, and of operations that hang out of it. */
export function tailRange(stage: Stage): readonly [number, number] {
  const of = [stage, stage.x, stage.shownVersion];
  if (known === null || known.of.some((part, i) => part !== of[i])) known = { of, range: computedRange(stage) };
  return known.range;
}

function computedRange(stage: Stage): [number, number] {
  const { envelope, outliers, placeStarts, placeEnds } = stage.model;
  const { floor, ceiling } = envelope;
  const [first, last] = stepRange(stage);
  let low = floor[first] ?? 0;
  let high = 0;
  for (let step = first; step <= last; step++) high = Math.max(high, ceiling[step] ?? 0);
  const { calls, ends } = stage.axis;
  const [start, end] = stage.range;
  const reach = (index: number): void => {
    const from = placeStarts[index] ?? Number.NaN;
    if (stage.shown[index] !== 1 || Number.isNaN(from)) return;
    low = Math.min(low, from);
    high = Math.max(high, placeEnds[index] ?? from);
  };
  // Inside the band are all but the outliers, and what was under way at the left edge and began below the floor there.
  for (const index of outliers) if ((calls[index] ?? 0) <= end && (ends[index] ?? 0) >= start) reach(index);
  for (let lane = 0; lane < stage.model.lanes.length; lane++) {
    stage.visitLane(lane, (index) => (ends[index] ?? 0) >= start && reach(index), [stage.left, stage.left]);
  }
  return [low, high];
}

/** Steps narrower than a pixel are joined: the lowest floor and the highest ceiling among them count. */
export function visibleSteps(stage: Stage, y: ScaleLinear<number, number>): Step[] {
  const { events, floor, ceiling } = stage.model.envelope;
  const { factor, shift } = stage.line;
  const axis = stage.axis.events;
  const [first, last] = stepRange(stage);
  const steps: Step[] = [];
  let open: { left: number; floor: number; ceiling: number } | null = null;
  for (let step = first; step <= last; step++) {
    const left = factor * (axis[events[step] ?? 0] ?? 0) + shift;
    if (open !== null && left - open.left < 1) {
      open.ceiling = Math.max(open.ceiling, ceiling[step] ?? 0);
      continue;
    }
    if (open !== null) steps.push({ left: open.left, right: left, floorY: y(open.floor), ceilingY: y(open.ceiling) });
    open = { left, floor: floor[step] ?? 0, ceiling: ceiling[step] ?? 0 };
  }
  if (open === null) return steps;
  const next = last + 1 < events.length ? factor * (axis[events[last + 1] ?? 0] ?? 0) + shift : stage.right;
  const floorY = y(floor[last] ?? open.floor);
  steps.push({ left: open.left, right: Math.max(next, open.left), floorY, ceilingY: y(open.ceiling) });
  return steps;
}

export function drawBand(stage: Stage, brush: CanvasRenderingContext2D, steps: readonly Step[]): void {
  brush.beginPath();
  for (const { left, right, ceilingY } of steps) {
    brush.lineTo(left, ceilingY);
    brush.lineTo(right, ceilingY);
  }
  for (const { left, right, floorY } of steps.toReversed()) {
    brush.lineTo(right, floorY);
    brush.lineTo(left, floorY);
  }
  brush.closePath();
  brush.fillStyle = stage.palette.band;
  brush.fill();
}

/** Floor and ceiling as lines, above the operations they bound. */
export function drawCurves(stage: Stage, brush: CanvasRenderingContext2D, steps: readonly Step[]): void {
  brush.lineWidth = 1;
  strokeSteps(brush, steps, { of: ({ ceilingY }) => ceilingY, colour: stage.palette.ceiling });
  brush.lineWidth = 1.5;
  strokeSteps(brush, steps, { of: ({ floorY }) => floorY, colour: stage.palette.floor });
}

function strokeSteps(
  brush: CanvasRenderingContext2D,
  steps: readonly Step[],
  { of, colour }: { of: (step: Step) => number; colour: string },
): void {
  brush.strokeStyle = colour;
  brush.beginPath();
  for (const step of steps) {
    brush.lineTo(step.left, of(step));
    brush.lineTo(step.right, of(step));
  }
  brush.stroke();
}

/** First and last step of the envelope on show. */
function stepRange(stage: Stage): [number, number] {
  const { events } = stage.model.envelope;
  const [start, end] = stage.range;
  const stepAt = (value: number): number => Math.max(0, firstAbove(events, stage.time.toEvent(value)) - 1);
  return [stepAt(start), stepAt(end)];
}
