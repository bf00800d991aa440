/**
 * A key-value store of strings with get, put and append, as in Porcupine's own examples: a key never written holds "".
 *
 * Keys cannot influence each other, so each is judged by itself.
 */

import type { Model } from '../wgl/model.ts';
import { groupBy, type Outcome, pendingUnless, told } from './outcome.ts';

export type KeyValueInput =
  | { op: 'get'; key: string }
  | { op: 'put'; key: string; value: string }
  /** Puts `value` behind what the key holds. */
  | { op: 'append'; key: string; value: string };
/** The value got; null for a put or an append. */
export type KeyValueOutput = Outcome<string | null>;

/** Longer texts of one that are looked for one by one. */
const LISTED_MAX = 8;

/**
 * What a key holds, as the pieces it was put together from. Equal pieces are the same object, so that appending to a
 * long value costs as little as to a short one, and equality is identity.
 */
class Text {
  readonly length: number;
  /** Of the pieces: texts put together alike have equal hashes. */
  readonly hash: number;
  readonly #root: Text;
  readonly #before: Text | null;
  readonly #piece: string;
  /** The longer ones, each made when it is first asked for: a list, and a map as well once there are many. */
  #first: Text | null = null;
  #sibling: Text | null = null;
  #byPiece: Map<string, Text> | null = null;
  #whole: string | null = null;

  constructor(before: Text | null, piece: string) {
    this.#root = before?.root ?? this;
    this.#before = before;
    this.#piece = piece;
    this.length = (before?.length ?? 0) + piece.length;
    let hash = before?.hash ?? 0;
    for (let i = 0; i < piece.length; i++) hash = Math.imul(hash ^ piece.charCodeAt(i), 0x01000193);
    this.hash = hash ^ (hash >>> 15);
  }

  /** The empty text that this one began as. */
  get root(): Text {
    return this.#root;
  }

  with(piece: string): Text {
    if (piece === '') return this;
    if (this.#byPiece !== null) return this.#byPiece.get(piece) ?? this.#longer(piece);
    let count = 0;
    for (let text = this.#first; text !== null; text = text.#sibling, count++) if (text.#piece === piece) return text;
    if (count === LISTED_MAX) this.#listAll();
    return this.#longer(piece);
  }

  #longer(piece: string): Text {
    const text = new Text(this, piece);
    text.#sibling = this.#first;
    this.#first = text;
    this.#byPiece?.set(piece, text);
    return text;
  }

  #listAll(): void {
    this.#byPiece = new Map();
    for (let text = this.#first; text !== null; text = text.#sibling) this.#byPiece.set(text.#piece, text);
  }

  is(value: string | null): boolean {
    return value !== null && value.length === this.length && value.endsWith(this.#piece) && value === this.text;
  }

  /** Looks at the latest piece only: whoever asked that of each text on the way knows it of the whole. */
  couldGrowTo(value: string | null): boolean {
    return value !== null && value.startsWith(this.#piece, this.length - this.#piece.length);
  }

  get text(): string {
    return this.#whole ?? Text.#textOf(this);
  }

  /** From piece to piece, in a loop: there are as many as there were appends, and a stack is not that deep. */
  static #textOf(latest: Text): string {
    const untold: Text[] = [];
    let text: Text | null = latest;
    for (; text !== null && text.#whole === null; text = text.#before) untold.push(text);
    let whole = text === null ? '' : text.#whole!;
    for (const longer of untold.toReversed()) longer.#whole = whole += longer.#piece;
    return whole;
  }
}

/** Judged key by key. A state is what the one key holds. */
export function keyValueModel(): Model<Text, KeyValueInput, KeyValueOutput> {
  return {
    ...inCommon(),
    init: () => new Text(null, ''),
    hash: (state) => state.hash,
    step: (state, input, output) => {
      if (output.outcome === 'failed') return { legal: true, state };
      if (input.op === 'put') return { legal: true, state: state.root.with(input.value) };
      if (input.op === 'append') return { legal: true, state: state.with(input.value) };
      if (output.outcome === 'unknown' || state.is(output.value)) return { legal: true, state };
      return { legal: false, reason: () => refusal(state.text, input) };
    },
    isHopeless: (state, input, output) =>
      input.op === 'get' && output.outcome === 'ok' && !state.couldGrowTo(output.value),
    overwrites: (input, output) => input.op === 'put' && output.outcome !== 'failed',
    partition: (operations) => groupBy(operations, ({ input }) => input.key),
    describeState: (state) => JSON.stringify(state.text),
  };
}

/** What the keys hold that were ever written. */
type Store = ReadonlyMap<string, string>;

/** The same store judged as a whole: far slower, the verdict is the same. */
export function wholeKeyValueModel(): Model<Store, KeyValueInput, KeyValueOutput> {
  return {
    ...inCommon(),
    init: () => new Map(),
    step: (state, input, output) => {
      const before = state.get(input.key) ?? '';
      const next = valueBehind(before, input, output);
      if (next === null) return { legal: false, reason: () => refusal(before, input) };
      return { legal: true, state: next === before ? state : new Map(state).set(input.key, next) };
    },
    equal: (a, b) => a.size === b.size && [...a].every(([key, value]) => b.get(key) === value),
    hash: hashOf,
    describeState: (state) => JSON.stringify(Object.fromEntries(state)),
  };
}

type Hooks = Pick<
  Model<unknown, KeyValueInput, KeyValueOutput>,
  'pending' | 'isOptional' | 'isReadOnly' | 'describeOperation'
>;

function inCommon(): Hooks {
  return {
    pending: (input) => pendingUnless(input.op === 'get'),
    isOptional: (input, output) => input.op !== 'get' && output.outcome === 'unknown',
    isReadOnly: (input, output) => input.op === 'get' || output.outcome === 'failed',
    describeOperation: (input, output) => {
      const value = input.op === 'get' ? '' : ` ${JSON.stringify(input.value)}`;
      return told(`${input.op} ${JSON.stringify(input.key)}${value}`, output);
    },
  };
}

/** What the key holds after the operation, or null when it cannot have answered so. */
function valueBehind(state: string, input: KeyValueInput, output: KeyValueOutput): string | null {
  if (output.outcome === 'failed') return state;
  if (input.op === 'put') return input.value;
  if (input.op === 'append') return state + input.value;
  return output.outcome === 'unknown' || output.value === state ? state : null;
}

function refusal(state: string, { key }: KeyValueInput): string {
  return `the key ${JSON.stringify(key)} holds ${JSON.stringify(state)}`;
}

/** Of lengths and last characters: values that grow by appends differ there. The same for every order of the keys. */
function hashOf(store: Store): number {
  let hash = 0;
  for (const [key, value] of store) {
    let word = value.length;
    for (let i = Math.max(0, value.length - 8); i < value.length; i++)
      word = Math.imul(word ^ value.charCodeAt(i), 0x01000193);
    for (let i = 0; i < key.length; i++) word = Math.imul(word ^ key.charCodeAt(i), 0x85ebca6b);
    hash ^= word ^ (word >>> 15);
  }
  return hash;
}
