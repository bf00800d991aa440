/**
 * The history page: reads its data, stacks the charts on one time axis and connects the controls.
 */

import type { ChartData } from '../chart-data.ts';
import { ClientLanes } from './client-lanes.ts';
import { enableCopyButtons } from './copy-buttons.ts';
import { modelOf } from './history-model.ts';
import { showSelection } from './inspector.ts';
import { bindKeys } from './keyboard.ts';
import { drawLegend } from './legend.ts';
import { readPageData, requireElement } from './page-data.ts';
import { onThemeChange, readPalette } from './palette.ts';
import { followPointer, type HitTest } from './pointer.ts';
import { bindSelectionToAddress } from './selection.ts';
import { Stage } from './stage.ts';
import { TailEnvelope } from './tail-envelope.ts';
import { TimeAxis } from './time-axis.ts';
import { bindToolbar } from './toolbar.ts';
import { Tracks } from './tracks.ts';
import { ZoomControl } from './zoom-control.ts';

enableCopyButtons();
const stage = new Stage(modelOf(readPageData<ChartData>()));
const panels = requireElement('panels');
const tests = addCharts();
const zoomControl = new ZoomControl(stage, panels);
followPointer(stage, panels, tests);
bindToolbar(stage, zoomControl);
bindKeys(stage, zoomControl);
showSelection(stage, zoomControl);
drawLegend(stage);
zoomControl.resize(panels.clientWidth);
bindSelectionToAddress(stage, zoomControl);
new ResizeObserver(() => zoomControl.resize(panels.clientWidth)).observe(panels);
onThemeChange(() => {
  stage.palette = readPalette();
  drawLegend(stage);
  stage.requestDraw();
});

function addCharts(): HitTest[] {
  new TimeAxis(stage, panels);
  const envelope = new TailEnvelope(stage, panels);
  const lanes = new ClientLanes(stage, panels);
  const added: HitTest[] = [
    { canvas: envelope.panel.canvas, operationAt: (x, y) => envelope.hit(x, y) },
    { canvas: lanes.panel.canvas, operationAt: (x, y) => lanes.hit(x, y) },
  ];
  if (stage.model.tracks.length > 0) {
    const tracks = new Tracks(stage, panels);
    added.push({ canvas: tracks.panel.canvas, spanAt: (x, y) => tracks.hit(x, y) });
  }
  return added;
}
