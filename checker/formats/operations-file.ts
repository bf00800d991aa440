/**
 * Files of operations for the shipped models: one JSON object per line, in one of two forms.
 *
 * Timed: `{"client_id": 1, "call": 0, "return": 10, "input": {"op": "read"}, "output": {"outcome": "ok", "value": 7}}`;
 * the stamps are whole numbers of any size, `"return": null` is a call without a return (and without an output).
 * Events, in the order they happened: `{"client_id": 1, "id": 4, "call": {"op": "read"}}` and
 * `{"client_id": 1, "id": 4, "return": {"outcome": "ok", "value": 7}}`. A `metadata` is kept. Anything else is refused
 * with its line: unknown keys, operations or outcomes, missing fields, values of another kind than the model has there, two
 * forms in one file.
 */

import { MalformedHistory } from '../malformed.ts';
import type { CatalogueEntry } from '../models/catalogue.ts';
import type { Kind } from '../models/kinds.ts';
import { type Event, operationsOf } from '../wgl/check-events.ts';
import type { Operation } from '../wgl/model.ts';
import { type Json, type JsonObject, JsonSyntaxError, scanJson } from './json-scanner.ts';
import { isOddNumber, objectOf, onlyKeys, RefusedLine, shown } from './line-fields.ts';

type Scalar = string | number | boolean | null;
type Fields = Readonly<Record<string, unknown>>;
type Shapes = CatalogueEntry['operations'];

export type ParsedOperations =
  /** What is called at n and returns at m was told `stamps[n]` and `stamps[m]`; null for events, which are told none. */
  | { kind: 'operations'; operations: readonly Operation<never, never>[]; stamps: readonly (number | bigint)[] | null }
  /** `line` counts from 1. */
  | { kind: 'malformed'; line: number; message: string };

interface Timed {
  clientId: number;
  input: Fields;
  output: Fields | null;
  call: number | bigint;
  return: number | bigint | null;
  metadata: unknown;
}

const TIMED_KEYS = ['client_id', 'call', 'return', 'input', 'output', 'metadata'];
const EVENT_KEYS = ['client_id', 'id', 'call', 'return', 'metadata'];
const OUTCOMES = ['ok', 'failed', 'unknown'];

export function parseOperations(text: string, entry: CatalogueEntry): ParsedOperations {
  const timed: Timed[] = [];
  const events: Event<Fields, Fields>[] = [];
  const called = new Map<number, string>();
  const lines = text.trimEnd().split('\n');
  for (const [index, line] of lines.entries()) {
    if (line === '' && lines.length === 1) break;
    try {
      const object = objectOf(scanJson(line), 'the line');
      if (object.has('input')) timed.push(decodeTimed(object, entry.operations));
      else events.push(decodeEvent(object, entry.operations, called));
      if (timed.length > 0 && events.length > 0)
        throw new RefusedLine('timed operations and events are mixed in one file');
    } catch (error) {
      if (error instanceof RefusedLine || error instanceof JsonSyntaxError)
        return { kind: 'malformed', line: index + 1, message: error.message };
      throw error;
    }
  }
  try {
    if (timed.length > 0) return { kind: 'operations', ...ranked(timed, entry) };
    const operations = operationsOf(entry.model as never, events);
    return { kind: 'operations', operations: operations as never, stamps: null };
  } catch (error) {
    if (error instanceof MalformedHistory)
      return { kind: 'malformed', line: error.line, message: error.message.replace(/^event \d+: /, '') };
    throw error;
  }
}

function decodeTimed(object: JsonObject, shapes: Shapes): Timed {
  onlyKeys(object, 'the line', TIMED_KEYS);
  const call = stamp(object.get('call'), 'call');
  const end = object.get('return') ?? null;
  const output = object.get('output') ?? null;
  if ((end === null) !== (output === null))
    throw new RefusedLine('an operation has a return and an output, or neither of them');
  const clientId = id(object.get('client_id'), 'client_id');
  const input = inputOf(object.get('input'), shapes);
  const timed = {
    clientId,
    input,
    output: output === null ? null : outputOf(output, input.op, shapes),
    call,
    return: end === null ? null : stamp(end, 'return'),
    metadata: plain(object.get('metadata')),
  };
  if (timed.return !== null && timed.return < call)
    throw new RefusedLine(`the operation returns at ${timed.return}, before it is called at ${call}`);
  return timed;
}

/** `called` keeps by id what was called: an answer is read as one of that. */
function decodeEvent(object: JsonObject, shapes: Shapes, called: Map<number, string>): Event<Fields, Fields> {
  onlyKeys(object, 'the line', EVENT_KEYS);
  const [call, end] = [object.get('call'), object.get('return')];
  if ((call === undefined) === (end === undefined))
    throw new RefusedLine('expected an operation with "input", or an event with either "call" or "return"');
  const common = { clientId: id(object.get('client_id'), 'client_id'), id: id(object.get('id'), 'id') };
  if (end !== undefined) return { kind: 'return', ...common, value: outputOf(end, called.get(common.id), shapes) };
  const input = inputOf(call, shapes);
  called.set(common.id, input.op);
  return { kind: 'call', ...common, value: input, metadata: plain(object.get('metadata')) };
}

/** Stamps become their ranks: equal ones stay equal, and nanoseconds of any size stay apart. */
function ranked(
  timed: readonly Timed[],
  entry: CatalogueEntry,
): { operations: readonly Operation<never, never>[]; stamps: readonly (number | bigint)[] } {
  const told = timed.flatMap(({ call, return: end }) => (end === null ? [call] : [call, end]));
  const stamps = [...new Set(told)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const rankOf = new Map(stamps.map((time, rank) => [time, rank]));
  const operations = timed.flatMap(({ clientId, input, output, call, return: end, metadata }) => {
    const pending = output ?? (entry.model.pending?.(input as never)?.output as Fields | undefined) ?? null;
    if (pending === null) return [];
    const operation = {
      clientId,
      input: input as never,
      output: pending as never,
      call: rankOf.get(call)!,
      return: end === null ? Number.POSITIVE_INFINITY : rankOf.get(end)!,
    };
    return [metadata === undefined ? operation : { ...operation, metadata }];
  });
  return { operations, stamps };
}

function inputOf(json: Json | undefined, shapes: Shapes): Fields & { op: string } {
  const object = objectOf(json, 'the input');
  const op = object.get('op');
  if (typeof op !== 'string' || !Object.hasOwn(shapes, op))
    throw new RefusedLine(`unknown operation ${shown(op)}; expected ${Object.keys(shapes).join(', ')}`);
  const { fields } = shapes[op]!;
  onlyKeys(object, 'the input', ['op', ...Object.keys(fields)]);
  const values = Object.entries(fields).map(([field, kind]) => {
    const value = object.get(field);
    if (value === undefined) throw new RefusedLine(`the operation "${op}" lacks the field "${field}"`);
    return [field, valueOf(value, kind, `"${field}" of "${op}"`)];
  });
  return { op, ...Object.fromEntries(values) };
}

/** `op` is undefined where nothing was called, which is refused behind all lines. */
function outputOf(json: Json, op: string | undefined, shapes: Shapes): Fields {
  const object = objectOf(json, 'the output');
  const outcome = object.get('outcome');
  if (typeof outcome !== 'string' || !OUTCOMES.includes(outcome))
    throw new RefusedLine(`unknown outcome ${shown(outcome)}; expected ${OUTCOMES.join(', ')}`);
  onlyKeys(object, 'the output', outcome === 'ok' ? ['outcome', 'value'] : ['outcome']);
  if (outcome !== 'ok' || op === undefined) return { outcome };
  const value = object.get('value');
  if (value === undefined) throw new RefusedLine('an outcome "ok" needs a "value"; null where nothing came back');
  return { outcome, value: valueOf(value, shapes[op]!.answer, `the answer of "${op}"`) };
}

function valueOf(json: Json, kind: Kind, what: string): unknown {
  const value = Array.isArray(json) ? json.map(scalar) : scalar(json);
  if (!kind.holds(value)) throw new RefusedLine(`${what} must be ${kind.words}, not ${shown(json)}`);
  return value;
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
    const json = scanJson(text);
    const value = scalar(json);
    if (value !== undefined) return { kind: 'value', value };
    const isNumber = typeof json === 'bigint' || isOddNumber(json);
    return refused(isNumber ? 'is no integer within 2^53-1' : 'is no number, string, boolean or null');
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return LOOKS_LIKE_MORE.test(text) ? refused('is no JSON') : { kind: 'value', value: text };
  }
}

/** The beginning of what is a list, an object, a string or a number, and no word. */
const LOOKS_LIKE_MORE = /^\s*(?:[[{"]|[+-]?\.?[0-9])/;

/** `undefined` for lists and objects, and for numbers of which two could be one: beyond 2^53-1, or written as 1.0 and 1e0. */
function scalar(json: Json): Scalar | undefined {
  if (json === null || typeof json === 'string' || typeof json === 'boolean' || typeof json === 'number') return json;
  if (!isOddNumber(json) || !NEGATIVE.test(json.numberText)) return undefined;
  const value = Number(json.numberText);
  return Number.isSafeInteger(value) ? value : undefined;
}

const NEGATIVE = /^-[1-9][0-9]*$/;

/** As programs hand it on: numbers that would be rounded are kept as their text. */
function plain(json: Json | undefined): unknown {
  if (typeof json === 'bigint') return `${json}`;
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(plain);
  if (json instanceof Map)
    return Object.fromEntries([...(json as JsonObject)].map(([key, value]) => [key, plain(value)]));
  const { numberText } = json as { readonly numberText: string };
  const value = Number(numberText);
  const isKept = Number.isFinite(value) && (!NEGATIVE.test(numberText) || Number.isSafeInteger(value));
  return isKept ? value : numberText;
}

function stamp(json: Json | undefined, what: string): number | bigint {
  if (typeof json === 'number' || typeof json === 'bigint') return json;
  throw new RefusedLine(`"${what}" must be a whole number, not ${shown(json)}`);
}

function id(json: Json | undefined, what: string): number {
  if (typeof json === 'number') return json;
  throw new RefusedLine(`"${what}" must be a whole number up to 2^53-1, not ${shown(json)}`);
}
