/**
 * Histories as files: the JSON lines of S2's own verification tool, read and written exactly.
 *
 * One object per line, in the order the collector saw the events:
 * `{"event": {"Start": …} | {"Finish": …}, "client_id": n, "op_id": n}`, with 64-bit integers as bare JSON numbers.
 * Three further keys are ours and kept: `at_ms` (number), `note` (string) and, where a read succeeded, `record_hashes`
 * (what it saw, record by record). Other keys beside `event` are ignored, unknown keys inside an event are refused,
 * since one of them could be a misspelt condition. Nothing is guessed: the first line that is not part of a history
 * ends the reading with its number and the reason.
 */

import type { Call, EventNote, History, HistoryEvent, Return } from '../history.ts';
import { type Json, type JsonObject, JsonSyntaxError, scanJson } from './json-scanner.ts';
import { isOddNumber, objectOf, onlyKeys, position, RefusedLine, shown } from './line-fields.ts';
import { Pairing } from './pairing.ts';

export type ParsedHistory =
  | { kind: 'history'; history: History }
  /** `line` counts from 1. The message says what was found and what was expected. */
  | { kind: 'malformed'; line: number; message: string };

const U64_MAX = 2n ** 64n - 1n;

/** Reads a whole file. Empty lines are allowed at the end only; a last line cut in the middle is malformed. */
export function parseHistory(text: string): ParsedHistory {
  const history: HistoryEvent[] = [];
  const pairing = new Pairing();
  if (text.startsWith('\uFEFF')) {
    return { kind: 'malformed', line: 1, message: 'the file begins with a byte order mark; save it as plain UTF-8' };
  }
  const end = text.trimEnd().length;
  let line = 0;
  for (let start = 0; start < end;) {
    line++;
    const newline = text.indexOf('\n', start);
    const stop = newline === -1 ? text.length : newline;
    const parsed = parseLine(text.slice(start, stop));
    if (typeof parsed === 'string') return { kind: 'malformed', line, message: parsed };
    const refusal = pairing.refusalOf(parsed);
    if (refusal !== null) return { kind: 'malformed', line, message: refusal };
    history.push(parsed);
    start = stop + 1;
  }
  return { kind: 'history', history };
}

/** Reads one line. Answers with the event, or with what is wrong in words. */
export function parseLine(text: string): HistoryEvent | string {
  if (text.trim() === '') return 'the line is empty; expected one JSON object';
  try {
    return decodeEvent(scanJson(text));
  } catch (error) {
    // Both are thrown below this call only, and both are about the text.
    if (error instanceof JsonSyntaxError || error instanceof RefusedLine) return error.message;
    throw error;
  }
}

/** The whole history as text, one line per event, with a newline at the end of each. */
export function formatHistory(history: History): string {
  return history.map((event) => `${formatEvent(event)}\n`).join('');
}

/** One event as one line, without the newline. */
export function formatEvent(event: HistoryEvent): string {
  const what =
    event.type === 'call' ? `{"Start":${formatCall(event.call)}}` : `{"Finish":${formatReturn(event.return)}}`;
  const atMs = event.atMs === undefined ? '' : `,"at_ms":${JSON.stringify(event.atMs)}`;
  const note = event.note === undefined ? '' : `,"note":${JSON.stringify(event.note)}`;
  return `{"event":${what},"client_id":${event.clientId},"op_id":${event.opId}${formatContent(event)}${atMs}${note}}`;
}

function formatContent(event: HistoryEvent): string {
  if (event.type === 'call' || event.return.kind !== 'read-success') return '';
  const { recordHashes } = event.return;
  return recordHashes === undefined ? '' : `,"record_hashes":[${recordHashes.join(',')}]`;
}

function formatCall(call: Call): string {
  if (call.kind === 'read') return '"Read"';
  if (call.kind === 'check-tail') return '"CheckTail"';
  return (
    `{"Append":{"num_records":${call.recordHashes.length},"record_hashes":[${call.recordHashes.join(',')}],` +
    `"set_fencing_token":${JSON.stringify(call.setFencingToken)},"fencing_token":${JSON.stringify(call.fencingToken)},` +
    `"match_seq_num":${call.matchSeqNum}}}`
  );
}

function formatReturn(outcome: Return): string {
  switch (outcome.kind) {
    case 'append-success':
      return `{"AppendSuccess":{"tail":${outcome.tail}}}`;
    case 'append-definite-failure':
      return '"AppendDefiniteFailure"';
    case 'append-indefinite-failure':
      return '"AppendIndefiniteFailure"';
    case 'read-success':
      return `{"ReadSuccess":{"tail":${outcome.tail},"stream_hash":${outcome.streamHash}}}`;
    case 'read-failure':
      return '"ReadFailure"';
    case 'check-tail-success':
      return `{"CheckTailSuccess":{"tail":${outcome.tail}}}`;
    case 'check-tail-failure':
      return '"CheckTailFailure"';
  }
}

/** A line that was scanned before. Throws `RefusedLine`. */
export function decodeEvent(json: Json): HistoryEvent {
  const line = objectOf(json, 'the line');
  const event = objectOf(member(line, 'event', 'the line'), '"event"');
  const { clientId, opId } = decodeIds(line);
  const [step, body] = onlyMember(event, '"event"', '"Start" or "Finish"');
  if (step === 'Start') return noted<HistoryEvent>({ type: 'call', clientId, opId, call: decodeCall(body) }, line);
  if (step !== 'Finish') throw new RefusedLine(`unknown event ${JSON.stringify(step)}; expected "Start" or "Finish"`);
  const outcome = withContent(decodeReturn(body), line.get('record_hashes'));
  return noted<HistoryEvent>({ type: 'return', clientId, opId, return: outcome }, line);
}

/** Whose line it is. Throws `RefusedLine`. */
export function decodeIds(line: JsonObject): { clientId: number; opId: number } {
  const clientId = position(member(line, 'client_id', 'the line'), 'client_id');
  const opId = position(member(line, 'op_id', 'the line'), 'op_id');
  return { clientId, opId };
}

/** With what a recorder may have written beside an event: added to the event itself, for a file holds millions. */
export function noted<E extends EventNote>(event: E, line: JsonObject): E {
  const atMs = line.get('at_ms');
  const note = line.get('note');
  if (note !== undefined && typeof note !== 'string') throw new RefusedLine('note must be a string');
  if (atMs !== undefined) event.atMs = decodeMs(atMs);
  if (note !== undefined) event.note = note;
  return event;
}

/** Adds what a read saw, which stands beside the event. */
function withContent(outcome: Return, hashes: Json | undefined): Return {
  if (hashes === undefined || outcome.kind !== 'read-success') return outcome;
  return { ...outcome, recordHashes: decodeHashes(hashes) };
}

function decodeHashes(json: Json): readonly bigint[] {
  if (!Array.isArray(json)) throw new RefusedLine('record_hashes must be a list of hashes');
  return (json as readonly Json[]).map((hash, index) => (isU64(hash) ? hash : u64(hash, `record_hashes[${index}]`)));
}

function decodeMs(json: Json): number {
  if (typeof json === 'number') return json;
  const ms = isOddNumber(json) ? Number(json.numberText) : Number.NaN;
  if (!Number.isFinite(ms)) throw new RefusedLine('at_ms must be a number of milliseconds');
  return ms;
}

function decodeCall(json: Json): Call {
  if (json === 'Read') return { kind: 'read' };
  if (json === 'CheckTail') return { kind: 'check-tail' };
  const [name, body] = variant(json, 'start', '"Read", "CheckTail" or {"Append": …}');
  if (name !== 'Append')
    throw new RefusedLine(`unknown start ${JSON.stringify(name)}; expected "Read", "CheckTail" or {"Append": …}`);
  return decodeAppend(body);
}

function decodeAppend(json: Json): Call {
  const append = objectOf(json, '"Append"');
  onlyKeys(append, '"Append"', ['num_records', 'record_hashes', 'set_fencing_token', 'fencing_token', 'match_seq_num']);
  const count = u64(member(append, 'num_records', '"Append"'), 'num_records');
  const recordHashes = decodeHashes(member(append, 'record_hashes', '"Append"'));
  if (count !== BigInt(recordHashes.length))
    throw new RefusedLine(`num_records is ${count} but record_hashes has ${recordHashes.length}; they must be equal`);
  const match = append.get('match_seq_num') ?? null;
  return {
    kind: 'append',
    recordHashes,
    setFencingToken: token(append, 'set_fencing_token'),
    fencingToken: token(append, 'fencing_token'),
    matchSeqNum: match === null ? null : position(match, 'match_seq_num'),
  };
}

function decodeReturn(json: Json): Return {
  if (json === 'AppendDefiniteFailure') return { kind: 'append-definite-failure' };
  if (json === 'AppendIndefiniteFailure') return { kind: 'append-indefinite-failure' };
  if (json === 'ReadFailure') return { kind: 'read-failure' };
  if (json === 'CheckTailFailure') return { kind: 'check-tail-failure' };
  const expected =
    'AppendSuccess, AppendDefiniteFailure, AppendIndefiniteFailure, ReadSuccess, ReadFailure, CheckTailSuccess or CheckTailFailure';
  const [name, json2] = variant(json, 'finish', expected);
  if (name !== 'AppendSuccess' && name !== 'ReadSuccess' && name !== 'CheckTailSuccess')
    throw new RefusedLine(`unknown finish ${JSON.stringify(name)}; expected ${expected}`);
  const body = objectOf(json2, `"${name}"`);
  onlyKeys(body, `"${name}"`, name === 'ReadSuccess' ? ['tail', 'stream_hash'] : ['tail']);
  const tail = position(member(body, 'tail', `"${name}"`), 'tail');
  if (name === 'AppendSuccess') return { kind: 'append-success', tail };
  if (name === 'CheckTailSuccess') return { kind: 'check-tail-success', tail };
  return { kind: 'read-success', tail, streamHash: u64(member(body, 'stream_hash', '"ReadSuccess"'), 'stream_hash') };
}

function variant(json: Json, what: string, expected: string): readonly [string, Json] {
  if (typeof json === 'string') throw new RefusedLine(`unknown ${what} ${JSON.stringify(json)}; expected ${expected}`);
  return onlyMember(objectOf(json, `the ${what}`), `the ${what}`, expected);
}

function member(from: JsonObject, key: string, what: string): Json {
  const value = from.get(key);
  if (value === undefined) throw new RefusedLine(`${what} lacks the key "${key}"`);
  return value;
}

function onlyMember(from: JsonObject, what: string, expected: string): readonly [string, Json] {
  const [entry] = from.entries();
  if (entry === undefined || from.size > 1)
    throw new RefusedLine(`${what} must have exactly one key (${expected}), not ${from.size}`);
  return entry;
}

function token(from: JsonObject, key: string): string | null {
  const value = from.get(key) ?? null;
  if (value !== null && typeof value !== 'string') throw new RefusedLine(`${key} must be a string or null`);
  return value;
}

function isU64(json: Json): json is bigint {
  return typeof json === 'bigint' && json <= U64_MAX;
}

/** A hash or a count: exact up to 2^64-1. */
function u64(json: Json, what: string): bigint {
  if (typeof json === 'number') return BigInt(json);
  if (typeof json !== 'bigint')
    throw new RefusedLine(`${what} must be a whole number from 0 to 2^64-1, not ${shown(json)}`);
  if (json > U64_MAX) throw new RefusedLine(`${what} is ${json}, above 2^64-1 (${U64_MAX})`);
  return json;
}
