/**
 * EDN, as far as histories of Jepsen and Knossos use it: nil, booleans, integers, strings, keywords, symbols, vectors,
 * lists, maps, sets and tagged values: a map with a tag is that map, anything else counts as a symbol with all of its
 * text. Commas are white space, `;` begins a comment. What is beyond that is refused.
 *
 * Keywords keep their colon, so that `:ok` and "ok" differ; lists, vectors and sets become arrays; whatever else begins as a
 * number does (`0x1b`, `1/2`) is kept as it is written, and so are `##Inf` and `##NaN`, for whoever needs one to refuse.
 * Syntax: github.com/edn-format/edn.
 */

export type Edn = null | boolean | number | string | Symbolic | OddNumber | readonly Edn[] | ReadonlyMap<string, Edn>;

/** A keyword or a symbol, as written. */
export interface Symbolic {
  readonly name: string;
}

/** A number that is no decimal integer within 2^53-1, as written. */
export interface OddNumber {
  readonly numberText: string;
}

/** What is wrong with a text that is not EDN. */
export class EdnSyntaxError extends Error {}

const SPACE = /(?:[\s,]|;[^\n]*)*/y;
const ATOM = /[^\s,;()[\]{}"]+/y;
const TAG = /#[A-Za-z][^\s,;()[\]{}"]*/y;
const INTEGER = /^[+-]?(?:0|[1-9][0-9]*)$/;
const NOT_FINITE = /##(?:-?Inf|NaN)(?![^\s,;()[\]{}"])/y;
const STRING = /"((?:[^"\\]|\\[^])*)"/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' };
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '#{': '}' };

/** All values of a text, in order. Throws `EdnSyntaxError`. */
export function readEdn(text: string): readonly Edn[] {
  const scanner = new Scanner(text);
  const values: Edn[] = [];
  while (!scanner.isAtEnd) values.push(scanner.value());
  return values;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    this.#match(SPACE);
    return this.#at >= this.#text.length;
  }

  value(): Edn {
    if (this.isAtEnd) throw new EdnSyntaxError('the text ends early');
    const start = this.#text.startsWith('#{', this.#at) ? '#{' : this.#text[this.#at]!;
    if (start === '"') return this.#string();
    if (start === '#') return this.#tagged();
    const closing = CLOSING[start];
    if (closing === undefined) return this.#atom();
    this.#at += start.length;
    const items: Edn[] = [];
    for (;;) {
      if (this.isAtEnd) throw new EdnSyntaxError(`"${start}" is not closed`);
      if (this.#text[this.#at] === closing) break;
      items.push(this.value());
    }
    this.#at++;
    return start === '{' ? toMap(items) : items;
  }

  #string(): string {
    const match = this.#match(STRING);
    if (match === null) throw new EdnSyntaxError('a string is not closed');
    return match[1]!.replaceAll(/\\([^])/g, (_, letter: string) => {
      const escaped = ESCAPES[letter];
      if (escaped === undefined) throw new EdnSyntaxError(`unknown escape "\\${letter}" in a string`);
      return escaped;
    });
  }

  /** Records of Clojure are maps with a tag: `#jepsen.history.Op{:process 0}`. */
  #tagged(): Edn {
    const notFinite = this.#match(NOT_FINITE)?.[0];
    if (notFinite !== undefined) return { numberText: notFinite };
    const tag = this.#match(TAG)?.[0];
    if (tag === undefined) throw new EdnSyntaxError('a "#" is followed by no tag');
    const value = this.value();
    return value instanceof Map ? value : { name: `${tag} ${ednText(value)}` };
  }

  #atom(): Edn {
    const found = this.#text[this.#at]!;
    const text = this.#match(ATOM)?.[0];
    if (text === undefined) throw new EdnSyntaxError(`unexpected "${found}"`);
    if (text === 'nil') return null;
    if (text === 'true' || text === 'false') return text === 'true';
    if (!/^[+-]?[0-9]/.test(text)) return { name: text };
    const number = INTEGER.test(text) ? Number(text) : Number.NaN;
    // There is no negative zero among integers.
    return Number.isSafeInteger(number) ? number || 0 : { numberText: text };
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }
}

function toMap(items: readonly Edn[]): ReadonlyMap<string, Edn> {
  if (items.length % 2 === 1) throw new EdnSyntaxError('a map has a key without a value');
  const map = new Map<string, Edn>();
  for (let at = 0; at < items.length; at += 2) {
    const key = items[at]!;
    const name = isSymbolic(key) ? key.name : JSON.stringify(key);
    if (map.has(name)) throw new EdnSyntaxError(`the key ${name} appears twice in a map`);
    map.set(name, items[at + 1]!);
  }
  return map;
}

export function isSymbolic(value: Edn | undefined): value is Symbolic {
  return typeof value === 'object' && value !== null && 'name' in value;
}

export function isOddNumber(value: Edn | undefined): value is OddNumber {
  return typeof value === 'object' && value !== null && 'numberText' in value;
}

/** For messages, and to tell values apart: different ones have different texts. */
export function ednText(value: Edn | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'nil';
  if (isSymbolic(value)) return value.name;
  if (isOddNumber(value)) return value.numberText;
  if (typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${key} ${ednText(item)}`).join(', ')}}`;
  return `[${(value as readonly Edn[]).map(ednText).join(' ')}]`;
}
