/**
 * The whole run in a strip: how much was going on, where the tail stood, where the violations are, and which part is on show.
 * Dragging it, or a click, moves the charts. Of a history carried in part, a second strip shows where that part lies.
 */

import { unpackDeltas } from '../columns.ts';
import { densityOf } from '../density.ts';
import { formatNumber } from '../figures.ts';
import { FONT } from './palette.ts';
import { drawGutterLabel, makePanel, paint, type Panel } from './panel.ts';
import type { Chart, Stage } from './stage.ts';
import type { ZoomControl } from './zoom-control.ts';

const HEIGHT_PX = 44;
const WHOLE_PX = 18;
const PADDING_PX = 4;
const HANDLE_PX = 3;

export class Minimap implements Chart {
  readonly #stage: Stage;
  readonly panel: Panel;
  readonly #wholeCalls: readonly number[];
  #picture: { of: readonly unknown[]; canvas: HTMLCanvasElement } | null = null;

  constructor(stage: Stage, parent: Element) {
    this.#stage = stage;
    const whole = stage.model.whole?.overview;
    this.#wholeCalls = whole === undefined ? [] : unpackDeltas(whole.calls, whole.bucketCount);
    this.panel = makePanel(parent, {
      name: 'minimap',
      label: 'The whole run: operations over time, and the part that is on show',
      heightPx: HEIGHT_PX + (whole === undefined ? 0 : WHOLE_PX),
      hasTime: false,
    });
    stage.add(this);
  }

  /** Dragging shows what is under the pointer, in the middle. */
  bind(zoomControl: ZoomControl): void {
    const { canvas } = this.panel;
    const moveTo = (event: PointerEvent): void => {
      const { left, right, time } = this.#stage;
      const share = Math.max(0, Math.min(1, (event.offsetX - left) / (right - left)));
      zoomControl.centre(time.domain[0] + share * (time.domain[1] - time.domain[0]));
    };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      moveTo(event);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) moveTo(event);
    });
  }

  draw(): void {
    const stage = this.#stage;
    paint(stage, this.panel, (brush) => {
      drawGutterLabel(stage, brush, stage.model.whole === null ? 'whole run' : 'this part', HEIGHT_PX / 2);
      const picture = this.#wholePicture();
      brush.drawImage(picture, 0, 0, stage.widthPx, this.panel.heightPx);
      this.#drawView(brush);
    });
  }

  /** All that does not move when one pans: drawn again only for another width, scale, theme or filter. */
  #wholePicture(): HTMLCanvasElement {
    const stage = this.#stage;
    const of = [stage.widthPx, stage.time, stage.palette, devicePixelRatio];
    if (this.#picture !== null && this.#picture.of.every((part, i) => part === of[i])) return this.#picture.canvas;
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(stage.widthPx * devicePixelRatio));
    canvas.height = Math.round(this.panel.heightPx * devicePixelRatio);
    this.#picture = { of, canvas };
    const brush = canvas.getContext('2d');
    if (brush === null) return canvas;
    brush.scale(devicePixelRatio, devicePixelRatio);
    brush.font = FONT;
    brush.textBaseline = 'middle';
    this.#drawDensity(brush);
    this.#drawTail(brush);
    this.#drawViolations(brush);
    if (stage.model.whole !== null) this.#drawWhole(brush, stage.model.whole.overview);
    return canvas;
  }

  #drawDensity(brush: CanvasRenderingContext2D): void {
    const { palette, left, right, time, axis } = this.#stage;
    const counts = densityOf(axis.calls, time.domain, Math.max(1, Math.floor(right - left)));
    const most = counts.reduce((largest, count) => Math.max(largest, count), 1);
    brush.fillStyle = palette.neutral;
    brush.globalAlpha = 0.55;
    for (const [column, count] of counts.entries()) {
      const height = (count / most) * (HEIGHT_PX - 2 * PADDING_PX);
      if (count > 0) brush.fillRect(left + column, HEIGHT_PX - PADDING_PX - height, 1, height);
    }
    brush.globalAlpha = 1;
  }

  #drawTail(brush: CanvasRenderingContext2D): void {
    const { palette, model, axis } = this.#stage;
    const { events, floor } = model.envelope;
    const top = Math.max(1, floor.at(-1) ?? 1);
    const bottom = model.baseline.floor;
    brush.strokeStyle = palette.floor;
    brush.lineWidth = 1.25;
    brush.beginPath();
    let last = -1;
    for (const [step, event] of events.entries()) {
      const at = this.#at(axis.events[event] ?? 0);
      if (at - last < 0.5) continue;
      last = at;
      const height = ((floor[step] ?? 0) - bottom) / Math.max(1, top - bottom);
      brush.lineTo(at, HEIGHT_PX - PADDING_PX - height * (HEIGHT_PX - 2 * PADDING_PX));
    }
    brush.stroke();
  }

  #drawViolations(brush: CanvasRenderingContext2D): void {
    const { palette, model, axis } = this.#stage;
    brush.fillStyle = palette.bad;
    for (const index of model.violations) {
      const at = this.#at(axis.calls[index] ?? 0);
      brush.fillRect(at - 1, 0, 2, HEIGHT_PX);
    }
  }

  #drawView(brush: CanvasRenderingContext2D): void {
    const { palette, range, left, right } = this.#stage;
    const [from, until] = range.map((value) => Math.max(left, Math.min(right, this.#at(value)))) as [number, number];
    brush.fillStyle = palette.surface;
    brush.globalAlpha = 0.6;
    brush.fillRect(left, 0, from - left, HEIGHT_PX);
    brush.fillRect(until, 0, right - until, HEIGHT_PX);
    brush.globalAlpha = 1;
    brush.strokeStyle = palette.selection;
    brush.lineWidth = 1.5;
    brush.strokeRect(from, 1, Math.max(HANDLE_PX, until - from), HEIGHT_PX - 2);
  }

  #drawWhole(
    brush: CanvasRenderingContext2D,
    {
      window,
      eventCount,
      operationCount,
    }: { window: readonly [number, number]; eventCount: number; operationCount: number },
  ): void {
    const { palette, left, right } = this.#stage;
    const top = HEIGHT_PX + 2;
    const height = WHOLE_PX - 4;
    const most = this.#wholeCalls.reduce((largest, count) => Math.max(largest, count), 1);
    const width = (right - left) / this.#wholeCalls.length;
    brush.fillStyle = palette.grid;
    for (const [bucket, count] of this.#wholeCalls.entries()) {
      const high = (count / most) * height;
      brush.fillRect(left + bucket * width, top + height - high, width, high);
    }
    const [from, until] = window.map((event) => left + (event / eventCount) * (right - left)) as [number, number];
    brush.fillStyle = palette.accent;
    brush.globalAlpha = 0.5;
    brush.fillRect(from, top, Math.max(2, until - from), height);
    brush.globalAlpha = 1;
    drawGutterLabel(this.#stage, brush, `of ${formatNumber(operationCount)} ops`, top + height / 2);
  }

  #at(value: number): number {
    const { time, left, right } = this.#stage;
    const [start, end] = time.domain;
    return left + ((value - start) / (end - start)) * (right - left);
  }
}
