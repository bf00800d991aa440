/**
 * What a run is going to be, drawn from seed and profile before it starts: sizes, workload, tunables of the
 * engine, faults. Plain data, so that the page can show it.
 *
 * A profile names a mood: `quiet` has no faults, the next ones concentrate on one family each, and `swarm` draws
 * everything: each family off with probability one half, rates log-uniform, sizes small more often than large.
 */

import { ENGINE_DEFAULTS, type EngineTunables } from '../engine/index.ts';
import { Choices, defineSite, type FaultSettings, KeyedSource, type Odds, QUIET, runKeys } from '../sim/index.ts';
import { type Workflow, WORKFLOWS } from './workflow.ts';

export const PROFILES = ['quiet', 'lossy', 'crash', 'ambiguous', 'failover', 'skew', 'swarm'] as const;
export type Profile = (typeof PROFILES)[number];

export function isProfile(name: string): name is Profile {
  return (PROFILES as readonly string[]).includes(name);
}

/** The size of a run; the default is the shape of S2's own collector in CI. */
export interface RunSize {
  clients: number;
  operationsPerClient: number;
}

export const DEFAULT_SIZE: RunSize = { clients: 3, operationsPerClient: 50 };

export interface Plan extends RunSize {
  profile: Profile;
  /** Hosts that want to own the store. */
  servers: number;
  /** Whether clients ask any server, as behind a load balancer, or stay with one until it fails them. */
  clientsRoam: boolean;
  workflow: Workflow;
  batchRecordsMax: number;
  bodyBytesMax: number;
  fenceEvery: number;
  retriesUnknown: boolean;
  /** Patience of a client with one request. */
  requestTimeoutMs: number;
  pageRecords: number | null;
  /** Longest pause of a client between two operations. */
  thinkMsMax: number;
  /** Rest of a client after an operation that the stream did not answer. */
  restMs: number;
  tunables: EngineTunables;
  faults: FaultSettings;
}

const SITES = {
  workflow: defineSite('plan.workflow', 'which of the three workflows the clients follow'),
  servers: defineSite('plan.servers', 'how many hosts want to own the store'),
  size: defineSite('plan.size', 'how large batches, bodies and pages are'),
  pace: defineSite('plan.pace', 'how fast clients go and how patient they are'),
  tunable: defineSite('plan.tunable', "the engine's tunables"),
  family: defineSite('plan.family', 'whether a family of faults is on'),
  rate: defineSite('plan.rate', 'how often a fault happens'),
};

export function drawPlan(seed: string, profile: Profile, size: Partial<RunSize>): Plan {
  const draw = new Draw(new Choices(new KeyedSource(runKeys(seed, `plan/${profile}`))));
  return {
    ...DEFAULT_SIZE,
    ...size,
    profile,
    servers: serversOf(profile, draw),
    clientsRoam: draw.pick(SITES.pace, 'roam', [false, true]),
    workflow: draw.pick(SITES.workflow, 'workflow', WORKFLOWS),
    batchRecordsMax: draw.pick(SITES.size, 'batch', [3, 1, 8, 3, 20]),
    bodyBytesMax: draw.pick(SITES.size, 'body', [0, 0, 16, 200]),
    fenceEvery: draw.pick(SITES.size, 'fence', [10, 5, 20]),
    retriesUnknown: draw.pick(SITES.pace, 'retry', [true, false]),
    requestTimeoutMs: draw.pick(SITES.pace, 'timeout', [5_000, 2_000, 10_000, 800]),
    pageRecords: draw.pick(SITES.size, 'page', [null, null, 40, 7]),
    thinkMsMax: draw.pick(SITES.pace, 'think', [0, 0, 50, 500]),
    restMs: draw.pick(SITES.pace, 'rest', [1_000, 100]),
    tunables: drawTunables(draw),
    faults: drawFaults(profile, draw),
  };
}

function serversOf(profile: Profile, draw: Draw): number {
  switch (profile) {
    case 'failover':
    case 'skew':
      return 2;
    case 'swarm':
      return draw.pick(SITES.servers, 'servers', [1, 2, 2]);
    default:
      return 1;
  }
}

/** Drawn within their stated ranges and kept consistent with each other. */
function drawTunables(draw: Draw): EngineTunables {
  const retryMsMin = draw.pick(SITES.tunable, 'retry', [50, 10, 200]);
  return {
    log: {
      ...ENGINE_DEFAULTS.log,
      lingerMs: draw.pick(SITES.tunable, 'linger', [5, 0, 20, 50]),
      issueIntervalMs: draw.pick(SITES.tunable, 'interval', [5, 0, 50]),
      slotBytesMax: draw.pick(SITES.tunable, 'slot', [1 << 20, 1 << 10, 1 << 12]),
      windowSlots: draw.pick(SITES.tunable, 'window', [16, 1, 2, 4, 64]),
      retryMsMin,
      retryMsMax: retryMsMin * draw.pick(SITES.tunable, 'retry-max', [20, 5, 100]),
      replayAheadSlots: draw.pick(SITES.tunable, 'ahead', [16, 1, 4]),
    },
    patienceMs: draw.pick(SITES.tunable, 'patience', [30_000, 4_000, 1_000]),
    undurableBytesMax: draw.pick(SITES.tunable, 'undurable', [1 << 20, 1 << 10, 1 << 24]),
  };
}

// --- faults ----------------------------------------------------------------------------------------------

type Faults = Partial<FaultSettings>;

function drawFaults(profile: Profile, draw: Draw): FaultSettings {
  switch (profile) {
    case 'quiet':
      return QUIET;
    case 'lossy':
      return { ...QUIET, ...network(draw) };
    case 'crash':
      return { ...QUIET, nemesisTickMs: 100, ...crashes(draw) };
    case 'ambiguous':
      return { ...QUIET, ...ambiguousPuts(draw), ...slowStore(draw) };
    case 'failover':
      return {
        ...QUIET,
        nemesisTickMs: 100,
        ...crashes(draw),
        ...pauses(draw),
        ...ambiguousPuts(draw),
        ...cuts(draw),
        ...slowStore(draw),
      };
    case 'skew':
      return { ...QUIET, nemesisTickMs: 100, ...clocks(draw), ...crashes(draw) };
    case 'swarm':
      return swarm(draw);
  }
}

function swarm(draw: Draw): FaultSettings {
  const families = { network, crashes, ambiguousPuts, slowStore, failingReads, pauses, cuts, clocks, outages };
  const faults: Faults = { nemesisTickMs: draw.pick(SITES.rate, 'tick', [100, 30, 500]) };
  for (const [name, family] of Object.entries(families)) {
    if (draw.pick(SITES.family, name, [false, true])) Object.assign(faults, family(draw));
  }
  return { ...QUIET, ...faults };
}

function network(draw: Draw): Faults {
  return {
    netTenfold: draw.rate('netTenfold'),
    netHundredfold: draw.rare('netHundredfold'),
    netRefused: draw.rate('netRefused'),
    netRequestLost: draw.rare('netRequestLost'),
    netResponseLost: draw.rare('netResponseLost'),
    netResetBefore: draw.rate('netResetBefore'),
    netResetAfter: draw.rate('netResetAfter'),
    netRequestCut: draw.rate('netRequestCut'),
    netResponseCut: draw.rate('netResponseCut'),
    netDuplicated: draw.rate('netDuplicated'),
    netSplit: draw.often('netSplit'),
  };
}

function crashes(draw: Draw): Faults {
  return { crash: draw.rate('crash'), crashAtEffect: draw.rate('crashAtEffect') };
}

function ambiguousPuts(draw: Draw): Faults {
  return {
    putFailsBefore: draw.rate('putFailsBefore'),
    putLosesReply: draw.rate('putLosesReply'),
    putTakesEffectLate: draw.rate('putTakesEffectLate'),
    putHangs: draw.rare('putHangs'),
    putConflicts: draw.rate('putConflicts'),
    putThrottled: draw.rate('putThrottled'),
    putDuplicated: draw.rate('putDuplicated'),
  };
}

function slowStore(draw: Draw): Faults {
  return { blobTenfold: draw.often('blobTenfold'), blobHundredfold: draw.rate('blobHundredfold') };
}

function failingReads(draw: Draw): Faults {
  return {
    getFails: draw.rate('getFails'),
    getShortBody: draw.rate('getShortBody'),
    getHangs: draw.rare('getHangs'),
    listFails: draw.often('listFails'),
    listHangs: draw.rate('listHangs'),
    listUncertain: draw.often('listUncertain'),
    listShortPage: draw.often('listShortPage'),
  };
}

function pauses(draw: Draw): Faults {
  return {
    pause: draw.rate('pause'),
    pauseAtEffect: draw.rate('pauseAtEffect'),
    pauseIsLong: draw.often('pauseIsLong'),
    pauseStopsClock: draw.often('pauseStopsClock'),
  };
}

function cuts(draw: Draw): Faults {
  return { partition: draw.rate('partition') };
}

function clocks(draw: Draw): Faults {
  return { clockOffset: [1, 2], clockDrift: [1, 2], clockStep: draw.rate('clockStep') };
}

function outages(draw: Draw): Faults {
  return { outage: draw.rare('outage') };
}

/** Draws for a plan. Rates are log-uniform over a decade or two. */
class Draw {
  readonly #choices: Choices;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  pick<Item>(site: (typeof SITES)[keyof typeof SITES], entity: string, items: readonly Item[]): Item {
    return this.#choices.pick(site, entity, items);
  }

  often(fault: string): Odds {
    return this.pick<Odds>(SITES.rate, fault, [
      [1, 20],
      [1, 8],
      [1, 3],
    ]);
  }

  rate(fault: string): Odds {
    return this.pick<Odds>(SITES.rate, fault, [
      [1, 200],
      [1, 100],
      [1, 50],
      [1, 25],
      [1, 12],
      [0, 1],
    ]);
  }

  rare(fault: string): Odds {
    return this.pick<Odds>(SITES.rate, fault, [
      [1, 400],
      [1, 150],
      [1, 60],
      [0, 1],
    ]);
  }
}
