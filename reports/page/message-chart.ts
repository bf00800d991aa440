/**
 * A line per host and an arrow per message between them, once one has zoomed in far enough to tell them apart. Calls of the
 * store are arrows to it and back; what never arrived ends in a cross.
 */

import { formatNumber } from '../figures.ts';
import { lifelinesOf, type Message } from '../messages.ts';
import { firstAbove } from '../time-scale.ts';
import { drawGutterLabel, drawTimeGrid, inPlot, makePanel, paint, type Panel } from './panel.ts';
import type { Chart, Stage } from './stage.ts';
import type { Direction, Thing, ThingSource } from './things.ts';

const LINE_PX = 24;
const PADDING_PX = 10;
/** More arrows than this on one screen are a thicket. */
const ARROWS_MAX = 300;
/** Messages that were sent before what is on show, but may still be under way: looked for this far back. */
const LONGEST_MS = 60_000;
const REACH_PX = 5;
const HEAD_PX = 5;
/** How much of its way a lost message is drawn. */
const LOST_SHARE = 0.6;

interface Arrow {
  fromX: number;
  fromY: number;
  toX: number;
  toY: number;
}

export class MessageChart implements Chart, ThingSource {
  readonly #stage: Stage;
  readonly panel: Panel;
  readonly #messages: readonly Message[];
  readonly #sentMs: readonly number[];
  readonly #hosts: readonly string[];

  constructor(stage: Stage, parent: Element, messages: readonly Message[]) {
    this.#stage = stage;
    this.#messages = messages;
    this.#sentMs = messages.map(({ sentMs }) => sentMs);
    this.#hosts = lifelinesOf(messages);
    this.panel = makePanel(parent, {
      name: 'messages',
      label: 'Messages between hosts, as arrows when zoomed in',
      heightPx: this.#hosts.length * LINE_PX + 2 * PADDING_PX,
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
      for (const host of this.#hosts) this.#drawLifeline(brush, host);
      inPlot(stage, this.panel, brush, () => this.#drawArrows(brush));
    });
  }

  at(pointX: number, pointY: number): Thing | null {
    const seen = this.#seen();
    if (seen.length > ARROWS_MAX) return null;
    let nearest: number | null = null;
    let nearestPx = REACH_PX;
    for (const number of seen) {
      const distancePx = distanceTo(this.#arrowOf(number), pointX, pointY);
      if (distancePx > nearestPx) continue;
      nearest = number;
      nearestPx = distancePx;
    }
    return nearest === null ? null : this.#thing(nearest);
  }

  step(thing: Thing | null, direction: Direction): Thing | null {
    const current = thing === null ? null : numberOf(thing.id);
    if (current === null) return this.#thing(this.#seen()[0] ?? 0);
    if (direction === 'previous' || direction === 'next') return this.#thing(current + (direction === 'next' ? 1 : -1));
    return null;
  }

  byId(id: string): Thing | null {
    const number = numberOf(id);
    return number === null ? null : this.#thing(number);
  }

  #drawLifeline(brush: CanvasRenderingContext2D, host: string): void {
    const stage = this.#stage;
    const y = this.#lineY(host);
    drawGutterLabel(stage, brush, host, y);
    brush.strokeStyle = stage.palette.neutral;
    brush.globalAlpha = 0.5;
    brush.lineWidth = 1;
    brush.beginPath();
    brush.moveTo(stage.left, y);
    brush.lineTo(stage.right, y);
    brush.stroke();
    brush.globalAlpha = 1;
  }

  #drawArrows(brush: CanvasRenderingContext2D): void {
    const stage = this.#stage;
    const seen = this.#seen();
    if (seen.length > ARROWS_MAX) return this.#drawTicks(brush, seen);
    for (const number of seen) {
      const isLit = [stage.hoveredThing?.id, stage.pinned?.id].includes(`messages:${number}`);
      this.#drawArrow(brush, number, isLit);
    }
  }

  #drawArrow(brush: CanvasRenderingContext2D, number: number, isLit: boolean): void {
    const { palette } = this.#stage;
    const message = this.#messages[number];
    if (message === undefined) return;
    const { fromX, fromY, toX, toY } = this.#arrowOf(number);
    const isLost = message.arrivedMs === null;
    brush.strokeStyle = isLost ? palette.bad : isLit ? palette.selection : palette.append;
    brush.fillStyle = brush.strokeStyle;
    brush.lineWidth = isLit ? 2.5 : 1.25;
    brush.beginPath();
    brush.moveTo(fromX, fromY);
    brush.lineTo(toX, toY);
    if (isLost) {
      brush.moveTo(toX - 4, toY - 4);
      brush.lineTo(toX + 4, toY + 4);
      brush.moveTo(toX - 4, toY + 4);
      brush.lineTo(toX + 4, toY - 4);
    }
    brush.stroke();
    if (isLost) return;
    const angle = Math.atan2(toY - fromY, toX - fromX);
    brush.beginPath();
    brush.moveTo(toX, toY);
    for (const turn of [-0.45, 0.45]) {
      brush.lineTo(toX - HEAD_PX * 1.6 * Math.cos(angle + turn), toY - HEAD_PX * 1.6 * Math.sin(angle + turn));
    }
    brush.fill();
  }

  /** Too many for arrows: where each was sent, and how to see more. */
  #drawTicks(brush: CanvasRenderingContext2D, seen: readonly number[]): void {
    const { palette, x, time, left } = this.#stage;
    brush.fillStyle = palette.append;
    brush.globalAlpha = 0.5;
    for (const number of seen) {
      const message = this.#messages[number];
      if (message !== undefined) brush.fillRect(x(time.ofMs(message.sentMs)), this.#lineY(message.from) - 3, 1, 6);
    }
    brush.globalAlpha = 1;
    const text = `${formatNumber(seen.length)} messages: zoom in to see them as arrows`;
    const width = brush.measureText(text).width;
    brush.fillStyle = palette.surface;
    brush.fillRect(left + 8, 2, width + 8, 16);
    brush.fillStyle = palette['ink-soft'];
    brush.fillText(text, left + 12, 10.5);
  }

  /** Numbers of the messages that were under way in what is on show. */
  #seen(): number[] {
    const { time, range, model } = this.#stage;
    const [start, end] = range.map((value) => msOf(model.timesMs, time.toEvent(value), time.mode, value)) as [
      number,
      number,
    ];
    const from = firstAbove(this.#sentMs, start - LONGEST_MS);
    const until = firstAbove(this.#sentMs, end);
    const seen: number[] = [];
    for (let number = from; number < until; number++) {
      const { sentMs = 0, arrivedMs = null } = this.#messages[number] ?? {};
      if ((arrivedMs ?? sentMs) >= start) seen.push(number);
    }
    return seen;
  }

  #arrowOf(number: number): Arrow {
    const { x, time } = this.#stage;
    const { sentMs = 0, arrivedMs = null, from = '', to = '' } = this.#messages[number] ?? {};
    const [fromX, fromY] = [x(time.ofMs(sentMs)), this.#lineY(from)];
    const endY = this.#lineY(to);
    if (arrivedMs !== null) return { fromX, fromY, toX: x(time.ofMs(arrivedMs)), toY: endY };
    return { fromX, fromY, toX: fromX + 12, toY: fromY + (endY - fromY) * LOST_SHARE };
  }

  #lineY(host: string): number {
    return PADDING_PX + (this.#hosts.indexOf(host) + 0.5) * LINE_PX;
  }

  #thing(number: number): Thing | null {
    const message = this.#messages[number];
    if (message === undefined) return null;
    const { sentMs, arrivedMs, from, to, label } = message;
    const arrived = arrivedMs === null ? 'never' : `${formatNumber(arrivedMs)} ms`;
    const facts: [string, string][] = [
      ['from', from],
      ['to', to],
      ['sent', `${formatNumber(sentMs)} ms`],
      ['arrived', arrived],
    ];
    return { id: `messages:${number}`, title: label, facts, fromMs: sentMs, untilMs: arrivedMs, operation: null };
  }
}

/** An axis value in milliseconds; beyond the last event the axis of true time still knows. */
function msOf(timesMs: readonly number[] | null, event: number, mode: string, value: number): number {
  if (mode === 'ms') return value;
  return timesMs?.[Math.round(event)] ?? 0;
}

function numberOf(id: string): number | null {
  const number = /^messages:(\d+)$/.exec(id)?.[1];
  return number === undefined ? null : Number(number);
}

function distanceTo({ fromX, fromY, toX, toY }: Arrow, x: number, y: number): number {
  const [dx, dy] = [toX - fromX, toY - fromY];
  const length = Math.max(1e-9, dx * dx + dy * dy);
  const share = Math.max(0, Math.min(1, ((x - fromX) * dx + (y - fromY) * dy) / length));
  return Math.hypot(x - fromX - share * dx, y - fromY - share * dy);
}
