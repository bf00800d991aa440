/**
 * Extended histories: the permutation search on a model written a second time, WGL+ on ours, and the sweep with
 * insertion must agree; and the order of an `ok` must be one by the second model too.
 */

import { factAgainst } from '../../extended/facts.ts';
import { withWhatHappensByItself } from '../../extended/by-itself.ts';
import { checkExtendedStream } from '../../extended/check.ts';
import type { ExtendedHistory } from '../../extended/history.ts';
import { possibleCreators } from '../../extended/lives.ts';
import { extendedStreamModel, KEEPS_ALL } from '../../extended/model.ts';
import { operationsOfStream } from '../../extended/operations.ts';
import { formatExtended } from '../../formats/extended-jsonl.ts';
import { MalformedHistory } from '../../malformed.ts';
import { checkOperations } from '../../wgl/check-operations.ts';
import { type OracleRule, oracleOf } from '../extended-oracle.ts';
import { extendedHistory } from '../extended-histories.ts';
import { hasLinearization } from '../permutations.ts';
import { seededRandom } from '../random.ts';
import type { HandMade } from './hand-made.ts';

const OPERATIONS_MAX = 7;

interface FoundExtended {
  seed: number;
  disagreement: string;
  history: ExtendedHistory;
  rule: OracleRule;
}

export interface ExtendedHaul {
  ok: number;
  illegal: number;
  found: FoundExtended | null;
}

/** Stops at the first disagreement, and shrinks it. */
export function huntExtended({ from, to }: { from: number; to: number }): ExtendedHaul {
  const haul: ExtendedHaul = { ok: 0, illegal: 0, found: null };
  for (let seed = from; seed < to && haul.found === null; seed++) {
    const dice = seededRandom(seed);
    const { events, ...world } = extendedHistory(dice, OPERATIONS_MAX);
    const rule = { strictS2: dice.chance(1, 4), ...world };
    const { verdict, disagreement } = compareExtended(events, rule);
    haul[verdict]++;
    if (disagreement !== null) haul.found = shrink({ seed, disagreement, history: events, rule });
  }
  return haul;
}

function shrink(found: FoundExtended): FoundExtended {
  for (let smaller: FoundExtended | null = found; smaller !== null; smaller = withoutOne(found)) found = smaller;
  return found;
}

/** The first hand-made history of which an engine does not say what its name says, or null. */
export function huntHandMade(histories: readonly HandMade[]): { name: string; disagreement: string } | null {
  for (const { name, verdict, header, history } of histories) {
    const { initially = 'present', config = KEEPS_ALL, createsOn = [] } = header;
    const rule: OracleRule = { strictS2: false, initially, config, createsOn };
    const disagreement = saidBy(() => disagreementWith(verdict, history, rule));
    if (disagreement !== null) return { name, disagreement };
  }
  return null;
}

/** An exception is an answer too, which agrees with none. */
function saidBy(compare: () => string | null): string | null {
  try {
    return compare();
  } catch (error) {
    return `the checker throws: ${(error as Error).message}`;
  }
}

/** Without an operation, if what is left is a history still and disagreed about. */
function withoutOne(found: FoundExtended): FoundExtended | null {
  for (const opId of new Set(found.history.map((event) => event.opId))) {
    const history = found.history.filter((event) => event.opId !== opId);
    if (!isWellFormed(history)) continue;
    const { disagreement } = compareExtended(history, found.rule);
    if (disagreement !== null) return { ...found, history, disagreement };
  }
  return null;
}

/** Sessions that go on need their beginning, turns those before them. */
function isWellFormed(history: ExtendedHistory): boolean {
  try {
    operationsOfStream(history);
    return true;
  } catch (error) {
    if (error instanceof MalformedHistory) return false;
    throw error;
  }
}

/** What disagrees in words, and the history as a file. */
export function describeExtended({ seed, disagreement, history, rule }: FoundExtended): { said: string; file: string } {
  return {
    said: `seed ${seed}, ${JSON.stringify(rule)}: ${disagreement}`,
    file: formatExtended({ initially: rule.initially, config: rule.config, createsOn: rule.createsOn }, history),
  };
}

interface Comparison {
  verdict: 'ok' | 'illegal';
  disagreement: string | null;
}

function compareExtended(history: ExtendedHistory, rule: OracleRule): Comparison {
  const oracle = oracleOf(history, rule);
  const verdict = hasLinearization(oracle.model, oracle.operations) ? 'ok' : 'illegal';
  return { verdict, disagreement: saidBy(() => disagreementWith(verdict, history, rule)) };
}

function disagreementWith(verdict: 'ok' | 'illegal', history: ExtendedHistory, rule: OracleRule): string | null {
  const said = checkExtendedStream(history, rule);
  if (said.verdict !== verdict) return `it is ${verdict}, sweep: ${JSON.stringify(said)}`;
  const operations = operationsOfStream(history, rule);
  if ('code' in operations) return null;
  // Facts are asked of histories, too, that are judged without them.
  const fact = factAgainst(operations, rule);
  if (verdict === 'ok' && fact !== null) return `it is ok, facts: ${JSON.stringify(fact)}`;
  const all = withWhatHappensByItself(operations, rule) ?? operations;
  const searched = possibleCreators(operations, rule.initially).map(
    (createdBy) => checkOperations(extendedStreamModel({ ...rule, createdBy }), all).verdict,
  );
  if (searched.includes('ok') !== (verdict === 'ok')) return `it is ${verdict}, WGL+: ${searched.join(', ')}`;
  return said.verdict === 'ok' ? refusalOf(said.linearization, said.withoutEffect, history, rule) : null;
}

/** The order of an `ok`, walked with the second model. */
function refusalOf(
  order: readonly number[],
  withoutEffect: readonly number[],
  history: ExtendedHistory,
  rule: OracleRule,
): string | null {
  // Creations by the service have no id here.
  if (rule.createsOn.length > 0) return null;
  const calls = history.filter((event) => event.type === 'call').map(({ opId }) => opId);
  const missing = calls.filter((opId) => !order.includes(opId) && !withoutEffect.includes(opId));
  const answered = new Set(history.flatMap((event) => (event.type === 'return' ? [event.opId] : [])));
  if (missing.some((opId) => answered.has(opId))) return `ops ${missing.join()} have no place`;
  const effective = history.filter(({ opId }) => !withoutEffect.includes(opId));
  const { model, operations } = oracleOf(effective, rule);
  const byId = new Map(operations.map((operation, index) => [effective[operation.call]!.opId, { operation, index }]));
  // Echoes and what followers were shown have no id of their own here: their place is looked for again.
  if (operations.length !== byId.size || operations.length !== order.length) return null;
  let worlds = model.init();
  let latestCall = -1;
  for (const opId of order) {
    const { operation } = byId.get(opId)!;
    if (operation.return < latestCall) return `op ${opId} stands behind one called after its return`;
    latestCall = Math.max(latestCall, operation.call);
    worlds = worlds.flatMap((world) => model.step(world, operation.input, operation.output));
    if (worlds.length === 0) return `op ${opId} is illegal`;
  }
  return null;
}
