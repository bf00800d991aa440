/**
 * Usage metrics of the account, of a basin and of a stream (API contract §1.15): the query in, sets of figures as JSON out.
 * A name that is no set or interval is malformed; a range that makes no sense is the engine's to refuse.
 */

import type { UsageOutcome } from '../core/outcome.ts';
import type {
  AccountUsageSet,
  BasinUsageSet,
  StreamUsageSet,
  UsageFigure,
  UsageInterval,
  UsageQuestion,
} from '../core/usage.ts';
import type { Operations } from '../engine.ts';
import type { HttpResponse } from '../ports.ts';
import { BadRequest, errorResponse, rejection } from './errors.ts';
import { malformed, refuseRepeated } from './query.ts';
import { jsonResponse } from './response.ts';
import { parseU64 } from './u64.ts';

const ACCOUNT_SETS: readonly AccountUsageSet[] = ['active-basins', 'account-ops'];
const BASIN_SETS: readonly BasinUsageSet[] = [
  'storage',
  'append-ops',
  'read-ops',
  'read-throughput',
  'append-throughput',
  'basin-ops',
];
const STREAM_SETS: readonly StreamUsageSet[] = ['storage'];
const INTERVALS: readonly UsageInterval[] = ['minute', 'hour', 'day'];

const NAMES = ['set', 'start', 'end', 'interval'];
const U32_MAX = 2 ** 32 - 1;

export async function accountUsage(engine: Operations, query: URLSearchParams): Promise<HttpResponse> {
  const { set, question } = parseUsageQuery(query, ACCOUNT_SETS);
  return answered(await engine.accountUsage(set, question));
}

export async function basinUsage(engine: Operations, basin: string, query: URLSearchParams): Promise<HttpResponse> {
  const { set, question } = parseUsageQuery(query, BASIN_SETS);
  return answered(await engine.basinUsage(basin, set, question));
}

export async function streamUsage(
  engine: Operations,
  at: { basin: string; stream: string },
  query: URLSearchParams,
): Promise<HttpResponse> {
  const { set, question } = parseUsageQuery(query, STREAM_SETS);
  return answered(await engine.streamUsage(at.basin, at.stream, set, question));
}

/** Unknown parameters are ignored. Throws BadRequest: `bad_query` for what is malformed, `invalid` for a range half open. */
function parseUsageQuery<Set extends string>(
  query: URLSearchParams,
  sets: readonly Set[],
): { set: Set; question: UsageQuestion } {
  refuseRepeated(query, NAMES);
  const set = oneOf(query, 'set', sets);
  if (set === null) throw new BadRequest('bad_query', 'query parameter `set` is missing');
  const interval = oneOf(query, 'interval', INTERVALS);
  const [startS, endS] = [seconds(query, 'start'), seconds(query, 'end')];
  if (startS === null || endS === null) throw new BadRequest('invalid', 'both `start` and `end` must be given');
  return { set, question: { startS, endS, interval } };
}

function oneOf<Word extends string>(query: URLSearchParams, name: string, words: readonly Word[]): Word | null {
  const text = query.get(name);
  if (text === null) return null;
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  throw malformed(name, `one of ${words.join(', ')}`);
}

function seconds(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  const value = parseU64(text);
  if (value !== null && value <= U32_MAX) return value;
  throw malformed(name, 'an unsigned 32-bit integer');
}

function answered(outcome: UsageOutcome): HttpResponse {
  switch (outcome.kind) {
    case 'usage':
      return jsonResponse(200, { values: outcome.figures.map(metricJson) });
    case 'invalid':
      return errorResponse('invalid', outcome.message);
    case 'rejected':
      return rejection(outcome.reason);
  }
}

function metricJson(figure: UsageFigure) {
  switch (figure.kind) {
    case 'labels':
      return { label: { name: figure.name, values: figure.values } };
    case 'gauge':
      return { gauge: { name: figure.name, unit: figure.unit, values: figure.values } };
    case 'accumulation': {
      const { name, unit, interval, values } = figure;
      return { accumulation: { name, unit, interval, values } };
    }
  }
}
