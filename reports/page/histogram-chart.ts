/**
 * A small histogram with its median and 99th percentile marked.
 */

import { axisBottom, scaleLinear, select } from 'd3';
import type { Histogram } from '../histogram.ts';

const WIDTH_PX = 480;
const HEIGHT_PX = 140;
const MARGIN = { top: 30, right: 14, bottom: 24, left: 14 } as const;

/** Draws into the figure marked `data-distribution="<name>"`. */
export function drawHistogram(name: string, histogram: Histogram, format: (value: number) => string): void {
  const figure = document.querySelector(`[data-distribution="${name}"]`);
  if (figure === null) return;
  const { binWidth, start, counts, median, p99, max } = histogram;
  const end = start + binWidth * Math.max(1, counts.length);
  const x = scaleLinear([start, end], [MARGIN.left, WIDTH_PX - MARGIN.right]);
  const y = scaleLinear([0, Math.max(1, ...counts)], [HEIGHT_PX - MARGIN.bottom, MARGIN.top]);
  const svg = select(figure)
    .append('svg')
    .attr('class', 'histogram')
    .attr('viewBox', `0 0 ${WIDTH_PX} ${HEIGHT_PX}`)
    .attr('role', 'img')
    .attr('aria-label', `median ${format(median)}, 99th percentile ${format(p99)}, most ${format(max)}`);
  svg
    .selectAll('rect')
    .data(counts)
    .join('rect')
    .attr('x', (_, i) => x(start + i * binWidth) + 0.5)
    .attr('width', Math.max(1, x(start + binWidth) - x(start) - 1))
    .attr('y', (count) => (count === 0 ? y(0) : Math.min(y(count), y(0) - 1.5)))
    .attr('height', (count) => (count === 0 ? 0 : Math.max(1.5, y(0) - y(count))))
    .append('title')
    .text((count, i) => `${format(start + i * binWidth)} to ${format(start + (i + 1) * binWidth)}: ${count} runs`);
  svg
    .append('g')
    .attr('transform', `translate(0,${HEIGHT_PX - MARGIN.bottom})`)
    .call(
      axisBottom(x)
        .ticks(5)
        .tickFormat((value) => format(Number(value))),
    );
  const marks = [
    { value: median, word: 'median' },
    { value: p99, word: '99 % ≤' },
  ];
  const line = svg.append('g').attr('class', 'quantiles').selectAll('g').data(marks).join('g');
  line
    .append('line')
    .attr('x1', ({ value }) => x(value))
    .attr('x2', ({ value }) => x(value))
    .attr('y1', (_, i) => i * 12 + 2)
    .attr('y2', HEIGHT_PX - MARGIN.bottom);
  line
    .append('text')
    .attr('x', ({ value }) => x(value) + (isRightHalf(x(value)) ? -4 : 4))
    .attr('y', (_, i) => 10 + i * 12)
    .attr('text-anchor', ({ value }) => (isRightHalf(x(value)) ? 'end' : 'start'))
    .text(({ value, word }) => `${word} ${format(value)}`);
}

function isRightHalf(at: number): boolean {
  return at > WIDTH_PX / 2;
}
