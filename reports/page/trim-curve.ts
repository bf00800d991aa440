/**
 * The trim point: a dashed curve under the band of the tail, with what lies below it struck out.
 */

import type { ScaleLinear } from 'd3';
import { type TrimStep, trimStepAt } from '../trim-points.ts';
import { hatch } from './palette.ts';
import type { Stage } from './stage.ts';

/** Of the history that the charts show: at the moment of the time slider, else at the right edge. */
export function trimOnShow(stage: Stage): TrimStep {
  const { model, moment, time, range } = stage;
  return trimStepAt(model.trims, moment ?? Math.floor(time.toEvent(range[1])));
}

/** Nothing where nothing is trimmed. */
export function drawTrimCurve(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  y: ScaleLinear<number, number>,
  heightPx: number,
): void {
  const { model, palette, left, right } = stage;
  if (model.trims.length < 2 && model.baseline.trimPoint === 0) return;
  const { factor, shift } = stage.line;
  const corners = model.trims.map(({ event, point }, i) => {
    const next = model.trims[i + 1];
    const end = next === undefined ? right : factor * (stage.axis.events[next.event] ?? 0) + shift;
    const start = i === 0 ? left : factor * (stage.axis.events[event] ?? 0) + shift;
    return { point, start: Math.max(start, left), end: Math.min(end, right), top: y(point) };
  });
  const shown = corners.filter(({ point, start, end, top }) => point > 0 && end > start && top < heightPx);
  brush.fillStyle = hatch(brush, palette.grid);
  for (const { start, end, top } of shown) brush.fillRect(start, top, end - start, heightPx - top);
  brush.strokeStyle = palette.ink;
  brush.lineWidth = 1.5;
  brush.setLineDash([2, 3]);
  brush.beginPath();
  for (const { start, end, top } of shown) {
    brush.lineTo(start, top);
    brush.lineTo(end, top);
  }
  brush.stroke();
  brush.setLineDash([]);
}
