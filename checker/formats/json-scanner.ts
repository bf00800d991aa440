/**
 * JSON with exact integers, for one line at a time.
 *
 * `JSON.parse` rounds integers above 2^53, so two different hashes can become one: here an integer literal becomes a
 * number when it is at most 2^53-1 and a bigint above. Every other number (negative, fraction, exponent) is kept as
 * its text, since no position or hash may be one. Objects become Maps, so that no key is special, and a key that
 * appears twice is an error. Grammar: RFC 8259; errors carry the 1-based column.
 */

export type JsonObject = ReadonlyMap<string, Json>;
export type Json = null | boolean | string | number | bigint | OddNumber | readonly Json[] | JsonObject;

/** A number that is no unsigned integer literal, as written. */
interface OddNumber {
  readonly numberText: string;
}

/** What is wrong with a text that is not JSON. */
export class JsonSyntaxError extends Error {}

const DEPTH_MAX = 64;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
const [QUOTE, BACKSLASH, COMMA, COLON, SPACE, ZERO] = [0x22, 0x5c, 0x2c, 0x3a, 0x20, 0x30];
const [LETTER_T, LETTER_F, LETTER_N, SMALL_E, LARGE_E, POINT] = [0x74, 0x66, 0x6e, 0x65, 0x45, 0x2e];
// Ten times the digits of the greatest 64-bit word: more cannot be meant, and converting it would take long.
const INTEGER_DIGITS_MAX = 200;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// A run of string characters that stand for themselves.
// oxlint-disable-next-line no-control-regex
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Reads one JSON value that fills `text` but for white space. Throws `JsonSyntaxError`. */
export function scanJson(text: string): Json {
  return new Scanner(text).whole();
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Json {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('something follows the end of the JSON value');
    return value;
  }

  #value(depth: number): Json {
    if (depth > DEPTH_MAX) this.#fail(`the value is nested more than ${DEPTH_MAX} levels deep`);
    this.#skipSpace();
    switch (this.#text.charCodeAt(this.#at)) {
      case OPEN_OBJECT:
        return this.#object(depth);
      case OPEN_ARRAY:
        return this.#array(depth);
      case QUOTE:
        return this.#string();
      case LETTER_T:
        return this.#word('true', true);
      case LETTER_F:
        return this.#word('false', false);
      case LETTER_N:
        return this.#word('null', null);
      default:
        return this.#integer() ?? this.#number();
    }
  }

  #object(depth: number): JsonObject {
    const object = new Map<string, Json>();
    this.#at++;
    if (this.#taken(CLOSE_OBJECT)) return object;
    do {
      this.#skipSpace();
      if (this.#text.charCodeAt(this.#at) !== QUOTE) this.#fail('expected a key in double quotes');
      const key = this.#string();
      if (object.has(key)) this.#fail(`the key ${JSON.stringify(key)} appears twice in one object`);
      if (!this.#taken(COLON)) this.#fail('expected ":" behind the key');
      object.set(key, this.#value(depth + 1));
    } while (this.#taken(COMMA));
    if (!this.#taken(CLOSE_OBJECT)) this.#fail('expected "," or "}"');
    return object;
  }

  #array(depth: number): readonly Json[] {
    const items: Json[] = [];
    this.#at++;
    if (this.#taken(CLOSE_ARRAY)) return items;
    do items.push(this.#value(depth + 1));
    while (this.#taken(COMMA));
    if (!this.#taken(CLOSE_ARRAY)) this.#fail('expected "," or "]"');
    return items;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    for (let at = start; ; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      // Also false behind the end, where there is no code.
      if (!(code >= SPACE) || code === BACKSLASH) return this.#escapedString();
    }
  }

  #escapedString(): string {
    this.#at++;
    let string = '';
    for (;;) {
      PLAIN.lastIndex = this.#at;
      const plain = PLAIN.exec(this.#text)?.[0] ?? '';
      string += plain;
      this.#at += plain.length;
      const next = this.#text[this.#at];
      if (next === '"') {
        this.#at++;
        return string;
      }
      if (next !== '\\') this.#fail(next === undefined ? 'a string is not closed' : 'a control character in a string');
      string += this.#escape();
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail('"\\u" needs four hexadecimal digits');
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const escaped = ESCAPES[letter];
    if (escaped === undefined) this.#fail('an unknown escape in a string');
    this.#at += 2;
    return escaped;
  }

  /** Digits that nothing odd stands before or behind, as nearly all numbers are; null for any other. */
  #integer(): number | bigint | null {
    const text = this.#text;
    const start = this.#at;
    let value = 0;
    let at = start;
    for (; ; at++) {
      const digit = text.charCodeAt(at) - ZERO;
      // Also false behind the end, where the difference is no number.
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    const next = text.charCodeAt(at);
    if (next === POINT || next === SMALL_E || next === LARGE_E) return null;
    if (at === start || at - start > INTEGER_DIGITS_MAX || (at - start > 1 && text.charCodeAt(start) === ZERO))
      return null;
    this.#at = at;
    // What is below 2^53 was exact all the way.
    return value <= Number.MAX_SAFE_INTEGER ? value : BigInt(text.slice(start, at));
  }

  #number(): OddNumber {
    NUMBER.lastIndex = this.#at;
    const numberText = NUMBER.exec(this.#text)?.[0];
    if (numberText === undefined) {
      const found = this.#text[this.#at];
      this.#fail(found === undefined ? 'the line ends early' : `unexpected ${JSON.stringify(found)}`);
    }
    this.#at += numberText.length;
    if (/[0-9]/.test(this.#text[this.#at] ?? '')) this.#fail('a number may not begin with 0');
    return { numberText };
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('unexpected word, expected a JSON value');
    this.#at += word.length;
    return value;
  }

  #taken(mark: number): boolean {
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) !== mark) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return;
      this.#at++;
    }
  }

  #fail(what: string): never {
    throw new JsonSyntaxError(`not valid JSON at column ${this.#at + 1}: ${what}`);
  }
}
