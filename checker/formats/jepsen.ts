/**
 * Histories of Jepsen, Knossos and Porcupine's own tests: registers with compare-and-set, and key-value stores.
 *
 * Two forms of a line: the EDN map `{:process 0, :type :invoke, :f :cas, :value [1 2]}` (with `:key` for a store; newer Jepsens
 * write `#jepsen.history.Op` before it), and
 * the log line `INFO  jepsen.util - 0 :invoke :cas [1 2]`. One operation a line. `:ok` happened, `:fail` did not, `:info` and what never
 * returns may have. In log lines a failed compare-and-set that repeats its value saw another value than it expected,
 * as Porcupine reads them; in maps, as Knossos reads them, it says nothing. What `:nemesis` did is no operation and passed over.
 * Malformed lines are refused with a reason.
 */

import { keyValueModel, type KeyValueInput, type KeyValueOutput } from '../models/key-value.ts';
import { casRegisterModel, type RegisterInput, type RegisterOutput, type Value } from '../models/register.ts';
import { type Event, operationsOf } from '../wgl/check-events.ts';
import type { Operation } from '../wgl/model.ts';
import { type Edn, EdnSyntaxError, ednText, isSymbolic, readEdn } from './edn.ts';
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
  key: string | null;
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
  const open = new Map<number, { id: number; input: Input; f: string }>();
  let line = 0;
  let id = 0;
  let keyed: boolean | null = null;
  for (const raw of text.replace(IN_A_VECTOR, '$1 $2$3').split('\n')) {
    line++;
    try {
      const step = readLine(raw);
      if (step === null) continue;
      keyed ??= step.key !== null;
      if (keyed !== (step.key !== null)) throw new RefusedLine('some operations have a :key and some have none');
      const { process: clientId } = step;
      const pending = open.get(clientId);
      if (step.type === 'invoke') {
        if (pending !== undefined)
          throw new RefusedLine(`process ${clientId} invokes an operation while another one is still open`);
        const input = inputOf(step);
        open.set(clientId, { id, input, f: step.f });
        events.push({ kind: 'call', clientId, id: id++, value: input });
        continue;
      }
      if (pending === undefined) throw new RefusedLine(`process ${clientId} ends an operation that it never invoked`);
      if (pending.f !== step.f) throw new RefusedLine(`${step.f} ends what was invoked as ${pending.f}`);
      open.delete(clientId);
      // What may have happened stays open: its effect may come at any later time.
      if (step.type !== 'info') events.push({ kind: 'return', clientId, id: pending.id, value: outputOf(step) });
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
  return { process, type, f: f.name, key: key === undefined ? null : keyText(key), value, isLogLine };
}

function keyText(key: Edn): string {
  return typeof key === 'string' ? key : ednText(key);
}

function inputOf({ f, key, value }: Step): Input {
  if (key !== null)
    switch (f) {
      case ':get':
      case ':read':
        return { op: 'get', key };
      case ':put':
      case ':write':
        return { op: 'put', key, value: text(value) };
      case ':append':
        return { op: 'append', key, value: text(value) };
      default:
        throw new RefusedLine(`unknown operation ${f}; expected :get, :put or :append`);
    }
  switch (f) {
    case ':read':
      return { op: 'read' };
    case ':write':
      return { op: 'write', value: scalar(value) };
    case ':cas': {
      const [from, to, ...more] = Array.isArray(value) ? (value as readonly Edn[]) : [];
      if (from === undefined || to === undefined || more.length > 0)
        throw new RefusedLine(`:cas has the value ${ednText(value)}; expected two values as in [1 2]`);
      return { op: 'cas', from: scalar(from), to: scalar(to) };
    }
    default:
      throw new RefusedLine(`unknown operation ${f}; expected :read, :write or :cas`);
  }
}

function outputOf({ type, f, key, value, isLogLine }: Step): Output {
  if (type === 'fail')
    return f === ':cas' && isLogLine && Array.isArray(value) ? { outcome: 'ok', value: false } : { outcome: 'failed' };
  if (f === ':get' || (f === ':read' && key !== null))
    return { outcome: 'ok', value: value === null ? '' : text(value) };
  if (f === ':read') return { outcome: 'ok', value: scalar(value) };
  return { outcome: 'ok', value: f === ':cas' ? true : null };
}

function text(value: Edn): string {
  return typeof value === 'string' ? value : ednText(value);
}

function scalar(value: Edn): Value {
  if (isSymbolic(value)) return value.name;
  if (value !== null && typeof value === 'object')
    throw new RefusedLine(`the value ${ednText(value)} is no number, string, keyword or nil`);
  return value;
}
