/**
 * What JSON from elsewhere has to look like, said once per type: a shape names a check for each field of the type, so that one
 * that is forgotten, or is of another kind, does not compile. What does not fit is refused with the path of the field.
 */

/** Throws a RangeError that names `path` and what was expected there; what it returns is what it was given. */
export type Check<Value> = (value: unknown, path: string) => Value;

export type Shape<Fields> = { readonly [Name in keyof Fields]-?: Check<Exclude<Fields[Name], undefined>> };

interface ObjectOptions<Fields> {
  /** Fields that may be absent. */
  optional?: readonly (keyof Fields)[] | 'all';
  /** Refuses fields that the shape does not name, whose meaning would be lost. */
  isClosed?: boolean;
}

export const text: Check<string> = (value, path) => {
  if (typeof value !== 'string') refuse(value, path, 'a text');
  return value as string;
};

export const flag: Check<boolean> = (value, path) => {
  if (typeof value !== 'boolean') refuse(value, path, 'true or false');
  return value as boolean;
};

/** A whole number within these bounds. */
export function count(min = 0, max = Number.MAX_SAFE_INTEGER): Check<number> {
  const upTo = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `within ${min}..${max}`;
  return (value, path) => {
    const isIn = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
    if (!isIn) refuse(value, path, `a whole number ${upTo}`);
    return value as number;
  };
}

/** A number with fractions, from 0. */
export const amount: Check<number> = (value, path) => {
  if (!(Number.isFinite(value) && (value as number) >= 0)) refuse(value, path, 'a number from 0');
  return value as number;
};

export const integer: Check<number> = count(Number.MIN_SAFE_INTEGER);

export function oneOf<Word extends string>(words: readonly Word[]): Check<Word> {
  return (value, path) => {
    if (!(words as readonly unknown[]).includes(value)) refuse(value, path, `one of ${words.join(', ')}`);
    return value as Word;
  };
}

export function orNull<Value>(check: Check<Value>): Check<Value | null> {
  return (value, path) => (value === null ? null : check(value, path));
}

export function listOf<Item>(check: Check<Item>, lengthMin = 0): Check<readonly Item[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return refuse(value, path, 'a list');
    if (value.length < lengthMin) refuse(value, path, `a list of at least ${lengthMin}`);
    for (const [index, item] of value.entries()) check(item, `${path}[${index}]`);
    return value as Item[];
  };
}

export function pairOf<First, Second>(first: Check<First>, second: Check<Second>): Check<readonly [First, Second]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length !== 2) return refuse(value, path, 'a list of two');
    return [first(value[0], `${path}[0]`), second(value[1], `${path}[1]`)];
  };
}

/** Any names, each with a value of one kind. */
export function mapOf<Value>(check: Check<Value>): Check<Readonly<Record<string, Value>>> {
  return (value, path) => {
    for (const [name, field] of Object.entries(fieldsOf(value, path))) check(field, `${path}.${name}`);
    return value as Record<string, Value>;
  };
}

export function objectOf<Fields extends object>(shape: Shape<Fields>, options: ObjectOptions<Fields> = {}) {
  const { optional = [], isClosed = false } = options;
  const names = Object.keys(shape) as (keyof Fields & string)[];
  const check: Check<Fields> = (value, path) => {
    const fields = fieldsOf(value, path);
    const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
    for (const name of names) {
      if (Object.hasOwn(fields, name)) shape[name](fields[name], at(name));
      else if (optional !== 'all' && !optional.includes(name)) throw new RangeError(`${at(name)} is missing`);
    }
    const unknown = isClosed ? Object.keys(fields).find((name) => !Object.hasOwn(shape, name)) : undefined;
    if (unknown !== undefined) throw new RangeError(`${at(unknown)} is nothing this Tailrace knows`);
    return value as Fields;
  };
  return check;
}

function fieldsOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(value, path, 'an object');
  return value as Record<string, unknown>;
}

const SHOWN_MAX = 40;

function refuse(value: unknown, path: string, expected: string): never {
  const found = JSON.stringify(value) ?? 'nothing';
  const shown = found.length <= SHOWN_MAX ? found : `${found.slice(0, SHOWN_MAX)}…`;
  throw new RangeError(`${path === '' ? 'the whole' : path} is ${shown}, and ${expected} was expected`);
}
