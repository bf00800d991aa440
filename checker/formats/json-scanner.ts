/**
 * JSON with exact integers, for one line at a time.
 *
 * `JSON.parse` rounds integers above 2^53, so two different hashes can become one: here an integer literal becomes a
 * number when it is at most 2^53-1 and a bigint above. Every other number (negative, fraction, exponent) is kept as
 * its text, since no position or hash may be one. Objects become Maps, so that no key is special, and a key that
 * appears twice is an error. Grammar: RFC 8259; errors carry the 1-based column.
 */

export type Json = null | boolean | string | number | bigint | OddNumber | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

/** A number that is no unsigned integer literal, as written. */
interface OddNumber {
  readonly numberText: string;
}

/** What is wrong with a text that is not JSON. */
export class JsonSyntaxError extends Error {}

const DEPTH_MAX = 64;
// Ten times the digits of the greatest 64-bit word: more cannot be meant, and converting it would take long.
const INTEGER_DIGITS_MAX = 200;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
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
    const start = this.#text[this.#at];
    if (start === '{') return this.#object(depth);
    if (start === '[') return this.#array(depth);
    if (start === '"') return this.#string();
    if (start === 't') return this.#word('true', true);
    if (start === 'f') return this.#word('false', false);
    if (start === 'n') return this.#word('null', null);
    return this.#number();
  }

  #object(depth: number): JsonObject {
    const object = new Map<string, Json>();
    this.#at++;
    if (this.#taken('}')) return object;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') this.#fail('expected a key in double quotes');
      const key = this.#string();
      if (object.has(key)) this.#fail(`the key ${JSON.stringify(key)} appears twice in one object`);
      if (!this.#taken(':')) this.#fail('expected ":" behind the key');
      object.set(key, this.#value(depth + 1));
    } while (this.#taken(','));
    if (!this.#taken('}')) this.#fail('expected "," or "}"');
    return object;
  }

  #array(depth: number): readonly Json[] {
    const items: Json[] = [];
    this.#at++;
    if (this.#taken(']')) return items;
    do items.push(this.#value(depth + 1));
    while (this.#taken(','));
    if (!this.#taken(']')) this.#fail('expected "," or "]"');
    return items;
  }

  #string(): string {
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

  #number(): number | bigint | OddNumber {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) {
      const found = this.#text[this.#at];
      this.#fail(found === undefined ? 'the line ends early' : `unexpected ${JSON.stringify(found)}`);
    }
    const text = match[0];
    this.#at += text.length;
    if (/[0-9]/.test(this.#text[this.#at] ?? '')) this.#fail('a number may not begin with 0');
    if (text.startsWith('-') || match[1] !== undefined || match[2] !== undefined) return { numberText: text };
    if (text.length > INTEGER_DIGITS_MAX) return { numberText: text };
    if (text.length <= 15) return Number(text);
    const exact = BigInt(text);
    return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('unexpected word, expected a JSON value');
    this.#at += word.length;
    return value;
  }

  #taken(mark: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== mark) return false;
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
