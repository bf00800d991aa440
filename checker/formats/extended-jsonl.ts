/**
 * Our own format: that of S2 and more, with a header that says which version and where the history is from.
 *
 * The first line is `{"tailrace_history": 1}`, with `seed` and `profile` (strings) where there was a simulator, and
 * `"initially": "absent"` where there was no stream, `config` of streams whose creation says nothing, and `creates_on` (a list
 * of `"append"` and `"read"`) for what creates the stream it is for. Every further line is one of S2's (jsonl.ts), or has a start or
 * finish of ours (extended-calls.ts, extended-answers.ts). Beside an append may stand `trim`, `content_hashes` and
 * `turn`, beside a finish `tail_timestamp`, beside any event `session`, `node` (strings) and `attempt`. Hashes are read
 * as numbers or strings of digits, so that any JSON tool can write them.
 */

import type { CreatesOn, ExtendedEvent, ExtendedHistory, StreamConfig } from '../extended/history.ts';
import type { HistoryEvent } from '../history.ts';
import { formatReturn, ownReturn } from './extended-answers.ts';
import {
  BESIDE_APPEND,
  configOf,
  formatBesideAppend,
  formatCall,
  formatConfig,
  ownCall,
  withBeside,
} from './extended-calls.ts';
import { textOf } from './extended-fields.ts';
import { type Json, type JsonObject, JsonSyntaxError, scanJson } from './json-scanner.ts';
import { decodeEvent, decodeIds, formatEvent, noted } from './jsonl.ts';
import { objectOf, onlyKeys, position, RefusedLine, shown } from './line-fields.ts';

export interface HistoryHeader {
  seed?: string;
  profile?: string;
  /** Whether there is a stream before the first creation; where it is left out there is. */
  initially?: 'present' | 'absent';
  /** Of streams whose creation says nothing; where it is left out they keep everything for ever. */
  config?: StreamConfig;
  /** What requests create the stream they are for; where it is left out none do. */
  createsOn?: readonly CreatesOn[];
}

export type ParsedExtended =
  | { kind: 'history'; header: HistoryHeader; history: ExtendedHistory }
  /** `line` counts from 1. */
  | { kind: 'malformed'; line: number; message: string };

const VERSION = 1;

/** Does the text begin with the header of this format? */
export function isExtended(text: string): boolean {
  return /^\s*\{\s*"tailrace_history"/.test(text);
}

export function parseExtended(text: string): ParsedExtended {
  const end = text.trimEnd().length;
  let header: HistoryHeader = {};
  const history: ExtendedEvent[] = [];
  let line = 0;
  try {
    for (let start = 0; start < end || line === 0;) {
      line++;
      const newline = text.indexOf('\n', start);
      const stop = newline === -1 ? end : Math.min(newline, end);
      const object = objectOf(scanJson(text.slice(start, stop)), 'the line');
      if (line === 1) header = decodeHeader(object);
      else history.push(decodeLine(object));
      start = stop + 1;
    }
  } catch (error) {
    if (error instanceof RefusedLine || error instanceof JsonSyntaxError)
      return { kind: 'malformed', line, message: error.message };
    throw error;
  }
  return { kind: 'history', header, history };
}

/** The whole history as text, header first, with a newline at the end of each line. */
export function formatExtended(header: HistoryHeader, history: ExtendedHistory): string {
  const { config, createsOn, ...told } = header;
  const first = {
    tailrace_history: VERSION,
    ...told,
    ...(config !== undefined && { config: formatConfig(config) }),
    ...(createsOn !== undefined && { creates_on: createsOn }),
  };
  return `${JSON.stringify(first)}\n${history.map((event) => `${formatExtendedEvent(event)}\n`).join('')}`;
}

/** One line, without its newline. */
export function formatExtendedEvent(event: ExtendedEvent): string {
  const { session, attempt, node } = event;
  const tailTimestamp = event.type === 'return' ? event.tailTimestamp : undefined;
  const labels = Object.entries({ session, attempt, node, tail_timestamp: tailTimestamp }).flatMap(([key, value]) =>
    value === undefined ? [] : [`,"${key}":${JSON.stringify(value)}`],
  );
  const beside = event.type === 'call' && event.call.kind === 'append' ? formatBesideAppend(event.call) : '';
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
  return `${whole.slice(0, -1)}${beside}${labels.join('')}}`;
}

function decodeHeader(object: JsonObject): HistoryHeader {
  const version = object.get('tailrace_history');
  if (version !== VERSION)
    throw new RefusedLine(
      `the first line must be a header {"tailrace_history": ${VERSION}}, not version ${shown(version)}`,
    );
  onlyKeys(object, 'the header', ['tailrace_history', 'seed', 'profile', 'initially', 'config', 'creates_on']);
  const seed = textOf(object.get('seed'), 'seed');
  const profile = textOf(object.get('profile'), 'profile');
  const initially = textOf(object.get('initially'), 'initially');
  if (initially !== undefined && initially !== 'present' && initially !== 'absent')
    throw new RefusedLine(`initially must be "present" or "absent", not ${shown(initially)}`);
  const [config, createsOn] = [object.get('config'), object.get('creates_on')];
  return {
    ...(seed !== undefined && { seed }),
    ...(profile !== undefined && { profile }),
    ...(initially !== undefined && { initially }),
    ...(config !== undefined && { config: configOf(config) }),
    ...(createsOn !== undefined && { createsOn: creatorsOf(createsOn) }),
  };
}

function creatorsOf(json: Json): readonly CreatesOn[] {
  const isCreator = (item: Json): item is CreatesOn => item === 'append' || item === 'read';
  if (!Array.isArray(json) || !(json as readonly Json[]).every(isCreator))
    throw new RefusedLine('creates_on must be a list of "append" and "read"');
  return json as readonly CreatesOn[];
}

function decodeLine(line: JsonObject): ExtendedEvent {
  const event = objectOf(line.get('event'), '"event"');
  const call = ownCall(event.get('Start'));
  const outcome = ownReturn(event.get('Finish'));
  if (call === null && outcome === null) return labelled(knownEvent(line), line);
  if (event.size !== 1) throw new RefusedLine('"event" must have exactly one key ("Start" or "Finish")');
  const ids = decodeIds(line);
  const own: ExtendedEvent =
    call === null ? { type: 'return', ...ids, return: outcome! } : { type: 'call', ...ids, call };
  return labelled(noted(own, line), line);
}

function knownEvent(line: JsonObject): ExtendedEvent {
  try {
    return decodeEvent(line);
  } catch (error) {
    const isUnknown = error instanceof RefusedLine && /^unknown (start|finish)/.test(error.message);
    throw isUnknown ? new RefusedLine(`${error.message}; or one of those of our own format`) : error;
  }
}

/** With what else may stand beside an event. */
function labelled(event: ExtendedEvent, line: JsonObject): ExtendedEvent {
  if (event.type === 'call' && event.call.kind === 'append') withBeside(event.call, line);
  else
    for (const key of BESIDE_APPEND)
      if (line.get(key) !== undefined) throw new RefusedLine(`only an append can hold a "${key}"`);
  const session = textOf(line.get('session'), 'session');
  const node = textOf(line.get('node'), 'node');
  const attempt = line.get('attempt');
  if (session !== undefined) event.session = session;
  if (node !== undefined) event.node = node;
  if (attempt !== undefined) event.attempt = position(attempt, 'attempt');
  const tailTimestamp = line.get('tail_timestamp');
  if (event.type === 'return' && tailTimestamp !== undefined)
    event.tailTimestamp = position(tailTimestamp, 'tail_timestamp');
  return event;
}
