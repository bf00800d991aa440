/**
 * Marks too narrow to tell apart, joined into runs: what a hundred thousand operations on a screen are drawn as.
 *
 * Marks of one key come from left to right; those less than two pixels apart become one run. Pure.
 */

export class MarkRuns {
  readonly #paint: (key: number, left: number, right: number) => void;
  readonly #runs = new Map<number, Run>();
  #last: Run | null = null;
  #lastKey = -1;

  constructor(paint: (key: number, left: number, right: number) => void) {
    this.#paint = paint;
  }

  add(key: number, left: number, right: number): void {
    const start = Math.floor(left);
    const end = Math.max(start + 1, Math.ceil(right));
    // Neighbours are often alike; looking up their run is most of the work.
    const run = key === this.#lastKey ? this.#last : this.#runs.get(key);
    if (run === undefined || run === null) return this.#begin(key, { left: start, right: end });
    this.#last = run;
    this.#lastKey = key;
    // A gap of a pixel is narrower than the least mark is drawn.
    if (start <= run.right + 1) {
      if (end > run.right) run.right = end;
      return;
    }
    this.#paint(key, run.left, run.right);
    run.left = start;
    run.right = end;
  }

  /** Paints what is left, smallest key first, and forgets it. */
  end(): void {
    for (const [key, { left, right }] of [...this.#runs].sort(([a], [b]) => a - b)) this.#paint(key, left, right);
    this.#runs.clear();
    this.#last = null;
    this.#lastKey = -1;
  }

  #begin(key: number, run: Run): void {
    this.#runs.set(key, run);
    this.#last = run;
    this.#lastKey = key;
  }
}

interface Run {
  left: number;
  right: number;
}
