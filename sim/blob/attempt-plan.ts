/** What becomes of one attempt of a store operation, drawn when it is made: at most one thing goes wrong. */

import { defineSite, type Odds, type Site } from '../choices.ts';
import type { WorldContext } from '../context.ts';
import type { FaultSettings } from '../faults.ts';

/** The course of a put or delete. */
type MutationFate =
  | 'normal'
  /** No effect, and the caller is told so. */
  | 'failed'
  | 'unknown-without-effect'
  | 'throttled'
  | 'conflict'
  | 'lost-reply'
  /** Reported unknown first, effect afterwards. */
  | 'late'
  | 'hang'
  | 'hang-with-effect'
  /** Never answered; the effect comes after the attempt's time-out. */
  | 'hang-then-late'
  /** Never answered; the effect comes whenever it arrives. */
  | 'travels'
  /** Of several names some are done, and nobody is told which. */
  | 'partial'
  | 'out-of-service'
  /** Sent into a cut link and lost. */
  | 'swallowed';

export interface MutationPlan {
  fate: MutationFate;
  /** How long after the report a late effect lands. */
  lateUs: number;
  /** After success the request reaches the store once more. */
  isDoubled: boolean;
}

/** How a body may come to be another on its way, without anybody saying so. */
export type WayDamageKind = 'flipped-bit' | 'truncated' | 'swapped';

export type ReadFate = 'normal' | 'failed' | 'short-body' | 'hang' | WayDamageKind;

interface Rule<Fate> {
  site: Site;
  odds: (faults: FaultSettings) => Odds;
  /** One of these, the first being the dull one. */
  fates: readonly Fate[];
}

const PUT_RULES: readonly Rule<MutationFate>[] = [
  {
    site: defineSite('blob.put.fails-before', 'whether a put fails without effect'),
    odds: (f) => f.putFailsBefore,
    fates: ['failed', 'unknown-without-effect'],
  },
  {
    site: defineSite('blob.put.lost-reply', 'whether the reply to a put is lost'),
    odds: (f) => f.putLosesReply,
    fates: ['lost-reply'],
  },
  {
    site: defineSite('blob.put.late-effect', 'whether a put takes effect after it was reported as unknown'),
    odds: (f) => f.putTakesEffectLate,
    fates: ['late'],
  },
  {
    site: defineSite('blob.put.hangs', 'whether a put is never answered'),
    odds: (f) => f.putHangs,
    fates: ['hang', 'hang-with-effect', 'hang-then-late'],
  },
  {
    site: defineSite('blob.put.conflict', 'whether the store answers a put with 409'),
    odds: (f) => f.putConflicts,
    fates: ['conflict'],
  },
  {
    site: defineSite('blob.put.throttled', 'whether the store answers a put with 503'),
    odds: (f) => f.putThrottled,
    fates: ['throttled'],
  },
];

const DELETE_RULES: readonly Rule<MutationFate>[] = [
  {
    site: defineSite('blob.delete.fails-before', 'whether a delete ends unknown without effect'),
    odds: (f) => f.deleteFailsBefore,
    fates: ['unknown-without-effect'],
  },
  {
    site: defineSite('blob.delete.lost-reply', 'whether the reply to a delete is lost'),
    odds: (f) => f.deleteLosesReply,
    fates: ['lost-reply'],
  },
  {
    site: defineSite('blob.delete.late-effect', 'whether a delete takes effect after it was reported as unknown'),
    odds: (f) => f.deleteTakesEffectLate,
    fates: ['late'],
  },
  {
    site: defineSite('blob.delete.hangs', 'whether a delete is never answered'),
    odds: (f) => f.deleteHangs,
    fates: ['hang', 'hang-with-effect', 'hang-then-late'],
  },
  {
    site: defineSite('blob.delete.partial', 'whether a delete of several names takes effect for some of them only'),
    odds: (f) => f.deleteIsPartial,
    fates: ['partial'],
  },
];

const GET_RULES: readonly Rule<ReadFate>[] = [
  { site: defineSite('blob.get.fails', 'whether a get fails'), odds: (f) => f.getFails, fates: ['failed'] },
  {
    site: defineSite('blob.get.short-body', 'whether a get loses the end of its body'),
    odds: (f) => f.getShortBody,
    fates: ['short-body'],
  },
  {
    site: defineSite('blob.get.flipped-bit', 'whether a bit of a body is flipped on the way'),
    odds: (f) => f.getFlipsBit,
    fates: ['flipped-bit'],
  },
  { site: defineSite('blob.get.hangs', 'whether a get is never answered'), odds: (f) => f.getHangs, fates: ['hang'] },
  {
    site: defineSite('blob.get.truncated', 'whether a body comes without its end and nobody says so'),
    odds: (f) => f.getTruncated,
    fates: ['truncated'],
  },
  {
    site: defineSite('blob.get.swapped', 'whether a get brings the body of another object'),
    odds: (f) => f.getSwapped,
    fates: ['swapped'],
  },
];

const LIST_RULES: readonly Rule<ReadFate>[] = [
  { site: defineSite('blob.list.fails', 'whether a listing fails'), odds: (f) => f.listFails, fates: ['failed'] },
  {
    site: defineSite('blob.list.hangs', 'whether a listing is never answered'),
    odds: (f) => f.listHangs,
    fates: ['hang'],
  },
];

const KIND = defineSite('blob.fault.kind', 'which kind of failure it is');
const LATE_BY = defineSite('blob.late-by', 'how long after the report a late effect lands', 'ms');
const THROUGH_CUT = defineSite('blob.cut.late-effect', 'whether what was sent into a cut link gets through later');
const DOUBLED = defineSite('blob.put.duplicated', 'whether a put reaches the store once more');
const DELETE_DOUBLED = defineSite('blob.delete.duplicated', 'whether a delete reaches the store once more');
const TRAVELS = defineSite(
  'blob.put.travels',
  'whether the put of an object beside the log is on its way for very long',
);
const TRAVELS_FOR = defineSite('blob.put.travels-for', 'how long such a put is on its way', 'ms');
const HIDES = defineSite('blob.list.hides', 'whether a listing leaves out a name that is just being created');
const SHOWS = defineSite('blob.list.shows', 'whether a listing shows a name that is just being deleted');
/** So many times as likely as leaving out what is just being created. */
const SHOWN_MORE = 4;
const SLOW_AT = defineSite('blob.list.slow-at', 'whether a host is one whose listings may be under way for long');
const LINGERS = defineSite('blob.list.lingers', 'whether a listing is under way for long');
const LINGERS_FOR = defineSite('blob.list.lingers-for', 'how long it is under way', 'ms');
const AS_IT_BEGAN = defineSite(
  'blob.list.as-it-began',
  'whether a listing that was under way for long leaves out all that was created meanwhile',
);
const SHORT_PAGE = defineSite('blob.list.short-page', 'whether a listing returns fewer names than asked for');
const PAGE_SIZE = defineSite('blob.list.page-size', 'how many names fewer');

/** `entity` names who does what: `node-1 wal/7`. `isBesideLog`: the name is no slot of the log. */
export function planPut(context: WorldContext, entity: string, isBesideLog: boolean): MutationPlan {
  const { choices, faults } = context;
  if (isBesideLog && choices.chance(TRAVELS, entity, faults.putTravels)) {
    return { fate: 'travels', isDoubled: false, lateUs: choices.pick(TRAVELS_FOR, entity, faults.travelMs) * 1000 };
  }
  return maybeDoubled(context, entity, planMutation(context, entity, PUT_RULES), DOUBLED, faults.putDuplicated);
}

/** `names` is how many are deleted. */
export function planDelete(context: WorldContext, entity: string, names: number): MutationPlan {
  const plan = planMutation(context, entity, DELETE_RULES);
  if (plan.fate === 'partial' && names < 2) return { ...plan, fate: 'unknown-without-effect' };
  return maybeDoubled(context, entity, plan, DELETE_DOUBLED, context.faults.deleteDuplicated);
}

function maybeDoubled(context: WorldContext, entity: string, plan: MutationPlan, site: Site, odds: Odds): MutationPlan {
  if (plan.fate !== 'normal' || !context.choices.chance(site, entity, odds)) return plan;
  return { fate: 'normal', isDoubled: true, lateUs: lateBy(context, entity) };
}

export function planGet(context: WorldContext, entity: string): ReadFate {
  return drawn(context, entity, GET_RULES) ?? 'normal';
}

/**
 * A mutation sent into a cut link. Its client cannot tell that from a slow store and waits for its time-out;
 * what it sent is lost, or gets through when nobody expects it any more.
 */
export function planCut(context: WorldContext, entity: string): MutationPlan {
  const getsThrough = context.choices.chance(THROUGH_CUT, entity, [1, 3]);
  return {
    fate: getsThrough ? 'hang-then-late' : 'swallowed',
    lateUs: getsThrough ? lateBy(context, entity) : 0,
    isDoubled: false,
  };
}

export interface ListPlan {
  fate: ReadFate;
  limit: number;
  /** How much later than usual it sees what there is. */
  lingersUs: number;
  hides: (key: string) => boolean;
  shows: (key: string) => boolean;
}

/** Whether `host` lists slowly: one that is far from the store, while others are near. To be asked once. */
export function planSlowLists({ choices, faults }: WorldContext, host: string): boolean {
  return faults.listLingers[0] > 0 && choices.chance(SLOW_AT, host, faults.listIsSlowAt);
}

export function planList(context: WorldContext, host: string, limit: number, isSlow: boolean): ListPlan {
  const { choices, faults, probes } = context;
  const [n, d] = faults.listUncertain;
  const fate = drawn(context, host, LIST_RULES) ?? 'normal';
  const lingers = isSlow && fate === 'normal' && choices.chance(LINGERS, host, faults.listLingers);
  const isAsItBegan = lingers && choices.chance(AS_IT_BEGAN, host, [3, 4]);
  const isShort = limit > 1 && choices.chance(SHORT_PAGE, host, faults.listShortPage);
  const uncertain = (site: Site, probe: string, odds: Odds) => (key: string) => {
    const isSo = choices.chance(site, `${host} ${key}`, odds);
    probes.sometimes(probe, isSo);
    return isSo;
  };
  return {
    fate,
    limit: isShort ? 1 + choices.choose(PAGE_SIZE, host, Math.min(limit - 1, 4)) : limit,
    lingersUs: lingers ? choices.pick(LINGERS_FOR, host, faults.listLingersMs) * 1000 : 0,
    hides: isAsItBegan ? leavesOut(probes) : uncertain(HIDES, 'fault.list.hid-name-in-flux', faults.listUncertain),
    // A deletion is in flux for as long as its answer travels, and few listings are made just then.
    shows: uncertain(SHOWS, 'fault.list.showed-deleted', [Math.min(n * SHOWN_MORE, d), d]),
  };
}

function leavesOut(probes: WorldContext['probes']): (key: string) => boolean {
  return () => {
    probes.reachable('fault.list.as-it-began');
    return true;
  };
}

const NORMALLY: MutationPlan = Object.freeze({ fate: 'normal', lateUs: 0, isDoubled: false });

function planMutation(context: WorldContext, entity: string, rules: readonly Rule<MutationFate>[]): MutationPlan {
  const fate = drawn(context, entity, rules);
  if (fate === null) return NORMALLY;
  const isLate = fate === 'late' || fate === 'hang-then-late';
  return { fate, isDoubled: false, lateUs: isLate ? lateBy(context, entity) : 0 };
}

function drawn<Fate>(context: WorldContext, entity: string, rules: readonly Rule<Fate>[]): Fate | null {
  const { choices, faults } = context;
  for (const { site, odds, fates } of rules) {
    if (choices.chance(site, entity, odds(faults))) return choices.pick(KIND, entity, fates);
  }
  return null;
}

function lateBy(context: WorldContext, entity: string): number {
  return context.choices.pick(LATE_BY, entity, context.faults.lateEffectMs) * 1000;
}
