/**
 * The log by position, for the stretch of it that the charts show: batches coloured by client, holes and who may have
 * filled them, the fencing token in force and the trim point.
 */

import { labelLeft } from '../axis-labels.ts';
import { shortNamesOf } from '../describe.ts';
import { formatNumber } from '../figures.ts';
import { logTilesOf, type LogTile, type LogTiles } from '../log-tiles.ts';
import { firstAbove } from '../time-scale.ts';
import type { TrimStep } from '../trim-points.ts';
import { momentOf } from './facts.ts';
import { hatch } from './palette.ts';
import { drawGutterLabel, fitText, inPlot, makePanel, paint, type Panel } from './panel.ts';
import { tailRange } from './tail-curves.ts';
import type { Chart, Stage } from './stage.ts';
import type { Direction, Thing, ThingSource } from './things.ts';
import { trimOnShow } from './trim-curve.ts';

const TILE_PX = 24;
const TOKEN_PX = 16;
const AXIS_PX = 18;
const PADDING_PX = 6;
const TEXT_PX_MIN = 18;
const TRIM_LABEL_PX = 150;
/** Eight hues that stay apart for every common kind of colour blindness (Okabe and Ito), as the style sheet has them. */
const HUES = 8;

export class LogStrip implements Chart, ThingSource {
  readonly #stage: Stage;
  readonly panel: Panel;
  readonly #log: LogTiles;
  readonly #starts: readonly number[];
  /** Positions that the charts show; the whole log when they show the whole run. */
  #shown: readonly [number, number] = [0, 1];

  constructor(stage: Stage, parent: Element) {
    this.#stage = stage;
    this.#log = logTilesOf(stage.model.operations, stage.model.unknownPlaces);
    this.#starts = this.#log.tiles.map(({ start }) => start);
    this.panel = makePanel(parent, {
      name: 'log',
      label: 'The log by sequence number: batches by client, holes, the token in force, the trim point',
      heightPx: AXIS_PX + this.#log.rowCount * TILE_PX + TOKEN_PX + 2 * PADDING_PX,
      hasTime: false,
    });
    stage.add(this);
  }

  get canvas(): HTMLCanvasElement {
    return this.panel.canvas;
  }

  draw(): void {
    const stage = this.#stage;
    const [low, high] = tailRange(stage);
    this.#shown = [low, Math.max(low + 1, high)];
    paint(stage, this.panel, (brush) => {
      drawGutterLabel(stage, brush, 'sequence number', AXIS_PX / 2 + 2);
      drawGutterLabel(stage, brush, 'log, by client', this.#rowTop(0) + TILE_PX / 2);
      drawGutterLabel(stage, brush, 'token in force', this.#tokenTop() + TOKEN_PX / 2);
      inPlot(stage, this.panel, brush, () => {
        this.#drawAxis(brush);
        for (const [number, hole] of this.#log.holes.entries()) this.#drawHole(brush, number, hole);
        this.#drawTiles(brush);
        this.#drawTokens(brush);
        this.#drawTrimPoint(brush);
      });
    });
  }

  at(pointX: number, pointY: number): Thing | null {
    const position = this.#positionAt(pointX);
    const row = Math.floor((pointY - this.#rowTop(0)) / TILE_PX);
    if (row < 0 || row >= this.#log.rowCount) return null;
    const tile = this.#log.tiles.findIndex((each) => each.row === row && each.start <= position && position < each.end);
    if (tile !== -1) return this.#tileThing(tile);
    const hole = this.#log.holes.findIndex(({ start, end }) => start <= position && position < end);
    return row > 0 || hole === -1 ? null : this.#holeThing(hole);
  }

  /** Tiles by position; up and down go from hole to hole. */
  step(thing: Thing | null, direction: Direction): Thing | null {
    const { selected } = this.#stage;
    const tile = this.#log.tiles.findIndex(({ operation }) => operation === (thing?.operation ?? selected));
    const hole = numberOf(thing?.id ?? '', 'hole');
    if (direction === 'up') return this.#holeThing((hole ?? this.#log.holes.length) - 1);
    if (direction === 'down') return this.#holeThing((hole ?? -1) + 1);
    return this.#tileThing(direction === 'next' ? tile + 1 : tile - 1);
  }

  byId(id: string): Thing | null {
    const hole = numberOf(id, 'hole');
    return hole === null ? null : this.#holeThing(hole);
  }

  #drawAxis(brush: CanvasRenderingContext2D): void {
    const { palette, left, right } = this.#stage;
    const [low, high] = this.#shown;
    const count = Math.max(2, Math.floor((right - left) / 110));
    const step = Math.max(1, niceStep((high - low) / count));
    brush.fillStyle = palette['ink-soft'];
    for (let position = Math.ceil(low / step) * step; position <= high; position += step) {
      const at = this.#x(position);
      const label = formatNumber(position);
      const start = labelLeft(at, brush.measureText(label).width, { left, right });
      brush.fillText(label, start, AXIS_PX / 2 + 2);
      brush.fillRect(Math.min(at, right - 1), AXIS_PX - 2, 1, 4);
    }
  }

  #drawTiles(brush: CanvasRenderingContext2D): void {
    const [low, high] = this.#shown;
    // Rows overlap, so that an earlier tile may still reach into the stretch; batches are short, and one more is enough.
    const from = Math.max(0, firstAbove(this.#starts, low) - 1 - this.#log.rowCount);
    let painted = Number.NEGATIVE_INFINITY;
    for (let number = from; number < this.#log.tiles.length; number++) {
      const tile = this.#log.tiles[number];
      if (tile === undefined || tile.start > high) return;
      const end = this.#x(tile.end);
      // Narrower than a pixel, and its pixel is painted.
      if (end < painted + 0.5 && tile.row === 0) continue;
      painted = Math.max(end, this.#x(tile.start) + 1);
      this.#drawTile(brush, tile);
    }
  }

  #drawTile(brush: CanvasRenderingContext2D, tile: LogTile): void {
    const { palette, model, selected, hovered, shown } = this.#stage;
    const operation = model.operations[tile.operation];
    if (operation === undefined || shown[tile.operation] !== 1) return;
    const [left, right] = [this.#x(tile.start), this.#x(tile.end)];
    const top = this.#rowTop(tile.row) + 1;
    const width = Math.max(1, right - left - (right - left > 4 ? 1 : 0));
    const colour = this.#colourOf(operation.clientId);
    const height = TILE_PX - 2;
    brush.fillStyle = tile.isImplied && width > 2 ? hatch(brush, colour) : colour;
    brush.fillRect(left, top, width, height);
    if (tile.row > 0 || model.guilty.has(tile.operation)) this.#frame(brush, { left, top, width, height }, palette.bad);
    if (selected === tile.operation || hovered === tile.operation)
      this.#frame(brush, { left, top, width, height }, palette.selection);
    if (width < TEXT_PX_MIN || tile.isImplied) return;
    brush.fillStyle = palette['on-hue'];
    brush.fillText(fitText(brush, `c${operation.clientId}`, width - 6), left + 4, top + TILE_PX / 2);
  }

  #drawHole(brush: CanvasRenderingContext2D, number: number, { start, end }: { start: number; end: number }): void {
    const { palette, hoveredThing, pinned } = this.#stage;
    const [left, right] = [this.#x(start), this.#x(end)];
    if (right < this.#stage.left || left > this.#stage.right) return;
    const box = { left, top: this.#rowTop(0) + 1, width: Math.max(2, right - left), height: TILE_PX - 2 };
    if (right - left < 3) {
      brush.fillStyle = palette.unknown;
      return brush.fillRect(box.left, box.top, box.width, box.height);
    }
    brush.fillStyle = hatch(brush, palette.unknown);
    brush.fillRect(box.left, box.top, box.width, box.height);
    const isLit = [hoveredThing?.id, pinned?.id].includes(`log:hole.${number}`);
    this.#frame(brush, box, isLit ? palette.selection : palette.unknown);
  }

  #drawTokens(brush: CanvasRenderingContext2D): void {
    const { palette, right } = this.#stage;
    const { tokens, tail } = this.#log;
    const top = this.#tokenTop();
    for (const [i, { from, token }] of tokens.entries()) {
      const [left, end] = [this.#x(from), this.#x(tokens[i + 1]?.from ?? Math.max(tail, from + 1))];
      brush.fillStyle = i % 2 === 0 ? palette.stripe : palette.grid;
      brush.fillRect(left, top, end - left, TOKEN_PX);
      const start = Math.max(left, this.#stage.left) + 4;
      const room = Math.min(end, right) - start - 4;
      brush.fillStyle = palette['ink-soft'];
      if (room > TEXT_PX_MIN) {
        brush.fillText(fitText(brush, token === '' ? 'none' : `“${token}”`, room), start, top + TOKEN_PX / 2 + 0.5);
      }
    }
  }

  /** At the moment of the time slider, else at the right edge of the charts: a bar, and everything left of it struck out. */
  #drawTrimPoint(brush: CanvasRenderingContext2D): void {
    const { palette, left } = this.#stage;
    const { point } = trimOnShow(this.#stage);
    const at = this.#x(point);
    const [top, height] = [this.#rowTop(0), this.#tokenTop() - this.#rowTop(0)];
    if (at > left) {
      brush.fillStyle = palette.surface;
      brush.globalAlpha = 0.55;
      brush.fillRect(left, top, at - left, height);
      brush.globalAlpha = 1;
      brush.fillStyle = hatch(brush, palette['ink-soft']);
      brush.fillRect(left, top, at - left, height);
    }
    brush.fillStyle = palette.ink;
    brush.fillRect(at, top - PADDING_PX, 2, height + PADDING_PX);
    if (point === 0) return;
    brush.textAlign = at - left > TRIM_LABEL_PX ? 'right' : 'left';
    const beside = brush.textAlign === 'right' ? at - 5 : at + 6;
    const label = `trimmed below ${formatNumber(point)}`;
    const width = brush.measureText(label).width + 6;
    brush.fillStyle = palette.surface;
    brush.fillRect(brush.textAlign === 'right' ? beside - width + 3 : beside - 3, 0, width, AXIS_PX);
    brush.fillStyle = palette.ink;
    brush.fillText(label, beside, AXIS_PX / 2 + 2);
    brush.textAlign = 'left';
  }

  #frame(
    brush: CanvasRenderingContext2D,
    { left, top, width, height }: { left: number; top: number; width: number; height: number },
    colour: string,
  ): void {
    brush.strokeStyle = colour;
    brush.lineWidth = 1.5;
    brush.strokeRect(left + 0.75, top + 0.75, Math.max(1, width - 1.5), height - 1.5);
  }

  #tileThing(number: number): Thing | null {
    const tile = this.#log.tiles[number];
    const operation = tile === undefined ? undefined : this.#stage.model.operations[tile.operation];
    if (tile === undefined || operation === undefined) return null;
    const facts: [string, string][] = [
      ['positions', `${formatNumber(tile.start)}–${formatNumber(tile.end - 1)}`],
      ['written by', `client ${operation.clientId}, op ${operation.opId}`],
    ];
    if (tile.isImplied) facts.push(['filled', 'a hole, by an append of unknown outcome']);
    if (tile.row > 0) facts.push(['claimed', 'by another append as well']);
    if (operation.matchSeqNum !== null) facts.push(['match_seq_num', formatNumber(operation.matchSeqNum)]);
    facts.push(['token in force', this.#tokenAt(tile.start)]);
    const trim = trimOnShow(this.#stage);
    if (tile.start < trim.point) facts.push(['trimmed', this.#trimWords(trim)]);
    const title = shortNamesOf(operation)[0];
    return { id: `log:${number}`, title, facts, fromMs: null, untilMs: null, operation: tile.operation };
  }

  #holeThing(number: number): Thing | null {
    const hole = this.#log.holes[number];
    if (hole === undefined) return null;
    const named = hole.candidates.map((index) => `op ${this.#stage.model.operations[index]?.opId}`);
    const facts: [string, string][] = [
      ['positions', `${formatNumber(hole.start)}–${formatNumber(hole.end - 1)}`],
      ['may be of', named.length === 0 ? 'no append in this history' : `${named.join(', ')} (outcome unknown)`],
    ];
    const title = 'hole: nobody acknowledged these records';
    return { id: `log:hole.${number}`, title, facts, fromMs: null, untilMs: null, operation: null };
  }

  #trimWords({ point, operation, event }: TrimStep): string {
    const by = operation === null ? '' : `, by op ${this.#stage.model.operations[operation]?.opId}`;
    return `below ${formatNumber(point)}${by}, since ${momentOf(this.#stage, event)}`;
  }

  #tokenAt(position: number): string {
    const { token } = this.#log.tokens.findLast(({ from }) => from <= position) ?? { token: '' };
    return token === '' ? 'none' : `“${token}”`;
  }

  #colourOf(clientId: number): string {
    return this.#stage.palette[`hue-${1 + (clientId % HUES)}` as 'hue-1'];
  }

  #x(position: number): number {
    const { left, right } = this.#stage;
    const [low, high] = this.#shown;
    return left + ((position - low) / (high - low)) * (right - left);
  }

  #positionAt(pixel: number): number {
    const { left, right } = this.#stage;
    const [low, high] = this.#shown;
    return low + ((pixel - left) / (right - left)) * (high - low);
  }

  #rowTop(row: number): number {
    return AXIS_PX + PADDING_PX + row * TILE_PX;
  }

  #tokenTop(): number {
    return this.#rowTop(this.#log.rowCount) + 2;
  }
}

function numberOf(id: string, kind: 'hole'): number | null {
  const number = new RegExp(`^log:${kind}\\.(\\d+)$`).exec(id)?.[1];
  return number === undefined ? null : Number(number);
}

/** 1, 2 or 5 times a power of ten, no smaller than `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? 10 * power;
}
