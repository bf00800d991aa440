/**
 * One append session (API contract §4.5): inputs are admitted one after the other, many may wait to become durable, and
 * their outcomes come in the order of the inputs. The first that is not durable is the last outcome; inputs behind it
 * certainly have no effect, because the next input is taken only when the one before was decided.
 *
 * Bounded: inputs whose outcome was not taken hold a budget of the session's own, so a client that sends and never listens
 * is stopped.
 */

import type { AppendInput } from '../core/admission.ts';
import { Fifo } from '../core/fifo.ts';
import type { AppendOutcome, Rejection } from '../core/outcome.ts';
import { meteredBytesOf } from '../core/record.ts';
import { rejected } from './answers.ts';
import type { InSession } from './appends.ts';
import { ByteBudget } from './byte-budget.ts';

/** What an input counts for at least, so that their number is bounded too. */
const INPUT_BYTES_MIN = 1024;

/** For who has to end sessions: called when outcomes are listened to, and when they are not any more. */
export interface SessionLife {
  began: () => void;
  ended: () => void;
}

interface Turn {
  bytes: number;
  /** Null until it ended. */
  outcome: AppendOutcome | null;
}

export class AppendSession {
  readonly #append: (input: AppendInput, session: InSession) => Promise<AppendOutcome>;
  readonly #streamId: number;
  readonly #budget: ByteBudget;
  readonly #life: SessionLife;
  /** Submitted and not taken, oldest first. */
  readonly #turns = new Fifo<Turn>();
  #closed = false;
  #abandoned = false;
  #refusal: Rejection | null = null;
  #wake: (() => void) | null = null;

  constructor(
    append: (input: AppendInput, session: InSession) => Promise<AppendOutcome>,
    streamId: number,
    bytesMax: number,
    life: SessionLife,
  ) {
    this.#append = append;
    this.#streamId = streamId;
    this.#budget = new ByteBudget(bytesMax);
    this.#life = life;
  }

  /**
   * Submits a validated input. Resolves true when it was admitted and the next one may follow; false when the session
   * takes no more, this input included, which `outcomes` explains. One call at a time.
   */
  async submit(input: AppendInput): Promise<boolean> {
    const bytes = Math.max(INPUT_BYTES_MIN, meteredBytesOf(input.records));
    if (this.#closed || (!this.#budget.tryTake(bytes) && !(await this.#budget.take(bytes)))) return false;
    // It may have been closed while the budget let this one in.
    if (this.#isClosed()) return false;
    const turn: Turn = { bytes, outcome: null };
    this.#turns.push(turn);
    const admitted = await new Promise<boolean>((decided) => {
      void this.#append(input, { streamId: this.#streamId, isAbandoned: this.#isAbandoned, decided }).then(
        (outcome) => {
          turn.outcome = outcome;
          if (outcome.kind !== 'durable') this.close();
          decided(outcome.kind === 'durable');
          this.#look();
        },
      );
    });
    if (!admitted) this.close();
    return admitted;
  }

  /** Takes no more inputs; the outcomes of those submitted still come. */
  close(): void {
    this.#closed = true;
    this.#budget.close();
    this.#look();
  }

  /** The server ends the session: as `close`, and the last outcome says why. */
  refuse(reason: Rejection): void {
    if (!this.#closed) this.#refusal = reason;
    this.close();
  }

  /** Nobody listens any more. What was admitted goes its way. */
  abandon(): void {
    this.#abandoned = true;
    this.close();
  }

  /** Outcomes in the order of the inputs. Ends behind the first that is not durable, or when all are told after a close. */
  async *outcomes(): AsyncGenerator<AppendOutcome, void> {
    this.#life.began();
    try {
      while (!this.#abandoned) {
        const turn = this.#turns.peek();
        if (turn === undefined && this.#closed) break;
        if (turn === undefined || turn.outcome === null) {
          await new Promise<void>((look) => (this.#wake = look));
          continue;
        }
        yield turn.outcome;
        if (turn.outcome.kind !== 'durable') return;
        this.#turns.take();
        this.#budget.release(turn.bytes);
      }
      if (this.#refusal !== null && !this.#abandoned) yield rejected(this.#refusal);
    } finally {
      this.abandon();
      this.#life.ended();
    }
  }

  readonly #isAbandoned = (): boolean => this.#abandoned;

  /** Behind a wait the compiler must not believe what it knew before. */
  #isClosed(): boolean {
    return this.#closed;
  }

  #look(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
