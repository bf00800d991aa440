/** What operations on streams say when they do not serve: the same words in every file of this folder. */

import type { Rejection } from '../core/outcome.ts';
import type { Tables } from '../state/fold.ts';

export const NOT_OWNER: Rejection = { kind: 'not-owner' };
export const DRAINING: Rejection = { kind: 'draining' };
export const UNAVAILABLE: Rejection = {
  kind: 'unavailable',
  message: 'the store did not answer in time, so nothing can be said about the stream now',
};

/** How an operation ends that certainly had no effect. */
export interface Rejected<Reason = Rejection> {
  kind: 'rejected';
  reason: Reason;
}

export function rejected<Reason>(reason: Reason): Rejected<Reason> {
  return { kind: 'rejected', reason };
}

/** `tables` are the ones that were looked at: what is said of the basin must be as durable as the rest. */
export function notFound(tables: Tables, basin: string, stream: string): Rejection {
  return tables.basin(basin) === undefined
    ? { kind: 'basin-not-found', basin }
    : { kind: 'stream-not-found', basin, stream };
}
