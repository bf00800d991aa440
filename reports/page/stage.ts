/**
 * What all charts of the history page share: the part of time on show, what is selected or hovered, and the
 * one place that asks for a redraw.
 *
 * Charts draw from this and never keep a zoom or a selection of their own. Any change schedules one redraw of
 * every chart for the next frame.
 */

import { bisectLeft, scaleLinear, type ScaleLinear, type ZoomTransform, zoomIdentity } from 'd3';
import type { Operation } from '../operations.ts';
import type { PackedSpan } from '../track-rows.ts';
import type { HistoryModel } from './history-model.ts';
import { type Palette, readPalette } from './palette.ts';
import type { ScaleMode, TimeScale } from './time-scale.ts';

/** Room for labels left of every plot, and a little air right of it, in CSS pixels. */
const GUTTER_PX = 132;
const MARGIN_RIGHT_PX = 16;

export interface Chart {
  draw(): void;
}

export class Stage {
  readonly model: HistoryModel;
  time: TimeScale;
  transform: ZoomTransform = zoomIdentity;
  widthPx = 0;
  palette: Palette = readPalette();
  selected: number | null = null;
  hovered: number | null = null;
  hoveredSpan: PackedSpan | null = null;
  /** Where the pointer is, in pixels from the left edge, or null outside the plots. */
  pointerX: number | null = null;
  showOrder = false;
  readonly #charts: Chart[] = [];
  readonly #selectionListeners: (() => void)[] = [];
  #frameRequested = false;
  #x: { of: readonly unknown[]; scale: ScaleLinear<number, number> } | null = null;

  constructor(model: HistoryModel) {
    this.model = model;
    this.time = model.scales.ms ?? model.scales.event;
  }

  get left(): number {
    return GUTTER_PX;
  }

  get right(): number {
    return Math.max(GUTTER_PX + 1, this.widthPx - MARGIN_RIGHT_PX);
  }

  /** The whole run, unzoomed: axis value → pixel. */
  get baseX(): ScaleLinear<number, number> {
    return scaleLinear(this.time.domain, [this.left, this.right]);
  }

  /** What is on show now: axis value → pixel. Charts ask for every mark, so it is made once per view. */
  get x(): ScaleLinear<number, number> {
    const of = [this.transform, this.widthPx, this.time];
    if (this.#x === null || this.#x.of.some((part, i) => part !== of[i])) {
      this.#x = { of, scale: this.transform.rescaleX(this.baseX) };
    }
    return this.#x.scale;
  }

  add(chart: Chart): void {
    this.#charts.push(chart);
  }

  onSelect(listener: () => void): void {
    this.#selectionListeners.push(listener);
  }

  select(index: number | null): void {
    if (this.selected === index) return;
    this.selected = index;
    for (const listener of this.#selectionListeners) listener();
    this.requestDraw();
  }

  setMode(mode: ScaleMode): void {
    this.time = (mode === 'ms' ? this.model.scales.ms : null) ?? this.model.scales.event;
    this.requestDraw();
  }

  requestDraw(): void {
    if (this.#frameRequested) return;
    this.#frameRequested = true;
    requestAnimationFrame(() => {
      this.#frameRequested = false;
      for (const chart of this.#charts) chart.draw();
    });
  }

  /** Calls `visit` for every operation of a lane that overlaps the axis values [start, end], open ones first. */
  visitLane(lane: number, start: number, end: number, visit: (operation: Operation, index: number) => void): void {
    const { ended = [], latestReturns = [], open = [] } = this.model.lanes[lane] ?? {};
    const startEvent = Math.floor(this.time.toEvent(start));
    const endEvent = Math.ceil(this.time.toEvent(end));
    for (const index of open) {
      const operation = this.model.operations[index];
      if (operation !== undefined && operation.callEvent <= endEvent) visit(operation, index);
    }
    for (let i = bisectLeft(latestReturns as number[], startEvent); i < ended.length; i++) {
      const index = ended[i] ?? 0;
      const operation = this.model.operations[index];
      if (operation === undefined || operation.callEvent > endEvent) return;
      if ((operation.returnEvent ?? 0) >= startEvent) visit(operation, index);
    }
  }

  /** Every operation on show, lane by lane. */
  visitVisible(visit: (operation: Operation, index: number) => void): void {
    const x = this.x;
    const [start, end] = [x.invert(this.left), x.invert(this.right)];
    for (let lane = 0; lane < this.model.lanes.length; lane++) this.visitLane(lane, start, end, visit);
  }
}
