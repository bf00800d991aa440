/**
 * Tracks of the simulator below the lanes, on the same time: faults, hosts, storage calls, as boxes with a
 * label; what took no time is a diamond. Hovering one shades its time through all charts.
 */

import type { PackedSpan, TrackRows } from '../track-rows.ts';
import { TONES } from '../track-rows.ts';
import type { ColourName } from './palette.ts';
import { drawGutterLabel, drawTimeGrid, fitText, inPlot, makePanel, paint, type Panel } from './panel.ts';
import type { Chart, Stage } from './stage.ts';

const ROW_PX = 17;
const TRACK_GAP_PX = 9;
const PADDING_PX = 7;
const DIAMOND_PX = 5;
const REACH_PX = 5;
/** A label is cut to no less than this; shorter stumps say nothing. */
const TEXT_WIDTH_PX_MIN = 64;

export class Tracks implements Chart {
  readonly #stage: Stage;
  readonly panel: Panel;
  readonly #tops: readonly number[];

  constructor(stage: Stage, parent: Element) {
    this.#stage = stage;
    let top = PADDING_PX;
    this.#tops = stage.model.tracks.map((track) => {
      const own = top;
      top += track.rowCount * ROW_PX + TRACK_GAP_PX;
      return own;
    });
    this.panel = makePanel(parent, {
      name: 'tracks',
      label: 'Faults, hosts and storage over the same time',
      heightPx: top,
    });
    stage.add(this);
  }

  draw(): void {
    const stage = this.#stage;
    paint(stage, this.panel, (brush) => {
      drawTimeGrid(stage, this.panel, brush);
      for (const [i, track] of stage.model.tracks.entries()) {
        const top = this.#tops[i] ?? 0;
        drawGutterLabel(stage, brush, track.name, top + (track.rowCount * ROW_PX) / 2);
        if (i > 0) drawSeparator(stage, brush, top - TRACK_GAP_PX / 2);
        inPlot(stage, this.panel, brush, () => drawTrack(stage, brush, track, top));
      }
    });
  }

  hit(pointX: number, pointY: number): PackedSpan | null {
    const stage = this.#stage;
    for (const [i, track] of stage.model.tracks.entries()) {
      const row = Math.floor((pointY - (this.#tops[i] ?? 0)) / ROW_PX);
      if (row < 0 || row >= track.rowCount) continue;
      const near = track.spans.filter((span) => {
        const [left, right] = edgesOf(stage, span);
        return span[3] === row && pointX >= left - REACH_PX && pointX <= right + REACH_PX;
      });
      return near.find((span) => containsX(stage, span, pointX)) ?? near[0] ?? null;
    }
    return null;
  }
}

function drawTrack(stage: Stage, brush: CanvasRenderingContext2D, track: TrackRows, top: number): void {
  const nextLeft = new Map<number, number>();
  const places: { span: PackedSpan; place: Place }[] = [];
  // From right to left, so that each box knows where the next one in its row begins.
  for (const span of track.spans.toReversed()) {
    const [left, right] = edgesOf(stage, span);
    const row = span[3];
    const free = (nextLeft.get(row) ?? stage.right) - 4;
    nextLeft.set(row, left);
    if (right < stage.left || left > stage.right) continue;
    places.push({ span, place: { left, right, top: top + row * ROW_PX, free } });
  }
  // Worst last: where boxes are too narrow to tell apart, trouble lies on top.
  places.sort((a, b) => a.span[2] - b.span[2]);
  for (const { span, place } of places) drawSpan(stage, brush, span, place);
}

interface Place {
  left: number;
  right: number;
  top: number;
  /** Where a label that starts in this row must end. */
  free: number;
}

function drawSpan(stage: Stage, brush: CanvasRenderingContext2D, span: PackedSpan, place: Place): void {
  const { left, right, top, free } = place;
  const [startMs, endMs, toneIndex, , label] = span;
  const tone: ColourName = TONES[toneIndex] ?? 'neutral';
  const middle = top + ROW_PX / 2;
  const isPoint = startMs === endMs;
  brush.fillStyle = stage.palette[tone];
  if (isPoint) drawDiamond(brush, left, middle);
  else {
    const isNarrow = right - left < 6;
    const opacity = isNarrow ? 0.6 : 0.24;
    brush.globalAlpha = stage.hoveredSpan === span ? opacity + 0.2 : opacity;
    brush.fillRect(left, top + 1, right - left, ROW_PX - 2);
    brush.globalAlpha = 1;
    if (!isNarrow) brush.fillRect(left, top + 1, 3, ROW_PX - 2);
  }
  drawLabel(stage, brush, { label, isPoint, left, right, free, middle });
}

/** Inside its box where that is wide enough, else to the right of it, up to the next mark; not at all if neither. */
function drawLabel(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  place: { label: string; isPoint: boolean; left: number; right: number; free: number; middle: number },
): void {
  const { label, isPoint, left, right, free, middle } = place;
  const insideLeft = Math.max(left, stage.left) + 7;
  const outsideLeft = (isPoint ? left + DIAMOND_PX : right) + 4;
  const wantedPx = Math.min(brush.measureText(label).width, TEXT_WIDTH_PX_MIN);
  const fitsInside = !isPoint && right - insideLeft - 3 >= wantedPx;
  const from = fitsInside ? insideLeft : outsideLeft;
  const room = (fitsInside ? right - 3 : free) - from;
  if (room < wantedPx) return;
  brush.fillStyle = stage.palette.ink;
  brush.fillText(fitText(brush, label, room), from, middle + 0.5);
}

function drawDiamond(brush: CanvasRenderingContext2D, at: number, middle: number): void {
  brush.beginPath();
  brush.moveTo(at, middle - DIAMOND_PX);
  brush.lineTo(at + DIAMOND_PX, middle);
  brush.lineTo(at, middle + DIAMOND_PX);
  brush.lineTo(at - DIAMOND_PX, middle);
  brush.fill();
}

function drawSeparator(stage: Stage, brush: CanvasRenderingContext2D, y: number): void {
  brush.strokeStyle = stage.palette.grid;
  brush.lineWidth = 1;
  brush.beginPath();
  brush.moveTo(12, Math.round(y) + 0.5);
  brush.lineTo(stage.right, Math.round(y) + 0.5);
  brush.stroke();
}

function edgesOf(stage: Stage, [startMs, endMs]: PackedSpan): [number, number] {
  const x = stage.x;
  const left = x(stage.time.ofMs(startMs));
  return [left, Math.max(left + 2, x(stage.time.ofMs(endMs)))];
}

function containsX(stage: Stage, span: PackedSpan, pointX: number): boolean {
  const [left, right] = edgesOf(stage, span);
  return pointX >= left && pointX <= right;
}
