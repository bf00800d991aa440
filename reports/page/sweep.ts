/**
 * The sweep page: its tables are already there; this draws the distributions and filters the probes.
 */

import type { Histogram } from '../histogram.ts';
import { formatDuration, formatNumber } from '../figures.ts';
import { enableCopyButtons } from './copy-buttons.ts';
import { drawHistogram } from './histogram-chart.ts';
import { readPageData } from './page-data.ts';
import { enableProbeFilter } from './probe-filter.ts';

enableCopyButtons();
enableProbeFilter();
const { operationsPerRun, wallMsPerRun } = readPageData<{ operationsPerRun: Histogram; wallMsPerRun: Histogram }>();
drawHistogram('operations', operationsPerRun, formatNumber);
drawHistogram('wall', wallMsPerRun, formatDuration);
