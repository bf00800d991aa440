/**
 * Creation and deletion of basins and streams: decided in one turn against the speculative tables, answered when durable.
 *
 * Invariants: a name that is taken or missing is reported only once that is durable (6); a retry of the request that
 * created something succeeds again; what was queued never ends rejected but when the log says it is void (12).
 */

import { assert } from '../core/assert.ts';
import { resolveStream, S2_BASIN_CONFIG, type StreamWish } from '../core/config.ts';
import type { CreateOutcome, Rejection, RemoveOutcome } from '../core/outcome.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import type { Clock, Telemetry } from '../ports.ts';
import type { Entry } from '../state/entries.ts';
import type { DurableTables } from '../state/tables.ts';
import { NOT_OWNER, notFound, type Rejected, rejected, UNAVAILABLE } from './answers.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { DeadlineQueue } from './deadline-queue.ts';
import type { Journal } from './journal.ts';
import type { Attempt, StreamParts } from './parts.ts';
import type { Standing } from './standing.ts';

/** What a creation or deletion counts for in the budget of bytes that are not durable. */
const CONTROL_ENTRY_BYTES = 1024;

/** How an operation ends that was not served to its end. */
type Unserved = Rejected | { kind: 'unknown'; message: string };

export class Control {
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #journal: Journal;
  readonly #tables: DurableTables;
  readonly #standing: Standing;
  readonly #budget: ByteBudget;
  readonly #deadlines: DeadlineQueue;

  constructor(parts: StreamParts) {
    this.#clock = parts.ports.clock;
    this.#telemetry = parts.ports.telemetry;
    this.#journal = parts.journal;
    this.#tables = parts.tables;
    this.#standing = parts.standing;
    this.#budget = parts.budget;
    this.#deadlines = parts.deadlines;
  }

  createBasin(name: string, requestToken: string | null): Promise<CreateOutcome<BasinState>> {
    return this.#control<CreateOutcome<BasinState>>('creation', (attempt) => {
      const existing = this.#journal.ahead.basin(name);
      if (existing !== undefined) return this.#alreadyThere(existing, requestToken, this.#tables.basin(name));
      const createdAtMs = this.#clock.wallMs();
      return this.#create(attempt, { type: 'create-basin', name, createdAtMs, requestToken, config: S2_BASIN_CONFIG }, () => {
        this.#telemetry.event('basin.created');
        return this.#tables.basin(name);
      });
    });
  }

  createStream(
    basin: string,
    name: string,
    requestToken: string | null,
    wish: StreamWish,
  ): Promise<CreateOutcome<StreamState>> {
    return this.#control<CreateOutcome<StreamState>>('creation', (attempt) => {
      const existing = this.#journal.ahead.streamByName(basin, name);
      if (existing !== undefined) return this.#alreadyThere(existing, requestToken, this.#tables.stream(existing.id));
      if (this.#journal.ahead.basin(basin) === undefined) {
        return this.#standing.reveal(rejected<Rejection>({ kind: 'basin-not-found', basin }));
      }
      const id = this.#journal.ahead.takeStreamId();
      const createdAtMs = this.#clock.wallMs();
      const requested = requestToken === null ? null : wish;
      const config = resolveStream(wish, S2_BASIN_CONFIG.defaultStreamConfig);
      const birth = { id, basin, name, createdAtMs, requestToken, requested, cipher: null, config };
      return this.#create(attempt, { type: 'create-stream', ...birth }, () => {
        this.#telemetry.event('stream.created');
        return this.#tables.stream(id);
      });
    });
  }

  /** Its records are gone and its name is free as soon as the deletion is durable; their bytes follow. */
  deleteStream(basin: string, name: string): Promise<RemoveOutcome> {
    return this.#control<RemoveOutcome>('deletion', (attempt) => {
      const stream = this.#journal.ahead.streamByName(basin, name);
      if (stream === undefined) return this.#standing.reveal(rejected(notFound(this.#journal.ahead, basin, name)));
      attempt.queued = true;
      return this.#journal.queue<RemoveOutcome>({ type: 'delete-stream', streamId: stream.id }, (settlement) => {
        if (settlement === 'void') return rejected(NOT_OWNER);
        if (settlement === 'unknown')
          return { kind: 'unknown', message: 'the store failed; the deletion may still happen' };
        this.#telemetry.event('stream.deleted');
        return { kind: 'deleted' };
      });
    });
  }

  #create<Row extends BasinState | StreamState>(
    attempt: Attempt,
    entry: Entry,
    created: () => Row | undefined,
  ): Promise<CreateOutcome<Row>> {
    attempt.queued = true;
    return this.#journal.queue<CreateOutcome<Row>>(entry, (settlement) => {
      if (settlement === 'void') return rejected(NOT_OWNER);
      if (settlement === 'unknown')
        return { kind: 'unknown', message: 'the store failed; the creation may still happen' };
      const row = created();
      assert(row !== undefined, 'a committed creation is in the durable tables');
      return { kind: 'created', row };
    });
  }

  /** Decides in one turn once there is room. Out of patience it ends unknown if an entry was queued, else rejected. */
  #control<Outcome>(
    what: 'creation' | 'deletion',
    decide: (attempt: Attempt) => Promise<Outcome>,
  ): Promise<Outcome | Unserved> {
    const attempt: Attempt = { queued: false, abandoned: false };
    const decided = async (): Promise<Outcome | Unserved> => {
      if (!this.#budget.tryTake(CONTROL_ENTRY_BYTES) && !(await this.#budget.take(CONTROL_ENTRY_BYTES))) {
        return rejected(this.#standing.refusal());
      }
      try {
        if (attempt.abandoned) return rejected(UNAVAILABLE);
        return this.#standing.writable ? await decide(attempt) : rejected(this.#standing.refusal());
      } finally {
        this.#budget.release(CONTROL_ENTRY_BYTES);
      }
    };
    return this.#deadlines.limit(decided(), () => {
      attempt.abandoned = true;
      if (!attempt.queued) return rejected(UNAVAILABLE);
      return { kind: 'unknown', message: `the store did not confirm the ${what} in time; it may still happen` };
    });
  }

  /** The name is taken. Said only once that is durable; a retry of the creating request succeeds again. */
  #alreadyThere<Row extends BasinState | StreamState>(
    row: Row,
    requestToken: string | null,
    durable: Row | undefined,
  ): Promise<CreateOutcome<Row>> {
    if (durable === undefined) this.#telemetry.event('stream.create-raced');
    const same = requestToken !== null && requestToken === row.requestToken;
    return this.#standing.reveal<CreateOutcome<Row>>({ kind: same ? 'noop' : 'exists', row });
  }
}
