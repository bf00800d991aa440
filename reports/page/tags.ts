/**
 * Short red labels beside marks: readable on anything, inside the plot, and never on top of each other.
 */

import type { Box } from './operation-marks.ts';
import type { Panel } from './panel.ts';
import { FONT, FONT_STRONG } from './palette.ts';
import type { Stage } from './stage.ts';

const LINE_PX = 17;
/** Lines to try below and above the wanted place, nearest first. */
const SHIFTS = [0, 1, -1, 2, -2, 3, -3, 4, -4];

interface Rect {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export class TagLayout {
  readonly #stage: Stage;
  readonly #panel: Panel;
  readonly #brush: CanvasRenderingContext2D;
  readonly #taken: Rect[] = [];

  /** One layout per drawing of a panel. */
  constructor(stage: Stage, panel: Panel, brush: CanvasRenderingContext2D) {
    this.#stage = stage;
    this.#panel = panel;
    this.#brush = brush;
  }

  /** No tag will be put on this mark. */
  keepClear({ left, top, width, height }: Box): void {
    this.#taken.push({ left, right: left + width, top, bottom: top + height });
  }

  /** Writes `text` from `left`, or up to `right`, at height `middle`, or as near to it as there is room. */
  place(text: string, at: { middle: number } & ({ left: number } | { right: number })): void {
    const brush = this.#brush;
    brush.font = FONT_STRONG;
    const width = brush.measureText(text).width;
    const rect = this.#freeRect('left' in at ? at.left : at.right - width, at.middle, width);
    this.#taken.push(rect);
    const middle = (rect.top + rect.bottom) / 2;
    brush.lineJoin = 'round';
    brush.lineWidth = 4;
    brush.strokeStyle = this.#stage.palette.surface;
    brush.strokeText(text, rect.left, middle);
    brush.fillStyle = this.#stage.palette.bad;
    brush.fillText(text, rect.left, middle);
    brush.lineJoin = 'miter';
    brush.font = FONT;
  }

  #freeRect(left: number, middle: number, width: number): Rect {
    const start = Math.max(this.#stage.left + 4, Math.min(left, this.#stage.right - width - 4));
    const at = (shift: number): Rect => {
      const top = middle - LINE_PX / 2 + shift * LINE_PX;
      return { left: start, right: start + width, top, bottom: top + LINE_PX };
    };
    return SHIFTS.map(at).find((rect) => this.#isFree(rect)) ?? at(0);
  }

  #isFree({ left, right, top, bottom }: Rect): boolean {
    if (top < 0 || bottom > this.#panel.heightPx) return false;
    return this.#taken.every(
      (other) => right + 4 < other.left || left > other.right + 4 || bottom <= other.top || top >= other.bottom,
    );
  }
}
