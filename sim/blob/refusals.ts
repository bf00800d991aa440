/**
 * A store that turns requests away for a reason that lasts: whoever asks may not, or there is no room. Certainly without
 * effect, and said so; what the adapters of real stores make of such answers is in their tables of faults.
 */

import type { StoreFault } from '../../engine/ports.ts';
import type { StoreVerb } from '../latency.ts';

/** Credentials that expired come back by themselves; a missing permission and a full store take somebody to mend them. */
export const REFUSALS = ['expired', 'denied', 'full'] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Null when the store serves `verb` all the same. */
export function refusalFault(refusal: Refusal, verb: StoreVerb, key: string): StoreFault | null {
  switch (refusal) {
    case 'expired':
      return { code: 'expired-credentials', message: `${verb} ${key}: the credentials have expired`, retryable: true };
    case 'denied':
      return { code: 'denied', message: `${verb} ${key}: permission is missing`, retryable: false };
    case 'full':
      if (verb !== 'put') return null;
      return { code: 'no-space', message: `${verb} ${key}: there is no room left`, retryable: false };
  }
}
