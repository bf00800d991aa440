/**
 * The probes of the linearizability scenario: the engine's events, the simulator's faults and what clients saw,
 * with the rows of the fault catalogue they answer to. Required ones must light in every sweep that counts.
 */

import { engineProbes, type ProbeInfo as SimProbe, SIM_PROBES } from '../sim/index.ts';
import { LIMIT_PROBES } from './crews/limits.ts';
import { ROWS } from './rows.ts';
import type { ProbeInfo } from './run.ts';
import { BLACKOUT_PROBES } from './availability/blackout-crew.ts';
import { EXCUSE_PROBES } from './availability/excuses.ts';
import { CONTROL_PROBES } from './control/probes.ts';
import { INVARIANT_PROBES } from './invariants/crew.ts';
import { SDK_PROBES } from './sdk/sdk-probes.ts';
import { SERVER_PROBES } from './server.ts';
import { AUDIT_PROBES } from './storage/audit.ts';
import { DAMAGE_PROBES } from './storage/damage.ts';
import { TRIED_PROBES } from './storage/tried.ts';
import { FOLLOWER_PROBES } from './sessions/follower.ts';
import { SESSION_WRITER_PROBES } from './sessions/session-writer.ts';
import { CLAIMS } from './claims.ts';
import { NEVER_PROBES, STORAGE_PROBES } from './storage/ghost.ts';
import { SECRETS_PROBES } from './secrets/crew.ts';
import { SIDE_PROBES } from './side/probes.ts';
import { TOKENS_PROBES } from './tokens/book.ts';
import { USAGE_PROBES } from './usage/crew.ts';
import { CODING_PROBES } from './wire-coding.ts';
import { CLIENT_PROBES } from './workflow.ts';

/** Every probe a run can light, known before the run. The same list each time: worlds know their catalogue by it. */
export function probeCatalogue(): readonly ProbeInfo[] {
  return (catalogue ??= everyProbe());
}

const REQUIRED = [
  CONTROL_PROBES,
  USAGE_PROBES,
  CODING_PROBES,
  SECRETS_PROBES,
  TOKENS_PROBES,
  INVARIANT_PROBES,
  BLACKOUT_PROBES,
  EXCUSE_PROBES,
  SERVER_PROBES,
  DAMAGE_PROBES,
  TRIED_PROBES,
  CLAIMS,
];

let catalogue: readonly ProbeInfo[] | null = null;

function everyProbe(): ProbeInfo[] {
  const ours = {
    ...CLIENT_PROBES,
    ...SERVER_PROBES,
    ...SDK_PROBES,
    ...STORAGE_PROBES,
    ...AUDIT_PROBES,
    ...DAMAGE_PROBES,
    ...TRIED_PROBES,
    ...SIDE_PROBES,
    ...LIMIT_PROBES,
    ...CONTROL_PROBES,
    ...USAGE_PROBES,
    ...SECRETS_PROBES,
    ...TOKENS_PROBES,
    ...INVARIANT_PROBES,
    ...CODING_PROBES,
    ...BLACKOUT_PROBES,
    ...EXCUSE_PROBES,
    ...FOLLOWER_PROBES,
    ...SESSION_WRITER_PROBES,
    ...NEVER_PROBES,
    ...CLAIMS,
  };
  const client = Object.entries(ours).map(([name, sentence]) => ({
    name,
    sentence,
    required: REQUIRED.some((probes) => name in probes),
    row: null,
  }));
  // Every fault there is has to take place: the menus of docs/SIMULATION.md are claims.
  const faults = SIM_PROBES.map((probe) => ({ ...probe, required: true }));
  return [...engineProbes(), ...faults, ...client].map(withRow);
}

function withRow(probe: SimProbe): ProbeInfo {
  const rows = ROWS.filter((row) => row.reached !== null && row.reached.includes(probe.name)).map((row) => row.id);
  return rows.length === 0 ? { ...probe, row: null } : { ...probe, row: rows.join(' '), required: true };
}
