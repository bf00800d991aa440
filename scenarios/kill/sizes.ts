/**
 * Every way to record a history under disturbances: three stores, both transports, single requests and sessions, three
 * workflows. How often each is disturbed is the size.
 */

import { type SdkTransport, TRANSPORTS } from '../sdk-client.ts';
import { type Workflow, WORKFLOWS } from '../workflow.ts';
import type { KillRunOptions } from './kill-run.ts';
import { MEMORY } from './stores.ts';

export const STORES = [MEMORY, 'file', 's3'] as const;

export interface Combination {
  store: string;
  transport: SdkTransport;
  inSessions: boolean;
  workflow: Workflow;
}

type Size = Required<
  Pick<KillRunOptions, 'kills' | 'takeovers' | 'cuts' | 'clients' | 'operationsPerClient' | 'thinkMsMax'>
>;

export const SIZES: Readonly<Record<'slice' | 'nightly' | 'full', Size>> = {
  slice: { kills: 2, takeovers: 1, cuts: 1, clients: 4, operationsPerClient: 40, thinkMsMax: 100 },
  nightly: { kills: 5, takeovers: 4, cuts: 3, clients: 5, operationsPerClient: 100, thinkMsMax: 150 },
  full: { kills: 10, takeovers: 6, cuts: 4, clients: 5, operationsPerClient: 200, thinkMsMax: 200 },
};

export function combinations(stores: readonly string[] = STORES): Combination[] {
  return stores.flatMap((store) =>
    TRANSPORTS.flatMap((transport) =>
      [false, true].flatMap((inSessions) => WORKFLOWS.map((workflow) => ({ store, transport, inSessions, workflow }))),
    ),
  );
}

/** A store in memory is gone with its process, so there only connections are cut, as often as all else together. */
export function sizeOn(store: string, size: Size): Size {
  if (store !== MEMORY) return size;
  return { ...size, kills: 0, takeovers: 0, cuts: size.kills + size.takeovers + size.cuts };
}
