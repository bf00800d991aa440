/**
 * Zoom and pan over time: wheel, drag and touch by d3-zoom, buttons and keys through the same transform, so
 * that all ways meet the same limits.
 */

import { select, zoom, type ZoomBehavior, zoomIdentity } from 'd3';
import type { ScaleMode } from '../time-scale.ts';
import type { Stage } from './stage.ts';

/** The closest view shows about this many axis units (milliseconds or events). */
const SPAN_MIN = 1;
const ZOOM_STEP = 1.6;
const PAN_SHARE = 0.15;
/** An operation zoomed to takes about this share of the width. */
const OPERATION_SHARE = 0.2;
/** None for people who asked their system for less motion. */
const TRANSITION_MS = matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 250;

export class ZoomControl {
  readonly #stage: Stage;
  readonly #panels: HTMLElement;
  readonly #behavior: ZoomBehavior<HTMLElement, unknown>;

  constructor(stage: Stage, panels: HTMLElement) {
    this.#stage = stage;
    this.#panels = panels;
    this.#behavior = zoom<HTMLElement, unknown>()
      .clickDistance(4)
      .filter((event: Event) => !isOnMinimap(event) && (event as MouseEvent).button !== 2)
      .on('zoom', (event: { transform: typeof zoomIdentity }) => {
        stage.transform = event.transform;
        stage.requestDraw();
      });
    // Double click is left to the page: it would zoom on top of the two clicks that select.
    select(panels).call(this.#behavior).on('dblclick.zoom', null);
  }

  /** To be called when the width or the scale changed. Keeps the time on show. */
  resize(widthPx: number): void {
    const shown = this.shownEvents();
    this.#stage.widthPx = widthPx;
    this.#applyLimits();
    this.#showEvents(shown, false);
    this.#stage.requestDraw();
  }

  setMode(mode: ScaleMode): void {
    const shown = this.shownEvents();
    this.#stage.setMode(mode);
    this.#applyLimits();
    this.#showEvents(shown, false);
  }

  zoomBy(factor: number): void {
    this.#behavior.scaleBy(select(this.#panels), factor);
  }

  zoomIn(): void {
    this.zoomBy(ZOOM_STEP);
  }

  zoomOut(): void {
    this.zoomBy(1 / ZOOM_STEP);
  }

  /** Positive `direction` moves towards later times. */
  pan(direction: -1 | 1): void {
    const { left, right, transform } = this.#stage;
    this.#behavior.translateBy(select(this.#panels), (-direction * PAN_SHARE * (right - left)) / transform.k, 0);
  }

  fit(): void {
    const panels = select(this.#panels);
    if (TRANSITION_MS === 0) this.#behavior.transform(panels, zoomIdentity);
    else this.#behavior.transform(panels.transition().duration(TRANSITION_MS), zoomIdentity);
  }

  /** Shows one operation with its surroundings: wide enough to see who was at work at the same time. */
  showOperation(index: number): void {
    const { calls, ends } = this.#stage.axis;
    this.#showWithMargin(calls[index] ?? 0, ends[index] ?? 0);
  }

  /** The same for something that happened at milliseconds; nothing without a time. */
  showMs(fromMs: number | null, untilMs: number | null): void {
    const { time } = this.#stage;
    if (fromMs !== null) this.#showWithMargin(time.ofMs(fromMs), time.ofMs(untilMs ?? fromMs));
  }

  /** Brings the operation into sight, if it is not, without changing the zoom. */
  reveal(index: number): void {
    const { calls, ends } = this.#stage.axis;
    this.#reveal(calls[index] ?? 0, ends[index] ?? 0);
  }

  revealMs(fromMs: number | null, untilMs: number | null): void {
    const { time } = this.#stage;
    if (fromMs !== null) this.#reveal(time.ofMs(fromMs), time.ofMs(untilMs ?? fromMs));
  }

  /** The same zoom around another axis value. */
  centre(value: number): void {
    const [start, end] = this.#stage.range;
    const half = (end - start) / 2;
    this.#showValues([value - half, value + half], false);
  }

  showRange(range: readonly [number, number]): void {
    this.#showValues(range, false);
  }

  isWhole(): boolean {
    return this.#stage.transform.k <= 1.0001;
  }

  /** The event coordinates at the edges of the plot. */
  shownEvents(): [number, number] {
    const { x, time, left, right } = this.#stage;
    return [time.toEvent(x.invert(left)), time.toEvent(x.invert(right))];
  }

  #showWithMargin(from: number, until: number): void {
    const length = Math.max(until - from, SPAN_MIN);
    const margin = (length / OPERATION_SHARE - length) / 2;
    this.#showValues([from - margin, from + length + margin], true);
  }

  #reveal(from: number, until: number): void {
    const [start, end] = this.#stage.range;
    if (until < start || from > end) this.centre((from + Math.min(until, from + end - start)) / 2);
  }

  #showEvents([start, end]: readonly [number, number], smooth: boolean): void {
    // The whole run stays the whole run, although tracks may reach beyond the last event.
    if (this.isWhole()) this.#behavior.transform(select(this.#panels), zoomIdentity);
    else this.#showValues([this.#stage.time.ofEvent(start), this.#stage.time.ofEvent(end)], smooth);
  }

  #showValues([start, end]: readonly [number, number], smooth: boolean): void {
    const { left, right, baseX } = this.#stage;
    const [, factorMax] = this.#behavior.scaleExtent();
    const factor = Math.min(factorMax, (right - left) / Math.max(1e-9, baseX(end) - baseX(start)));
    const middle = (baseX(start) + baseX(end)) / 2;
    const target = zoomIdentity
      .translate((left + right) / 2 - Math.max(1, factor) * middle, 0)
      .scale(Math.max(1, factor));
    const bounded = this.#behavior.constrain()(target, this.#extent(), this.#extent());
    const panels = select(this.#panels);
    if (smooth && TRANSITION_MS > 0) this.#behavior.transform(panels.transition().duration(TRANSITION_MS), bounded);
    else this.#behavior.transform(panels, bounded);
  }

  #applyLimits(): void {
    const [start, end] = this.#stage.time.domain;
    this.#behavior
      .scaleExtent([1, Math.max(8, (end - start) / SPAN_MIN)])
      .extent(this.#extent())
      .translateExtent(this.#extent());
  }

  #extent(): [[number, number], [number, number]] {
    return [
      [this.#stage.left, 0],
      [this.#stage.right, 1],
    ];
  }
}

/** The minimap has a drag of its own. */
function isOnMinimap({ target }: Event): boolean {
  return target instanceof HTMLElement && target.dataset['panel'] === 'minimap';
}
