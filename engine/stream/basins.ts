/**
 * Operations on basins: create, ensure, reconfigure, get, list, delete (API contract §1.9, §3.4, §3.5).
 *
 * Invariants: a name that is taken or missing is reported only once that is durable (6); a retry of the request that created
 * a basin succeeds again, whatever its configuration has become since.
 */

import { assert } from '../core/assert.ts';
import { type BasinConfig, type BasinPatch, patchBasin, sameBasin } from '../core/config.ts';
import type { ListQuery } from '../core/listing.ts';
import type { ConfigOutcome, CreateOutcome, EnsureOutcome, ListOutcome, RemoveOutcome } from '../core/outcome.ts';
import type { BasinState } from '../core/stream-state.ts';
import { rejected } from './answers.ts';
import { Desk, type Unserved } from './desk.ts';
import type { Attempt, StreamParts } from './parts.ts';

export class Basins {
  readonly #parts: StreamParts;
  readonly #desk: Desk;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#desk = new Desk(parts);
  }

  create(name: string, requestToken: string | null, config: BasinConfig): Promise<CreateOutcome<BasinState>> {
    return this.#desk.decide<CreateOutcome<BasinState>>('creation', (attempt) => {
      const existing = this.#ahead(name);
      if (existing === undefined) return this.#create(attempt, name, requestToken, config);
      if (this.#parts.tables.basin(name) === undefined) this.#parts.ports.telemetry.event('stream.create-raced');
      if (existing.deletedAtMs !== null) return this.#reveal(pending(name));
      const isSame =
        requestToken !== null &&
        requestToken === existing.requestToken &&
        existing.requested !== null &&
        sameBasin(existing.requested, config);
      return this.#reveal<CreateOutcome<BasinState>>({ kind: isSame ? 'noop' : 'exists', row: existing });
    });
  }

  /** Creates the basin, or replaces its whole configuration. */
  ensure(name: string, config: BasinConfig): Promise<EnsureOutcome<BasinState>> {
    return this.#desk.decide<EnsureOutcome<BasinState>>('change', (attempt) => {
      const existing = this.#ahead(name);
      if (existing === undefined) return this.#create(attempt, name, null, config);
      if (existing.deletedAtMs !== null) return this.#reveal(pending(name));
      if (sameBasin(existing.config, config)) {
        return this.#reveal<EnsureOutcome<BasinState>>({ kind: 'noop', row: existing });
      }
      return this.#reconfigure(attempt, name, config, (row) => ({ kind: 'updated', row }) as const);
    });
  }

  reconfigure(name: string, patch: BasinPatch): Promise<ConfigOutcome<BasinConfig>> {
    return this.#desk.decide<ConfigOutcome<BasinConfig>>('change', (attempt) => {
      const existing = this.#ahead(name);
      if (existing === undefined) return this.#reveal(missing(name));
      if (existing.deletedAtMs !== null) return this.#reveal(pending(name));
      const config = patchBasin(existing.config, patch);
      if (sameBasin(existing.config, config)) return this.#reveal({ kind: 'config', config } as const);
      return this.#reconfigure(attempt, name, config, () => ({ kind: 'config', config }) as const);
    });
  }

  /** Also of a basin that is being deleted. */
  config(name: string): Promise<ConfigOutcome<BasinConfig>> {
    return this.#desk.observe<ConfigOutcome<BasinConfig>>(() => {
      const basin = this.#parts.tables.basin(name);
      return basin === undefined ? missing(name) : { kind: 'config', config: basin.config };
    });
  }

  list(query: ListQuery): Promise<ListOutcome<BasinState>> {
    return this.#desk.observe(() => ({ kind: 'page', page: this.#parts.tables.listBasins(query) }) as const);
  }

  /** From here on nothing is created in it; its streams go, then the basin. Asked again meanwhile, it is deleted again. */
  delete(name: string): Promise<RemoveOutcome> {
    return this.#desk.decide<RemoveOutcome>('deletion', (attempt) => {
      const existing = this.#ahead(name);
      if (existing === undefined) return this.#reveal(missing(name));
      if (existing.deletedAtMs !== null) return this.#reveal({ kind: 'deleted' } as const);
      const deletedAtMs = this.#parts.ports.clock.wallMs();
      return this.#desk.queue(attempt, 'deletion', { type: 'tombstone-basin', name, deletedAtMs }, () => {
        this.#parts.ports.telemetry.event('basin.tombstoned');
        return { kind: 'deleted' } as const;
      });
    });
  }

  #create(attempt: Attempt, name: string, requestToken: string | null, config: BasinConfig) {
    const createdAtMs = this.#parts.ports.clock.wallMs();
    const entry = { type: 'create-basin', name, createdAtMs, requestToken, config } as const;
    return this.#desk.queue(attempt, 'creation', entry, () => {
      this.#parts.ports.telemetry.event('basin.created');
      return { kind: 'created', row: this.#durable(name) } as const;
    });
  }

  #reconfigure<Outcome>(
    attempt: Attempt,
    name: string,
    config: BasinConfig,
    done: (row: BasinState) => Outcome,
  ): Promise<Outcome | Unserved> {
    return this.#desk.queue(attempt, 'change', { type: 'reconfigure-basin', name, config }, () => {
      this.#parts.ports.telemetry.event('basin.reconfigured');
      return done(this.#durable(name));
    });
  }

  #ahead(name: string): BasinState | undefined {
    return this.#parts.journal.ahead.basin(name);
  }

  #durable(name: string): BasinState {
    const row = this.#parts.tables.basin(name);
    assert(row !== undefined, 'a basin that was committed just now is in the durable tables');
    return row;
  }

  #reveal<Answer>(answer: Answer) {
    return this.#parts.standing.reveal(answer);
  }
}

function missing(basin: string) {
  return rejected({ kind: 'basin-not-found', basin } as const);
}

function pending(basin: string) {
  return rejected({ kind: 'basin-deletion-pending', basin } as const);
}
