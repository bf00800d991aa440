/**
 * How operations on basins and streams are served: decided in one turn against the speculative tables, answered when what
 * they decided is durable, within the server's patience.
 *
 * Invariants: what was queued never ends rejected but when the log says it is void (12); an answer that reveals state waits
 * until that is durable and ownership is proved (5, 6).
 */

import { NOT_OWNER, type Rejected, rejected, UNAVAILABLE } from './answers.ts';
import type { Entry } from '../state/entries.ts';
import type { Attempt, StreamParts } from './parts.ts';

/** What an entry that is no batch counts for in the budget of bytes that are not durable. */
const CONTROL_ENTRY_BYTES = 1024;

/** How an operation ends that was not served to its end. */
export type Unserved = Rejected | { kind: 'unknown'; message: string };

/** What the operation does, as messages name it. */
export type Deed = 'creation' | 'deletion' | 'change';

export class Desk {
  readonly #parts: StreamParts;

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  /** Decides in one turn once there is room. Out of patience it ends unknown if an entry was queued, else rejected. */
  decide<Outcome>(deed: Deed, decision: (attempt: Attempt) => Promise<Outcome>): Promise<Outcome | Unserved> {
    const { budget, standing, deadlines } = this.#parts;
    const attempt: Attempt = { queued: false, abandoned: false };
    const decided = async (): Promise<Outcome | Unserved> => {
      if (!budget.tryTake(CONTROL_ENTRY_BYTES) && !(await budget.take(CONTROL_ENTRY_BYTES))) {
        return rejected(standing.refusal());
      }
      try {
        if (attempt.abandoned) return rejected(UNAVAILABLE);
        return standing.writable ? await decision(attempt) : rejected(standing.refusal());
      } finally {
        budget.release(CONTROL_ENTRY_BYTES);
      }
    };
    return deadlines.limit(decided(), () => {
      attempt.abandoned = true;
      if (!attempt.queued) return rejected(UNAVAILABLE);
      return { kind: 'unknown', message: `the store did not confirm the ${deed} in time; it may still happen` };
    });
  }

  /** Queues the entry that was decided on; `done` is called in the turn in which it is durable. */
  queue<Outcome>(attempt: Attempt, deed: Deed, entry: Entry, done: () => Outcome): Promise<Outcome | Unserved> {
    attempt.queued = true;
    return this.#parts.journal.queue<Outcome | Unserved>(entry, (settlement) => {
      if (settlement === 'void') return rejected(NOT_OWNER);
      if (settlement === 'unknown')
        return { kind: 'unknown', message: `the store failed; the ${deed} may still happen` };
      return done();
    });
  }

  /** Looks at the durable tables as they are once ownership is proved. */
  observe<Outcome>(look: () => Outcome): Promise<Outcome | Rejected> {
    const { standing, deadlines, ports } = this.#parts;
    const answer = async () => ((await standing.proved()) ? look() : rejected(standing.refusal()));
    return deadlines.limit<Outcome | Rejected>(answer(), () => {
      ports.telemetry.event('read.deadline');
      return rejected(UNAVAILABLE);
    });
  }
}
