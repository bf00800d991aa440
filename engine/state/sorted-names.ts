/** Names in the order of the bytes of their UTF-8, as listings have it. */

import { assert } from '../core/assert.ts';

export class SortedNames {
  readonly #names: string[] = [];

  add(name: string): void {
    this.#names.splice(
      this.#firstWhere((other) => compareNames(other, name) >= 0),
      0,
      name,
    );
  }

  delete(name: string): void {
    const at = this.#firstWhere((other) => compareNames(other, name) >= 0);
    assert(this.#names[at] === name, 'only a known name is deleted');
    this.#names.splice(at, 1);
  }

  /** Names that begin with `prefix` and stand behind `startAfter`, ascending. Not to be changed meanwhile. */
  *named(prefix: string, startAfter: string): IterableIterator<string> {
    const from = this.#firstWhere((name) => compareNames(name, prefix) >= 0 && compareNames(name, startAfter) > 0);
    for (let at = from; at < this.#names.length; at++) {
      const name = this.#names[at] as string;
      if (!name.startsWith(prefix)) return;
      yield name;
    }
  }

  /** `isSo` is false for some first names and true for all behind them. */
  #firstWhere(isSo: (name: string) => boolean): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isSo(this.#names[middle] as string)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Negative, zero or positive. UTF-16 sorts what lies beyond it by halves, before the last letters of the first plane. */
export function compareNames(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
