/**
 * The text of the sweep page: the verdict large enough to read in passing, then failures, profiles, slow seeds and, last,
 * probes as plain tables: the longest table hides nothing. The script only draws distributions and filters the probes.
 */

import { formatCount, formatDuration, formatNumber, formatShare } from './figures.ts';
import { type FailingSeed, type FailureGroup, wordsOf } from './failure-groups.ts';
import { reproBlock } from './history-page.ts';
import { html, type Markup } from './html.ts';
import { probesSection, requiredWords } from './probes-section.ts';
import { trendSection } from './trend.ts';
import type { PlantRow, ProfileRow, SweepView } from './view-sweep.ts';

export function sweepBody(view: SweepView): Markup {
  const { about, verdict } = view;
  return html` <header class="page-header sweep-header">
      <div class="verdict verdict-${verdict.tone}">
        <h1>${verdict.headline}</h1>
        <p>${verdict.reasons.length === 0 ? praise(view) : `${verdict.reasons.join('; ')}.`}</p>
        ${view.progress !== null && progressBar(view.progress)}
      </div>
      <dl class="identity">
        ${
          about.seeds !== null &&
          html`<div>
            <dt>seeds</dt>
            <dd class="mono">${about.seeds}</dd>
          </div>`
        }
        <div>
          <dt>scenario</dt>
          <dd>${about.scenario}</dd>
        </div>
        <div>
          <dt>build</dt>
          <dd class="mono">${about.build}</dd>
        </div>
        <div>
          <dt>node</dt>
          <dd class="mono">${about.nodeVersion}</dd>
        </div>
        <div>
          <dt>started</dt>
          <dd>${about.startedAt}</dd>
        </div>
        <div>
          <dt>jobs</dt>
          <dd>${about.jobs}</dd>
        </div>
        ${
          about.machines.length > 0 &&
          html`<div>
            <dt>machines</dt>
            <dd>${about.machines.join('; ')}</dd>
          </div>`
        }
      </dl>
    </header>
    <main>
      <dl class="figures">
        ${figuresOf(view).map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      ${view.failures.length > 0 && failuresSection(view.failures)}
      ${view.harnessErrors.length > 0 && harnessSection(view.harnessErrors)} ${profilesSection(view.profiles)}
      ${trendSection(view.nights)} ${view.plants.length > 0 && plantsSection(view.plants)}
      <div class="side-by-side">
        ${slowestSection(view)}
        <section class="card">
          <h2>Distribution over runs</h2>
          <div class="histograms">
            ${view.distributions.map(
              ({ name }) => html`<figure data-distribution="${name}"><figcaption>${name}</figcaption></figure>`,
            )}
          </div>
        </section>
      </div>
      ${probesSection(view)}
    </main>`;
}

function praise({ progress, required }: SweepView): string {
  if (progress !== null) return 'Probes are judged when the sweep has ended.';
  if (required.notAsked === null) return 'No failure, no harness error, no required probe dark.';
  return `No failure, no harness error. ${requiredWords(required)}.`;
}

function progressBar({ done, planned }: NonNullable<SweepView['progress']>): Markup {
  if (planned === null) return html`<p class="note" role="status">running until its time is over</p>`;
  const share = planned === 0 ? 100 : Math.floor((done / planned) * 100);
  return html`<div class="progress" role="progressbar" aria-label="runs done" aria-valuenow="${share}">
      <i style="width:${share}%"></i>
    </div>
    <p class="note">running: ${formatNumber(done)} of ${formatCount(planned, 'run')}</p>`;
}

function figuresOf({ totals, about }: SweepView): [string, string][] {
  const seconds = about.wallMs / 1000;
  const speed = seconds > 0 ? totals.runs / seconds : 0;
  const ratio = about.wallMs > 0 ? totals.simulatedMs / about.wallMs : 0;
  return [
    ['runs', formatNumber(totals.runs)],
    ['failed', formatNumber(totals.failed)],
    ['operations checked', formatNumber(totals.operations)],
    ['probes lit', `${formatNumber(totals.probesLit)} of ${formatNumber(totals.probes)}`],
    ['wall time', formatDuration(about.wallMs)],
    ['simulated', formatDuration(totals.simulatedMs)],
    ['simulated : wall', `${formatNumber(Math.round(ratio))} : 1`],
    ['runs a second', formatNumber(Math.round(speed * 10) / 10)],
  ];
}

function failuresSection(failures: readonly FailureGroup[]): Markup {
  return html`<section aria-labelledby="failures-title">
    <h2 id="failures-title">
      Failures
      <span class="note"
        >${formatCount(failures.length, 'signature')}, the most frequent first; in each the smallest case first</span
      >
    </h2>
    ${failures.map(failureCard)}
  </section>`;
}

function failureCard(group: FailureGroup): Markup {
  const [smallest, ...others] = group.seeds;
  const { heading, text } = wordsOf(group);
  return html`<article class="card violation">
    <p class="eyebrow">
      ${group.kind} · ${formatCount(group.count, 'run')} ·
      ${group.profiles.join(', ')}${group.plants.length > 0 && ` · planted: ${group.plants.join(', ')}`}
    </p>
    <h3>${heading}</h3>
    ${text !== '' && html`<p>${text}</p>`}
    ${
      smallest !== undefined &&
      html`<p class="note">Smallest case: ${caseOf(smallest)}</p>
        ${reproBlock(smallest.repro)}`
    }
    ${
      others.length > 0 &&
      html`<details data-fold="failure ${group.kind} ${group.signature}">
        <summary>${formatCount(others.length + group.omitted, 'more seed')}</summary>
        <ul class="seeds">
          ${others.map((seed) => html`<li><span>${caseOf(seed)}</span>${reproBlock(seed.repro)}</li>`)}
        </ul>
        ${group.omitted > 0 && html`<p class="note">${formatCount(group.omitted, 'further seed')} with this signature ${group.omitted === 1 ? 'is' : 'are'} not listed.</p>`}
      </details>`
    }
  </article>`;
}

function caseOf(seed: FailingSeed): Markup {
  const size = `${formatCount(seed.operations, 'operation')}, ${formatDuration(seed.simulatedMs)} simulated`;
  const page = seed.href === null ? null : html` · <a href="${seed.href}">open the history</a>`;
  return html`seed <b class="mono">${seed.seed}</b> in ${seed.profile}, ${size}${page}`;
}

function harnessSection(errors: SweepView['harnessErrors']): Markup {
  return html`<section aria-labelledby="harness-title">
    <h2 id="harness-title">Workers that died or hung</h2>
    ${errors.map(
      (error) =>
        html`<article class="card violation">
          <p class="eyebrow">harness · seed ${error.seed} · ${error.profile}</p>
          <pre>${error.message}</pre>
          ${reproBlock(error.repro)}
        </article>`,
    )}
  </section>`;
}

function profilesSection(profiles: readonly ProfileRow[]): Markup {
  return html`<section class="card" aria-labelledby="profiles-title">
    <h2 id="profiles-title">Profiles</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">profile</th>
            <th scope="col">verdict</th>
            <th scope="col" class="number">runs</th>
            <th scope="col" class="number">operations</th>
            <th scope="col" class="number">faults</th>
            <th scope="col" class="number">simulated</th>
            <th scope="col" class="number">wall a run</th>
            <th scope="col" class="wide">
              outcomes of appends
              <span class="outcome-legend"
                ><i class="durable"></i>durable <i class="rejected"></i>rejected <i class="unknown"></i>unknown</span
              >
            </th>
          </tr>
        </thead>
        <tbody>
          ${profiles.map(profileRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function profileRow(row: ProfileRow): Markup {
  return html`<tr>
    <th scope="row">${row.profile}</th>
    <td>${profileVerdict(row)}</td>
    <td class="number">${formatNumber(row.runs)}</td>
    <td class="number">${formatNumber(row.operations)}</td>
    <td class="number">${formatNumber(row.counts.faults)}</td>
    <td class="number">${formatDuration(row.simulatedMs)}</td>
    <td class="number">${formatDuration(row.runs === 0 ? 0 : row.wallMs / row.runs)}</td>
    <td class="wide">${outcomeBar(row)}</td>
  </tr>`;
}

function profileVerdict({ failed, undecided }: ProfileRow): Markup {
  if (failed > 0) return html`<span class="badge bad">${formatNumber(failed)} failed</span>`;
  if (undecided > 0) return html`<span class="badge undecided">${formatNumber(undecided)} undecided</span>`;
  return html`<span class="badge good">passed</span>`;
}

function outcomeBar({ counts }: ProfileRow): Markup {
  const parts: [string, number][] = [
    ['durable', counts.appendsDurable],
    ['rejected', counts.appendsRejected],
    ['unknown', counts.appendsUnknown],
  ];
  const appends = parts.reduce((total, [, count]) => total + count, 0);
  const words = parts.map(([name, count]) => `${formatShare(count, appends)} ${name}`).join(', ');
  return html`<div class="outcomes" role="img" aria-label="${words}" title="${words}">
    ${parts.map(([name, count]) => count > 0 && html`<i class="${name}" style="flex-grow:${count}"></i>`)}
  </div>`;
}

function plantsSection(plants: readonly PlantRow[]): Markup {
  const missed = plants.filter((plant) => plant.missed > 0).length;
  return html`<section class="card" aria-labelledby="plants-title">
    <h2 id="plants-title">
      Planted bugs
      <span class="note"
        >${missed === 0 ? `all ${formatNumber(plants.length)} caught in every try` : `${formatNumber(missed)} of ${formatNumber(plants.length)} survived a try`};
        the hardest to find first</span
      >
    </h2>
    <div class="scroll tall">
      <table>
        <thead>
          <tr>
            <th scope="col">planted bug</th>
            <th scope="col" class="number">median seeds</th>
            <th scope="col" class="number">most seeds</th>
            <th scope="col" class="number">tries</th>
            <th scope="col">convicted by</th>
          </tr>
        </thead>
        <tbody>
          ${plants.map(plantRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function plantRow(row: PlantRow): Markup {
  const caughtIn = (seeds: number | null) =>
    seeds === null ? html`<span class="badge bad">survived</span>` : formatNumber(seeds);
  return html`<tr>
    <th scope="row" class="mono">${row.plant}</th>
    <td class="number">${caughtIn(row.medianSeeds)}</td>
    <td class="number">${caughtIn(row.mostSeeds)}</td>
    <td class="number">${formatNumber(row.tries)}</td>
    <td>${row.convicted ?? ''}</td>
  </tr>`;
}

function slowestSection({ slowest }: SweepView): Markup {
  const longestMs = slowest[0]?.wallMs ?? 0;
  return html`<section class="card" aria-labelledby="slowest-title">
    <h2 id="slowest-title">Slowest seeds</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">seed</th>
            <th scope="col">profile</th>
            <th scope="col" class="number">operations</th>
            <th scope="col" class="number">wall time</th>
            <th scope="col" class="wide"></th>
            <th scope="col"></th>
          </tr>
        </thead>
        <tbody>
          ${slowest.map(
            (seed) =>
              html`<tr>
                <th scope="row" class="mono">${seed.seed}</th>
                <td>${seed.profile}</td>
                <td class="number">${formatNumber(seed.operations)}</td>
                <td class="number">${formatDuration(seed.wallMs)}</td>
                <td class="wide">
                  <div class="meter">
                    <i style="width:${longestMs === 0 ? 0 : Math.round((seed.wallMs / longestMs) * 100)}%"></i>
                  </div>
                </td>
                <td>
                  <button type="button" class="copy" data-copy="${seed.repro}" title="${seed.repro}">Copy repro</button>
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
