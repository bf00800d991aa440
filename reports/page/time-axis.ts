/**
 * The time axis above the charts: ticks of whatever is on show, the unit in the gutter, and the moment under
 * the pointer.
 */

import { axisTop, select } from 'd3';
import { tickCount } from './panel.ts';
import type { Chart, Stage } from './stage.ts';

const HEIGHT_PX = 34;

export class TimeAxis implements Chart {
  readonly #stage: Stage;
  readonly #svg;
  readonly #ticks;
  readonly #unit;
  readonly #pointer;

  constructor(stage: Stage, parent: Element) {
    this.#stage = stage;
    this.#svg = select(parent)
      .append('svg')
      .attr('class', 'time-axis')
      .attr('height', HEIGHT_PX)
      .attr('aria-hidden', 'true');
    this.#ticks = this.#svg.append('g').attr('transform', `translate(0,${HEIGHT_PX - 1})`);
    this.#unit = this.#svg
      .append('text')
      .attr('class', 'unit')
      .attr('x', stage.left - 12)
      .attr('y', 20)
      .attr('text-anchor', 'end');
    this.#pointer = this.#svg.append('g').attr('class', 'pointer');
    this.#pointer
      .append('rect')
      .attr('height', 18)
      .attr('y', HEIGHT_PX - 26)
      .attr('rx', 3);
    this.#pointer
      .append('text')
      .attr('y', HEIGHT_PX - 13)
      .attr('text-anchor', 'middle');
    stage.add(this);
  }

  draw(): void {
    const stage = this.#stage;
    const x = stage.x;
    const [start, end] = x.domain();
    const digits = fractionDigits((end ?? 1) - (start ?? 0));
    const labelOf = (value: number): string => stage.time.labelOf(value, digits);
    this.#svg.attr('width', stage.widthPx);
    this.#unit.text(stage.time.unit);
    this.#ticks.call(
      axisTop(x)
        .ticks(tickCount(stage))
        .tickFormat((value) => labelOf(Number(value))),
    );
    // A label in the middle of a tick at the right edge would lose its second half.
    this.#ticks.selectAll<SVGTextElement, number>('.tick text').attr('text-anchor', (value) => {
      const half = labelOf(value).length * 3.6;
      return x(value) + half > stage.widthPx ? 'end' : null;
    });
    this.#drawPointer(stage.pointerX, stage.pointerX === null ? '' : labelOf(x.invert(stage.pointerX)));
  }

  #drawPointer(at: number | null, text: string): void {
    this.#pointer.attr('display', at === null ? 'none' : null);
    if (at === null) return;
    const half = 8 + text.length * 3.6;
    const middle = Math.max(this.#stage.left + half, Math.min(at, this.#stage.right - half));
    this.#pointer
      .select('rect')
      .attr('x', middle - half)
      .attr('width', 2 * half);
    this.#pointer.select('text').attr('x', middle).text(text);
  }
}

/** Fine enough to tell neighbouring pixels apart, and no finer than a microsecond. */
function fractionDigits(span: number): number {
  if (span >= 1000) return 0;
  if (span >= 100) return 1;
  return span >= 10 ? 2 : 3;
}
