/**
 * Records that somebody was told are gone, and that nothing can have removed: nothing in the history expires, and nobody had asked to
 * trim so far. Whatever is in doubt, no order makes such an answer true.
 *
 * Who began behind the place that was asked for says it of all below its start. Who found nothing left says it of all that is
 * written, or that nothing is written there: not if the log was known to reach further before it asked, in a life that nobody can
 * have ended by a new one since.
 */

import { counted, type Violation } from '../sweep/violation.ts';
import { mayCreate } from './by-itself.ts';
import { Reaches } from './floors.ts';
import { callOf, Greatest, returnOf } from './greatest.ts';
import { isBirth } from './lives.ts';
import { type ExtendedRule, KEEPS_ALL } from './model.ts';
import type { StreamOperation } from './operations.ts';
import { isEffective } from './swept.ts';

/** The first such answer, or null. */
export function unexplainedGap(
  operations: readonly StreamOperation[],
  { config = KEEPS_ALL, createsOn = [] }: ExtendedRule,
): Violation | null {
  if (config.retentionAgeMs !== null || operations.some(mayExpire)) return null;
  const furthestTrim = new Greatest(operations.filter(isEffective), callOf, trimOf);
  const births = operations.filter((operation) => isBirth(operation) || mayCreate(operation, createsOn));
  const latestBirth = new Greatest(births, callOf, returnOf);
  const reaches = new Reaches(operations);
  for (const operation of operations) {
    const { input, output, call, return: end } = operation;
    if ((input.kind !== 'read-part' && input.kind !== 'begin') || !('seqNum' in input.from)) continue;
    const trim = furthestTrim.upTo(end);
    const isThere = Math.max(input.from.seqNum, trim === null ? 0 : trimOf(trim));
    if (output.kind === 'read-part-success') {
      if (output.start <= isThere || (input.kind === 'read-part' && input.isGathered === true)) continue;
      return gone(operation, `was told that nothing is left below ${output.start}`, trim, null);
    }
    if (output.kind !== 'read-nothing') continue;
    const known = reaches.before(call);
    if (known === null || known.reach <= isThere) continue;
    const birth = latestBirth.upTo(end);
    if (birth !== null && birth.return >= known.operation.call) continue;
    return gone(operation, 'was told that nothing is left', trim, known);
  }
  return null;
}

function mayExpire({ input }: StreamOperation): boolean {
  return input.kind === 'create' && input.config !== undefined && input.config.retentionAgeMs !== null;
}

function trimOf({ input }: StreamOperation): number {
  return input.kind === 'append' ? (input.trim ?? 0) : 0;
}

interface Known {
  operation: StreamOperation;
  reach: number;
}

/** `known`: who had told how far the log reached, where that matters. */
function gone(
  { input, metadata: { opId, placedBy } }: StreamOperation,
  told: string,
  trim: StreamOperation | null,
  known: Known | null,
): Violation {
  const from = input.kind !== 'read-part' && input.kind !== 'begin' ? null : input.from;
  const asked = from !== null && 'seqNum' in from ? from.seqNum : 0;
  const came = placedBy === undefined ? `asked for ${asked} on` : `goes on at ${asked} behind op ${placedBy}`;
  const trimmer = trim === null || trimOf(trim) === 0 ? null : trim;
  const trimmed =
    trimmer === null
      ? 'nobody had asked to trim'
      : `op ${trimmer.metadata.opId} asked to trim no further than ${trimOf(trimmer)}`;
  const written =
    known === null ? '' : ` Op ${known.operation.metadata.opId} had told of ${counted(known.reach, 'record')} before.`;
  return {
    code: 'answer-without-place',
    message: `Op ${opId} ${came} and ${told}, but nothing expires, and ${trimmed}.${written}`,
    opIds: [
      ...new Set(
        [opId, placedBy, known?.operation.metadata.opId, trimmer?.metadata.opId].filter((id) => id !== undefined),
      ),
    ],
  };
}
