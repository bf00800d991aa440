/**
 * A case in sentences: which decisions matter (made dull once more, the failure goes away) and which are scenery, and what
 * happened, as lanes. The last page of a hunt, for somebody who was not there. Of a case with more decisions than can be tried
 * one by one, groups of them are made dull first; what was not tried is not claimed.
 */

import type { HistoryEvent } from '../../checker/index.ts';
import type { KeyedChoice } from '../../sim/index.ts';
import type { CaseFile, TrackSpan } from '../run.ts';
import { Best, keyOf } from '../shrink/best.ts';
import { fewerChoices } from '../shrink/fewer-choices.ts';
import { type Case, type CaseRun, runCase, signatureOfRun } from './case.ts';

export interface Explanation {
  signature: string;
  message: string;
  /** Without any single one of these it does not happen. */
  causes: readonly KeyedChoice[];
  /** Dull, one at a time or many together, they leave the failure as it is. */
  scenery: readonly KeyedChoice[];
  /** Nobody knows: there were more than could be tried. */
  untried: readonly KeyedChoice[];
  /** It happens with every decision dull. */
  happensAnyway: boolean;
  /** The run with the causes and what was not tried in it. */
  run: CaseRun;
}

/** Throws a RangeError when the case passes. Does no more than about `triesMax` runs. */
export async function explain(made: Case, triesMax = 200): Promise<Explanation> {
  const whole = await runCase(made, { record: true });
  const { failure } = whole.record;
  const signature = signatureOfRun(failure);
  if (failure === null || signature === null) throw new RangeError('a case that passes has nothing to explain');
  const isSame = async (of: Case, lively: readonly KeyedChoice[]): Promise<boolean> => {
    const { record } = await runCase({ ...of, choices: { kind: 'keyed', lively } });
    return signatureOfRun(record.failure) === signature;
  };
  const said = { signature, message: failure.message };
  if (await isSame(made, [])) {
    return { ...said, causes: [], scenery: whole.lively, untried: [], happensAnyway: true, run: whole };
  }
  const fewMax = triesMax >> 1;
  const small = whole.lively.length > fewMax ? await withFewer(made, triesMax - fewMax) : made;
  const run = small === made ? whole : await runCase(small, { record: true });
  const left = new Set(run.lively.map(keyOf));
  const causes: KeyedChoice[] = [];
  const scenery = whole.lively.filter((choice) => !left.has(keyOf(choice)));
  const tried = run.lively.slice(0, small === made ? triesMax : fewMax);
  for (const choice of tried) {
    const others = run.lively.filter((other) => other !== choice);
    ((await isSame(small, others)) ? scenery : causes).push(choice);
  }
  return { ...said, causes, scenery, untried: run.lively.slice(tried.length), happensAnyway: false, run };
}

/** Groups of decisions made dull together, as long as it fails: how many of them can go at once is found in few runs. */
async function withFewer(made: Case, runsMax: number): Promise<Case> {
  const best = await Best.of(made, { budgetMs: Infinity, nowMs: () => 0, runsMax });
  await fewerChoices(best);
  return best.case;
}

/** As the page of the run has it. */
export function explainedOf({ causes, scenery, untried, happensAnyway }: Explanation): CaseFile['explained'] {
  return {
    causes: causes.map(sentenceOf),
    sceneryCount: scenery.length,
    ...(untried.length > 0 && { untriedCount: untried.length }),
    ...(happensAnyway && { happensAnyway }),
  };
}

export function explanationText(explanation: Explanation): string {
  const { message, scenery, untried, run } = explanation;
  return [
    message,
    '',
    ...causesText(explanation),
    ...(scenery.length === 0 ? [] : [`and ${scenery.length} that make no difference`]),
    ...(untried.length === 0
      ? []
      : [`${untried.length} more were not tried one by one: sim shrink makes it small first`]),
    '',
    ...lanes(run.history, run.record.tracks, run.record.failure?.opIds ?? []),
  ].join('\n');
}

function causesText({ causes, happensAnyway, untried }: Explanation): string[] {
  if (happensAnyway) return ['no decision matters: this happens when nothing is left to chance'];
  if (causes.length === 0) {
    const those = untried.length === 0 ? '' : ' of those that were tried';
    return [`no single decision${those} matters, though it takes some of them together`];
  }
  const matter =
    causes.length === 1
      ? '1 decision matters; without it'
      : `${causes.length} decisions matter; without any one of them`;
  return [`${matter} this does not happen:`, ...causes.map((choice) => `  ${sentenceOf(choice)}`)];
}

/** `c1, time 12: appends 3 records (draw 2 of 8)`, or `node-1 wal/7, time 2: whether the reply to a put is lost → yes`. */
function sentenceOf({ sentence, entity, ordinal, outcome, means }: KeyedChoice): string {
  const time = ordinal === 0 ? '' : `, time ${ordinal + 1}`;
  const answer = sentence.startsWith('whether ') && outcome === 1 ? 'yes' : outcome;
  return `${entity.trim().replaceAll(/(^|\/|\s)0+(?=\d)/g, '$1')}${time}: ${means ?? `${sentence} → ${answer}`}`;
}

// --- lanes -----------------------------------------------------------------------------------------------

const LANE_WIDTH = 24;
const LANES_MAX = 5;

/** A row per event: the moment, a column per client of the judged stream, and what went wrong beside them. */
export function lanes(
  history: readonly HistoryEvent[],
  tracks: readonly TrackSpan[],
  guilty: readonly number[],
): string[] {
  const clients = [...new Set(history.map(({ clientId }) => clientId))].slice(0, LANES_MAX);
  const rows: { atMs: number; clientId: number | null; text: string }[] = [];
  for (const event of history) {
    const mark = guilty.includes(event.opId) ? '!' : '';
    const text =
      event.type === 'call'
        ? `┌ ${mark}${event.note ?? event.call.kind}`
        : `└ ${mark}${event.note ?? event.return.kind}`;
    rows.push({ atMs: event.atMs ?? 0, clientId: event.clientId, text });
  }
  for (const { track, label, startMs, tone } of tracks) {
    if (track === 'storage' && tone !== 'bad' && tone !== 'warn') continue;
    rows.push({ atMs: startMs, clientId: null, text: label });
  }
  const head = `${'ms'.padStart(8)}  ${clients.map((id) => cell(`client ${id}`)).join('')}`;
  return [
    head.trimEnd(),
    ...rows
      .toSorted((a, b) => a.atMs - b.atMs)
      .flatMap(({ atMs, clientId, text }) => {
        const at = `${String(atMs).padStart(8)}  `;
        if (clientId === null || !clients.includes(clientId))
          return [`${at}${' '.repeat(LANE_WIDTH * clients.length)}${text}`];
        return wrapped(text).map((line, index) => {
          const cells = clients.map((id) => cell(id === clientId ? line : '│')).join('');
          return ((index === 0 ? at : ' '.repeat(at.length)) + cells).trimEnd();
        });
      }),
  ];
}

/** In lines that fit into a lane, broken between words where there is a space; the call and the return keep their edge. */
function wrapped(text: string): string[] {
  const width = LANE_WIDTH - 2;
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const cut = space > 2 ? space : width;
    lines.push(rest.slice(0, cut));
    rest = `${text.startsWith('┌') ? '│' : ' '} ${rest.slice(cut).trimStart()}`;
  }
  return [...lines, rest];
}

function cell(text: string): string {
  return text.padEnd(LANE_WIDTH);
}
