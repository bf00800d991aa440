/**
 * Records, headers and command records: what S2 allows (API contract §2.3, §2.4) and how it is metered.
 * A command is a record with exactly one header whose name is empty; `parseCommand` is the only reader of that rule.
 */

import { BATCH_METERED_BYTES_MAX, BATCH_RECORDS_MAX } from './limits.ts';
import { fencingTokenProblem } from './names.ts';

export interface Header {
  name: Uint8Array;
  value: Uint8Array;
}

/** What a client asks to append. `timestamp` is milliseconds since the epoch, or null to take the server's. */
export interface AppendRecord {
  timestamp: number | null;
  headers: readonly Header[];
  body: Uint8Array;
}

export interface SequencedRecord {
  seqNum: number;
  timestamp: number;
  headers: readonly Header[];
  body: Uint8Array;
}

/** `trim` keeps everything from `trimPoint` on. */
export type Command = { op: 'fence'; token: string } | { op: 'trim'; trimPoint: number };

/** Bytes S2 charges for a record: fixed cost, headers, body; the timestamp is free. */
export function meteredBytes(record: { headers: readonly Header[]; body: Uint8Array }): number {
  let bytes = 8 + 2 * record.headers.length + record.body.length;
  for (const header of record.headers) bytes += header.name.length + header.value.length;
  return bytes;
}

/** Metered bytes of all of them. */
export function meteredBytesOf(records: readonly { headers: readonly Header[]; body: Uint8Array }[]): number {
  let bytes = 0;
  for (const record of records) bytes += meteredBytes(record);
  return bytes;
}

/** The first reason why the batch is refused, in S2's words, or null when it may be admitted. */
export function batchProblem(records: readonly AppendRecord[]): string | null {
  if (records.length === 0) return 'record batch must not be empty';
  if (records.length > BATCH_RECORDS_MAX) return `record batch must not exceed ${BATCH_RECORDS_MAX} records`;
  let total = 0;
  for (const record of records) {
    const problem = recordProblem(record);
    if (problem !== null) return problem;
    const bytes = meteredBytes(record);
    if (bytes > BATCH_METERED_BYTES_MAX) return 'record must have metered size less than 1 MiB';
    total += bytes;
  }
  return total > BATCH_METERED_BYTES_MAX ? 'record batch must not exceed a metered size of 1 MiB' : null;
}

function recordProblem(record: AppendRecord): string | null {
  if (isCommand(record)) {
    const parsed = parseCommand(record);
    return typeof parsed === 'string' ? parsed : null;
  }
  return record.headers.some((header) => header.name.length === 0) ? 'invalid header: empty name' : null;
}

export function isCommand(record: { headers: readonly Header[] }): boolean {
  return record.headers.length === 1 && record.headers[0]?.name.length === 0;
}

/** The command a command record carries, or the reason it is none. Call only where `isCommand` holds. */
export function parseCommand(record: { headers: readonly Header[]; body: Uint8Array }): Command | string {
  const op = ascii(record.headers[0]?.value ?? new Uint8Array());
  if (op === 'fence') return parseFence(record.body);
  if (op === 'trim') return parseTrim(record.body);
  return 'unknown command';
}

function parseFence(payload: Uint8Array): Command | string {
  let token: string;
  try {
    token = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
  } catch {
    return 'invalid `fence` command: fencing token must be valid UTF-8';
  }
  const problem = fencingTokenProblem(token);
  return problem === null ? { op: 'fence', token } : `invalid \`fence\` command: ${problem}`;
}

function parseTrim(payload: Uint8Array): Command | string {
  if (payload.length !== 8) {
    return `invalid \`trim\` command: earliest sequence number to trim to was ${payload.length} bytes, must be 8`;
  }
  const view = new DataView(payload.buffer, payload.byteOffset, 8);
  // Above 2^53 the number is inexact, which does not matter: a trim never reaches past its own position.
  return { op: 'trim', trimPoint: view.getUint32(0) * 2 ** 32 + view.getUint32(4) };
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 16));
}
