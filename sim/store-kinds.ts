/**
 * Stores by name: how fast each is, how it lists, and which faults it promises never to show. A run on a store of some kind
 * has the faults of its settings but for those; what a hostile profile turns on is no promise of anybody's and stays.
 */

import { NEVER, type Odds } from './choices.ts';
import type { FaultSettings } from './faults.ts';
import { STORE_LATENCIES, type StoreLatency } from './latency.ts';

export type StoreKind = 's3' | 'express' | 'r2' | 'folder';
type OddsName = { [Name in keyof FaultSettings]: FaultSettings[Name] extends Odds ? Name : never }[keyof FaultSettings];

export interface StoreTraits {
  latency: StoreLatency;
  /** `snapshot`: of one moment; `unsorted`: collected in parts, each of another moment, and sorted by the client. */
  listing: 'snapshot' | 'unsorted';
  never: readonly OddsName[];
}

/** Nothing is under way to a disk once its call has returned, and nobody else answers for it. */
const NOT_ON_A_DISK: readonly OddsName[] = [
  'putTakesEffectLate',
  'putConflicts',
  'putThrottled',
  'putDuplicated',
  'putTravels',
  'deleteTakesEffectLate',
  'deleteDuplicated',
  'listShortPage',
  'outage',
];

export const STORE_KINDS: Readonly<Record<StoreKind, StoreTraits>> = {
  // 409 while a rival's create is under way, 503 above the rate of a prefix, deletes of many names that succeed in part.
  s3: { latency: STORE_LATENCIES.standard, listing: 'snapshot', never: [] },
  // Directory buckets: one zone, and listings in no order.
  express: { latency: STORE_LATENCIES.express, listing: 'unsorted', never: [] },
  // The loser of two creates is told 412, never 409.
  r2: { latency: STORE_LATENCIES.standard, listing: 'snapshot', never: ['putConflicts'] },
  folder: { latency: STORE_LATENCIES.folder, listing: 'snapshot', never: NOT_ON_A_DISK },
};

/** The faults a store of this kind may show. */
export function asPromised(faults: FaultSettings, kind: StoreKind): FaultSettings {
  return { ...faults, ...Object.fromEntries(STORE_KINDS[kind].never.map((name) => [name, NEVER])) };
}
