/**
 * What a run is going to be, drawn from seed and profile before it starts: sizes, workload, tunables of the
 * engine, faults. Plain data, so that the page can show it.
 *
 * A profile names a mood: `quiet` has no faults, the next ones concentrate on one family each (`storage` on what
 * checkpoints and collection are afraid of, `damage` on objects that are not what was written, `hostile` on stores that
 * break their promises, where the engine may stop and may never be wrong). `swarm` draws everything: each family off with
 * probability one half, rates log-uniform, sizes small more often than large; `stores` does so on stores by name.
 */

import type { EngineTunables } from '../engine/index.ts';
import {
  Choices,
  type ChoiceSource,
  type ChoiceWatch,
  type FaultSettings,
  KeyedSource,
  runKeys,
  type StoreKind,
} from '../sim/index.ts';
import type { Blackout } from './availability/blackouts.ts';
import { drawBlackouts, drawLeftDead } from './availability/plan.ts';
import { type ControlPlan, drawControl } from './control/plan.ts';
import { Draw, SITES } from './plan-draw.ts';
import { drawFaults } from './plan-faults.ts';
import { drawTunables } from './plan-tunables.ts';
import { drawSecrets, type SecretsPlan } from './secrets/plan.ts';
import { drawSide, type SidePlan } from './side/plan.ts';
import type { OlderState } from './storage/audit.ts';
import { drawTokens, type TokensPlan } from './tokens/plan.ts';
import { drawUsage, type UsagePlan } from './usage/plan.ts';
import { type Workflow, WORKFLOWS } from './workflow.ts';

export const PROFILES = [
  'quiet',
  'lossy',
  'crash',
  'ambiguous',
  'failover',
  'storage',
  'skew',
  'damage',
  'hostile',
  'stores',
  'swarm',
] as const;
export type Profile = (typeof PROFILES)[number];

/** Profiles whose runs last, because what goes wrong in them does. */
const TIMELY: readonly Profile[] = ['storage', 'damage', 'hostile'];

export function isProfile(name: string): name is Profile {
  return (PROFILES as readonly string[]).includes(name);
}

/** Followers that are many for a run. */
const CROWD = 40;

/** The size of a run: drawn, small more often than large, unless somebody says otherwise. */
export interface RunSize {
  clients: number;
  operationsPerClient: number;
}

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
  /** Rows beside their pages at every second server, as in a fleet that is being updated; null: as many as at the others. */
  othersOverlayRowsMax: number | null;
  faults: FaultSettings;
  /** The store by name; null: as fast as S3 Express, with any fault that a store may have. */
  store: StoreKind | null;
  /** Clients, of those above, that are the official SDK. */
  sdkClients: number;
  /** Append sessions that one client of the wire has at once. */
  sessionWriters: number;
  /** Clients that do so through the official SDK. */
  sdkSessionWriters: number;
  /** Clients that follow the judged stream from the beginning to the end of the run. */
  followers: number;
  /** Followers more that come all at once, in few runs because they cost. */
  crowd: number;
  /** Clients that do so through the official SDK. */
  sdkFollowers: number;
  /** Older states of the store that are started from at the end. */
  audited: readonly OlderState[];
  /** Whether a client sends batches as large as there may be. */
  goesToLimits: boolean;
  /** Streams beside the judged one that are trimmed, deleted and created again; null in runs without. */
  side: SidePlan | null;
  /** Clients that create, change, list and delete basins and streams of their own; null in runs without. */
  control: ControlPlan | null;
  /** A client that is metered, and holds the server's figures to its own; null in runs without. */
  usage: UsagePlan | null;
  /** A client that encrypts what it writes; null in runs without. */
  secrets: SecretsPlan | null;
  /** Clients with access tokens; null in runs without. */
  tokens: TokensPlan | null;
  /** Ways in which the whole store goes away once the world is healed, one after another. */
  blackouts: readonly Blackout[];
  /** Servers that stay dead for ever once the world is healed: the others have to do without them. */
  leftDead: number;
}

/** Draws that come from elsewhere than the generator, and who sees them. */
export interface PlanDraws {
  choices?: (generator: ChoiceSource) => ChoiceSource;
  onChoice?: ChoiceWatch;
}

export function drawPlan(seed: string, profile: Profile, size: Partial<RunSize>, draws: PlanDraws = {}): Plan {
  const generator = new KeyedSource(runKeys(seed, `plan/${profile}`));
  const draw = new Draw(new Choices(draws.choices?.(generator) ?? generator, () => {}, draws.onChoice));
  const tunables = drawTunables(draw);
  const faults = drawFaults(profile, tunables, draw);
  const servers = serversOf(profile, draw);
  return {
    clients: draw.pick(SITES.size, 'clients', [3, 2, 3, 4]),
    // What S2's own collector does in CI, 50, is the largest: most mistakes show in less, and more runs fit into a night.
    operationsPerClient: draw.pick(SITES.size, 'operations', [10, 5, 15, 10, 20, 5, 50, 10, 5, 10, 5, 15]),
    ...size,
    profile,
    servers,
    clientsRoam: draw.pick(SITES.pace, 'roam', [false, true]),
    workflow: draw.pick(SITES.workflow, 'workflow', WORKFLOWS),
    batchRecordsMax: draw.pick(SITES.size, 'batch', [3, 1, 8, 3, 20]),
    bodyBytesMax: draw.pick(SITES.size, 'body', [0, 0, 16, 200]),
    fenceEvery: draw.pick(SITES.size, 'fence', [10, 5, 20]),
    retriesUnknown: draw.pick(SITES.pace, 'retry', [true, false]),
    requestTimeoutMs: draw.pick(SITES.pace, 'timeout', [5_000, 2_000, 10_000, 800]),
    pageRecords: draw.pick(SITES.size, 'page', [null, null, 40, 7]),
    // Long stalls need time to happen in.
    thinkMsMax: draw.pick(SITES.pace, 'think', TIMELY.includes(profile) ? [1_000, 500, 4_000] : [0, 0, 50, 500]),
    restMs: draw.pick(SITES.pace, 'rest', [1_000, 100]),
    tunables,
    faults,
    store: profile === 'stores' ? draw.pick(SITES.store, 'store', ['s3', 'express', 'r2', 'folder'] as const) : null,
    sdkClients: draw.pick(SITES.size, 'sdk-clients', rarely(8)),
    sessionWriters: draw.pick(SITES.size, 'session-writers', [0, 0, 1, 0, 0, 2]),
    followers: draw.pick(SITES.size, 'followers', [0, 0, 1, 0, 0, 2]),
    crowd: CROWD * draw.pick(SITES.size, 'crowd', rarely(48)),
    sdkSessionWriters: draw.pick(SITES.size, 'sdk-session-writers', rarely(16)),
    sdkFollowers: draw.pick(SITES.size, 'sdk-followers', rarely(16)),
    audited: draw.pick<OlderState[]>(SITES.size, 'audited', [[], ['newest'], ['first']]),
    goesToLimits: draw.pick(SITES.size, 'limits', rarely(128)) === 1,
    side: sideOf(profile, faults, draw),
    control: controlOf(profile, faults, draw),
    usage: drawUsage(draw, 8),
    secrets: drawSecrets(draw, 12),
    tokens: drawTokens(draw, 8),
    blackouts: profile === 'quiet' ? [] : drawBlackouts(draw, 10),
    leftDead: drawLeftDead(draw, servers),
    othersOverlayRowsMax:
      servers === 1 ? null : draw.pick(SITES.tunable, 'overlay-rows-of-others', [null, 1_000, null, 0]),
  };
}

/** What costs much is in one run of `oneIn`. */
function rarely(oneIn: number): number[] {
  return Array.from({ length: oneIn }, (_, i) => (i === oneIn - 1 ? 1 : 0));
}

function serversOf(profile: Profile, draw: Draw): number {
  switch (profile) {
    case 'failover':
    case 'skew':
    case 'damage':
    case 'hostile':
      return 2;
    case 'storage':
      return draw.pick(SITES.servers, 'servers', [2, 2, 3]);
    case 'stores':
    case 'swarm':
      return draw.pick(SITES.servers, 'servers', [1, 2, 2, 3]);
    default:
      return 1;
  }
}

/** They are for what is beneath the log: checkpoints, segments and collection. */
function sideOf(profile: Profile, faults: FaultSettings, draw: Draw): SidePlan | null {
  switch (profile) {
    case 'storage':
      return drawSide(draw, faults, 4, [1_000, 200, 4_000]);
    case 'swarm':
      return drawSide(draw, faults, 8, [50, 0, 500]);
    default:
      return null;
  }
}

/** What happens on the control plane goes through the log: they are for what happens to that. */
function controlOf(profile: Profile, faults: FaultSettings, draw: Draw): ControlPlan | null {
  switch (profile) {
    case 'crash':
    case 'ambiguous':
    case 'failover':
      return drawControl(draw, faults, 6);
    case 'swarm':
      return drawControl(draw, faults, 3);
    default:
      return null;
  }
}
