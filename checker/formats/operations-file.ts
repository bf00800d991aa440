/**
 * Files of operations for the shipped models: one JSON object per line, in one of two forms.
 *
 * Timed: `{"client_id": 1, "call": 0, "return": 10, "input": {"op": "read"}, "output": {"outcome": "ok", "value": 7}}`;
 * the stamps are whole numbers of any size, `"return": null` is a call without a return (and without an output).
 * Events, in the order they happened: `{"client_id": 1, "id": 4, "call": {"op": "read"}}` and
 * `{"client_id": 1, "id": 4, "return": {"outcome": "ok", "value": 7}}`. A `metadata` is kept. Anything else is refused
 * with its line: unknown keys, operations or outcomes, missing fields, two forms in one file.
 */

import { MalformedHistory } from '../malformed.ts';
import { type CatalogueEntry } from '../models/catalogue.ts';
import { type Event, operationsOf } from '../wgl/check-events.ts';
import type { Operation } from '../wgl/model.ts';
import { type Json, type JsonObject, JsonSyntaxError, scanJson } from './json-scanner.ts';
import { objectOf, onlyKeys, RefusedLine, shown } from './line-fields.ts';

type Scalar = string | number | boolean | null;
type Fields = Readonly<Record<string, Scalar | readonly Scalar[]>>;

export type ParsedOperations =
  | { kind: 'operations'; operations: readonly Operation<never, never>[] }
  /** `line` counts from 1. */
  | { kind: 'malformed'; line: number; message: string };

interface Timed {
  clientId: number;
  input: Fields;
  output: Fields | null;
  call: number | bigint;
  return: number | bigint | null;
  metadata: Json | undefined;
}

const TIMED_KEYS = ['client_id', 'call', 'return', 'input', 'output', 'metadata'];
const EVENT_KEYS = ['client_id', 'id', 'call', 'return', 'metadata'];
const OUTCOMES = ['ok', 'failed', 'unknown'];

export function parseOperations(text: string, entry: CatalogueEntry): ParsedOperations {
  const timed: Timed[] = [];
  const events: Event<Fields, Fields>[] = [];
  const lines = text.trimEnd().split('\n');
  for (const [index, line] of lines.entries()) {
    if (line === '' && lines.length === 1) break;
    try {
      const object = objectOf(scanJson(line), 'the line');
      if (object.has('input')) timed.push(decodeTimed(object, entry));
      else events.push(decodeEvent(object, entry));
      if (timed.length > 0 && events.length > 0)
        throw new RefusedLine('timed operations and events are mixed in one file');
    } catch (error) {
      if (error instanceof RefusedLine || error instanceof JsonSyntaxError)
        return { kind: 'malformed', line: index + 1, message: error.message };
      throw error;
    }
  }
  try {
    const operations = timed.length > 0 ? ranked(timed, entry) : operationsOf(entry.model as never, events);
    return { kind: 'operations', operations: operations as never };
  } catch (error) {
    if (error instanceof MalformedHistory)
      return { kind: 'malformed', line: error.line, message: error.message.replace(/^event \d+: /, '') };
    throw error;
  }
}

function decodeTimed(object: JsonObject, entry: CatalogueEntry): Timed {
  onlyKeys(object, 'the line', TIMED_KEYS);
  const call = stamp(object.get('call'), 'call');
  const end = object.get('return') ?? null;
  const output = object.get('output') ?? null;
  if ((end === null) !== (output === null))
    throw new RefusedLine('an operation has a return and an output, or neither of them');
  const timed = {
    clientId: id(object.get('client_id'), 'client_id'),
    input: inputOf(object.get('input'), entry),
    output: output === null ? null : outputOf(output),
    call,
    return: end === null ? null : stamp(end, 'return'),
    metadata: object.get('metadata'),
  };
  if (timed.return !== null && timed.return < call)
    throw new RefusedLine(`the operation returns at ${timed.return}, before it is called at ${call}`);
  return timed;
}

function decodeEvent(object: JsonObject, entry: CatalogueEntry): Event<Fields, Fields> {
  onlyKeys(object, 'the line', EVENT_KEYS);
  const [call, end] = [object.get('call'), object.get('return')];
  if ((call === undefined) === (end === undefined))
    throw new RefusedLine('expected an operation with "input", or an event with either "call" or "return"');
  const common = { clientId: id(object.get('client_id'), 'client_id'), id: id(object.get('id'), 'id') };
  if (end !== undefined) return { kind: 'return', ...common, value: outputOf(end) };
  return { kind: 'call', ...common, value: inputOf(call, entry), metadata: object.get('metadata') };
}

/** Stamps become their ranks: equal ones stay equal, and nanoseconds of any size stay apart. */
function ranked(timed: readonly Timed[], entry: CatalogueEntry): Operation<Fields, Fields>[] {
  const stamps = timed.flatMap(({ call, return: end }) => (end === null ? [call] : [call, end])).map(BigInt);
  const sorted = [...new Set(stamps)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const rankOf = new Map(sorted.map((value, rank) => [value, rank]));
  return timed.flatMap(({ clientId, input, output, call, return: end, metadata }) => {
    const pending = output ?? (entry.model.pending?.(input as never)?.output as Fields | undefined) ?? null;
    if (pending === null) return [];
    const operation = {
      clientId,
      input,
      output: pending,
      call: rankOf.get(BigInt(call))!,
      return: end === null ? Number.POSITIVE_INFINITY : rankOf.get(BigInt(end))!,
    };
    return [metadata === undefined ? operation : { ...operation, metadata }];
  });
}

function inputOf(json: Json | undefined, { fields }: CatalogueEntry): Fields {
  const object = objectOf(json, 'the input');
  const op = object.get('op');
  const expected = typeof op === 'string' ? fields[op] : undefined;
  if (typeof op !== 'string' || expected === undefined)
    throw new RefusedLine(`unknown operation ${shown(op)}; expected ${Object.keys(fields).join(', ')}`);
  onlyKeys(object, 'the input', ['op', ...expected]);
  for (const field of expected)
    if (!object.has(field)) throw new RefusedLine(`the operation "${op}" lacks the field "${field}"`);
  return plain(object);
}

function outputOf(json: Json): Fields {
  const object = objectOf(json, 'the output');
  const outcome = object.get('outcome');
  if (typeof outcome !== 'string' || !OUTCOMES.includes(outcome))
    throw new RefusedLine(`unknown outcome ${shown(outcome)}; expected ${OUTCOMES.join(', ')}`);
  onlyKeys(object, 'the output', outcome === 'ok' ? ['outcome', 'value'] : ['outcome']);
  if (outcome === 'ok' && !object.has('value'))
    throw new RefusedLine('an outcome "ok" needs a "value"; null where nothing came back');
  return plain(object);
}

function plain(object: JsonObject): Fields {
  return Object.fromEntries(
    [...object].map(([key, value]) => [key, Array.isArray(value) ? value.map(scalar) : scalar(value)]),
  );
}

/**
 * A value as a file would hold it: JSON, `nil` as EDN has it for null, or else a word that stands for itself. What looks like JSON
 * or like a number and is none that every format keeps as it is, is refused.
 */
export function readValue(
  text: string,
): { kind: 'value'; value: string | number | boolean | null } | { kind: 'malformed'; message: string } {
  const refused = (why: string): { kind: 'malformed'; message: string } => ({
    kind: 'malformed',
    message: `the value ${text} ${why}; a string is written as JSON: ${JSON.stringify(text)}`,
  });
  if (text === 'nil') return { kind: 'value', value: null };
  try {
    const value = scalar(scanJson(text));
    if (typeof value === 'string' && !text.trimStart().startsWith('"')) return refused('is no integer within 2^53-1');
    return { kind: 'value', value };
  } catch (error) {
    if (error instanceof RefusedLine) return refused('is no number, string, boolean or null');
    if (!(error instanceof JsonSyntaxError)) throw error;
    return LOOKS_LIKE_MORE.test(text) ? refused('is no JSON') : { kind: 'value', value: text };
  }
}

/** The beginning of what is a list, an object, a string or a number, and no word. */
const LOOKS_LIKE_MORE = /^\s*(?:[[{"]|[+-]?\.?[0-9])/;

function scalar(json: Json): Scalar {
  if (json === null || typeof json === 'string' || typeof json === 'boolean') return json;
  if (typeof json === 'number') return json;
  // Numbers that would be rounded are kept as their text: all that counts is which are equal.
  if (typeof json === 'bigint') return `${json}`;
  if ('numberText' in json) return NEGATIVE.test(json.numberText) ? safeOr(json.numberText) : json.numberText;
  throw new RefusedLine(`${shown(json)} is no number, string, boolean or null`);
}

const NEGATIVE = /^-[1-9][0-9]*$/;

function safeOr(numberText: string): number | string {
  const value = Number(numberText);
  return Number.isSafeInteger(value) ? value : numberText;
}

function stamp(json: Json | undefined, what: string): number | bigint {
  if (typeof json === 'number' || typeof json === 'bigint') return json;
  throw new RefusedLine(`"${what}" must be a whole number, not ${shown(json)}`);
}

function id(json: Json | undefined, what: string): number {
  if (typeof json === 'number') return json;
  throw new RefusedLine(`"${what}" must be a whole number up to 2^53-1, not ${shown(json)}`);
}
