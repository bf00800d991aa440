/** One run by name, from seed and profile to its record. Leaves nothing behind for the next one. */

import { type BodyHasher, createBodyHasher, formatEvent, formatExtended, type HistoryEvent } from '../checker/index.ts';
import type { TrackSpan, World, WorldFailure, WorldOptions } from '../sim/index.ts';
import { judge } from './judge.ts';
import { runLinearizable } from './linearizable.ts';
import { drawPlan, isProfile, type Plan, PROFILES, type RunSize } from './plan.ts';
import { PLANT } from './plant-name.ts';
import { reproLine } from './repro-line.ts';
import type { RunCounts, RunRecord } from './run.ts';

export const SCENARIO = 'linearizable';

export interface RunSeedOptions {
  seed: string;
  profile: string;
  size?: Partial<RunSize>;
  /** Keep history lines, spans and the linearization; sweeps do not. */
  record?: boolean;
  onTraceLine?: (line: string) => void;
  /** Instead of the plan that the name draws. */
  plan?: Plan;
  /** Choices from elsewhere than the generator, and who sees them. */
  world?: Pick<WorldOptions, 'choices' | 'onChoice' | 'onProbe' | 'eventsMax' | 'decisionsMax'>;
  /** What is left of the run, before it is judged. */
  onEnd?: (world: World, history: readonly HistoryEvent[]) => void;
}

// A compiled hash function: shared by all runs because it keeps nothing of any of them.
let hasher: Promise<BodyHasher> | null = null;

/** Throws a RangeError for an unknown profile; everything a run can do wrong is in the record. */
export async function runSeed(options: RunSeedOptions): Promise<RunRecord> {
  const { seed, profile, size = {}, record = false, onTraceLine, onEnd } = options;
  if (!isProfile(profile)) throw new RangeError(`unknown profile ${profile}: expected one of ${PROFILES.join(', ')}`);
  hasher ??= createBodyHasher();
  const hashBody = await hasher;
  const plan = options.plan ?? drawPlan(seed, profile, size);
  const { world, history, wholeHistory, verdicts, lines } = await runLinearizable({
    seed,
    plan,
    hashBody,
    record,
    ...(onTraceLine !== undefined && { onTraceLine }),
    ...(options.world !== undefined && { worldOptions: options.world }),
  });
  onEnd?.(world, history);
  const { failure, linearization } = judge(world, history, verdicts);
  return {
    format: 'tailrace-run/1',
    scenario: SCENARIO,
    seed,
    profile,
    plant: PLANT,
    repro: reproLine({ seed, profile }, size),
    failure,
    traceHash: world.trace.hash(),
    events: world.events,
    simulatedMs: world.nowMs,
    counts: countsOf(history, world),
    probes: world.probes.counts(),
    watermarks: world.probes.watermarks.heights(),
    drawn: drawnOf(plan),
    historyLines: record ? history.map(formatEvent) : [],
    ...(record && { extendedHistory: formatExtended({ seed, profile }, wholeHistory) }),
    linearization: record ? linearization : null,
    tracks: record ? [...world.tracks.spans(), ...failureSpans(world.failure)] : [],
    ...(record && { marks: world.tracks.marks, messages: world.tracks.messages }),
    ...(lines.length > 0 && { sideLines: lines }),
  };
}

/** The moment at which something that must always hold did not. */
function failureSpans(failure: WorldFailure | null): TrackSpan[] {
  if (failure === null) return [];
  const { atMs, signature, message } = failure;
  return [{ track: 'failures', label: signature, startMs: atMs, endMs: atMs, tone: 'bad', detail: message }];
}

function countsOf(history: Awaited<ReturnType<typeof runLinearizable>>['history'], world: World): RunCounts {
  const counts: RunCounts = {
    operations: 0,
    appendsDurable: 0,
    appendsRejected: 0,
    appendsUnknown: 0,
    reads: 0,
    checkTails: 0,
    faults: 0,
  };
  for (const event of history) {
    if (event.type === 'call') counts.operations++;
    else if (event.return.kind === 'append-success') counts.appendsDurable++;
    else if (event.return.kind === 'append-definite-failure') counts.appendsRejected++;
    else if (event.return.kind === 'append-indefinite-failure') counts.appendsUnknown++;
    else if (event.return.kind === 'read-success') counts.reads++;
    else if (event.return.kind === 'check-tail-success') counts.checkTails++;
  }
  for (const [name, hits] of Object.entries(world.probes.counts())) {
    if (name.startsWith('fault.')) counts.faults += hits;
  }
  return counts;
}

/** What the plan drew, flat and only what is not off, for the page. */
function drawnOf(plan: Plan): RunRecord['drawn'] {
  const { tunables, faults, side, control, usage, secrets, tokens, ...rest } = plan;
  const out: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries({ ...rest, ...tunables.log, patienceMs: tunables.patienceMs })) {
    if (value !== null && typeof value !== 'object') out[name] = value;
  }
  for (const [name, value] of Object.entries(faults)) {
    if (!Array.isArray(value) || value.length !== 2 || value[0] === 0 || name.endsWith('Ms') || name.endsWith('Ppm'))
      continue;
    out[name] = `${value[0]} in ${value[1]}`;
  }
  for (const [name, value] of Object.entries(side ?? {})) out[`side ${name}`] = value;
  for (const [name, value] of Object.entries(control ?? {})) out[`control ${name}`] = value;
  for (const [name, value] of Object.entries(usage ?? {})) out[`usage ${name}`] = value;
  for (const [name, value] of Object.entries(secrets ?? {})) out[`secrets ${name}`] = value;
  for (const [name, value] of Object.entries(tokens ?? {})) out[`tokens ${name}`] = value;
  return out;
}
