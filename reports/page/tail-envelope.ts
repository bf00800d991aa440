/**
 * Tail over time: the band in which the tail must lie, and every operation at the position it reports.
 *
 * The lower curve is the largest tail any finished operation reported, the upper one how far the tail can
 * have been. A correct operation crosses the band; a stale one hangs below it. The height follows what is on
 * show, so that zooming in time zooms in position too.
 */

import { scaleLinear, type ScaleLinear } from 'd3';
import { formatNumber } from '../figures.ts';
import { MarkRuns } from '../mark-runs.ts';
import type { OperationKind } from '../operations.ts';
import { styleOf } from './history-model.ts';
import {
  type Box,
  drawFrames,
  drawMark,
  drawRun,
  extentOf,
  isEmphasised,
  isPale,
  PALE,
  WIDTH_PX_MIN,
} from './operation-marks.ts';
import { drawGutterLabel, drawTimeGrid, inPlot, makePanel, paint, type Panel } from './panel.ts';
import { drawBand, drawCurves, tailRange, visibleSteps } from './tail-curves.ts';
import { TagLayout } from './tags.ts';
import type { Chart, Stage } from './stage.ts';
import { drawTrimCurve } from './trim-curve.ts';

const HEIGHT_PX_MIN = 270;
const HEIGHT_PX_MAX = 560;
const HEIGHT_PER_WIDTH = 0.18;
const PADDING_PX = 18;
/** Reads and check-tails have no extent in position; these are their thickness. */
const READ_PX = 5;
const CHECK_TAIL_PX = 3;
/** Bars let the band and its curves shine through. */
const APPEND_OPACITY = 0.5;
const OBSERVER_OPACITY = 0.85;
/** How far from a bar the pointer may be and still mean it. */
const REACH_PX = 5;
/** Rows a panel can have: keys of runs are style, top and bottom in one number. */
const ROWS = 1024;

type Positions = ScaleLinear<number, number>;

export class TailEnvelope implements Chart {
  readonly #stage: Stage;
  readonly panel: Panel;

  constructor(stage: Stage, parent: Element) {
    this.#stage = stage;
    this.panel = makePanel(parent, {
      name: 'tail',
      label: 'Tail over time: the band in which the tail must lie, and each operation at its position',
      heightPx: HEIGHT_PX_MIN,
    });
    stage.add(this);
  }

  draw(): void {
    const stage = this.#stage;
    const heightPx = Math.round(stage.widthPx * HEIGHT_PER_WIDTH);
    this.panel.heightPx = Math.max(HEIGHT_PX_MIN, Math.min(heightPx, HEIGHT_PX_MAX));
    const y = this.#y();
    paint(stage, this.panel, (brush) => {
      drawTimeGrid(stage, this.panel, brush);
      drawPositionAxis(stage, this.panel, brush, y);
      inPlot(stage, this.panel, brush, () => {
        const steps = visibleSteps(stage, y);
        drawTrimCurve(stage, brush, y, this.panel.heightPx);
        drawBand(stage, brush, steps);
        this.#drawMarks(brush, y);
        drawCurves(stage, brush, steps);
        this.#drawEmphasis(brush, y);
      });
    });
  }

  /** Index of the operation drawn nearest to the point, if one is near. */
  hit(pointX: number, pointY: number): number | null {
    const stage = this.#stage;
    const y = this.#y();
    let nearest: number | null = null;
    let nearestPx = REACH_PX;
    const visit = (index: number): void => {
      const box = this.#boxOf(index, y);
      if (box === null) return;
      const distancePx = Math.max(
        box.left - pointX,
        pointX - box.left - box.width,
        box.top - pointY,
        pointY - box.top - box.height,
      );
      // Guilty operations win ties: they lie on top.
      if (distancePx < nearestPx || (distancePx <= nearestPx && stage.model.guilty.has(index))) {
        nearest = index;
        nearestPx = Math.max(0, distancePx);
      }
    };
    for (let lane = 0; lane < stage.model.lanes.length; lane++) {
      stage.visitLane(lane, visit, [pointX - REACH_PX, pointX + REACH_PX]);
    }
    return nearest;
  }

  /** Everything but what is emphasised: runs of what is too narrow to tell apart, the rest one by one. */
  #drawMarks(brush: CanvasRenderingContext2D, y: Positions): void {
    const stage = this.#stage;
    const { styles, placeStarts, placeEnds } = stage.model;
    const { calls, ends } = stage.axis;
    const { factor, shift } = stage.line;
    const [leftPx, rightPx] = [stage.left, stage.right];
    const [yShift, yFactor] = [y(0), y(1) - y(0)];
    const runs = new MarkRuns((key, left, right) => {
      const bottom = key % ROWS;
      const top = Math.floor(key / ROWS) % ROWS;
      const { style, isDim } = unkeyed(Math.floor(key / ROWS / ROWS));
      const width = Math.max(right - left, WIDTH_PX_MIN);
      const look = styleOf(style);
      brush.globalAlpha = opacityOf(look.kind, isDim);
      drawRun(stage, brush, look, { left, top, width, height: Math.max(2.5, bottom - top) });
    });
    // By numbers alone: this is asked of a hundred thousand operations at every frame.
    stage.visitVisible((index) => {
      const left = factor * (calls[index] ?? 0) + shift;
      const right = factor * (ends[index] ?? 0) + shift;
      const start = placeStarts[index] ?? Number.NaN;
      if (right < leftPx || left > rightPx || Number.isNaN(start) || isEmphasised(stage, index)) return;
      const style = styles[index] ?? 0;
      if (right - left > WIDTH_PX_MIN) {
        const box = this.#boxOf(index, y);
        if (box !== null) this.#drawBox(brush, style, isPale(stage, index), box);
        return;
      }
      const top = Math.round(yFactor * (placeEnds[index] ?? start) + yShift);
      const bottom = Math.max(top, Math.round(yFactor * start + yShift));
      if (top < 0 || bottom >= ROWS) return;
      runs.add((keyed(style, isPale(stage, index)) * ROWS + top) * ROWS + bottom, left, left + 1);
    });
    runs.end();
    brush.globalAlpha = 1;
  }

  #drawBox(brush: CanvasRenderingContext2D, style: number, isDim: boolean, box: Box): void {
    const look = styleOf(style);
    brush.globalAlpha = opacityOf(look.kind, isDim);
    drawMark(this.#stage, brush, look, box);
  }

  /** Guilty, selected and hovered operations again, above all others, the guilty with their number. */
  #drawEmphasis(brush: CanvasRenderingContext2D, y: Positions): void {
    const stage = this.#stage;
    const tags = new TagLayout(stage, this.panel, brush);
    const emphasised = new Set(stage.model.guiltyInOrder.filter((index) => stage.shown[index] === 1));
    for (const index of [stage.hovered, stage.selected]) if (index !== null) emphasised.add(index);
    const marks = [...emphasised].flatMap((index) => {
      const operation = stage.model.operations[index];
      const box = operation === undefined ? null : this.#boxOf(index, y);
      return operation === undefined || box === null ? [] : [{ index, operation, box }];
    });
    for (const { index, operation, box } of marks) {
      drawMark(stage, brush, operation, box);
      drawFrames(stage, brush, index, box);
      tags.keepClear(box);
    }
    for (const { index, operation, box } of marks) {
      drawStaleness(stage, brush, index, box, { y, tags });
      if (!stage.model.guilty.has(index)) continue;
      tags.place(`op ${operation.opId}`, { left: box.left + 4, middle: box.top + box.height + 13 });
    }
  }

  #boxOf(index: number, y: Positions): Box | null {
    const { placeStarts, placeEnds, operations } = this.#stage.model;
    const start = placeStarts[index] ?? Number.NaN;
    const kind = operations[index]?.kind;
    if (Number.isNaN(start) || kind === undefined) return null;
    const { left, right } = extentOf(this.#stage, index);
    if (right < this.#stage.left || left > this.#stage.right) return null;
    const width = right - left;
    const top = y(placeEnds[index] ?? start);
    if (kind === 'append') return { left, top, width, height: Math.max(2.5, y(start) - top) };
    const height = kind === 'read' ? READ_PX : CHECK_TAIL_PX;
    return { left, top: top - height / 2, width, height };
  }

  #y(): Positions {
    const [low, high] = tailRange(this.#stage);
    return scaleLinear([low, Math.max(high, low + 1)], [this.panel.heightPx - PADDING_PX, PADDING_PX]);
  }
}

function opacityOf(kind: OperationKind, isDim: boolean): number {
  if (isDim) return PALE;
  return kind === 'append' ? APPEND_OPACITY : OBSERVER_OPACITY;
}

function keyed(style: number, isDim: boolean): number {
  return style * 2 + (isDim ? 1 : 0);
}

function unkeyed(key: number): { style: number; isDim: boolean } {
  return { style: key >> 1, isDim: key % 2 === 1 };
}

function drawPositionAxis(stage: Stage, panel: Panel, brush: CanvasRenderingContext2D, y: Positions): void {
  brush.strokeStyle = stage.palette.grid;
  brush.lineWidth = 1;
  for (const tick of y.ticks(6).filter(Number.isInteger)) {
    const at = Math.round(y(tick)) + 0.5;
    brush.beginPath();
    brush.moveTo(stage.left, at);
    brush.lineTo(stage.right, at);
    brush.stroke();
    drawGutterLabel(stage, brush, formatNumber(tick), at);
  }
  brush.save();
  brush.translate(14, panel.heightPx / 2);
  brush.rotate(-Math.PI / 2);
  brush.textAlign = 'center';
  brush.fillStyle = stage.palette['ink-soft'];
  brush.fillText('tail (sequence number)', 0, 0);
  brush.restore();
}

/** From a stale operation up to the tail that was already known when it was called. */
function drawStaleness(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  index: number,
  box: Box,
  { y, tags }: { y: Positions; tags: TagLayout },
): void {
  const floor = stage.model.floors[index] ?? 0;
  const start = stage.model.operations[index]?.startSeqNum ?? floor;
  if (start >= floor) return;
  const floorY = y(floor);
  brush.strokeStyle = stage.palette.bad;
  brush.lineWidth = 1.5;
  brush.setLineDash([4, 3]);
  brush.beginPath();
  brush.moveTo(box.left, box.top);
  brush.lineTo(box.left, floorY);
  brush.stroke();
  brush.setLineDash([]);
  brush.beginPath();
  brush.arc(box.left, floorY, 3.5, 0, 2 * Math.PI);
  brush.fillStyle = stage.palette.bad;
  brush.fill();
  // The curve rises to the right, so there is room above it on the left.
  tags.place(`tail ${formatNumber(floor)} already reported`, { right: box.left - 8, middle: floorY - 13 });
}
