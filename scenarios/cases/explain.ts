/**
 * A case in sentences: which decisions matter (made dull once more, the failure goes away) and which are scenery, and what
 * happened, as lanes. The last page of a hunt, for somebody who was not there.
 */

import type { HistoryEvent } from '../../checker/index.ts';
import type { KeyedChoice } from '../../sim/index.ts';
import type { TrackSpan } from '../run.ts';
import { type Case, type CaseRun, runCase, signatureOfRun } from './case.ts';

export interface Explanation {
  signature: string;
  message: string;
  causes: readonly KeyedChoice[];
  scenery: readonly KeyedChoice[];
  run: CaseRun;
}

/** Throws a RangeError when the case passes. At most `triesMax` decisions are tried; the rest counts as scenery. */
export async function explain(made: Case, triesMax = 200): Promise<Explanation> {
  const run = await runCase(made, { record: true });
  const { failure } = run.record;
  const signature = signatureOfRun(failure);
  if (failure === null || signature === null) throw new RangeError('a case that passes has nothing to explain');
  const causes: KeyedChoice[] = [];
  const scenery: KeyedChoice[] = [];
  for (const [index, choice] of run.lively.entries()) {
    const lively = run.lively.filter((_, i) => i !== index);
    const without = index < triesMax ? await runCase({ ...made, choices: { kind: 'keyed', lively } }) : run;
    (signatureOfRun(without.record.failure) === signature ? scenery : causes).push(choice);
  }
  return { signature, message: failure.message, causes, scenery, run };
}

export function explanationText({ message, causes, scenery, run }: Explanation): string {
  return [
    message,
    '',
    ...causesText(causes),
    ...(scenery.length === 0 ? [] : [`and ${scenery.length} that do not matter`]),
    '',
    ...lanes(run.history, run.record.tracks, run.record.failure?.opIds ?? []),
  ].join('\n');
}

function causesText(causes: readonly KeyedChoice[]): string[] {
  if (causes.length === 0) return ['no decision matters: this happens when nothing is left to chance'];
  const matter =
    causes.length === 1
      ? '1 decision matters; without it'
      : `${causes.length} decisions matter; without any one of them`;
  return [`${matter} this does not happen:`, ...causes.map((choice) => `  ${sentenceOf(choice)}`)];
}

/** `c1, time 12: appends 3 records (draw 2 of 8)`, or `node-1 wal/7, time 2: whether the reply to a put is lost → yes`. */
export function sentenceOf({ sentence, entity, ordinal, outcome, means }: KeyedChoice): string {
  const time = ordinal === 0 ? '' : `, time ${ordinal + 1}`;
  const answer = sentence.startsWith('whether ') && outcome === 1 ? 'yes' : outcome;
  return `${entity.replaceAll(/(^|\/|\s)0+(?=\d)/g, '$1')}${time}: ${means ?? `${sentence} → ${answer}`}`;
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
      .map(({ atMs, clientId, text }) => {
        const at = `${String(atMs).padStart(8)}  `;
        if (clientId === null || !clients.includes(clientId))
          return `${at}${' '.repeat(LANE_WIDTH * clients.length)}${text}`;
        return (at + clients.map((id) => cell(id === clientId ? text : '│')).join('')).trimEnd();
      }),
  ];
}

function cell(text: string): string {
  return `${text.slice(0, LANE_WIDTH - 2)}`.padEnd(LANE_WIDTH);
}
