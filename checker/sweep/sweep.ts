/**
 * The tail sweep: is a history of one S2 stream linearizable? Decides in near-linear time what the general search
 * cannot, because acknowledgements carry positions.
 *
 * The floor theorem (docs/CHECKER.md) turns the question into one of tiling: do the acknowledged appends, where their
 * acks put them, and some appends of unknown outcome fill the log so that floors, boundaries, conditions and contents
 * hold? Only the choice of what fills the holes is a search. Every `ok` is certified by an independent replay before
 * it is returned; `illegal` follows a broken necessary condition or a complete enumeration; a spent budget gives
 * `unknown`.
 */

import { Budget } from './budget.ts';
import { type Candidate, listCandidates } from './candidates.ts';
import { ChainHash } from '../chain-hash.ts';
import { compose } from './compose.ts';
import { type Content, learnContent } from './content.ts';
import { type Evidence, explainContent, explainHole, explainIdentified, foldBatches } from './explain.ts';
import { explainStuck, findWrongRecord } from './explain-known.ts';
import { KnownFiller } from './fill-known.ts';
import { SegmentFillings } from './fillings.ts';
import { firstToProve, type Floors, setFloors } from './floors.ts';
import type { History } from '../history.ts';
import { LogState } from './log-state.ts';
import { type Operations, readOperations } from './operations.ts';
import { parseHoles } from './parse.ts';
import { refusalOfOrder } from './replay.ts';
import { earliest, layTiles, type Segment, type Tiling } from './tiling.ts';
import type { Violation } from './violation.ts';
import { buildWitness } from './witness.ts';
import { counted, range } from './violation.ts';

export interface StreamCheckOptions {
  /**
   * Judge like S2's Go model, in which a stream without a token accepts no fencing token at all. Default false: the
   * service's rule, a new stream has the empty token.
   */
  strictS2?: boolean;
  /** Chain steps to spend at most; 10 to 30 million are a second. Default 20 million. */
  stepsMax?: number;
}

export type Verdict =
  | {
      verdict: 'ok';
      /** Operations judged: all that returned, and appends that did not. 0 means that nothing was checked. */
      operations: number;
      /** opIds in an order that explains every answer; without those in `withoutEffect`. */
      linearization: readonly number[];
      /** Appends of unknown outcome that need not have taken effect. */
      withoutEffect: readonly number[];
    }
  | { verdict: 'illegal'; violation: Violation }
  /** The budget was spent. `reason` names the records that stayed open and what was tried. */
  | { verdict: 'unknown'; reason: string; steps: number; stepsMax: number };

const STEPS_MAX = 20_000_000;
// No one segment may keep the others from being looked at.
const SEGMENT_STEPS_MAX = 4_000_000;

/**
 * Throws `MalformedHistory` when the events do not pair up (files are refused earlier, by the parser), a `RangeError` for a
 * budget that is none.
 */
export function checkStream(history: History, options: StreamCheckOptions = {}): Verdict {
  return sweepOperations(readOperations(history), options);
}

/** The same for operations that have been read already, once: it sets their floors. */
export function sweepOperations(operations: Operations, options: StreamCheckOptions = {}): Verdict {
  const floors = setFloors(operations);
  const content = learnContent(operations);
  const tiling = layTiles(operations, content);
  if (tiling.kind === 'impossible') return { verdict: 'illegal', violation: blame(floors, tiling) };
  if (floors.proof !== null) return { verdict: 'illegal', violation: floors.proof.violation };
  const evidence: Evidence = { operations, floors, candidates: listCandidates(operations) };
  const known = readKnown(evidence, content, tiling.segments, options);
  if (known !== null && 'violation' in known) return { verdict: 'illegal', violation: known.violation };
  return searchSegments(evidence, tiling.segments, known, options);
}

/**
 * The first event that proves a bug, unless one of its operations claims positions that another one claims too: then
 * what was seen is only a symptom of that.
 */
function blame(floors: Floors, tiling: Tiling & { kind: 'impossible' }): Violation {
  const first = earliest([floors.proof, tiling.proof])!.violation;
  const cause = earliest(tiling.overlaps.filter((proof) => sharesOperation(proof.violation, first)));
  return cause?.violation ?? first;
}

function sharesOperation(a: Violation, b: Violation): boolean {
  return a.opIds.some((opId) => b.opIds.includes(opId));
}

/**
 * Compares and parses the records that are known one by one. Null when there are none.
 *
 * A first way through them is looked for here already: if there is none, nothing that lies behind needs a search.
 */
function readKnown(
  evidence: Evidence,
  content: Content,
  segments: readonly Segment[],
  options: StreamCheckOptions,
): { makeFiller: () => KnownFiller } | { violation: Violation } | null {
  const { operations, candidates } = evidence;
  const [segment] = segments;
  if (segment === undefined || !segment.isKnown) return null;
  const wrong = findWrongRecord(operations, content, segment);
  if (wrong !== null) return { violation: wrong };
  const parse = parseHoles(operations, content, segment, candidates);
  if (parse.kind === 'stuck') return { violation: explainStuck(evidence, content, parse) };
  const makeFiller = (): KnownFiller => new KnownFiller(segment, parse, candidates, segments.length === 1);
  if (segments.length > 1) {
    const log = emptyLog(evidence, options);
    const steps = Math.min(SEGMENT_STEPS_MAX, options.stepsMax ?? STEPS_MAX);
    if (makeFiller().layNext(log, new Budget(steps)) === 'none') return { violation: log.furthestRefusal! };
  }
  return { makeFiller };
}

function emptyLog({ floors }: Evidence, options: StreamCheckOptions): LogState {
  return new LogState(initialToken(options), (position) => firstToProve(floors, position));
}

/** In force on a new stream. */
export function initialToken({ strictS2 = false }: Pick<StreamCheckOptions, 'strictS2'>): string | null {
  return strictS2 ? null : '';
}

function searchSegments(
  evidence: Evidence,
  segments: readonly Segment[],
  known: { makeFiller: () => KnownFiller } | null,
  options: StreamCheckOptions,
): Verdict {
  const { operations, candidates } = evidence;
  const { stepsMax = STEPS_MAX } = options;
  if (!(stepsMax >= 0)) throw new RangeError(`stepsMax is ${stepsMax}; expected a number of steps from 0`);
  const budget = new Budget(stepsMax);
  const wrong = segments.find((segment) => !contentAgrees(operations, segment));
  if (wrong !== undefined) return { verdict: 'illegal', violation: explainContent(evidence, segments, wrong) };
  const taken = new Set<Candidate>();
  const open = segments
    .filter((segment) => !segment.isKnown && segment.holes.length > 0 && segment.endRead !== null)
    .map((segment) => new SegmentFillings(operations, segment, candidates, taken))
    .sort((a, b) => a.difficulty - b.difficulty || a.segment.index - b.segment.index);
  let starved: SegmentFillings | undefined;
  for (const fillings of open) {
    const allowance = new Budget(Math.min(SEGMENT_STEPS_MAX, budget.left));
    const filling = fillings.get(0, allowance);
    budget.spend(allowance.spent);
    if (typeof filling !== 'string') for (const { piece } of filling) if (piece.members.length === 1) taken.add(piece);
    if (filling === 'none') return { verdict: 'illegal', violation: explainUnfillable(evidence, fillings, budget) };
    if (filling === 'unknown') starved ??= fillings;
  }
  const composition = compose(
    {
      log: emptyLog(evidence, options),
      segments,
      known: known?.makeFiller() ?? null,
      candidates,
      fillings: new Map(open.map((fillings) => [fillings.segment, fillings])),
      explainHole: (hole) => explainHole(evidence, hole),
    },
    budget,
  );
  if (composition.kind === 'impossible') return { verdict: 'illegal', violation: composition.violation };
  if (composition.kind === 'unknown') {
    const fillings = open.find(({ segment }) => segment === composition.segment) ?? starved;
    const reason = explainUnknown(fillings?.segment ?? composition.segment, fillings);
    return { verdict: 'unknown', reason, steps: budget.spent, stepsMax };
  }
  const witness = buildWitness(operations, composition.placements);
  const refusal = refusalOfOrder(operations, witness, options);
  // Only a bug in the search can lead here, and no verdict is better than a wrong one.
  if (refusal !== null) throw new Error(`the replay refuses the order found: ${refusal}`);
  return { verdict: 'ok', operations: operations.all.length, ...witness };
}

/** Segments with holes are left to the search; where content is known it has been compared. */
function contentAgrees(operations: Operations, segment: Segment): boolean {
  if (segment.isKnown || segment.holes.length > 0 || segment.endRead === null) return true;
  const { startRead, endRead } = segment;
  const chain = foldBatches(operations, segment, new ChainHash(startRead?.hashHi, startRead?.hashLo));
  return chain.hi === endRead.hashHi && chain.lo === endRead.hashLo;
}

function explainUnfillable(evidence: Evidence, fillings: SegmentFillings, budget: Budget): Violation {
  const identification = fillings.identification(budget);
  if (identification !== null) return explainIdentified(evidence, fillings.segment, identification);
  return explainHole(evidence, fillings.segment.holes[0]!, true);
}

function explainUnknown(segment: Segment, fillings: SegmentFillings | undefined): string {
  const holes = segment.holes.slice(0, 3).map((hole) => range(hole.start, hole.end));
  const more = segment.holes.length > holes.length ? ` and ${segment.holes.length - holes.length} more` : '';
  if (segment.isKnown)
    return (
      `Every record below ${segment.end} is known, but equal records can have been written in more ways than the ` +
      'budget allows to try.'
    );
  const tried =
    fillings === undefined
      ? 'No read tells what they hold, and not all ways to fill them could be tried.'
      : `${counted(fillings.stretch.holes[0]!.offers.length, 'append')} of unknown outcome could have written them; ` +
        (fillings.piecesTried === 0
          ? 'they were not tried.'
          : `all combinations of up to ${fillings.piecesTried} were tried.`);
  if (holes.length === 0) return 'The budget ended before an order of the whole log could be put together.';
  return `The records at ${holes.join(', ')}${more} could not be explained within the budget. ${tried}`;
}
