/**
 * The legend: the same marks the charts draw, each with its word. Only what the history contains is listed.
 */

import type { Operation } from '../operations.ts';
import { drawMark } from './operation-marks.ts';
import { make, requireElement } from './page-data.ts';
import type { Stage } from './stage.ts';

const SWATCH_WIDTH_PX = 18;
const SWATCH_HEIGHT_PX = 12;

interface Entry {
  word: string;
  heightPx: number;
  holds: (operation: Operation) => boolean;
}

const ENTRIES: readonly Entry[] = [
  { word: 'append durable', heightPx: 12, holds: ({ outcome }) => outcome === 'durable' },
  { word: 'rejected', heightPx: 12, holds: ({ outcome }) => outcome === 'rejected' },
  { word: 'unknown', heightPx: 12, holds: ({ outcome }) => outcome === 'unknown' },
  { word: 'read', heightPx: 8, holds: ({ kind, outcome }) => kind === 'read' && outcome === 'answered' },
  { word: 'check-tail', heightPx: 5, holds: ({ kind, outcome }) => kind === 'check-tail' && outcome === 'answered' },
  { word: 'failed read', heightPx: 8, holds: ({ outcome }) => outcome === 'failed' },
  { word: 'never returned', heightPx: 5, holds: ({ outcome }) => outcome === 'open' },
];

export function drawLegend(stage: Stage): void {
  const legend = requireElement('legend');
  legend.replaceChildren();
  for (const entry of ENTRIES) {
    const example = stage.model.operations.find(entry.holds);
    if (example === undefined) continue;
    const item = make('li', { parent: legend });
    drawSwatch(stage, item, example, entry.heightPx);
    item.append(entry.word);
  }
  addLineEntry(legend, 'band', 'tail must lie here');
  if (stage.model.trims.length > 1) addLineEntry(legend, 'trim', 'trimmed below');
  if (stage.model.guilty.size > 0) addLineEntry(legend, 'guilty', 'named by the verdict');
}

function drawSwatch(stage: Stage, parent: Element, example: Operation, heightPx: number): void {
  const canvas = make('canvas', { parent });
  const density = window.devicePixelRatio || 1;
  canvas.width = SWATCH_WIDTH_PX * density;
  canvas.height = SWATCH_HEIGHT_PX * density;
  canvas.style.width = `${SWATCH_WIDTH_PX}px`;
  canvas.style.height = `${SWATCH_HEIGHT_PX}px`;
  const brush = canvas.getContext('2d');
  if (brush === null) return;
  brush.scale(density, density);
  const top = (SWATCH_HEIGHT_PX - heightPx) / 2;
  drawMark(stage, brush, example, { left: 0, top, width: SWATCH_WIDTH_PX, height: heightPx });
}

function addLineEntry(legend: Element, className: string, word: string): void {
  const item = make('li', { parent: legend });
  make('i', { className: `swatch swatch-${className}`, parent: item });
  item.append(word);
}
