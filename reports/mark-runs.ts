/**
 * Marks too narrow to tell apart, joined into runs: what a hundred thousand operations on a screen are drawn as.
 *
 * Marks of one key come from left to right; those in the same or the next pixel become one run. Pure.
 */

export class MarkRuns {
  readonly #paint: (key: number, left: number, right: number) => void;
  readonly #runs = new Map<number, [left: number, right: number]>();

  constructor(paint: (key: number, left: number, right: number) => void) {
    this.#paint = paint;
  }

  add(key: number, left: number, right: number): void {
    const start = Math.floor(left);
    const end = Math.max(start + 1, Math.ceil(right));
    const run = this.#runs.get(key);
    if (run === undefined) this.#runs.set(key, [start, end]);
    else if (start <= run[1]) run[1] = Math.max(run[1], end);
    else {
      this.#paint(key, run[0], run[1]);
      run[0] = start;
      run[1] = end;
    }
  }

  /** Paints what is left, smallest key first, and forgets it. */
  end(): void {
    for (const [key, [left, right]] of [...this.#runs].sort(([a], [b]) => a - b)) this.#paint(key, left, right);
    this.#runs.clear();
  }
}
