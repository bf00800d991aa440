/** What a value of an operation in a file may be: tested, and said. */

type Value = string | number | boolean | null;

export interface Kind {
  /** Completes "must be …". */
  readonly words: string;
  /** `undefined` is what could not be read as a value at all; lists hold such elements too. */
  holds: (value: Value | undefined | readonly (Value | undefined)[]) => boolean;
}

export const INTEGER: Kind = { words: 'an integer within 2^53-1', holds: (value) => typeof value === 'number' };
export const STRING: Kind = { words: 'a string', holds: (value) => typeof value === 'string' };
export const BOOLEAN: Kind = { words: 'true or false', holds: (value) => typeof value === 'boolean' };
export const NULL: Kind = { words: 'null', holds: (value) => value === null };

export function oneOf(...kinds: readonly Kind[]): Kind {
  const words = kinds.map((kind) => kind.words);
  return {
    words: [words.slice(0, -1).join(', '), ...words.slice(-1)].join(' or '),
    holds: (value) => kinds.some((kind) => kind.holds(value)),
  };
}

export function listOf(kind: Kind): Kind {
  return {
    words: `a list, each element ${kind.words}`,
    holds: (value) => Array.isArray(value) && value.every((element) => kind.holds(element as Value | undefined)),
  };
}
