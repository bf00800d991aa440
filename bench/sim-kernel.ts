/**
 * What an event costs before anybody does anything in it: the kernel alone, against the event loop it stands on (an immediate
 * that settles one promise, which no simulation that lets Node empty its queues can undercut), and what the trace hash and the
 * guard take of whole runs.
 */

import { PROFILES } from '../scenarios/plan.ts';
import { runSeed } from '../scenarios/run-seed.ts';
import { installGuard, Trace, World } from '../sim/index.ts';
import { median, type Row } from './table.ts';
import { bounds, inRounds, middleOf } from './turns.ts';

const QUEUED = 1_000;
const EVENTS = 400_000;
const ROUNDS = { warm: 1, measured: 9 };
/** As many as the simulator's drain queues. */
const IMMEDIATES_PER_TURN = 64;
const REPLAYS = 9;

/** Promise handlers alone: many sleepers, nothing else. */
export async function kernel(): Promise<Row[]> {
  const rounds = await inRounds(
    {
      guarded: () => sleepers(EVENTS, true),
      bare: () => sleepers(EVENTS, false),
      immediates: () => immediates(EVENTS),
    },
    ROUNDS,
  );
  const guard = middleOf(rounds.map(({ guarded, bare }) => 100 * (1 - guarded / bare)));
  return [
    {
      what: 'kernel alone, promise handlers, 1,000 queued',
      value: median(rounds.map(({ guarded }) => guarded)) / 1e6,
      unit: 'M events/s',
      floor: {
        what: 'immediates that settle a promise each',
        value: median(rounds.map(({ immediates: bare }) => bare)) / 1e6,
      },
      goal: { of: 'value', bound: 'at least', than: 2 },
    },
    { what: `guard, share of an event of the kernel ${bounds(guard, 1)}`, value: guard.value, unit: '%' },
  ];
}

/** Events a second. */
export async function sleepers(events: number, guard: boolean): Promise<number> {
  const world = new World({ seed: 'bench', profile: 'bench', guard });
  world.host('sleepers').start(async ({ clock }) => {
    const sleeper = async (i: number): Promise<never> => {
      for (;;) await clock.sleep(1 + (i % 7));
    };
    await Promise.all(Array.from({ length: QUEUED }, (_, i) => sleeper(i)));
  });
  const startedMs = performance.now();
  await world.run(() => false, { eventsMax: events });
  return (events / (performance.now() - startedMs)) * 1000;
}

/** Immediates a second, each of which lets one of many waiters go on. */
async function immediates(events: number): Promise<number> {
  let isOver = false;
  const settle: (() => void)[] = Array.from({ length: QUEUED }, () => () => {});
  const waiter = async (i: number): Promise<void> => {
    while (!isOver) await new Promise<void>((resolve) => (settle[i] = resolve));
  };
  for (let i = 0; i < QUEUED; i++) void waiter(i);
  let ran = 0;
  const startedMs = performance.now();
  await new Promise<void>((resolve) => {
    const turn = (): void => settle[ran++ % QUEUED]!();
    const close = (): void => (ran < events ? queue() : resolve());
    const queue = (): void => {
      for (let i = 0; i < IMMEDIATES_PER_TURN; i++) setImmediate(turn);
      setImmediate(close);
    };
    queue();
  });
  const perSecond = (ran / (performance.now() - startedMs)) * 1000;
  isOver = true;
  for (const end of settle) end();
  return perSecond;
}

/** Hash and guard of runs of every profile, done again by themselves and held against the runs. */
export async function hashAndGuard(): Promise<Row[]> {
  const shares: number[] = [];
  for (let seed = 0; seed < 2 * PROFILES.length; seed++) {
    const run = { seed: `share-${seed}`, profile: PROFILES[seed % PROFILES.length]! };
    const outcomes: number[] = [];
    const lines: string[] = [];
    await runSeed({
      ...run,
      onTraceLine: (line) => lines.push(line),
      world: { onChoice: (_site, _entity, outcome) => outcomes.push(outcome) },
    });
    const startedMs = performance.now();
    await runSeed(run);
    const wholeMs = performance.now() - startedMs;
    const entries = lines.map(entryOf);
    shares.push((100 * median(Array.from({ length: REPLAYS }, () => replayMs(entries, outcomes)))) / wholeMs);
  }
  return [
    {
      what: 'trace hash and guard, share of a run, all profiles',
      value: median(shares),
      unit: '%',
      goal: { of: 'value', bound: 'at most', than: 10 },
    },
  ];
}

interface Entry {
  /** Null for a note inside an event. */
  timeUs: number | null;
  host: string;
  what: string;
  detail: string;
}

/** From a line of a trace, as `Trace` writes it. */
function entryOf(line: string): Entry {
  const isNote = line.startsWith('  ');
  const words = line.trim().split(' ');
  const [host, what, ...detail] = isNote ? words : words.slice(2);
  return { timeUs: isNote ? null : Number(words[1]), host: host!, what: what!, detail: detail.join(' ') };
}

function replayMs(entries: readonly Entry[], outcomes: readonly number[]): number {
  const guard = installGuard();
  const trace = new Trace();
  const startedMs = performance.now();
  for (const { timeUs, host, what, detail } of entries) {
    if (timeUs === null) trace.note(host, what, detail);
    else {
      trace.event(timeUs, host, what, detail);
      guard.raise(null);
      guard.lower();
    }
  }
  for (const outcome of outcomes) trace.mix(outcome);
  return performance.now() - startedMs;
}
