/**
 * What all charts of the history page share: the part of time on show, what is selected, hovered or hidden, and the one
 * place that asks for a redraw.
 *
 * Charts draw from this and never keep a zoom or a selection of their own. Any change schedules one redraw of
 * every chart for the next frame.
 */

import { scaleLinear, type ScaleLinear, type ZoomTransform, zoomIdentity } from 'd3';
import { firstAbove, firstScale, type ScaleMode, type TimeScale } from '../time-scale.ts';
import type { HistoryModel } from './history-model.ts';
import { type Palette, readPalette } from './palette.ts';
import type { Thing } from './things.ts';

/** Room for labels left of every plot, and a little air right of it, in CSS pixels. */
const GUTTER_PX = 132;
const MARGIN_RIGHT_PX = 16;

export interface Chart {
  draw(): void;
}

/** Axis values of everything, for one time scale: computed once, since panning asks for them at every frame. */
interface AxisValues {
  events: Float64Array;
  /** By operation: the call, and the return or where the client gave up. */
  calls: Float64Array;
  ends: Float64Array;
}

export class Stage {
  readonly model: HistoryModel;
  time: TimeScale;
  transform: ZoomTransform = zoomIdentity;
  widthPx = 0;
  palette: Palette = readPalette();
  selected: number | null = null;
  hovered: number | null = null;
  /** What is pinned or under the pointer and is no operation. */
  pinned: Thing | null = null;
  hoveredThing: Thing | null = null;
  /** Where the pointer is, in pixels from the left edge, or null outside the plots. */
  pointerX: number | null = null;
  showOrder = false;
  /** Entry i: 1 if operation i is shown. */
  readonly shown: Uint8Array;
  /** Counts the changes of `shown`. */
  shownVersion = 0;
  /** What a search found; null when nothing is looked for. */
  found: ReadonlySet<number> | null = null;
  /** Where the time slider stands, as an event; null when it is off. */
  moment: number | null = null;
  readonly #charts: Chart[] = [];
  readonly #selectionListeners: (() => void)[] = [];
  readonly #changeListeners: (() => void)[] = [];
  readonly #axes = new Map<ScaleMode, AxisValues>();
  #frameRequested = false;
  #x: { of: readonly unknown[]; scale: ScaleLinear<number, number>; factor: number; shift: number } | null = null;

  constructor(model: HistoryModel) {
    this.model = model;
    const { ms, warped, event } = model.scales;
    const isWarped = ms !== null && firstScale(model.timesMs ?? [], ms.domain) === 'warped';
    this.time = (isWarped ? warped : ms) ?? event;
    this.shown = new Uint8Array(model.operations.length).fill(1);
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

  /** What is on show now: axis value → pixel. */
  get x(): ScaleLinear<number, number> {
    return this.#view().scale;
  }

  /** The same as two numbers: a pixel is `factor * value + shift`. */
  get line(): { factor: number; shift: number } {
    return this.#view();
  }

  /** First and last axis value on show. */
  get range(): [number, number] {
    const { factor, shift } = this.#view();
    return [(this.left - shift) / factor, (this.right - shift) / factor];
  }

  get axis(): AxisValues {
    const known = this.#axes.get(this.time.mode);
    if (known !== undefined) return known;
    const made = axisValues(this.model, this.time);
    this.#axes.set(this.time.mode, made);
    return made;
  }

  add(chart: Chart): void {
    this.#charts.push(chart);
  }

  /** Something was pinned or let go. */
  onSelect(listener: () => void): void {
    this.#selectionListeners.push(listener);
  }

  /** What is on show has changed in any way; called once a frame. */
  onChange(listener: () => void): void {
    this.#changeListeners.push(listener);
  }

  select(index: number | null): void {
    if (this.selected === index && this.pinned === null) return;
    this.selected = index;
    this.pinned = null;
    this.#selected();
  }

  pin(thing: Thing | null): void {
    this.selected = null;
    this.pinned = thing;
    this.#selected();
  }

  setMode(mode: ScaleMode): void {
    this.time = (mode === 'event' ? null : this.model.scales[mode]) ?? this.model.scales.event;
    this.requestDraw();
  }

  requestDraw(): void {
    if (this.#frameRequested) return;
    this.#frameRequested = true;
    requestAnimationFrame(() => {
      this.#frameRequested = false;
      this.drawNow();
    });
  }

  drawNow(): void {
    for (const chart of this.#charts) chart.draw();
    for (const listener of this.#changeListeners) listener();
  }

  /** Calls `visit` for every shown operation of a lane that overlaps what is on show, open ones first. */
  visitLane(lane: number, visit: (index: number) => void, reachPx: readonly [number, number] | null = null): void {
    const { ended = [], latestReturns = [], open = [] } = this.model.lanes[lane] ?? {};
    const [start, end] = reachPx === null ? this.range : [this.x.invert(reachPx[0]), this.x.invert(reachPx[1])];
    const startEvent = Math.floor(this.time.toEvent(start));
    const endEvent = Math.ceil(this.time.toEvent(end));
    const { callEvents, returnEvents } = this.model;
    for (const index of open) {
      if (this.shown[index] === 1 && (callEvents[index] ?? 0) <= endEvent) visit(index);
    }
    for (let i = firstAbove(latestReturns, startEvent - 1); i < ended.length; i++) {
      const index = ended[i] ?? 0;
      if ((callEvents[index] ?? 0) > endEvent) return;
      if (this.shown[index] === 1 && (returnEvents[index] ?? 0) >= startEvent) visit(index);
    }
  }

  /** Every shown operation in sight, lane by lane. */
  visitVisible(visit: (index: number) => void): void {
    for (let lane = 0; lane < this.model.lanes.length; lane++) this.visitLane(lane, visit);
  }

  #selected(): void {
    for (const listener of this.#selectionListeners) listener();
    this.requestDraw();
  }

  #view(): { scale: ScaleLinear<number, number>; factor: number; shift: number } {
    const of = [this.transform, this.widthPx, this.time];
    if (this.#x === null || this.#x.of.some((part, i) => part !== of[i])) {
      const scale = this.transform.rescaleX(this.baseX);
      const shift = scale(0);
      this.#x = { of, scale, shift, factor: scale(1) - shift };
    }
    return this.#x;
  }
}

function axisValues(model: HistoryModel, time: TimeScale): AxisValues {
  const events = Float64Array.from({ length: model.eventCount }, (_, event) => time.ofEvent(event));
  const end = time.domain[1];
  const calls = Float64Array.from(model.operations, ({ callEvent }) => events[callEvent] ?? 0);
  const ends = Float64Array.from(model.operations, ({ returnEvent, gaveUpAtMs }) => {
    const returned = returnEvent === null ? end : (events[returnEvent] ?? end);
    return gaveUpAtMs === null ? returned : Math.min(time.ofMs(gaveUpAtMs), returned);
  });
  return { events, calls, ends };
}
