/**
 * Our own format: that of S2 and more, with a header that says which version and where the history is from.
 *
 * The first line is `{"tailrace_history": 1}`, with `seed` and `profile` (strings) where there was a simulator. Every
 * further line is one of S2's (jsonl.ts), or has one of these: Start `{"ReadPart": {"seq_num": n}}` or by `timestamp`;
 * Finish `{"AppendRejected": {"tail": n}}` or by `fencing_token`, `{"ReadPartSuccess": {"start": n, "record_hashes": [n, …],
 * "timestamps": [n, …], "tail": n or null}}` where timestamps may be left out, `{"ReadUnwritten": {"tail": n}}`. Beside an
 * append may stand `trim`, beside any event `session`, `node` (strings) and `attempt`. Hashes are read as numbers or
 * strings of digits, so that any JSON tool can write them.
 */

import type { EventLabels, ExtendedCall, ExtendedEvent, ExtendedHistory, ExtendedReturn } from '../extended/history.ts';
import type { HistoryEvent } from '../history.ts';
import { type Json, type JsonObject, JsonSyntaxError, scanJson } from './json-scanner.ts';
import { formatEvent, parseLine } from './jsonl.ts';
import { objectOf, onlyKeys, position, RefusedLine, shown } from './line-fields.ts';

export interface HistoryHeader {
  seed?: string;
  profile?: string;
}

export type ParsedExtended =
  | { kind: 'history'; header: HistoryHeader; history: ExtendedHistory }
  /** `line` counts from 1. */
  | { kind: 'malformed'; line: number; message: string };

const VERSION = 1;
const U64_MAX = 2n ** 64n - 1n;

/** Does the text begin with the header of this format? */
export function isExtended(text: string): boolean {
  return /^\s*\{\s*"tailrace_history"/.test(text);
}

export function parseExtended(text: string): ParsedExtended {
  const lines = text.trimEnd().split('\n');
  let header: HistoryHeader = {};
  const history: ExtendedEvent[] = [];
  for (const [index, line] of lines.entries())
    try {
      const object = objectOf(scanJson(line), 'the line');
      if (index === 0) header = decodeHeader(object);
      else history.push(decodeEvent(line, object));
    } catch (error) {
      if (error instanceof RefusedLine || error instanceof JsonSyntaxError)
        return { kind: 'malformed', line: index + 1, message: error.message };
      throw error;
    }
  return { kind: 'history', header, history };
}

/** The whole history as text, header first, with a newline at the end of each line. */
export function formatExtended(header: HistoryHeader, history: ExtendedHistory): string {
  return `${JSON.stringify({ tailrace_history: VERSION, ...header })}\n${history.map((event) => `${formatLine(event)}\n`).join('')}`;
}

function formatLine(event: ExtendedEvent): string {
  const { session, attempt, node } = event;
  const trim = event.type === 'call' && event.call.kind === 'append' ? event.call.trim : undefined;
  const labels = Object.entries({ session, attempt, node, trim }).flatMap(([key, value]) =>
    value === undefined ? [] : [`,"${key}":${JSON.stringify(value)}`],
  );
  const own = event.type === 'call' ? formatCall(event.call) : formatReturn(event.return);
  // Written as an event that S2 knows, whose start or finish is then replaced.
  const { clientId, opId, atMs, note } = event;
  const known: HistoryEvent =
    own === null
      ? (event as HistoryEvent)
      : {
          type: 'call',
          clientId,
          opId,
          call: { kind: 'read' },
          ...(atMs !== undefined && { atMs }),
          ...(note !== undefined && { note }),
        };
  const text = formatEvent(known);
  const whole = own === null ? text : text.replace('{"Start":"Read"}', () => own);
  return `${whole.slice(0, -1)}${labels.join('')}}`;
}

function formatCall(call: ExtendedCall): string | null {
  if (call.kind !== 'read-part') return null;
  const from = 'seqNum' in call.from ? `"seq_num":${call.from.seqNum}` : `"timestamp":${call.from.timestamp}`;
  return `{"Start":{"ReadPart":{${from}}}}`;
}

function formatReturn(outcome: ExtendedReturn): string | null {
  switch (outcome.kind) {
    case 'append-rejected': {
      const { actual } = outcome;
      const told =
        'tail' in actual ? `"tail":${actual.tail}` : `"fencing_token":${JSON.stringify(actual.fencingToken)}`;
      return `{"Finish":{"AppendRejected":{${told}}}}`;
    }
    case 'read-part-success':
      return (
        `{"Finish":{"ReadPartSuccess":{"start":${outcome.start},"record_hashes":[${outcome.recordHashes.join(',')}],` +
        `${outcome.timestamps === undefined ? '' : `"timestamps":[${outcome.timestamps.join(',')}],`}"tail":${outcome.tail}}}}`
      );
    case 'read-unwritten':
      return `{"Finish":{"ReadUnwritten":{"tail":${outcome.tail}}}}`;
    default:
      return null;
  }
}

function decodeHeader(object: JsonObject): HistoryHeader {
  const version = object.get('tailrace_history');
  if (version !== VERSION)
    throw new RefusedLine(
      `the first line must be a header {"tailrace_history": ${VERSION}}, not version ${shown(version)}`,
    );
  const seed = textOf(object.get('seed'), 'seed');
  const profile = textOf(object.get('profile'), 'profile');
  return { ...(seed !== undefined && { seed }), ...(profile !== undefined && { profile }) };
}

function decodeEvent(line: string, object: JsonObject): ExtendedEvent {
  const labels = decodeLabels(object);
  const event = objectOf(object.get('event'), '"event"');
  const call = ownCall(event.get('Start'));
  const outcome = ownReturn(event.get('Finish'));
  if (call === null && outcome === null) {
    const parsed = parseLine(line);
    if (typeof parsed === 'string') throw new RefusedLine(parsed);
    const trim = object.get('trim');
    if (trim === undefined) return { ...parsed, ...labels };
    if (parsed.type !== 'call' || parsed.call.kind !== 'append')
      throw new RefusedLine('only an append can hold a "trim"');
    return { ...parsed, ...labels, call: { ...parsed.call, trim: position(trim, 'trim') } };
  }
  if (event.size !== 1) throw new RefusedLine('"event" must have exactly one key ("Start" or "Finish")');
  // What else stands on the line is what stands on S2's lines.
  const rest = parseLine(withoutOwn(object));
  if (typeof rest === 'string') throw new RefusedLine(rest);
  const { clientId, opId, atMs, note } = rest;
  const common = {
    clientId,
    opId,
    ...labels,
    ...(atMs !== undefined && { atMs }),
    ...(note !== undefined && { note }),
  };
  return call !== null ? { type: 'call', ...common, call } : { type: 'return', ...common, return: outcome! };
}

/** The line's other keys, about an event that S2 knows. */
function withoutOwn(object: JsonObject): string {
  const kept = ['client_id', 'op_id', 'at_ms', 'note'].flatMap((key) => {
    const value = object.get(key);
    if (value === undefined) return [];
    const text = typeof value === 'object' && value !== null && 'numberText' in value ? value.numberText : undefined;
    return [`,"${key}":${text ?? (typeof value === 'bigint' ? `${value}` : JSON.stringify(value))}`];
  });
  return `{"event":{"Start":"Read"}${kept.join('')}}`;
}

function ownCall(json: Json | undefined): ExtendedCall | null {
  if (!(json instanceof Map)) return null;
  const part = (json as JsonObject).get('ReadPart');
  if (part === undefined) return null;
  const asked = only(part, ['seq_num', 'timestamp']);
  const timestamp = asked.get('timestamp');
  if ((timestamp === undefined) === (asked.get('seq_num') === undefined))
    throw new RefusedLine('"ReadPart" asks from either "seq_num" or "timestamp"');
  if (timestamp !== undefined) return { kind: 'read-part', from: { timestamp: position(timestamp, 'timestamp') } };
  return { kind: 'read-part', from: { seqNum: position(asked.get('seq_num'), 'seq_num') } };
}

function ownReturn(json: Json | undefined): ExtendedReturn | null {
  if (!(json instanceof Map)) return null;
  const finish = json as JsonObject;
  const rejected = finish.get('AppendRejected');
  if (rejected !== undefined) {
    const told = only(rejected, ['tail', 'fencing_token']);
    const token = textOf(told.get('fencing_token'), 'fencing_token');
    if ((token === undefined) === (told.get('tail') === undefined))
      throw new RefusedLine('"AppendRejected" tells either "tail" or "fencing_token"');
    const actual = token === undefined ? { tail: position(told.get('tail'), 'tail') } : { fencingToken: token };
    return { kind: 'append-rejected', actual };
  }
  const part = finish.get('ReadPartSuccess');
  if (part !== undefined) {
    const told = only(part, ['start', 'record_hashes', 'timestamps', 'tail']);
    const hashes = told.get('record_hashes');
    if (!Array.isArray(hashes)) throw new RefusedLine('record_hashes must be a list of hashes');
    const timestamps = stampsOf(told.get('timestamps'), hashes.length);
    const tail = told.get('tail') ?? null;
    return {
      kind: 'read-part-success',
      start: position(told.get('start'), 'start'),
      recordHashes: (hashes as readonly Json[]).map(hashOf),
      ...(timestamps !== undefined && { timestamps }),
      tail: tail === null ? null : position(tail, 'tail'),
    };
  }
  const unwritten = finish.get('ReadUnwritten');
  if (unwritten === undefined) return null;
  return { kind: 'read-unwritten', tail: position(only(unwritten, ['tail']).get('tail'), 'tail') };
}

function stampsOf(json: Json | undefined, count: number): readonly number[] | undefined {
  if (json === undefined) return undefined;
  if (!Array.isArray(json) || json.length !== count)
    throw new RefusedLine('timestamps must be a list of one for each record');
  return (json as readonly Json[]).map((stamp) => position(stamp, 'a timestamp'));
}

function decodeLabels(object: JsonObject): EventLabels {
  const session = textOf(object.get('session'), 'session');
  const node = textOf(object.get('node'), 'node');
  const attempt = object.get('attempt');
  return {
    ...(session !== undefined && { session }),
    ...(node !== undefined && { node }),
    ...(attempt !== undefined && { attempt: position(attempt, 'attempt') }),
  };
}

function only(json: Json, known: readonly string[]): JsonObject {
  const object = objectOf(json, 'the body');
  onlyKeys(object, 'the body', known);
  return object;
}

function hashOf(json: Json): bigint {
  const digits = typeof json === 'string' && /^(0|[1-9][0-9]{0,19})$/.test(json) ? BigInt(json) : json;
  const hash = typeof digits === 'number' ? BigInt(digits) : digits;
  if (typeof hash !== 'bigint' || hash > U64_MAX) throw new RefusedLine(`${shown(json)} is no hash from 0 to 2^64-1`);
  return hash;
}

function textOf(json: Json | undefined, what: string): string | undefined {
  if (json === undefined || typeof json === 'string') return json;
  throw new RefusedLine(`${what} must be a string, not ${shown(json)}`);
}
