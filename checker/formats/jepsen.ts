/**
 * Histories of Jepsen, Knossos and Porcupine's own tests: registers with compare-and-set, and key-value stores.
 *
 * Two forms of a line: the EDN map `{:process 0, :type :invoke, :f :cas, :value [1 2]}` (with `:key` for a store; newer Jepsens
 * write `#jepsen.history.Op` before it), and
 * the log line `INFO  jepsen.util - 0 :invoke :cas [1 2]`. One operation a line. `:ok` happened, `:fail` did not, `:info` and what never
 * returns may have. In log lines a failed compare-and-set that repeats its value saw another value than it expected,
 * as Porcupine reads them; in maps, as Knossos reads them, it says nothing. What `:nemesis` did is no operation and passed over.
 * Malformed lines are refused with a reason, and so are those of which somebody would have to guess what they mean: an end with
 * another key or value than the call, two values that are the same text. Other keys of a map may hold anything.
 */

import { keyValueModel, type KeyValueInput, type KeyValueOutput } from '../models/key-value.ts';
import { casRegisterModel, type RegisterInput, type RegisterOutput, type Value } from '../models/register.ts';
import { type Event, operationsOf } from '../wgl/check-events.ts';
import type { Operation } from '../wgl/model.ts';
import { type Edn, EdnSyntaxError, ednText, isOddNumber, isSymbolic, readEdn } from './edn.ts';
import { RefusedLine } from './line-fields.ts';

export type ParsedJepsen =
  | { kind: 'register'; operations: readonly Operation<RegisterInput, RegisterOutput>[] }
  | { kind: 'key-value'; operations: readonly Operation<KeyValueInput, KeyValueOutput>[] }
  /** `line` counts from 1. */
  | { kind: 'malformed'; line: number; message: string };

/** One line, in either form. */
interface Step {
  process: number;
  type: 'invoke' | 'ok' | 'fail' | 'info';
  f: string;
  /** `undefined` where there is none. */
  key: Edn | undefined;
  value: Edn;
  isLogLine: boolean;
}

type Input = RegisterInput | KeyValueInput;
type Output = RegisterOutput | KeyValueOutput;

// All maps may stand in one vector, as Knossos prints them.
const IN_A_VECTOR = /^(\s*)\[(\s*(?:#[\w.-]+\s*)?\{:[^]*\})\s*\](\s*)$/;
/** How a file of either form begins, or with a comment. */
const BEGINNING = /^\s*(\[?\s*(#[\w.-]+\s*)?\{:|;|INFO\s)/;
const LOG_LINE = /^INFO\s+jepsen\.util\s+-\s+(.*)$/;
const TYPES: Readonly<Record<string, Step['type']>> = {
  ':invoke': 'invoke',
  ':ok': 'ok',
  ':fail': 'fail',
  ':info': 'info',
};

/** Whether a file that begins so is such a history. */
export function isOfJepsen(head: string): boolean {
  return BEGINNING.test(head);
}

/** A register is taken to hold nil at the start, a key the empty string. */
export function parseJepsen(text: string): ParsedJepsen {
  const events: Event<Input, Output>[] = [];
  const open = new Map<number, { id: number; call: Step }>();
  const texts = { keys: new Texts(), values: new Texts() };
  let line = 0;
  let id = 0;
  let keyed: boolean | null = null;
  for (const raw of text.replace(IN_A_VECTOR, '$1 $2$3').split('\n')) {
    line++;
    try {
      const step = readLine(raw);
      if (step === null) continue;
      keyed ??= step.key !== undefined;
      if (keyed !== (step.key !== undefined)) throw new RefusedLine('some operations have a :key and some have none');
      const { process: clientId } = step;
      const pending = open.get(clientId);
      if (step.type === 'invoke') {
        if (pending !== undefined)
          throw new RefusedLine(`process ${clientId} invokes an operation while another one is still open`);
        open.set(clientId, { id, call: step });
        events.push({ kind: 'call', clientId, id: id++, value: inputOf(step, texts) });
        continue;
      }
      if (pending === undefined) throw new RefusedLine(`process ${clientId} ends an operation that it never invoked`);
      mustBelong(step, pending.call);
      open.delete(clientId);
      // What may have happened stays open: its effect may come at any later time.
      if (step.type !== 'info') events.push({ kind: 'return', clientId, id: pending.id, value: outputOf(step, texts) });
    } catch (error) {
      if (error instanceof RefusedLine || error instanceof EdnSyntaxError)
        return { kind: 'malformed', line, message: error.message };
      throw error;
    }
  }
  if (keyed === true) {
    const operations = operationsOf(keyValueModel(), events as readonly Event<KeyValueInput, KeyValueOutput>[]);
    return { kind: 'key-value', operations };
  }
  const operations = operationsOf(casRegisterModel(), events as readonly Event<RegisterInput, RegisterOutput>[]);
  return { kind: 'register', operations };
}

/** An end repeats its call: the key always; where it tells a value, the one called with, but for what a read had none of. */
function mustBelong(end: Step, call: Step): void {
  if (end.f !== call.f) throw new RefusedLine(`${end.f} ends what was invoked as ${call.f}`);
  const [key, before] = [ednText(end.key), ednText(call.key)];
  if (key !== before) throw new RefusedLine(`the key ${key} ends an operation on the key ${before}`);
  if (end.type !== 'ok' && !isRefusedSwap(end)) return;
  const isFree = (isRead(end.f) ? call.value : end.value) === null;
  if (!isFree && ednText(end.value) !== ednText(call.value))
    throw new RefusedLine(`${end.f} of ${ednText(call.value)} ends with the value ${ednText(end.value)}`);
}

function isRead(f: string): boolean {
  return f === ':read' || f === ':get';
}

/** In a log line: it saw another value than it expected. */
function isRefusedSwap({ type, f, value, isLogLine }: Step): boolean {
  return type === 'fail' && f === ':cas' && isLogLine && Array.isArray(value);
}

/** What is no string is known by how it is written, as long as no string is the same. */
class Texts {
  readonly #strings = new Set<string>();
  readonly #others = new Set<string>();

  of(value: Edn): string {
    if (isOddNumber(value)) throw new RefusedLine(`${value.numberText} is no integer within 2^53-1`);
    const isString = typeof value === 'string';
    const text = isString ? value : ednText(value);
    if ((isString ? this.#others : this.#strings).has(text))
      throw new RefusedLine(`${JSON.stringify(text)} and ${text} in one file may be the same or not`);
    (isString ? this.#strings : this.#others).add(text);
    return text;
  }
}

/** Null where there is no operation. */
function readLine(raw: string): Step | null {
  const logged = LOG_LINE.exec(raw)?.[1];
  const values = readEdn(logged ?? raw);
  if (values.length === 0) return null;
  const [first] = values;
  if (logged !== undefined) {
    const [process, type, f, value = null] = values;
    return stepOf({ process, type, f, key: undefined, value, isLogLine: true });
  }
  if (values.length !== 1 || !(first instanceof Map))
    throw new RefusedLine('expected one map such as {:process 0, :type :invoke, :f :read, :value nil}, or a log line');
  const map = first as ReadonlyMap<string, Edn>;
  const value = map.get(':value') ?? null;
  return stepOf({
    process: map.get(':process'),
    type: map.get(':type'),
    f: map.get(':f'),
    key: map.get(':key'),
    value,
    isLogLine: false,
  });
}

function stepOf(fields: {
  process: Edn | undefined;
  type: Edn | undefined;
  f: Edn | undefined;
  key: Edn | undefined;
  value: Edn;
  isLogLine: boolean;
}): Step | null {
  const { process, f, key, value, isLogLine } = fields;
  if (isSymbolic(process) && process.name === ':nemesis') return null;
  const type = isSymbolic(fields.type) ? TYPES[fields.type.name] : undefined;
  if (typeof process !== 'number') throw new RefusedLine(`the process is ${ednText(process)}; expected a number`);
  if (type === undefined)
    throw new RefusedLine(`the type is ${ednText(fields.type)}; expected :invoke, :ok, :fail or :info`);
  if (!isSymbolic(f)) throw new RefusedLine(`the operation is ${ednText(f)}; expected a keyword such as :read`);
  return { process, type, f: f.name, key, value, isLogLine };
}

type KnownTexts = Readonly<Record<'keys' | 'values', Texts>>;

function inputOf({ f, key: rawKey, value }: Step, { keys, values }: KnownTexts): Input {
  if (rawKey !== undefined) {
    const key = keys.of(rawKey);
    switch (f) {
      case ':get':
      case ':read':
        return { op: 'get', key };
      case ':put':
      case ':write':
        return { op: 'put', key, value: values.of(value) };
      case ':append':
        return { op: 'append', key, value: values.of(value) };
      default:
        throw new RefusedLine(`unknown operation ${f}; expected :get, :put or :append`);
    }
  }
  switch (f) {
    case ':read':
      return { op: 'read' };
    case ':write':
      return { op: 'write', value: scalar(value, values) };
    case ':cas': {
      const [from, to, ...more] = Array.isArray(value) ? (value as readonly Edn[]) : [];
      if (from === undefined || to === undefined || more.length > 0)
        throw new RefusedLine(`:cas has the value ${ednText(value)}; expected two values as in [1 2]`);
      return { op: 'cas', from: scalar(from, values), to: scalar(to, values) };
    }
    default:
      throw new RefusedLine(`unknown operation ${f}; expected :read, :write or :cas`);
  }
}

function outputOf(step: Step, { values }: KnownTexts): Output {
  const { type, f, key, value } = step;
  if (type === 'fail') return isRefusedSwap(step) ? { outcome: 'ok', value: false } : { outcome: 'failed' };
  if (!isRead(f)) return { outcome: 'ok', value: f === ':cas' ? true : null };
  if (key === undefined) return { outcome: 'ok', value: scalar(value, values) };
  return { outcome: 'ok', value: value === null ? '' : values.of(value) };
}

function scalar(value: Edn, values: Texts): Value {
  if (typeof value === 'string' || isSymbolic(value) || isOddNumber(value)) return values.of(value);
  if (value !== null && typeof value === 'object')
    throw new RefusedLine(`the value ${ednText(value)} is no number, string, keyword or nil`);
  return value;
}
