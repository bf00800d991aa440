/**
 * Steps that make a plan simpler: a crew less, a fault off, fewer servers, clients and operations, tunables as the product has
 * them. Generic over the plan, so that a new part of it is taken away without a word here. Steps can be taken in any
 * combination, in their order.
 */

import { ENGINE_DEFAULTS } from '../../engine/index.ts';
import { QUIET } from '../../sim/index.ts';
import { drawPlan, type Plan, type Profile } from '../plan.ts';

export type PlanStep = (plan: Plan) => Plan;

type NumberName = { [Name in keyof Plan]: Plan[Name] extends number ? Name : never }[keyof Plan];

/** What numbers are lowered to, by and by. */
const LOWER: Partial<Record<NumberName, readonly number[]>> = {
  servers: [2, 1],
  clients: [2, 1],
  operationsPerClient: [20, 12, 8, 5, 3, 2, 1],
  batchRecordsMax: [1],
  bodyBytesMax: [0],
  thinkMsMax: [0],
  sdkClients: [0],
  sessionWriters: [0],
  followers: [1, 0],
  sdkSessionWriters: [0],
  sdkFollowers: [0],
  leftDead: [1, 0],
};

/** The steps that change something, those that change most last: what is tried first is taken from the end. */
export function simplerSteps(plan: Plan): PlanStep[] {
  const tunables: PlanStep[] = [
    (of) => ({ ...of, tunables: { ...of.tunables, log: ENGINE_DEFAULTS.log } }),
    (of) => ({ ...of, tunables: { ...of.tunables, segments: ENGINE_DEFAULTS.segments } }),
    ({ tunables: { log, segments }, ...of }) => ({ ...of, tunables: { ...ENGINE_DEFAULTS, log, segments } }),
  ];
  const steps = [
    ...tunables,
    ...fewerFaults(plan),
    ...lowerNumbers(),
    ...smallerCrews(plan),
    (of: Plan) => ({ ...of, clientsRoam: false }),
    (of: Plan) => ({ ...of, store: null }),
    (of: Plan) => ({ ...of, othersOverlayRowsMax: null }),
    ...withoutCrews(plan),
  ];
  return steps.filter((step) => JSON.stringify(step(plan)) !== JSON.stringify(plan));
}

function withoutCrews(plan: Plan): PlanStep[] {
  return crewPlans(plan).map(([name, value]): PlanStep => (of) => ({
    ...of,
    [name]: Array.isArray(value) ? [] : null,
  }));
}

/** What a crew's own plan counts is halved: streams, clients, operations; not spans of time and bytes. */
function smallerCrews(plan: Plan): PlanStep[] {
  const steps: PlanStep[] = [];
  for (const [crew, value] of crewPlans(plan)) {
    for (const [name, count] of Object.entries(value)) {
      if (!Number.isInteger(count) || /Ms|Bytes/.test(name)) continue;
      for (let lower = (count as number) >> 1; lower >= 1; lower >>= 1) {
        steps.push((of) => {
          const current = of[crew] as Record<string, number> | null;
          return current === null ? of : { ...of, [crew]: { ...current, [name]: Math.min(current[name]!, lower) } };
        });
      }
    }
  }
  return steps;
}

function crewPlans(plan: Plan): [keyof Plan, object][] {
  return (Object.entries(plan) as [keyof Plan, unknown][]).filter(
    (entry): entry is [keyof Plan, object] =>
      entry[0] !== 'tunables' && entry[0] !== 'faults' && typeof entry[1] === 'object' && entry[1] !== null,
  );
}

function lowerNumbers(): PlanStep[] {
  return (Object.entries(LOWER) as [NumberName, readonly number[]][]).flatMap(([name, values]) =>
    values.map((value): PlanStep => (of) => ({ ...of, [name]: Math.min(of[name], value) })),
  );
}

function fewerFaults(plan: Plan): PlanStep[] {
  const names = Object.keys(QUIET) as (keyof typeof QUIET)[];
  return names
    .filter((name) => JSON.stringify(plan.faults[name]) !== JSON.stringify(QUIET[name]))
    .map((name): PlanStep => (of) => ({ ...of, faults: { ...of.faults, [name]: QUIET[name] } }));
}

/** With every step taken: one client, one operation, one server, nothing beside them. */
export function simplestPlan(profile: Profile): Plan {
  const drawn = drawPlan('simplest', profile, {});
  return simplerSteps(drawn).reduce((of, step) => step(of), drawn);
}
