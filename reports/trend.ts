/**
 * The trend of past sweeps: a table of the newest nights, and above it bars of how many runs there were, red where some failed.
 * Plain SVG and markup, no script. Signatures that were in no night before are marked as new.
 */

import type { Night } from '../scenarios/run.ts';
import { formatNumber } from './figures.ts';
import { html, type Markup } from './html.ts';

const NIGHTS_SHOWN_MAX = 30;
const BAR_WIDTH = 12;
const CHART_HEIGHT = 60;

/** Oldest first; null when there is nothing to compare. */
export function trendSection(nights: readonly Night[]): Markup | null {
  if (nights.length < 2) return null;
  const shown = nights.slice(-NIGHTS_SHOWN_MAX);
  return html`<section class="card" aria-labelledby="trend-title">
    <h2 id="trend-title">
      Nights <span class="note">${formatNumber(shown.length)} of ${formatNumber(nights.length)}, the newest first</span>
    </h2>
    ${bars(shown)}
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">started</th>
            <th scope="col">build</th>
            <th scope="col" class="number">runs</th>
            <th scope="col" class="number">runs a second</th>
            <th scope="col" class="number">failed</th>
            <th scope="col" class="number">probes lit</th>
            <th scope="col">new failures</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map((night) => nightRow(night, newSignatures(night, nights))).toReversed()}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** Signatures of `night` that no earlier one had. */
export function newSignatures(night: Night, nights: readonly Night[]): string[] {
  const before = new Set(nights.slice(0, nights.indexOf(night)).flatMap(({ signatures }) => signatures));
  return night.signatures.filter((signature) => !before.has(signature));
}

function bars(nights: readonly Night[]): Markup {
  const most = Math.max(...nights.map(({ runs }) => runs), 1);
  const words = `Runs of the last ${nights.length} nights, the most ${formatNumber(most)}`;
  return html`<svg role="img" aria-label="${words}" width="${nights.length * BAR_WIDTH}" height="${CHART_HEIGHT}">
    ${nights.map(({ runs, failed, harnessErrors }, index) => {
      const height = Math.max(1, Math.round((runs / most) * CHART_HEIGHT));
      const colour = failed + harnessErrors > 0 ? 'var(--bad, #b3261e)' : 'var(--good, #2e7d32)';
      return html`<rect
        x="${index * BAR_WIDTH}"
        y="${CHART_HEIGHT - height}"
        width="${BAR_WIDTH - 2}"
        height="${height}"
        style="fill:${colour}"
      ></rect>`;
    })}
  </svg>`;
}

function nightRow(night: Night, fresh: readonly string[]): Markup {
  return html`<tr>
    <th scope="row">${night.startedAt}</th>
    <td class="mono">${night.build}</td>
    <td class="number">${formatNumber(night.runs)}</td>
    <td class="number">${formatNumber(night.runsPerSecond)}</td>
    <td class="number">${formatNumber(night.failed)}</td>
    <td class="number">${formatNumber(night.probesLit)} of ${formatNumber(night.probes)}</td>
    <td>${fresh.join('; ')}</td>
  </tr>`;
}
