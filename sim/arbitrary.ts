/**
 * Simulated worlds as values of fast-check: its seeds, reporters and paths, with failing runs shrunk to a few decisions.
 *
 * fast-check never schedules inside the world. A value is a seed, or a list of choices to be replayed; running it records the
 * choices, and shrinking takes some of them away, makes some dull, lowers others. fast-check itself accepts any candidate that
 * fails, so a candidate that fails otherwise, or is no smaller, passes here.
 */

import type { Arbitrary, Random, Stream, Value } from 'fast-check';
import type { KeyedChoice } from './choices.ts';
import { FlatReplay } from './replay.ts';
import { World, type WorldOptions } from './world.ts';

/** The parts of fast-check that are needed; pass the module itself: `import fc from 'fast-check'`. */
export interface FastCheck {
  Arbitrary: abstract new () => Arbitrary<SimCase>;
  Value: new (value: SimCase, context: unknown) => Value<SimCase>;
  stream: (values: IterableIterator<Value<SimCase>>) => Stream<Value<SimCase>>;
  toStringMethod: symbol;
}

export type SimConfig = Omit<WorldOptions, 'seed' | 'choices' | 'record' | 'traceLine'>;

const SEEDS = 0x7fff_ffff;

/** Worlds with these settings, each of another seed. */
export function simArbitrary(fc: FastCheck, config: SimConfig): Arbitrary<SimCase> {
  const best: Best = { signature: null, outcomes: [] };
  function* values(cases: Iterable<SimCase>): IterableIterator<Value<SimCase>> {
    for (const one of cases) yield new fc.Value(one, undefined);
  }
  return new (class extends fc.Arbitrary {
    generate(random: Random): Value<SimCase> {
      const seed = String(random.nextInt(0, SEEDS));
      // A new case of the same assertion: what failed before it is of no concern.
      best.signature = null;
      return new fc.Value(new SimCase({ seed, config, best, outcomes: null, text: fc.toStringMethod }), undefined);
    }

    canShrinkWithoutContext(value: unknown): value is SimCase {
      return value instanceof SimCase;
    }

    shrink(value: SimCase): Stream<Value<SimCase>> {
      return fc.stream(values(value.smaller()));
    }
  })();
}

/** The smallest failing run so far. */
interface Best {
  signature: string | null;
  outcomes: readonly number[];
}

interface CaseParts {
  seed: string;
  config: SimConfig;
  best: Best;
  /** To be replayed; null: the seed's own. */
  outcomes: readonly number[] | null;
  /** Under which name fast-check asks for the text of a value. */
  text: symbol;
}

export class SimCase {
  readonly #parts: CaseParts;
  #recorded: readonly number[] = [];
  #lively: readonly KeyedChoice[] = [];

  constructor(parts: CaseParts) {
    this.#parts = parts;
    Object.defineProperty(this, parts.text, { value: () => this.toString() });
  }

  get seed(): string {
    return this.#parts.seed;
  }

  /**
   * Runs `body` with the world, once. Rejects with what failed: an error that `body` threw, or the world's failure (an error
   * that nobody caught inside it, or what `body` made it fail with).
   */
  async run(body: (world: World) => Promise<void>): Promise<void> {
    const { seed, config, outcomes } = this.#parts;
    const world = new World({
      ...config,
      seed,
      ...(outcomes !== null && { choices: (generator) => new FlatReplay({ outcomes }, generator) }),
    });
    const error = await body(world).then(
      () => null,
      (thrown: unknown) => thrown ?? new Error('nothing was thrown, and not caught'),
    );
    this.#recorded = world.choices.flat();
    this.#lively = world.choices.keyed();
    const failure = world.failure === null ? error : new Error(world.failure.message, { cause: world.failure.error });
    if (failure !== null && this.#isNews(world.failure?.signature ?? nameOf(failure))) throw failure;
  }

  /** Candidates, those first that take most away. */
  *smaller(): IterableIterator<SimCase> {
    const recorded = trimmed(this.#recorded);
    for (let length = recorded.length; length >= 1; length >>= 1) {
      for (let start = 0; start < recorded.length; start += length) {
        const chunk = recorded.slice(start, start + length);
        yield this.#with([...recorded.slice(0, start), ...recorded.slice(start + length)]);
        if (chunk.some((outcome) => outcome !== 0)) {
          yield this.#with([...recorded.slice(0, start), ...chunk.map(() => 0), ...recorded.slice(start + length)]);
        }
      }
    }
    for (const [index, outcome] of recorded.entries()) {
      for (const lower of new Set([1, outcome >> 1, outcome - 1])) {
        if (lower > 0 && lower < outcome) yield this.#with(recorded.with(index, lower));
      }
    }
  }

  /** The decisions that were not dull. */
  toString(): string {
    const lines = this.#lively.map(({ entity, sentence, outcome }) => `  ${entity}: ${sentence} → ${outcome}`);
    return [`world of seed ${this.seed}, ${lines.length} decisions that are not dull:`, ...lines].join('\n');
  }

  #with(outcomes: readonly number[]): SimCase {
    return new SimCase({ ...this.#parts, outcomes });
  }

  /** Whether a failure is to be told: the first one, or the same in fewer choices. */
  #isNews(signature: string): boolean {
    const { best, outcomes } = this.#parts;
    const recorded = trimmed(this.#recorded);
    const isFirst = outcomes === null || best.signature === null;
    if (!isFirst && (signature !== best.signature || !isLess(recorded, best.outcomes))) return false;
    best.signature = signature;
    best.outcomes = recorded;
    return true;
  }
}

/** Zeros at the end are what a replay finds there anyway. */
function trimmed(outcomes: readonly number[]): readonly number[] {
  return outcomes.slice(0, outcomes.findLastIndex((outcome) => outcome !== 0) + 1);
}

/** Fewer that are not dull, then fewer, then lower. */
function isLess(a: readonly number[], b: readonly number[]): boolean {
  const sizes = [a, b].map((of) => [of.filter((x) => x !== 0).length, of.length, of.reduce((sum, x) => sum + x, 0)]);
  const [left, right] = sizes as [number[], number[]];
  const at = left.findIndex((size, i) => size !== right[i]);
  return at >= 0 && left[at]! < right[at]!;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.replaceAll(/\d+/g, '#')}` : String(error);
}
