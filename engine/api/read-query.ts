/** The query of a read (API contract §1.11, §5.2): parsed whole before any of it is judged. */

import type { ReadInput, ReadStart } from '../core/read-plan.ts';
import { BadRequest } from './errors.ts';
import { malformed, queryU64, refuseRepeated } from './query.ts';

const WAIT_S_MAX = 2 ** 32 - 1;

const NAMES = ['seq_num', 'timestamp', 'tail_offset', 'clamp', 'count', 'bytes', 'until', 'wait'];

/** Unknown parameters are ignored. Throws BadRequest: `bad_query` for what is malformed, `invalid` for what makes no sense. */
export function parseReadQuery(query: URLSearchParams): ReadInput {
  refuseRepeated(query, NAMES);
  const [seqNum, timestamp, offset] = [
    queryU64(query, 'seq_num'),
    queryU64(query, 'timestamp'),
    queryU64(query, 'tail_offset'),
  ];
  const [count, meteredBytes, until] = [queryU64(query, 'count'), queryU64(query, 'bytes'), queryU64(query, 'until')];
  const waitS = queryU64(query, 'wait');
  if (waitS !== null && waitS > WAIT_S_MAX) throw malformed('wait', 'an unsigned 32-bit integer');
  const clamp = query.get('clamp');
  if (clamp !== null && clamp !== 'true' && clamp !== 'false') throw malformed('clamp', '`true` or `false`');

  if ([seqNum, timestamp, offset].filter((start) => start !== null).length > 1) {
    throw new BadRequest('invalid', 'only one of seq_num, timestamp, or tail_offset can be provided');
  }
  if (timestamp !== null && until !== null && timestamp >= until) {
    throw new BadRequest('invalid', 'start `timestamp` exceeds or equal to `until`');
  }
  return {
    start: readStart(seqNum, timestamp, offset),
    clamp: clamp === 'true',
    count,
    meteredBytes,
    untilTimestamp: until,
    waitMs: waitS === null ? null : waitS * 1000,
  };
}

function readStart(seqNum: number | null, timestamp: number | null, offset: number | null): ReadStart {
  if (seqNum !== null) return { kind: 'seq-num', seqNum };
  if (timestamp !== null) return { kind: 'timestamp', timestamp };
  return { kind: 'tail-offset', offset: offset ?? 0 };
}
