/**
 * The history page: reads its data, stacks the charts on one time axis and connects the controls.
 */

import type { ChartData } from '../chart-data.ts';
import { unpackMessages } from '../messages.ts';
import { ClientLanes } from './client-lanes.ts';
import { enableCopyButtons } from './copy-buttons.ts';
import { enableDownloads } from './downloads.ts';
import { bindFilters } from './filters.ts';
import { bindFind } from './find.ts';
import { modelOf } from './history-model.ts';
import { showSelection } from './inspector.ts';
import { bindKeys } from './keyboard.ts';
import { drawLegend } from './legend.ts';
import { LogStrip } from './log-strip.ts';
import { MessageChart } from './message-chart.ts';
import { Minimap } from './minimap.ts';
import { bindMoment } from './moment.ts';
import { readPageData, requireElement } from './page-data.ts';
import { onThemeChange, readPalette } from './palette.ts';
import { followPointer, type HitTest } from './pointer.ts';
import { bindAddress } from './selection.ts';
import { Stage } from './stage.ts';
import { TailEnvelope } from './tail-envelope.ts';
import type { Thing, ThingSource } from './things.ts';
import { TimeAxis } from './time-axis.ts';
import { followPrinting } from './printing.ts';
import { bindToolbar } from './toolbar.ts';
import { Tracks } from './tracks.ts';
import { ZoomControl } from './zoom-control.ts';

enableCopyButtons();
enableDownloads();
const data = readPageData<ChartData>();
const stage = new Stage(modelOf(data));
const panels = requireElement('panels');
const { tests, sources, minimap } = addCharts();
const zoomControl = new ZoomControl(stage, panels);
minimap.bind(zoomControl);
followPointer(stage, panels, tests);
const toolbar = bindToolbar(stage, zoomControl);
const filters = bindFilters(stage);
const find = bindFind(stage, zoomControl);
const moment = bindMoment(stage);
bindKeys({ stage, zoomControl, toolbar, find, moment, sources });
showSelection(stage, zoomControl);
drawLegend(stage);
zoomControl.resize(panels.clientWidth);
const thingById = (id: string) => sources.reduce((found, source) => found ?? source.byId(id), null as null | Thing);
bindAddress({ stage, zoomControl, toolbar, filters, find, moment, thingById });
new ResizeObserver(() => zoomControl.resize(panels.clientWidth)).observe(panels);
followPrinting(stage, zoomControl, panels);
onThemeChange(() => {
  stage.palette = readPalette();
  drawLegend(stage);
  stage.requestDraw();
});

function addCharts(): { tests: HitTest[]; sources: ThingSource[]; minimap: Minimap } {
  const minimap = new Minimap(stage, panels);
  new TimeAxis(stage, panels);
  const envelope = new TailEnvelope(stage, panels);
  const lanes = new ClientLanes(stage, panels);
  const tests: HitTest[] = [
    { canvas: envelope.panel.canvas, operationAt: (x, y) => envelope.hit(x, y) },
    { canvas: lanes.panel.canvas, operationAt: (x, y) => lanes.hit(x, y) },
  ];
  const sources: ThingSource[] = [];
  if (stage.model.tracks.length > 0) sources.push(new Tracks(stage, panels));
  if (data.messages !== null && data.messages.count > 0) {
    sources.push(new MessageChart(stage, panels, unpackMessages(data.messages)));
  }
  sources.push(new LogStrip(stage, panels));
  tests.push(
    ...sources.map((source) => ({ canvas: source.canvas, thingAt: (x: number, y: number) => source.at(x, y) })),
  );
  return { tests, sources, minimap };
}
