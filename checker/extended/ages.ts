/**
 * What the service may have removed by itself, and since when: records that a command asked to trim at once, others when
 * they are old enough, a stream when it holds nothing and nobody wrote to it for long enough.
 *
 * A record is no older than the call of its append, nor than any call of an append before it. Times are milliseconds on the
 * clock of the recorder; of what has no times no promise can be broken, and everything counts as old.
 */

import { batchBelow } from './batches.ts';
import type { ExtendedState } from './state.ts';

/** The earliest moment at which all records below `position` can be gone; null for never. */
export function goneAt({ last, trimmed, trimAsked, config }: ExtendedState, position: number): number | null {
  if (position <= Math.max(trimmed, trimAsked)) return Number.NEGATIVE_INFINITY;
  if (config.retentionAgeMs === null) return null;
  return (batchBelow(last, position)?.calledMs ?? Number.NEGATIVE_INFINITY) + config.retentionAgeMs;
}

/** The earliest moment at which the stream itself can be gone; null for never. */
export function vanishedAt(state: ExtendedState): number | null {
  const { last, config, bornMs, stream } = state;
  if (config.emptyAgeMs === null) return null;
  const emptyAt = goneAt(state, stream.tail);
  return emptyAt === null ? null : Math.max(emptyAt, Math.max(bornMs, last?.calledMs ?? bornMs) + config.emptyAgeMs);
}
