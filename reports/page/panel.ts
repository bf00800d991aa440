/**
 * One horizontal strip of the chart stack: a canvas as wide as the page, sharp on any screen, with the part
 * right of the label gutter as its plot.
 */

import { make } from './page-data.ts';
import { FONT } from './palette.ts';
import type { Stage } from './stage.ts';

export interface Panel {
  canvas: HTMLCanvasElement;
  /** A chart may change it before it paints. */
  heightPx: number;
  /** Whether it lies on the time axis that the other panels share. */
  hasTime: boolean;
}

export function makePanel(
  parent: Element,
  options: { name: string; label: string; heightPx: number; hasTime?: boolean },
): Panel {
  const canvas = make('canvas', { className: 'panel', parent });
  canvas.dataset['panel'] = options.name;
  // A chart is no document: its keys are its own, and what they reach is read out by the inspector.
  canvas.setAttribute('role', 'application');
  canvas.setAttribute('aria-roledescription', 'chart');
  canvas.setAttribute('aria-label', options.label);
  canvas.tabIndex = 0;
  canvas.style.height = `${options.heightPx}px`;
  return { canvas, heightPx: options.heightPx, hasTime: options.hasTime ?? true };
}

/** Clears the panel, hands its brush in CSS pixels to `draw`, and puts the shared guides on top. */
export function paint(stage: Stage, panel: Panel, draw: (brush: CanvasRenderingContext2D) => void): void {
  const { canvas, heightPx } = panel;
  const density = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(stage.widthPx * density), Math.round(heightPx * density)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.height = `${heightPx}px`;
  }
  const brush = canvas.getContext('2d');
  if (brush === null) return;
  brush.setTransform(density, 0, 0, density, 0, 0);
  brush.clearRect(0, 0, stage.widthPx, heightPx);
  brush.font = FONT;
  brush.textBaseline = 'middle';
  if (panel.hasTime) drawSpanShade(stage, brush, heightPx);
  draw(brush);
  // The strips that are laid out by position or always whole have no time for these to stand at.
  if (panel.hasTime) {
    drawMoment(stage, brush, heightPx);
    drawPointer(stage, brush, heightPx);
  }
}

/** Runs `draw` with everything left of the plot and right of it cut off. */
export function inPlot(stage: Stage, panel: Panel, brush: CanvasRenderingContext2D, draw: () => void): void {
  brush.save();
  brush.beginPath();
  brush.rect(stage.left, 0, stage.right - stage.left, panel.heightPx);
  brush.clip();
  draw();
  brush.restore();
}

/** Vertical lines at the ticks of the time axis. */
export function drawTimeGrid(stage: Stage, panel: Panel, brush: CanvasRenderingContext2D): void {
  const x = stage.x;
  brush.strokeStyle = stage.palette.grid;
  brush.lineWidth = 1;
  brush.beginPath();
  for (const tick of x.ticks(tickCount(stage))) {
    const at = Math.round(x(tick)) + 0.5;
    brush.moveTo(at, 0);
    brush.lineTo(at, panel.heightPx);
  }
  brush.stroke();
}

/** One tick per 110 pixels leaves room for a seven-digit label. */
export function tickCount(stage: Stage): number {
  return Math.max(2, Math.floor((stage.right - stage.left) / 110));
}

/** A label in the gutter, right-aligned and cut to fit. */
export function drawGutterLabel(stage: Stage, brush: CanvasRenderingContext2D, text: string, y: number): void {
  brush.textAlign = 'right';
  brush.fillStyle = stage.palette['ink-soft'];
  brush.fillText(fitText(brush, text, stage.left - 24), stage.left - 12, y);
  brush.textAlign = 'left';
}

export function fitText(brush: CanvasRenderingContext2D, text: string, widthPx: number): string {
  if (brush.measureText(text).width <= widthPx) return text;
  let length = Math.min(text.length, Math.floor(widthPx / 4));
  while (length > 0 && brush.measureText(`${text.slice(0, length)}…`).width > widthPx) length--;
  return length === 0 ? '' : `${text.slice(0, length)}…`;
}

/** The time of the hovered or pinned fault, message or call, as a shade through every panel. */
function drawSpanShade(stage: Stage, brush: CanvasRenderingContext2D, heightPx: number): void {
  const { fromMs = null, untilMs = null } = stage.hoveredThing ?? stage.pinned ?? {};
  if (fromMs === null) return;
  const x = stage.x;
  const start = Math.max(stage.left, x(stage.time.ofMs(fromMs)));
  const end = Math.min(stage.right, x(stage.time.ofMs(untilMs ?? fromMs)));
  brush.fillStyle = stage.palette.stripe;
  if (end >= start) brush.fillRect(start, 0, Math.max(1, end - start), heightPx);
}

/** The moment of the time slider. */
function drawMoment(stage: Stage, brush: CanvasRenderingContext2D, heightPx: number): void {
  if (stage.moment === null) return;
  const at = stage.x(stage.time.ofEvent(stage.moment));
  if (at < stage.left || at > stage.right) return;
  brush.fillStyle = stage.palette.accent;
  brush.fillRect(Math.round(at) - 1, 0, 2, heightPx);
}

function drawPointer(stage: Stage, brush: CanvasRenderingContext2D, heightPx: number): void {
  if (stage.pointerX === null) return;
  brush.strokeStyle = stage.palette['ink-soft'];
  brush.globalAlpha = 0.45;
  brush.lineWidth = 1;
  brush.beginPath();
  brush.moveTo(Math.round(stage.pointerX) + 0.5, 0);
  brush.lineTo(Math.round(stage.pointerX) + 0.5, heightPx);
  brush.stroke();
  brush.globalAlpha = 1;
}
