/**
 * Client lanes: a row per client (or per worker, where clients replace one another), a bar from call to return
 * for each operation, and the checker's order as points on the bars joined by a line.
 *
 * Bar height tells the kind (append full, read two thirds, check-tail one third), fill tells the outcome. What
 * may still take effect trails a thin dashed line to the end of the run.
 */

import { shortNamesOf } from '../describe.ts';
import { MarkRuns } from '../mark-runs.ts';
import type { Operation } from '../operations.ts';
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
import { drawOrder, pointIn, shownOrder } from './order-overlay.ts';
import { drawGutterLabel, drawTimeGrid, inPlot, makePanel, paint, type Panel } from './panel.ts';
import type { Chart, Stage } from './stage.ts';

const PADDING_PX = 6;
const REACH_PX = 4;
/** Bars at least this wide may carry text, in lanes at least this high. */
const TEXT_WIDTH_PX_MIN = 12;
const TEXT_LANE_PX_MIN = 18;
const KIND_HEIGHTS = { append: 1, read: 0.66, 'check-tail': 0.36 } as const;
/** Added to the style of what a search did not find. */
const PALE_STYLE = 64;

export class ClientLanes implements Chart {
  readonly #stage: Stage;
  readonly panel: Panel;
  readonly #lanePx: number;

  constructor(stage: Stage, parent: Element) {
    this.#stage = stage;
    const laneCount = Math.max(1, stage.model.lanes.length);
    this.#lanePx = lanePxFor(laneCount);
    this.panel = makePanel(parent, {
      name: 'lanes',
      label: 'Client lanes: every operation as a bar from its call to its return',
      heightPx: laneCount * this.#lanePx + 2 * PADDING_PX,
    });
    stage.add(this);
  }

  draw(): void {
    const stage = this.#stage;
    paint(stage, this.panel, (brush) => {
      this.#drawLaneLabels(brush);
      drawTimeGrid(stage, this.panel, brush);
      inPlot(stage, this.panel, brush, () => {
        for (let lane = 0; lane < stage.model.lanes.length; lane++) this.#drawLane(brush, lane);
        if (stage.showOrder) {
          const half = Math.min(5, this.#lanePx / 3);
          drawOrder(stage, brush, { middleOf: (operation) => this.#middleOf(operation), halfPx: half });
        }
      });
    });
  }

  hit(pointX: number, pointY: number): number | null {
    const lane = Math.floor((pointY - PADDING_PX) / this.#lanePx);
    if (lane < 0 || lane >= this.#stage.model.lanes.length) return null;
    let nearest: number | null = null;
    let nearestPx = REACH_PX;
    const visit = (index: number): void => {
      const { left, right } = extentOf(this.#stage, index);
      const distancePx = Math.max(left - pointX, pointX - right, 0);
      if (distancePx > nearestPx) return;
      nearest = index;
      nearestPx = distancePx;
    };
    this.#stage.visitLane(lane, visit, [pointX - REACH_PX, pointX + REACH_PX]);
    return nearest;
  }

  #drawLaneLabels(brush: CanvasRenderingContext2D): void {
    const stage = this.#stage;
    for (const lane of stage.model.lanes.keys()) {
      const top = PADDING_PX + lane * this.#lanePx;
      if (lane % 2 === 0) {
        brush.fillStyle = stage.palette.stripe;
        brush.fillRect(stage.left, top, stage.right - stage.left, this.#lanePx);
      }
      drawGutterLabel(stage, brush, laneLabel(stage, lane), top + this.#lanePx / 2);
    }
  }

  /** What is too narrow to tell apart as runs, the rest one by one, and what matters above all. */
  #drawLane(brush: CanvasRenderingContext2D, lane: number): void {
    const stage = this.#stage;
    const { factor, shift } = stage.line;
    const { calls, ends } = stage.axis;
    const { styles, staysOpen } = stage.model;
    const wide: number[] = [];
    const top: number[] = [];
    let openFrom = Number.POSITIVE_INFINITY;
    const found: { key: number; left: number; right: number }[] = [];
    const runs = new MarkRuns((key, left, right) => found.push({ key, left, right }));
    stage.visitLane(lane, (index) => {
      if (isEmphasised(stage, index)) return void top.push(index);
      const left = factor * (calls[index] ?? 0) + shift;
      const right = factor * (ends[index] ?? 0) + shift;
      if (staysOpen[index] === 1) openFrom = Math.min(openFrom, right);
      if (right < stage.left) return;
      if (right - left >= WIDTH_PX_MIN) return void wide.push(index);
      runs.add((styles[index] ?? 0) + (isPale(stage, index) ? PALE_STYLE : 0), left, right);
    });
    if (openFrom < stage.right) this.#drawTrail(brush, lane, openFrom);
    runs.end();
    // By kind, lowest bars last, so that each stays visible in the crowd.
    for (const run of found.sort((a, b) => a.key - b.key)) this.#drawRun(brush, lane, run);
    for (const index of [...wide, ...top]) this.#drawOne(brush, index);
    for (const index of top) drawFrames(stage, brush, index, this.#boxOf(index));
  }

  #drawRun(
    brush: CanvasRenderingContext2D,
    lane: number,
    { key, left, right }: { key: number; left: number; right: number },
  ): void {
    const style = styleOf(key % PALE_STYLE);
    const height = this.#heightOf(style.kind);
    brush.globalAlpha = key >= PALE_STYLE ? PALE : 1;
    const box = { left, top: this.#laneMiddle(lane) - height / 2, width: Math.max(right - left, WIDTH_PX_MIN), height };
    drawRun(this.#stage, brush, style, box);
    brush.globalAlpha = 1;
  }

  #drawOne(brush: CanvasRenderingContext2D, index: number): void {
    const operation = this.#stage.model.operations[index];
    if (operation === undefined) return;
    const box = this.#boxOf(index);
    brush.globalAlpha = isPale(this.#stage, index) ? PALE : 1;
    drawMark(this.#stage, brush, operation, box);
    this.#drawText(brush, operation, index, box);
    brush.globalAlpha = 1;
  }

  /** The dashed line of what may still take effect: one for the lane, from the first of them to the end of the run. */
  #drawTrail(brush: CanvasRenderingContext2D, lane: number, from: number): void {
    const { palette, left, right, line, time } = this.#stage;
    const middle = Math.round(this.#laneMiddle(lane)) + 0.5;
    brush.strokeStyle = palette.unknown;
    brush.lineWidth = 1;
    brush.setLineDash([2, 4]);
    brush.beginPath();
    brush.moveTo(Math.max(left, from), middle);
    brush.lineTo(Math.min(right, line.factor * time.domain[1] + line.shift), middle);
    brush.stroke();
    brush.setLineDash([]);
  }

  /** The longest name that fits; with the order on, beside the operation's point rather than under it. */
  #drawText(brush: CanvasRenderingContext2D, operation: Operation, index: number, box: Box): void {
    const stage = this.#stage;
    // Check-tails are too low for text inside; theirs would have to stand on the lane.
    if (operation.kind === 'check-tail' || this.#lanePx < TEXT_LANE_PX_MIN) return;
    const start = Math.max(box.left, stage.left) + 4;
    const end = Math.min(box.left + box.width, stage.right) - 4;
    if (end - start < TEXT_WIDTH_PX_MIN) return;
    const order = stage.showOrder ? shownOrder(stage) : null;
    const point = order === null ? undefined : pointIn(stage, order, index);
    const pointX = point === undefined ? start : stage.x(stage.time.ofEvent(point)) + 4;
    const gaps: [number, number][] =
      pointX <= start
        ? [[start, end]]
        : [
            [start, pointX - 8],
            [pointX, end],
          ];
    for (const name of shortNamesOf(operation)) {
      const widthPx = brush.measureText(name).width;
      const gap = gaps.find(([left, right]) => right - left >= widthPx);
      if (gap !== undefined) return drawName(stage, brush, operation, { name, left: gap[0], widthPx, box });
    }
  }

  #boxOf(index: number): Box {
    const { left, right } = extentOf(this.#stage, index);
    const height = this.#heightOf(this.#stage.model.operations[index]?.kind ?? 'append');
    return { left, top: this.#middleOf(index) - height / 2, width: right - left, height };
  }

  #heightOf(kind: Operation['kind']): number {
    const full = this.#lanePx - (this.#lanePx >= 16 ? 6 : 2);
    return Math.max(2, full * KIND_HEIGHTS[kind]);
  }

  #middleOf(index: number): number {
    return this.#laneMiddle(this.#stage.model.laneOf[index] ?? 0);
  }

  #laneMiddle(lane: number): number {
    return PADDING_PX + (lane + 0.5) * this.#lanePx;
  }
}

function drawName(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  operation: Operation,
  { name, left, widthPx, box }: { name: string; left: number; widthPx: number; box: Box },
): void {
  const isSolid = operation.outcome === 'durable' || operation.outcome === 'answered';
  if (!isSolid) {
    brush.fillStyle = stage.palette.surface;
    brush.fillRect(left - 2, box.top + 2, widthPx + 4, box.height - 4);
  }
  brush.fillStyle = isSolid ? stage.palette['on-mark'] : stage.palette.ink;
  brush.fillText(name, left, box.top + box.height / 2 + 0.5);
}

/** A shared lane is named after the client at work in it, if only one is on show. */
function laneLabel(stage: Stage, lane: number): string {
  const clients = stage.model.laneClients[lane] ?? [];
  const [start, end] = stage.range.map((value) => stage.time.toEvent(value)) as [number, number];
  const atWork = clients.length === 1 ? clients : clients.filter(({ from, until }) => from <= end && until >= start);
  if (atWork.length === 1) return `client ${atWork[0]?.clientId}`;
  return atWork.length === 0 ? '' : `${atWork.length} clients`;
}

/** Few clients get room for text, many still fit on a screen. */
function lanePxFor(laneCount: number): number {
  if (laneCount <= 8) return 30;
  if (laneCount <= 16) return 22;
  return laneCount <= 40 ? 15 : 11;
}
