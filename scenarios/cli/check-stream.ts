/**
 * `tailrace check` of a stream's history. A file of which only the verdict is wanted is read straight into the shape
 * the sweep works on; a page or an explanation needs the events themselves.
 */

import {
  checkExtendedStream,
  checkStream,
  describeVerdict,
  formatEvent,
  formatExtendedEvent,
  type History,
  isExtended,
  MalformedHistory,
  parseExtended,
  parseHistory,
  plainHistory,
  readStreamFrom,
  type StreamCheckOptions,
  sweepOperations,
  type Verdict,
} from '../../checker/index.ts';
import { judgedPage } from '../judged-page.ts';
import type { CheckOptions } from './check.ts';
import type { Input } from './pieces.ts';
import type { Findings, Refusal } from './findings.ts';

export function judgeStream(file: string, input: Input, options: CheckOptions): Findings | Refusal {
  const limits = {
    strictS2: options.strictS2 === true,
    ...(options.budget !== undefined && { stepsMax: options.budget }),
  };
  const [head = new Uint8Array(0)] = input.pieces();
  if (isExtended(new TextDecoder().decode(head.subarray(0, 200)))) return judgeExtended(file, input, limits, options);
  if (options.html === undefined && options.explain !== true) {
    const read = readStreamFrom(input.pieces(), input.whole);
    if (read.kind === 'malformed') return { refusal: `${file}:${read.line}: ${read.message}` };
    return findingsOf(file, sweepOperations(read.operations, limits), null, options);
  }
  const parsed = parseHistory(new TextDecoder('utf-8', { ignoreBOM: true }).decode(input.whole()));
  if (parsed.kind === 'malformed') return { refusal: `${file}:${parsed.line}: ${parsed.message}` };
  const { history } = parsed;
  const lines = history.map((event) => ({ opId: event.opId, text: () => formatEvent(event) }));
  return findingsOf(file, checkStream(history, limits), { lines, firstLine: 1, plain: () => history }, options);
}

/** Our own format. A page shows of it what S2's format can say. */
function judgeExtended(
  file: string,
  input: Input,
  limits: StreamCheckOptions,
  options: CheckOptions,
): Findings | Refusal {
  const parsed = parseExtended(new TextDecoder().decode(input.whole()));
  if (parsed.kind === 'malformed') return { refusal: `${file}:${parsed.line}: ${parsed.message}` };
  const { header, history } = parsed;
  try {
    const verdict = checkExtendedStream(history, { ...header, ...limits });
    const lines = history.map((event) => ({ opId: event.opId, text: () => formatExtendedEvent(event) }));
    // The header is the first line, so events begin on the second.
    return findingsOf(file, verdict, { lines, firstLine: 2, plain: () => plainHistory(history) }, options);
  } catch (error) {
    if (!(error instanceof MalformedHistory)) throw error;
    return { refusal: `${file}:${error.line + 1}: ${error.message.replace(/^event \d+: /, '')}` };
  }
}

/** A history as an explanation and a page need it. */
interface Shown {
  lines: readonly { opId: number; text: () => string }[];
  firstLine: number;
  plain: () => History;
}

function findingsOf(file: string, verdict: Verdict, shown: Shown | null, options: CheckOptions): Findings {
  const explained = options.explain === true && shown !== null ? explain(verdict, shown) : [];
  return {
    verdict: verdict.verdict,
    text: [describeVerdict(verdict), ...explained].join('\n'),
    json: { file, model: 'stream', ...verdict },
    page: () => {
      const plain = shown?.plain() ?? [];
      return judgedPage(file, plain, within(verdict, plain));
    },
  };
}

/** The verdict as far as it is about operations of this history. */
function within(verdict: Verdict, history: History): Verdict {
  if (verdict.verdict !== 'ok') return verdict;
  const known = new Set(history.map(({ opId }) => opId));
  return { ...verdict, linearization: verdict.linearization.filter((opId) => known.has(opId)) };
}

/** The guilty operations as they stand in the file, or the order that explains everything. */
function explain(verdict: Verdict, { lines, firstLine }: Shown): string[] {
  if (verdict.verdict === 'unknown') return [];
  if (verdict.verdict === 'ok')
    return ['  in this order:', ...rowsOf(verdict.linearization.map((opId) => `op ${opId}`))];
  const guilty = new Set(verdict.violation.opIds);
  return lines.flatMap(({ opId, text }, index) => (guilty.has(opId) ? [`  line ${index + firstLine}: ${text()}`] : []));
}

function rowsOf(words: readonly string[]): string[] {
  const rows: string[] = [];
  for (let i = 0; i < words.length; i += 10) rows.push(`    ${words.slice(i, i + 10).join(', ')}`);
  return rows;
}
