/**
 * Tracks of the simulator below the lanes, on the same time: faults, hosts, storage calls, as boxes with a
 * label; what took no time is a diamond. Hovering one shades its time through all charts.
 */

import type { PackedSpan, TrackRows } from '../track-rows.ts';
import { TONES } from '../track-rows.ts';
import { formatNumber } from '../figures.ts';
import type { ColourName } from './palette.ts';
import { drawPoint, drawTone, POINT_PX } from './tones.ts';
import { drawGutterLabel, drawTimeGrid, fitText, inPlot, makePanel, paint, type Panel } from './panel.ts';
import type { Chart, Stage } from './stage.ts';
import type { Direction, Thing, ThingSource } from './things.ts';

const ROW_PX = 17;
const TRACK_GAP_PX = 9;
const PADDING_PX = 7;
const REACH_PX = 5;
/** A label is cut to no less than this; shorter stumps say nothing. */
const TEXT_WIDTH_PX_MIN = 64;

export class Tracks implements Chart, ThingSource {
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

  get canvas(): HTMLCanvasElement {
    return this.panel.canvas;
  }

  draw(): void {
    const stage = this.#stage;
    paint(stage, this.panel, (brush) => {
      drawTimeGrid(stage, this.panel, brush);
      for (const [i, track] of stage.model.tracks.entries()) {
        const top = this.#tops[i] ?? 0;
        drawGutterLabel(stage, brush, track.name, top + (track.rowCount * ROW_PX) / 2);
        if (i > 0) drawSeparator(stage, brush, top - TRACK_GAP_PX / 2);
        inPlot(stage, this.panel, brush, () => drawTrack(stage, brush, { track, number: i, top }));
      }
    });
  }

  at(pointX: number, pointY: number): Thing | null {
    const stage = this.#stage;
    for (const [i, track] of stage.model.tracks.entries()) {
      const row = Math.floor((pointY - (this.#tops[i] ?? 0)) / ROW_PX);
      if (row < 0 || row >= track.rowCount) continue;
      const near = [...track.spans.entries()].filter(([, span]) => {
        const [left, right] = edgesOf(stage, span);
        return span[3] === row && pointX >= left - REACH_PX && pointX <= right + REACH_PX;
      });
      const found = near.find(([, span]) => containsX(stage, span, pointX)) ?? near[0];
      return found === undefined ? null : thingOf(stage, i, found[0]);
    }
    return null;
  }

  step(thing: Thing | null, direction: Direction): Thing | null {
    const { tracks } = this.#stage.model;
    const [track = 0, number = -1] = placeOf(thing) ?? [];
    if (thing === null) return thingOf(this.#stage, 0, 0);
    if (direction === 'previous') return thingOf(this.#stage, track, number - 1);
    if (direction === 'next') return thingOf(this.#stage, track, number + 1);
    // The nearest in time on the track above or below.
    const other = track + (direction === 'up' ? -1 : 1);
    const later = tracks[other]?.spans.findIndex(([startMs]) => startMs >= (thing.fromMs ?? 0)) ?? -1;
    return thingOf(this.#stage, other, later === -1 ? (tracks[other]?.spans.length ?? 0) - 1 : later);
  }

  byId(id: string): Thing | null {
    const [track, number] = placeOf({ id }) ?? [];
    return track === undefined || number === undefined ? null : thingOf(this.#stage, track, number);
  }
}

/** Track and number in it. */
function placeOf(thing: Pick<Thing, 'id'> | null): [number, number] | null {
  const [, track, number] = /^tracks:(\d+)\.(\d+)$/.exec(thing?.id ?? '') ?? [];
  return track === undefined || number === undefined ? null : [Number(track), Number(number)];
}

function thingOf({ model }: Stage, track: number, number: number): Thing | null {
  const { name = '', spans = [] } = model.tracks[track] ?? {};
  const span = spans[number];
  if (span === undefined) return null;
  const [fromMs, untilMs, , , label, detail, effectsMs = []] = span;
  const facts: [string, string][] = [['track', name]];
  if (fromMs === untilMs) facts.push(['when', `${formatNumber(fromMs)} ms`]);
  else {
    const length = `${formatNumber(untilMs - fromMs)} ms`;
    facts.push(['when', `${formatNumber(fromMs)}–${formatNumber(untilMs)} ms (${length})`]);
  }
  for (const effectMs of effectsMs) {
    const late = effectMs > untilMs + 1 ? ', after its caller had stopped waiting: a late effect' : '';
    facts.push(['took effect', `${formatNumber(effectMs)} ms${late}`]);
  }
  if (detail !== '') facts.push(['detail', detail]);
  return { id: `tracks:${track}.${number}`, title: label, facts, fromMs, untilMs, operation: null };
}

function drawTrack(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  { track, number, top }: { track: TrackRows; number: number; top: number },
): void {
  const nextLeft = new Map<number, number>();
  const places: { span: PackedSpan; place: Place }[] = [];
  // From right to left, so that each box knows where the next one in its row begins.
  for (let i = track.spans.length - 1; i >= 0; i--) {
    const span = track.spans[i];
    if (span === undefined) continue;
    const [left, right] = edgesOf(stage, span);
    const row = span[3];
    const free = (nextLeft.get(row) ?? stage.right) - 4;
    nextLeft.set(row, left);
    const last = effectsOf(stage, span).reduce((latest, at) => Math.max(latest, at), right);
    if (last < stage.left || left > stage.right) continue;
    const id = `tracks:${number}.${i}`;
    const isLit = stage.hoveredThing?.id === id || stage.pinned?.id === id;
    places.push({ span, place: { left, right, top: top + row * ROW_PX, free, isLit } });
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
  isLit: boolean;
}

function drawSpan(stage: Stage, brush: CanvasRenderingContext2D, span: PackedSpan, place: Place): void {
  const { left, right, top, free, isLit } = place;
  const [startMs, endMs, toneIndex, , label] = span;
  const tone: ColourName = TONES[toneIndex] ?? 'neutral';
  const middle = top + ROW_PX / 2;
  const isPoint = startMs === endMs;
  brush.fillStyle = stage.palette[tone];
  if (isPoint) drawPoint(brush, tone, left, middle);
  else {
    const isNarrow = right - left < 6;
    const opacity = isNarrow ? 0.6 : 0.24;
    brush.globalAlpha = isLit ? opacity + 0.2 : opacity;
    brush.fillRect(left, top + 1, right - left, ROW_PX - 2);
    brush.globalAlpha = 1;
    if (!isNarrow)
      drawTone(brush, tone, stage.palette[tone], { left, top: top + 1, width: right - left, height: ROW_PX - 2 });
  }
  if (isLit) {
    brush.strokeStyle = stage.palette.selection;
    brush.lineWidth = 1.5;
    brush.strokeRect(left - 1, top, Math.max(4, right - left + 2), ROW_PX - 1);
  }
  drawEffects(stage, brush, span, { right, middle });
  drawLabel(stage, brush, { label, isPoint, left, right, free, middle });
}

/** Request and answer are the ends of the box, the effect a mark in it; one that came later hangs on a dotted line. */
function drawEffects(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  span: PackedSpan,
  { right, middle }: { right: number; middle: number },
): void {
  const { x, time } = stage;
  for (const effectMs of span[6] ?? []) {
    // Ends are whole milliseconds, effects are not.
    const isLate = effectMs > span[1] + 1;
    const at = isLate ? x(time.ofMs(effectMs)) : Math.min(x(time.ofMs(effectMs)), right);
    if (isLate) {
      brush.strokeStyle = stage.palette.bad;
      brush.lineWidth = 1.5;
      brush.setLineDash([2, 3]);
      brush.beginPath();
      brush.moveTo(right, middle);
      brush.lineTo(at, middle);
      brush.stroke();
      brush.setLineDash([]);
    }
    brush.fillStyle = isLate ? stage.palette.bad : stage.palette.ink;
    brush.beginPath();
    brush.arc(at, middle, isLate ? 4 : 2.5, 0, 2 * Math.PI);
    brush.fill();
  }
}

function effectsOf(stage: Stage, span: PackedSpan): number[] {
  const { x, time } = stage;
  return (span[6] ?? []).map((ms) => x(time.ofMs(ms)));
}

/** Inside its box where that is wide enough, else to the right of it, up to the next mark; not at all if neither. */
function drawLabel(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  place: { label: string; isPoint: boolean; left: number; right: number; free: number; middle: number },
): void {
  const { label, isPoint, left, right, free, middle } = place;
  const insideLeft = Math.max(left, stage.left) + 7;
  const outsideLeft = (isPoint ? left + POINT_PX : right) + 4;
  const wantedPx = Math.min(brush.measureText(label).width, TEXT_WIDTH_PX_MIN);
  const fitsInside = !isPoint && right - insideLeft - 3 >= wantedPx;
  const from = fitsInside ? insideLeft : outsideLeft;
  const room = (fitsInside ? right - 3 : free) - from;
  if (room < wantedPx) return;
  brush.fillStyle = stage.palette.ink;
  brush.fillText(fitText(brush, label, room), from, middle + 0.5);
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
