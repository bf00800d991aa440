/** Names of basins in order. They are ASCII, so the order of strings is the order of their bytes. */

import { assert } from '../core/assert.ts';

export class SortedNames {
  readonly #names: string[] = [];

  add(name: string): void {
    this.#names.splice(
      this.#firstWhere((other) => other >= name),
      0,
      name,
    );
  }

  delete(name: string): void {
    const at = this.#firstWhere((other) => other >= name);
    assert(this.#names[at] === name, 'only a known name is deleted');
    this.#names.splice(at, 1);
  }

  /** Names that begin with `prefix` and stand behind `startAfter`, ascending. Not to be changed meanwhile. */
  *named(prefix: string, startAfter: string): IterableIterator<string> {
    for (let at = this.#firstWhere((name) => name >= prefix && name > startAfter); at < this.#names.length; at++) {
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
