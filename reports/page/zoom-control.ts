/**
 * Zoom and pan over time: wheel, drag and touch by d3-zoom, buttons and keys through the same transform, so
 * that all ways meet the same limits.
 */

import { select, zoom, type ZoomBehavior, zoomIdentity } from 'd3';
import type { ScaleMode } from './time-scale.ts';
import type { Stage } from './stage.ts';

/** The closest view shows about this many axis units (milliseconds or events). */
const SPAN_MIN = 1;
const ZOOM_STEP = 1.6;
const PAN_SHARE = 0.15;
/** An operation zoomed to takes about this share of the width. */
const OPERATION_SHARE = 0.2;
const TRANSITION_MS = 250;

export class ZoomControl {
  readonly #stage: Stage;
  readonly #panels: HTMLElement;
  readonly #behavior: ZoomBehavior<HTMLElement, unknown>;

  constructor(stage: Stage, panels: HTMLElement) {
    this.#stage = stage;
    this.#panels = panels;
    this.#behavior = zoom<HTMLElement, unknown>()
      .clickDistance(4)
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
    this.#behavior.transform(select(this.#panels).transition().duration(TRANSITION_MS), zoomIdentity);
  }

  /** Shows one operation with its surroundings: wide enough to see who was at work at the same time. */
  showOperation(index: number): void {
    const { model, time } = this.#stage;
    const operation = model.operations[index];
    if (operation === undefined) return;
    const callValue = time.ofEvent(operation.callEvent);
    const endEvent = operation.returnEvent ?? model.eventCount - 1;
    const gaveUp = operation.gaveUpAtMs === null ? time.ofEvent(endEvent) : time.ofMs(operation.gaveUpAtMs);
    const length = Math.max(gaveUp - callValue, SPAN_MIN);
    const margin = (length / OPERATION_SHARE - length) / 2;
    this.#showValues([callValue - margin, callValue + length + margin], true);
  }

  /** The event coordinates at the edges of the plot. */
  shownEvents(): [number, number] {
    const { x, time, left, right } = this.#stage;
    return [time.toEvent(x.invert(left)), time.toEvent(x.invert(right))];
  }

  #showEvents([start, end]: readonly [number, number], smooth: boolean): void {
    // The whole run stays the whole run, although tracks may reach beyond the last event.
    if (this.#stage.transform.k <= 1.0001) this.#behavior.transform(select(this.#panels), zoomIdentity);
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
    if (smooth) this.#behavior.transform(panels.transition().duration(TRANSITION_MS), bounded);
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
