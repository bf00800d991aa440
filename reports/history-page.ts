/**
 * The text of the history page: verdict, identity, repro line, violation card, and the places where the
 * page's script draws. Readable without the script.
 */

import { html, type Markup } from './html.ts';
import { formatCount, formatNumber } from './figures.ts';
import type { FailureWords, GuiltyOperation } from './failure-words.ts';
import type { CaseFile } from '../scenarios/run.ts';
import { type SideTable, sideTablesOf } from './side-rows.ts';
import type { HistoryView } from './view-run.ts';

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
      ${view.repro !== null && view.failure === null && reproBlock(view.repro)}
    </header>
    <main>
      ${view.failure !== null && violationCard(view.failure, view)}
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
    <code>${command}</code
    ><button type="button" class="copy" data-copy="${command}" aria-label="Copy: ${command}">Copy</button>
  </div>`;
}

function violationCard(failure: FailureWords, { repro, caseFile }: Pick<HistoryView, 'repro' | 'caseFile'>): Markup {
  const [headline = '', ...rest] = failure.message.split('\n');
  const story = rest.join('\n');
  return html`<section class="card violation verdict-card" aria-labelledby="violation-title">
    <div>
      <p class="eyebrow">${eyebrowOf(failure)}</p>
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
    ${failure.evidence.length > 0 && evidence(failure.evidence)}
    ${failure.owners.length + failure.before.length + failure.underWay.length > 0 && lastWords(failure)}
    ${caseFile?.explained != null && takesOf(caseFile.explained)} ${againOf(repro, caseFile)}
  </section>`;
}

const KIND_WORDS = {
  linearizability: 'No order explains what clients saw',
  invariant: 'Something that must always hold did not',
  liveness: 'Something that must happen did not',
  unknown: 'The checker could not decide',
} as const;

/** Codes of violations are worth showing; other signatures are the message once more. */
function eyebrowOf({ kind, signature }: FailureWords): string {
  return kind === 'linearizability' ? `${KIND_WORDS[kind]} · ${signature}` : KIND_WORDS[kind];
}

function evidence(sentences: readonly string[]): Markup {
  return html`<div class="shrunk evidence">
    <h3>What the trace shows</h3>
    <ul>
      ${sentences.map((sentence) => html`<li>${sentence}</li>`)}
    </ul>
  </div>`;
}

/** Of a failure that names no operations: what had just happened, and who was at work. */
function lastWords({ owners, before, underWay }: FailureWords): Markup {
  return html`<div class="shrunk">
    ${owners.map((line) => html`<p class="owners">${line}</p>`)}
    ${
      underWay.length > 0 &&
      html`<h3>Operations at that moment</h3>
        <ol class="guilty">
          ${underWay.map(guiltyItem)}
        </ol>`
    }
    ${
      before.length > 0 &&
      html`<h3>What had just happened</h3>
        <ul>
          ${before.map((line) => html`<li>${line}</li>`)}
        </ul>`
    }
  </div>`;
}

type Explained = NonNullable<CaseFile['explained']>;

/** The decisions of the small case without which it does not happen. */
function takesOf(explained: Explained): Markup {
  return html`<div class="shrunk">
    <h3>What it takes</h3>
    <p class="note">${takesWords(explained)}</p>
    <ol>
      ${explained.causes.map((cause) => html`<li>${cause}</li>`)}
    </ol>
  </div>`;
}

function takesWords({ causes, sceneryCount, untriedCount = 0, happensAnyway = false }: Explained): string {
  const scenery = sceneryCount === 0 ? '' : ` ${formatCount(sceneryCount, 'other decision')} in it made no difference.`;
  const untried = untriedCount === 0 ? '' : ` ${formatCount(untriedCount, 'decision')} more were not tried.`;
  const rest = scenery + untried;
  if (happensAnyway) return `Nothing has to go wrong: it happens even when everything goes its usual way.${rest}`;
  if (causes.length === 0) return `No single decision is needed, though some of them together are.${rest}`;
  return `Without ${causes.length === 1 ? 'this' : `any one of these ${causes.length}`} it does not happen.${rest}`;
}

/** In one place, each way with what it is good for. */
function againOf(repro: string | null, caseFile: CaseFile | null): Markup | null {
  if (repro === null && caseFile === null) return null;
  return html`<div class="again">
    <h3>Run it again</h3>
    ${repro !== null && reproBlock(repro)} ${caseFile !== null && fileOf(caseFile)}
  </div>`;
}

function fileOf({ explained, simcase, fileName, repro }: CaseFile): Markup {
  const what = explained === null ? 'the file of all its decisions' : 'the small case, a file of its decisions';
  return html`<p class="note">Or from ${what}, on other machines and in later builds:</p>
    ${reproBlock(repro)}
    <p><button type="button" data-download="${fileName}" data-from="simcase">Download ${fileName}</button></p>
    <pre id="simcase" hidden>${simcase}</pre>`;
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
        <div class="group" data-scale-switch role="group" aria-label="Scale (s)">
          <button type="button" data-scale="ms" aria-pressed="true" title="Distances are milliseconds">Time</button>
          <button type="button" data-scale="warped" aria-pressed="false" title="Rests shrink, bursts stretch">
            Warped
          </button>
          <button type="button" data-scale="event" aria-pressed="false" title="Every event takes the same room">
            Events
          </button>
        </div>
        <div class="group" data-violations>
          <button type="button" data-action="first-violation" title="The most telling one (Shift+V)">
            First violation
          </button>
          <button type="button" data-action="next-violation" title="The next one in time (v)">Next</button>
        </div>
        <div class="find" role="search">
          <input
            type="search"
            id="find"
            placeholder="op 42, client 3, seq 17, hash 0f3c, token a (/)"
            aria-label="Find operations: op, client, seq, hash, token, or a word of a note"
          />
          <output id="found" aria-live="polite"></output>
        </div>
        <label class="switch" data-order-switch
          ><input type="checkbox" id="show-order" /> <span id="order-name">Linearization order</span></label
        >
        <div id="filters" class="filters" role="group" aria-label="Kinds and outcomes shown"></div>
        <ul class="legend" id="legend" aria-label="Legend"></ul>
      </div>
      <div id="panels" class="panels"></div>
      ${timeTravel()}
      <div id="inspector" class="inspector" role="status" hidden></div>
      ${keysHelp()}
      <noscript><p class="note">The charts need JavaScript; everything above does not.</p></noscript>
    </section>
    <div id="tooltip" class="tooltip" role="tooltip" hidden></div>`;
}

function timeTravel(): Markup {
  return html`<div class="moment" role="group" aria-label="Time travel">
    <div class="moment-head">
      <label for="moment">Time travel</label>
      <input type="range" id="moment" min="0" max="0" value="0" step="1" />
      <output id="moment-at" for="moment"></output>
      <button type="button" id="moment-off" hidden>Off</button>
    </div>
    <div id="moment-state" class="moment-state" aria-live="polite"></div>
  </div>`;
}

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['wheel + −', 'zoom'],
  ['drag ← →', 'pan'],
  ['0', 'whole run'],
  ['click', 'pins'],
  ['[ ]', 'previous and next'],
  ['↑ ↓', 'other lane or track, in a chart with the focus (Tab)'],
  ['Enter', 'zooms to what is pinned'],
  ['v V', 'next and first violation'],
  ['/ n N', 'find, next, previous'],
  ['s', 'scale'],
  ['o', 'order'],
  [', .', 'time travel'],
  ['Esc', 'lets go'],
];

function keysHelp(): Markup {
  return html`<p class="hint">${KEYS.map(([keys, what]) => html`<span><kbd>${keys}</kbd> ${what}</span> `)}</p>`;
}

/** Basins and streams that the charts do not show: judges of their own look at them. */
function sideDetails(lines: readonly string[]): Markup {
  return html`<details class="card">
    <summary>Beside the judged stream <span class="note">${formatCount(lines.length, 'operation')}</span></summary>
    ${sideTablesOf(lines).map(sideTable)}
  </details>`;
}

function sideTable({ stream, rows }: SideTable): Markup {
  return html`<details class="side">
    <summary>
      ${stream === null ? 'Basins, listings and the like' : html`Stream <span class="mono">${stream}</span>`}
      <span class="note">${formatCount(rows.length, 'operation')}</span>
    </summary>
    <table>
      <thead>
        <tr>
          <th scope="col" class="number">ms</th>
          <th scope="col">client</th>
          <th scope="col">asked</th>
          <th scope="col">answered</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ when, client, what, outcome }) =>
            html`<tr>
              <td class="number">${when}</td>
              <td>${client}</td>
              <td class="said">${what}</td>
              <td>${outcome}</td>
            </tr>`,
        )}
      </tbody>
    </table>
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
