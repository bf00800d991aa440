/**
 * What the followers of a stream are about to get. They stand at the same place and are woken in the same turn, so the
 * batch is decoded once and all of them get the same array, by which its encodings are shared, too.
 *
 * Remembers one batch, the last: at most 1 MiB of records, which are in memory anyway.
 */

import type { SequencedRecord } from '../core/record.ts';
import type { StreamState } from '../core/stream-state.ts';
import type { ReadLimits } from '../segments/record-batch.ts';

interface Batch {
  streamId: number;
  fromSeqNum: number;
  /** Where the stream ended: when more has come, more is to be got. */
  tailSeqNum: number;
  limits: ReadLimits;
  records: SequencedRecord[];
}

export class LiveBatch {
  #last: Batch | null = null;

  /** What `read` returns for this place, or what it returned for it before. */
  get(
    { id: streamId, tail }: StreamState,
    fromSeqNum: number,
    limits: ReadLimits,
    read: () => SequencedRecord[] | null,
  ): SequencedRecord[] | null {
    const last = this.#last;
    if (
      last !== null &&
      last.streamId === streamId &&
      last.fromSeqNum === fromSeqNum &&
      last.tailSeqNum === tail.seqNum &&
      last.limits.recordsMax === limits.recordsMax &&
      last.limits.meteredBytesMax === limits.meteredBytesMax
    ) {
      return last.records;
    }
    const records = read();
    if (records !== null) this.#last = { streamId, fromSeqNum, tailSeqNum: tail.seqNum, limits, records };
    return records;
  }
}
