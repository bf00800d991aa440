/**
 * The probes of a sweep: what is dark stands open, what is lit is one click away, and neither is longer than half a screen.
 * A dark one alarms only where it fails the sweep.
 */

import { formatCount, formatNumber } from './figures.ts';
import { html, type Markup } from './html.ts';
import type { ProbeRow, SweepView } from './view-sweep.ts';

/** An attribute, so that a fold stands open. */
const OPEN = html`open`;

/** `151 of 225 required probes lit; not asked of so few runs` */
export function requiredWords({ lit, probes, notAsked }: SweepView['required']): string {
  const words = `${formatNumber(lit)} of ${formatCount(probes, 'required probe')} lit`;
  return notAsked === null ? words : `${words}; ${notAsked}`;
}

export function probesSection({ probes, totals, required }: SweepView): Markup {
  const dark = probes.filter(({ state }) => state !== 'lit');
  const lit = probes.filter(({ state }) => state === 'lit');
  const isAsked = required.notAsked === null;
  return html`<section class="card" id="probes" aria-labelledby="probes-title">
    <div class="section-head">
      <h2 id="probes-title">
        Probes
        <span class="note"
          >${formatNumber(totals.probesLit)} of ${formatNumber(totals.probes)} lit; ${requiredWords(required)}</span
        >
      </h2>
      <input type="search" id="probe-filter" placeholder="Filter probes" aria-label="Filter probes" />
    </div>
    ${dark.length > 0 && probesFold('dark', 'required ones first', { probes: dark, isAsked, isOpen: true })}
    ${lit.length > 0 && probesFold('lit', 'rare ones first', { probes: lit, isAsked, isOpen: false })}
    <p class="note" id="probe-filter-empty" hidden>No probe matches.</p>
  </section>`;
}

/** Both keep their height: a reader scrolls in them, not past them. */
function probesFold(
  state: 'dark' | 'lit',
  order: string,
  { probes, isAsked, isOpen }: { probes: readonly ProbeRow[]; isAsked: boolean; isOpen: boolean },
): Markup {
  return html`<details data-fold="probes ${state}" ${isOpen && OPEN}>
    <summary>${formatNumber(probes.length)} ${state} <span class="note">${order}</span></summary>
    <div class="scroll tall">
      <table>
        <thead>
          <tr>
            <th scope="col">probe</th>
            <th scope="col">row</th>
            <th scope="col">what it means</th>
            <th scope="col" class="number">runs</th>
            <th scope="col" class="number">hits</th>
            <th scope="col">first seen</th>
          </tr>
        </thead>
        <tbody>
          ${probes.map((probe) => probeRow(probe, isAsked))}
        </tbody>
      </table>
    </div>
  </details>`;
}

function probeRow(probe: ProbeRow, isAsked: boolean): Markup {
  return html`<tr class="probe-${probe.state}">
    <th scope="row" class="mono">${probe.name}</th>
    <td class="mono">${probe.row ?? ''}</td>
    <td>${probe.sentence}</td>
    <td class="number">${probe.state === 'lit' ? formatNumber(probe.runs) : probeBadge(probe, isAsked)}</td>
    <td class="number">${formatNumber(probe.hits)}</td>
    <td>
      ${probe.first === null ? '' : html`<span class="mono">${probe.first.seed}</span> in ${probe.first.profile}`}
    </td>
  </tr>`;
}

/** Alarming only where it fails the sweep. */
function probeBadge({ state, required }: ProbeRow, isAsked: boolean): Markup {
  if (state === 'missing') return html`<span class="badge bad">required, dark</span>`;
  return required && !isAsked
    ? html`<span class="badge" title="Required of sweeps with more runs over several profiles"
        >dark, not asked here</span
      >`
    : html`<span class="badge">dark</span>`;
}
