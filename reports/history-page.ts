/**
 * The text of the history page: verdict, identity, repro line, violation card, and the places where the
 * page's script draws. Readable without the script.
 */

import { html, type Markup } from './html.ts';
import { formatCount, formatNumber } from './figures.ts';
import type { GuiltyOperation, HistoryView } from './view-run.ts';

export function historyBody(view: HistoryView): Markup {
  return html` <header class="page-header">
      <div class="verdict verdict-${view.verdict.tone}">
        <h1>${view.verdict.headline}</h1>
        ${view.failure === null && html`<p>${view.verdict.explanation}</p>`}
      </div>
      <dl class="identity">
        ${view.identity.map(
          ({ name, value, mono }) =>
            html`<div>
              <dt>${name}</dt>
              <dd class="${mono ? 'mono' : ''}">${value}</dd>
            </div>`,
        )}
      </dl>
      ${view.repro !== null && reproBlock(view.repro)}
    </header>
    <main>
      ${view.failure !== null && violationCard(view.failure)}
      <dl class="figures">
        ${view.figures.map(
          ({ name, value }) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      ${charts()} ${view.sideLines.length > 0 && sideDetails(view.sideLines)}
      ${view.drawn.length > 0 && drawnDetails(view.drawn)} ${view.probes.length > 0 && probesDetails(view.probes)}
    </main>`;
}

/** A command and the button that copies it; the script finds both by their attributes. */
export function reproBlock(command: string): Markup {
  return html`<div class="repro">
    <code>${command}</code><button type="button" class="copy" data-copy="${command}">Copy</button>
  </div>`;
}

function violationCard(failure: NonNullable<HistoryView['failure']>): Markup {
  const [headline = '', ...rest] = failure.message.split('\n');
  const story = rest.join('\n');
  return html`<section class="card violation verdict-card" aria-labelledby="violation-title">
    <div>
      <p class="eyebrow">${failure.kind} · ${failure.signature}</p>
      <h2 id="violation-title">${headline}</h2>
      ${story !== '' && html`<pre>${story}</pre>`}
    </div>
    ${
      failure.guilty.length > 0 &&
      html`<ol class="guilty">
        ${failure.guilty.map(guiltyItem)}
      </ol>`
    }
    ${
      failure.missingOpIds.length > 0 &&
      html`<p class="note">
        Also named, but not in the recorded history: ${failure.missingOpIds.map((id) => `op ${id}`).join(', ')}.
      </p>`
    }
  </section>`;
}

function guiltyItem(operation: GuiltyOperation): Markup {
  return html`<li>
    <a href="#op-${operation.opId}">${operation.sentence}</a><span>${operation.circumstances}</span>
  </li>`;
}

function charts(): Markup {
  return html`<section id="charts" class="charts" aria-label="Charts of the history">
      <div class="toolbar" role="toolbar" aria-label="View">
        <div class="group">
          <button type="button" data-action="zoom-in" title="Zoom in (+)" aria-label="Zoom in">+</button>
          <button type="button" data-action="zoom-out" title="Zoom out (−)" aria-label="Zoom out">−</button>
          <button type="button" data-action="fit" title="Whole run (0)">Fit</button>
        </div>
        <div class="group" data-scale-switch>
          <button type="button" data-scale="ms" aria-pressed="true" title="Distances are milliseconds">Time</button>
          <button type="button" data-scale="event" aria-pressed="false" title="Every event takes the same room">
            Events
          </button>
        </div>
        <label class="switch" data-order-switch><input type="checkbox" id="show-order" /> Linearization order</label>
        <ul class="legend" id="legend" aria-label="Legend"></ul>
      </div>
      <div
        id="panels"
        class="panels"
        tabindex="0"
        aria-label="Charts. Arrow keys pan, plus and minus zoom, 0 shows the whole run, Escape clears the selection."
      ></div>
      <div id="inspector" class="inspector" aria-live="polite" hidden></div>
      <p class="hint">
        Wheel or <kbd>+</kbd> <kbd>−</kbd> zooms, drag or <kbd>←</kbd> <kbd>→</kbd> pans, <kbd>0</kbd> shows the whole
        run. Click an operation to pin it, <kbd>[</kbd> <kbd>]</kbd> steps through the client's operations,
        <kbd>Esc</kbd> lets go.
      </p>
      <noscript><p class="note">The charts need JavaScript; everything above does not.</p></noscript>
    </section>
    <div id="tooltip" class="tooltip" hidden></div>`;
}

/** Basins and streams that the charts do not show: judges of their own look at them. */
function sideDetails(lines: readonly string[]): Markup {
  return html`<details class="card">
    <summary>Beside the judged stream <span class="note">${formatCount(lines.length, 'operation')}</span></summary>
    <pre>${lines.join('\n')}</pre>
  </details>`;
}

function drawnDetails(drawn: HistoryView['drawn']): Markup {
  return html`<details class="card">
    <summary>What the swarm drew <span class="note">${formatCount(drawn.length, 'value')}</span></summary>
    <dl class="columns">
      ${drawn.map(
        ({ name, value }) =>
          html`<div>
            <dt>${name}</dt>
            <dd class="mono">${value}</dd>
          </div>`,
      )}
    </dl>
  </details>`;
}

function probesDetails(probes: HistoryView['probes']): Markup {
  return html`<details class="card">
    <summary>Probes lit in this run <span class="note">${probes.length}</span></summary>
    <dl class="columns">
      ${probes.map(
        ({ name, hits }) =>
          html`<div>
            <dt class="mono">${name}</dt>
            <dd>${formatNumber(hits)}</dd>
          </div>`,
      )}
    </dl>
  </details>`;
}
