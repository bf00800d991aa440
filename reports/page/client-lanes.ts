/**
 * Client lanes: a row per client (or per worker, where clients replace one another), a bar from call to return
 * for each operation, and the checker's order as points on the bars joined by a line.
 *
 * Bar height tells the kind (append full, read two thirds, check-tail one third), fill tells the outcome. What
 * may still take effect trails a thin dashed line to the end of the run.
 */

import { shortNamesOf } from '../describe.ts';
import type { Operation } from '../operations.ts';
import { type Box, drawFrames, drawMark, extentOf } from './operation-marks.ts';
import { drawGutterLabel, drawTimeGrid, inPlot, makePanel, paint, type Panel } from './panel.ts';
import type { Chart, Stage } from './stage.ts';

const PADDING_PX = 6;
const REACH_PX = 4;
/** Bars at least this wide may carry text, in lanes at least this high. */
const TEXT_WIDTH_PX_MIN = 12;
const TEXT_LANE_PX_MIN = 18;
const KIND_HEIGHTS = { append: 1, read: 0.66, 'check-tail': 0.36 } as const;

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
        this.#drawBars(brush);
        if (stage.showOrder) this.#drawOrder(brush);
      });
    });
  }

  hit(pointX: number, pointY: number): number | null {
    const lane = Math.floor((pointY - PADDING_PX) / this.#lanePx);
    if (lane < 0 || lane >= this.#stage.model.lanes.length) return null;
    const x = this.#stage.x;
    let nearest: number | null = null;
    let nearestPx = REACH_PX;
    this.#stage.visitLane(lane, x.invert(pointX - REACH_PX), x.invert(pointX + REACH_PX), (operation, index) => {
      const { left, right } = extentOf(this.#stage, operation);
      const distancePx = Math.max(left - pointX, pointX - right, 0);
      if (distancePx > nearestPx) return;
      nearest = index;
      nearestPx = distancePx;
    });
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

  #drawBars(brush: CanvasRenderingContext2D): void {
    const stage = this.#stage;
    const x = stage.x;
    const [start, end] = [x.invert(stage.left), x.invert(stage.right)];
    for (let lane = 0; lane < stage.model.lanes.length; lane++) {
      const framed: [number, Box][] = [];
      stage.visitLane(lane, start, end, (operation) => this.#drawTrail(brush, operation, this.#boxOf(operation, lane)));
      stage.visitLane(lane, start, end, (operation, index) => {
        const box = this.#boxOf(operation, lane);
        drawMark(stage, brush, operation, box);
        this.#drawText(brush, operation, index, box);
        if (stage.model.guilty.has(index) || stage.selected === index || stage.hovered === index) {
          framed.push([index, box]);
        }
      });
      for (const [index, box] of framed) drawFrames(stage, brush, index, box);
    }
  }

  /** The dashed line of an operation that may still take effect. */
  #drawTrail(brush: CanvasRenderingContext2D, operation: Operation, box: Box): void {
    const { openUntil } = extentOf(this.#stage, operation);
    if (openUntil === null) return;
    const middle = Math.round(box.top + box.height / 2) + 0.5;
    brush.strokeStyle = this.#stage.palette.unknown;
    brush.lineWidth = 1;
    brush.setLineDash([2, 4]);
    brush.beginPath();
    brush.moveTo(Math.max(this.#stage.left, box.left + box.width), middle);
    brush.lineTo(Math.min(this.#stage.right, openUntil), middle);
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
    const point = stage.showOrder ? stage.model.pointOf.get(index) : undefined;
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

  #drawOrder(brush: CanvasRenderingContext2D): void {
    const stage = this.#stage;
    const { order, laneOf } = stage.model;
    if (order === null) return;
    const x = stage.x;
    const points = order
      .map(({ operation, event }) => ({
        at: x(stage.time.ofEvent(event)),
        middle: PADDING_PX + ((laneOf[operation] ?? 0) + 0.5) * this.#lanePx,
      }))
      .filter(({ at }, i, all) => isNear(stage, at) || isNear(stage, all[i + 1]?.at) || isNear(stage, all[i - 1]?.at));
    brush.strokeStyle = stage.palette.order;
    brush.lineWidth = 1;
    brush.globalAlpha = 0.4;
    brush.beginPath();
    for (const { at, middle } of points) brush.lineTo(at, middle);
    brush.stroke();
    brush.globalAlpha = 1;
    brush.fillStyle = stage.palette.order;
    const half = Math.min(5, this.#lanePx / 3);
    for (const { at, middle } of points) brush.fillRect(at - 1, middle - half, 2, 2 * half);
  }

  #boxOf(operation: Operation, lane: number): Box {
    const { left, right } = extentOf(this.#stage, operation);
    const full = this.#lanePx - (this.#lanePx >= 16 ? 6 : 2);
    const height = Math.max(2, full * KIND_HEIGHTS[operation.kind]);
    const middle = PADDING_PX + (lane + 0.5) * this.#lanePx;
    return { left, top: middle - height / 2, width: right - left, height };
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
  const clientIds = stage.model.lanes[lane]?.clientIds ?? [];
  if (clientIds.length === 1) return `client ${clientIds[0]}`;
  const { x, left, right } = stage;
  const atWork = new Set<number>();
  stage.visitLane(lane, x.invert(left), x.invert(right), (operation) => {
    if (extentOf(stage, operation).right >= left) atWork.add(operation.clientId);
  });
  if (atWork.size === 1) return `client ${[...atWork][0]}`;
  return atWork.size === 0 ? '' : `${atWork.size} clients`;
}

function isNear(stage: Stage, at: number | undefined): boolean {
  return at !== undefined && at >= stage.left && at <= stage.right;
}

/** Few clients get room for text, many still fit on a screen. */
function lanePxFor(laneCount: number): number {
  if (laneCount <= 8) return 30;
  if (laneCount <= 16) return 22;
  return laneCount <= 40 ? 15 : 11;
}
