/** Rows as fields of a checkpoint. Of a stream's the id stands before them, because a deleted row has nothing else. */

import type { BasinState, StreamState } from '../core/stream-state.ts';
import {
  readBasinConfig,
  readCipher,
  readOptionalBasinConfig,
  readOptionalWish,
  readStreamConfig,
  writeBasinConfig,
  writeCipher,
  writeOptionalBasinConfig,
  writeOptionalWish,
  writeWish,
} from '../state/config-codec.ts';
import type { PayloadReader, PayloadWriter } from '../state/payload.ts';

/** A row as it is now; null when the stream is deleted. */
export interface RowChange {
  id: number;
  row: StreamState | null;
}

export function writeRow(out: PayloadWriter, row: StreamState): void {
  out.text(row.basin).text(row.name).number(row.createdAtMs);
  out.optionalText(row.requestToken);
  writeOptionalWish(out, row.requested);
  writeCipher(out, row.cipher);
  writeWish(out, row.config);
  out.optionalNumber(row.deletedAtMs);
  out.number(row.tail.seqNum).number(row.tail.timestamp).number(row.trimPoint);
  out.number(row.appendedBytes).number(row.trimmedBytes);
  out.text(row.fencingToken).number(row.idleSinceMs).number(row.digest);
}

export function readRow(from: PayloadReader, id: number): StreamState {
  return {
    id,
    basin: from.text(),
    name: from.text(),
    createdAtMs: from.number(),
    requestToken: from.optionalText(),
    requested: readOptionalWish(from),
    cipher: readCipher(from),
    config: readStreamConfig(from),
    deletedAtMs: from.optionalNumber(),
    tail: { seqNum: from.number(), timestamp: from.number() },
    trimPoint: from.number(),
    appendedBytes: from.number(),
    trimmedBytes: from.number(),
    fencingToken: from.text(),
    idleSinceMs: from.number(),
    digest: from.number(),
  };
}

export function writeBasin(out: PayloadWriter, row: BasinState): void {
  out.text(row.name).number(row.createdAtMs).optionalText(row.requestToken);
  writeOptionalBasinConfig(out, row.requested);
  writeBasinConfig(out, row.config);
  out.optionalNumber(row.deletedAtMs);
}

export function readBasin(from: PayloadReader): BasinState {
  return {
    name: from.text(),
    createdAtMs: from.number(),
    requestToken: from.optionalText(),
    requested: readOptionalBasinConfig(from),
    config: readBasinConfig(from),
    deletedAtMs: from.optionalNumber(),
  };
}
