/** A stream's row as fields of a checkpoint. The id stands before them, because a deleted row has nothing else. */

import type { StreamState } from '../core/stream-state.ts';
import type { PayloadReader, PayloadWriter } from '../state/payload.ts';

/** A row as it is now; null when the stream is deleted. */
export interface RowChange {
  id: number;
  row: StreamState | null;
}

export function writeRow(out: PayloadWriter, row: StreamState): void {
  out.text(row.basin).text(row.name).number(row.createdAtMs);
  out.optionalText(row.requestToken).optionalNumber(row.retentionAgeMs);
  out.number(row.tail.seqNum).number(row.tail.timestamp).number(row.trimPoint);
  out.text(row.fencingToken).number(row.digest);
}

export function readRow(from: PayloadReader, id: number): StreamState {
  return {
    id,
    basin: from.text(),
    name: from.text(),
    createdAtMs: from.number(),
    requestToken: from.optionalText(),
    retentionAgeMs: from.optionalNumber(),
    tail: { seqNum: from.number(), timestamp: from.number() },
    trimPoint: from.number(),
    fencingToken: from.text(),
    digest: from.number(),
  };
}
