/**
 * Log entries in the log's own hands (`EntryCodec`): lengths first, then bytes straight into the slot's arena. Chunks,
 * which are nearly all entries there are, are encoded there for the first time; the bytes are those of `encodeEntry`.
 */

import type { AdmittedChunk } from '../core/admission.ts';
import { varintLength, writeVarint } from '../core/chunk.ts';
import { writeRecords } from '../core/stamped-batch.ts';
import { type ChunkEntry, decodeEntry, encodeEntry, type Entry, entryType } from './entries.ts';

const utf8 = new TextEncoder();

export const ENTRY_CODEC = {
  typeOf: entryType,
  lengthOf: (entry: Entry): number => (entry.type === 'chunk' ? chunkLength(entry) : encodeEntry(entry).payload.length),
  write: (entry: Entry, out: Uint8Array, at: number): void => {
    if (entry.type === 'chunk') writeChunk(entry, out, at);
    else out.set(encodeEntry(entry).payload, at);
  },
  decode: decodeEntry,
};

type AnyChunk = ChunkEntry | AdmittedChunk;

function chunkLength(chunk: AnyChunk): number {
  const records = recordsLength(chunk);
  return (
    varintLength(chunk.streamId) +
    varintLength(chunk.firstSeqNum) +
    varintLength(chunk.count) +
    varintLength(chunk.firstTimestamp) +
    varintLength(chunk.lastTimestamp) +
    varintLength(chunk.arrivalMs) +
    varintLength(chunk.appendedBytes) +
    optionalLength(chunk.fencingToken === null ? null : textLength(chunk.fencingToken)) +
    optionalLength(chunk.trimPoint === null ? null : varintLength(chunk.trimPoint)) +
    varintLength(records) +
    records
  );
}

function recordsLength(chunk: AnyChunk): number {
  return 'records' in chunk ? chunk.records.length : chunk.batchBytes;
}

function optionalLength(length: number | null): number {
  return 1 + (length ?? 0);
}

function textLength(text: string): number {
  const bytes = utf8.encode(text).length;
  return varintLength(bytes) + bytes;
}

function writeChunk(chunk: AnyChunk, out: Uint8Array, start: number): void {
  let at = writeVarint(out, start, chunk.streamId);
  at = writeVarint(out, at, chunk.firstSeqNum);
  at = writeVarint(out, at, chunk.count);
  at = writeVarint(out, at, chunk.firstTimestamp);
  at = writeVarint(out, at, chunk.lastTimestamp);
  at = writeVarint(out, at, chunk.arrivalMs);
  at = writeVarint(out, at, chunk.appendedBytes);
  out[at++] = chunk.fencingToken === null ? 0 : 1;
  if (chunk.fencingToken !== null) at = writeBytes(out, at, utf8.encode(chunk.fencingToken));
  out[at++] = chunk.trimPoint === null ? 0 : 1;
  if (chunk.trimPoint !== null) at = writeVarint(out, at, chunk.trimPoint);
  at = writeVarint(out, at, recordsLength(chunk));
  if ('records' in chunk) out.set(chunk.records, at);
  else writeRecords(chunk.batch, out, at);
}

function writeBytes(out: Uint8Array, start: number, bytes: Uint8Array): number {
  const at = writeVarint(out, start, bytes.length);
  out.set(bytes, at);
  return at + bytes.length;
}
