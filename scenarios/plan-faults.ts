/** Which faults a run has and how often, by profile: one family each for the narrow ones, everything for the swarm. */

import type { EngineTunables } from '../engine/index.ts';
import { type FaultSettings, type Odds, QUIET } from '../sim/index.ts';
import { type Draw, SITES } from './plan-draw.ts';
import type { Profile } from './plan.ts';

/** Drawn from one of three ranges, or as it stands. */
type Frequency = 'often' | 'rate' | 'rare' | Odds;
type OddsName = { [Name in keyof FaultSettings]: FaultSettings[Name] extends Odds ? Name : never }[keyof FaultSettings];
type Family = { readonly [Fault in OddsName]?: Frequency };

const FAMILIES = {
  network: {
    netTenfold: 'rate',
    netHundredfold: 'rare',
    netRefused: 'rate',
    netRequestLost: 'rare',
    netResponseLost: 'rare',
    netResetBefore: 'rate',
    netResetAfter: 'rate',
    netRequestCut: 'rate',
    netResponseCut: 'rate',
    netDuplicated: 'rate',
    netSplit: 'often',
  },
  crashes: { crash: 'rate', crashAtEffect: 'rate' },
  ambiguousPuts: {
    putFailsBefore: 'rate',
    putLosesReply: 'rate',
    putTakesEffectLate: 'rate',
    putHangs: 'rare',
    putConflicts: 'rate',
    putThrottled: 'rate',
    putDuplicated: 'rate',
  },
  ambiguousDeletes: {
    deleteFailsBefore: 'rate',
    deleteLosesReply: 'rate',
    deleteTakesEffectLate: 'often',
    deleteHangs: 'rate',
    deleteIsPartial: 'often',
    deleteDuplicated: 'often',
  },
  travels: { putTravels: 'rate', strikeAtDeparture: 'often' },
  lateAnswers: { blobAnswersLate: 'often' },
  stalls: { storeStall: 'rate', storeStallAtEffect: 'rate', rivalAtStall: 'often' },
  milestones: { crashAtMilestone: 'rate', pauseAtMilestone: 'rate', pauseIsLong: 'often' },
  slowStore: { blobTenfold: 'often', blobHundredfold: 'rate' },
  failingReads: {
    getFails: 'rate',
    getShortBody: 'rate',
    getHangs: 'rare',
    listFails: 'often',
    listHangs: 'rate',
    listUncertain: 'often',
    listShortPage: 'often',
    listLingers: 'often',
  },
  damagedReads: { getFlipsBit: 'rate', getFlipsAgain: [1, 2] },
  slowPeers: { netSlowDrain: 'rate', netConnectHangs: 'rate', netHalfOpen: 'rate' },
  commits: { actAtCommit: 'rate' },
  damagedStore: { objectDamaged: 'often' },
  spoiledReads: { getTruncated: 'rate', getSwapped: 'rate' },
  foreignObjects: { foreignObject: 'rate' },
  ignoredConditions: { conditionsIgnored: [3, 4] },
  pauses: { pause: 'rate', pauseAtEffect: 'rate', pauseIsLong: 'often', pauseStopsClock: 'often' },
  cuts: { partition: 'rate', swizzle: 'rare' },
  clocks: { clockOffset: [1, 2], clockDrift: [1, 2], clockStep: 'rate' },
  // A store in trouble asks to slow down before it turns everybody away.
  outages: { outage: 'rare', putThrottled: 'rate' },
  refusals: { refusal: 'rare' },
} as const satisfies Record<string, Family>;
type FamilyName = keyof typeof FAMILIES;

/** Outside what any store promises: for the profile that expects servers to stop. */
const BROKEN_PROMISES: readonly FamilyName[] = ['damagedStore', 'spoiledReads', 'foreignObjects', 'ignoredConditions'];

/** For the swarm over stores by name alone: seeds of the other one keep their meaning. */
const NEWER: readonly FamilyName[] = ['slowPeers', 'commits'];

/** Families of the narrow profiles, and how far apart the nemesis looks in them. */
const NARROW: Record<
  Exclude<Profile, 'quiet' | 'storage' | 'hostile' | 'stores' | 'swarm'>,
  { tickMs: number; families: FamilyName[] }
> = {
  lossy: { tickMs: 0, families: ['network'] },
  crash: { tickMs: 100, families: ['crashes'] },
  ambiguous: { tickMs: 0, families: ['ambiguousPuts', 'ambiguousDeletes', 'slowStore', 'travels', 'damagedReads'] },
  failover: {
    tickMs: 100,
    families: ['crashes', 'pauses', 'ambiguousPuts', 'cuts', 'slowStore', 'lateAnswers', 'stalls'],
  },
  skew: { tickMs: 100, families: ['clocks', 'crashes'] },
  damage: { tickMs: 500, families: ['damagedStore', 'damagedReads', 'crashes', 'stalls'] },
};

/**
 * What checkpoints and collection are afraid of: owners that stand still, or hear nothing, for longer than a takeover, a
 * checkpoint and the collection after it, publications that travel meanwhile, deletes of doubtful outcome, listings in
 * flux.
 */
const STORAGE: readonly Family[] = [
  FAMILIES.milestones,
  FAMILIES.travels,
  FAMILIES.ambiguousDeletes,
  FAMILIES.lateAnswers,
  FAMILIES.stalls,
  FAMILIES.damagedReads,
  {
    putLosesReply: 'rate',
    putTakesEffectLate: 'rate',
    listUncertain: 'often',
    listShortPage: 'rate',
    listLingers: [3, 4],
    blobTenfold: 'often',
    crash: 'rare',
    pause: 'rate',
    pauseAtEffect: 'rate',
    pauseIsLong: [3, 4],
    storeStall: 'often',
    rivalAtStall: [3, 4],
  },
];

export function drawFaults(profile: Profile, tunables: EngineTunables, draw: Draw): FaultSettings {
  if (profile === 'quiet') return QUIET;
  const spans = spansOf(upkeepMs(tunables));
  if (profile === 'storage') {
    const lateEffectMs = [20, 500, 5_000, 30_000, 60_000];
    return { ...QUIET, ...spans, nemesisTickMs: 500, lateEffectMs, ...oddsOf(STORAGE, draw) };
  }
  if (profile === 'hostile') return { ...QUIET, ...spans, ...drawHostile(draw) };
  if (profile === 'swarm' || profile === 'stores') {
    // A store that breaks its promises is down for most of the time: that has profiles of its own.
    const left = profile === 'swarm' ? [...BROKEN_PROMISES, ...NEWER] : BROKEN_PROMISES;
    const names = (Object.keys(FAMILIES) as FamilyName[]).filter((name) => !left.includes(name));
    const on = names.filter((name) => draw.pick(SITES.family, name, [false, true]));
    const nemesisTickMs = draw.pick(SITES.rate, 'tick', [100, 30, 500]);
    return { ...QUIET, ...spans, nemesisTickMs, ...oddsOf(familiesOf(on), draw) };
  }
  const { tickMs, families } = NARROW[profile];
  return { ...QUIET, ...spans, nemesisTickMs: tickMs, ...oddsOf(familiesOf(families), draw) };
}

/** Either a store that ignores conditions, which no server may open, or one whose objects are not what was written. */
function drawHostile(draw: Draw): Partial<FaultSettings> {
  if (draw.pick(SITES.family, 'ignoredConditions', [false, false, false, true])) {
    return { nemesisTickMs: 500, ...oddsOf(familiesOf(['ignoredConditions', 'crashes', 'stalls']), draw) };
  }
  const broken = (['damagedStore', 'spoiledReads', 'foreignObjects'] as const).filter((name) =>
    draw.pick(SITES.family, name, [true, true, false]),
  );
  // What is damaged stays so for long, mostly until the world heals.
  const damageMs = [3_600_000, 30_000, 3_600_000];
  return {
    nemesisTickMs: 500,
    damageMs,
    ...oddsOf(familiesOf([...broken, 'damagedReads', 'crashes', 'stalls']), draw),
  };
}

function familiesOf(names: readonly FamilyName[]): Family[] {
  return names.map((name) => FAMILIES[name]);
}

/** Of a fault that several families have, the last one counts. */
function oddsOf(families: readonly Family[], draw: Draw): Partial<FaultSettings> {
  const frequencies = Object.entries(Object.assign({}, ...families) as Family) as [OddsName, Frequency][];
  return Object.fromEntries(
    frequencies.map(([fault, how]) => [fault, typeof how === 'string' ? draw[how](fault) : how]),
  );
}

/** A round trip to the store and what goes with it. */
const STEP_MS = 10;
/** Round trips of a takeover, of a checkpoint once it is due, and of the collection behind it. */
const STEPS = 30;

/** About how long a rival needs to take over, make its first checkpoint, and collect what that made unnecessary. */
export function upkeepMs({ log, segments }: EngineTunables): number {
  const slotMs = STEP_MS + Math.max(log.lingerMs, log.issueIntervalMs);
  return STEPS * STEP_MS + Math.min(segments.flushIntervalMs, segments.flushSlots * slotMs);
}

/** A stall that is shorter shows nothing; much longer ones only make runs longer. */
function spansOf(upkeep: number): Partial<FaultSettings> {
  return {
    storeStallMs: [upkeep, Math.ceil(upkeep / 4), 2 * upkeep, 5 * upkeep],
    pauseLongMs: [4 * upkeep, 2 * upkeep, 10 * upkeep, 60_000],
  };
}
