/**
 * What a plan from a file has to look like. It follows the type of plans: a field that is new there does not compile until it is
 * named here. What a build did not know yet may be absent, what this one does not know would be lost and is refused.
 */

import { checkTunables, ENGINE_DEFAULTS, type EngineTunables } from '../../engine/index.ts';
import { type FaultSettings, type Odds, QUIET, type StoreKind } from '../../sim/index.ts';
import { BLACKOUTS } from '../availability/blackouts.ts';
import type { ControlPlan } from '../control/plan.ts';
import { type Plan, PROFILES } from '../plan.ts';
import type { SecretsPlan } from '../secrets/plan.ts';
import { type Check, count, flag, integer, listOf, objectOf, oneOf, orNull, type Shape } from '../shape.ts';
import type { SidePlan } from '../side/plan.ts';
import type { OlderState } from '../storage/audit.ts';
import type { TokensPlan } from '../tokens/plan.ts';
import type { UsagePlan } from '../usage/plan.ts';
import { WORKFLOWS } from '../workflow.ts';
import { simplestPlan } from './simpler-plans.ts';

const ODDS_MAX = 2 ** 31;

/** `[n, d]`: n times in d. */
const odds: Check<Odds> = (value, path) => {
  const [, times] = listOf(count(0, ODDS_MAX), 2)(value, path);
  listOf(count(0, times))(value, path);
  if (times === 0 || (value as unknown[]).length !== 2) throw new RangeError(`${path}: odds are [n, d], n times in d`);
  return value as Odds;
};

/** By the unit at the end of their names settings are spans of time, or clocks that are off, to pick from. */
const SPANS = /(Ms|Ppm)$/;

const FAULTS = Object.fromEntries(
  Object.entries(QUIET).map(([name, quiet]) => {
    if (typeof quiet === 'number') return [name, count()];
    return [name, SPANS.test(name) ? listOf(integer, 1) : odds];
  }),
) as unknown as Shape<FaultSettings>;

function numbersOf<Numbers extends object>(defaults: Numbers): Shape<Numbers> {
  return Object.fromEntries(Object.keys(defaults).map((name) => [name, count()])) as unknown as Shape<Numbers>;
}

const OLDER = { optional: 'all', isClosed: true } as const;
const WHOLE = { isClosed: true } as const;

const { log, segments, ...others } = ENGINE_DEFAULTS;
const tunablesShape = objectOf<EngineTunables>(
  { ...numbersOf(others), log: objectOf(numbersOf(log), OLDER), segments: objectOf(numbersOf(segments), OLDER) },
  OLDER,
);

/** Their ranges are the engine's to judge. */
const tunables: Check<EngineTunables> = (value, path) => {
  const given = tunablesShape(value, path);
  try {
    checkTunables(wholeTunables(given));
  } catch (error) {
    throw new RangeError(`${path}: ${(error as Error).message}`);
  }
  return given;
};

const side = objectOf<SidePlan>(
  {
    streams: count(1),
    readersPerStream: count(),
    followers: flag,
    operationsPerClient: count(),
    retentionAgeMs: count(1),
    emptyAgeMs: count(),
    batchRecordsMax: count(1),
    bodyBytesMax: count(),
    thinkMsMax: count(),
    retentionIsJudged: flag,
  },
  WHOLE,
);

const control = objectOf<ControlPlan>(
  { clients: count(1), operationsPerClient: count(), basins: count(1), streams: count(1), thinkMsMax: count() },
  WHOLE,
);

const usage = objectOf<UsagePlan>(
  { appends: count(), lives: count(1), bodyBytesMax: count(), trimEvery: count(1), thinkMsMax: count() },
  WHOLE,
);

const secrets = objectOf<SecretsPlan>(
  {
    cipher: oneOf(['aegis-256', 'aes-256-gcm']),
    appends: count(),
    batchRecordsMax: count(1),
    bodyBytesMax: count(),
    otherKeyEvery: count(1),
    thinkMsMax: count(),
    isWrittenAnew: flag,
    givesTime: flag,
    movedEvery: count(1),
  },
  WHOLE,
);

const tokens = objectOf<TokensPlan>(
  {
    tokens: count(1),
    holders: count(1),
    operationsPerHolder: count(),
    expiringEvery: count(1),
    lifeMsMax: count(1),
    thinkMsMax: count(),
  },
  WHOLE,
);

const NEEDED: readonly (keyof Plan)[] = ['profile', 'faults', 'tunables'];

const SHAPE: Shape<Plan> = {
  profile: oneOf(PROFILES),
  clients: count(1),
  operationsPerClient: count(1),
  servers: count(1),
  clientsRoam: flag,
  workflow: oneOf(WORKFLOWS),
  batchRecordsMax: count(1),
  bodyBytesMax: count(),
  fenceEvery: count(1),
  retriesUnknown: flag,
  requestTimeoutMs: count(1),
  pageRecords: orNull(count(1)),
  thinkMsMax: count(),
  restMs: count(),
  tunables,
  othersOverlayRowsMax: orNull(count()),
  faults: objectOf(FAULTS, OLDER),
  store: orNull(oneOf<StoreKind>(['s3', 'express', 'r2', 'folder'])),
  sdkClients: count(),
  sessionWriters: count(),
  sdkSessionWriters: count(),
  followers: count(),
  crowd: count(),
  sdkFollowers: count(),
  audited: listOf(oneOf<OlderState>(['newest', 'first'])),
  goesToLimits: flag,
  side: orNull(side),
  control: orNull(control),
  usage: orNull(usage),
  secrets: orNull(secrets),
  tokens: orNull(tokens),
  blackouts: listOf(oneOf(BLACKOUTS)),
  leftDead: count(),
};

const optional = (Object.keys(SHAPE) as (keyof Plan)[]).filter((name) => !NEEDED.includes(name));

/** Throws a RangeError with the path of what does not fit. */
export const planShape: Check<Plan> = objectOf(SHAPE, { optional, isClosed: true });

/** The plan with what its build did not know yet off, or as the product has it. */
export function wholePlan(plan: Plan): Plan {
  return {
    ...simplestPlan(plan.profile),
    ...plan,
    faults: { ...QUIET, ...plan.faults },
    tunables: wholeTunables(plan.tunables),
  };
}

function wholeTunables(given: EngineTunables): EngineTunables {
  return {
    ...ENGINE_DEFAULTS,
    ...given,
    log: { ...log, ...given.log },
    segments: { ...segments, ...given.segments },
  };
}
