/**
 * On paper: the canvases are painted anew, in the ink of paper whatever the screen has, and as wide as the page.
 */

import { drawLegend } from './legend.ts';
import { readPalette } from './palette.ts';
import type { Stage } from './stage.ts';
import type { ZoomControl } from './zoom-control.ts';

export function followPrinting(stage: Stage, zoomControl: ZoomControl, panels: HTMLElement): void {
  matchMedia('print').addEventListener('change', () => {
    stage.palette = readPalette();
    drawLegend(stage);
    zoomControl.resize(panels.clientWidth);
    // No frame comes between this and the paper.
    stage.drawNow();
  });
}
