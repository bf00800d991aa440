/**
 * Operations on streams as such: create, ensure, reconfigure, get, list, delete (API contract §1.10, §3.3-§3.6).
 *
 * Invariants: a name that is taken or missing is reported only once that is durable (6); a retry of the request that created
 * a stream succeeds again, whatever its configuration or its basin's have become since; deletion is of one incarnation.
 */

import { assert } from '../core/assert.ts';
import {
  patchStream,
  resolveStream,
  sameStream,
  type StreamConfig,
  type StreamPatch,
  type StreamWish,
} from '../core/config.ts';
import type { ListQuery } from '../core/listing.ts';
import type {
  ConfigOutcome,
  CreateOutcome,
  EnsureOutcome,
  ListOutcome,
  Rejection,
  RemoveOutcome,
} from '../core/outcome.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import type { Entry } from '../state/entries.ts';
import { type Rejected, rejected } from './answers.ts';
import { type Births, PENDING } from './births.ts';
import { Desk, type Unserved } from './desk.ts';
import type { Attempt, StreamParts } from './parts.ts';

export class Streams {
  readonly #parts: StreamParts;
  readonly #births: Births;
  readonly #desk: Desk;
  /** Deleted streams are shown as being deleted for a while; without it they are gone at once. */
  readonly #tombstones: boolean;

  constructor(parts: StreamParts, births: Births, tombstones: boolean) {
    this.#parts = parts;
    this.#births = births;
    this.#desk = new Desk(parts);
    this.#tombstones = tombstones;
  }

  create(
    basin: string,
    name: string,
    requestToken: string | null,
    wish: StreamWish,
  ): Promise<CreateOutcome<StreamState>> {
    return this.#desk.decide<CreateOutcome<StreamState>>('creation', (attempt) => {
      const home = this.#livingBasin(basin);
      if (home.kind === 'rejected') return this.#reveal(home);
      const existing = this.#ahead(basin, name);
      if (existing === undefined) return this.#create(attempt, home.basin, name, requestToken, wish);
      if (!this.#parts.tables.hasStream(existing.id)) this.#parts.ports.telemetry.event('stream.create-raced');
      if (existing.deletedAtMs !== null) return this.#reveal(rejected(PENDING));
      const isSame =
        requestToken !== null &&
        requestToken === existing.requestToken &&
        existing.requested !== null &&
        sameStream(existing.requested, wish);
      return this.#reveal<CreateOutcome<StreamState>>({ kind: isSame ? 'noop' : 'exists', row: existing });
    });
  }

  /** Creates the stream, or replaces its whole configuration by the wish over the basin's defaults of now. */
  ensure(basin: string, name: string, wish: StreamWish): Promise<EnsureOutcome<StreamState>> {
    return this.#desk.decide<EnsureOutcome<StreamState>>('change', (attempt) => {
      const home = this.#livingBasin(basin);
      if (home.kind === 'rejected') return this.#reveal(home);
      const existing = this.#ahead(basin, name);
      if (existing === undefined) return this.#create(attempt, home.basin, name, null, wish);
      if (existing.deletedAtMs !== null) return this.#reveal(rejected(PENDING));
      const config = resolveStream(wish, home.basin.config.defaultStreamConfig);
      if (sameStream(existing.config, config)) {
        return this.#reveal<EnsureOutcome<StreamState>>({ kind: 'noop', row: existing });
      }
      return this.#reconfigure(attempt, existing.id, config, (row) => ({ kind: 'updated', row }) as const);
    });
  }

  reconfigure(basin: string, name: string, patch: StreamPatch): Promise<ConfigOutcome<StreamConfig>> {
    return this.#desk.decide<ConfigOutcome<StreamConfig>>('change', (attempt) => {
      const home = this.#livingBasin(basin);
      if (home.kind === 'rejected') return this.#reveal(home);
      const existing = this.#ahead(basin, name);
      if (existing === undefined) return this.#reveal(missing(basin, name));
      if (existing.deletedAtMs !== null) return this.#reveal(rejected(PENDING));
      const config = patchStream(existing.config, patch, home.basin.config.defaultStreamConfig);
      if (sameStream(existing.config, config)) return this.#reveal({ kind: 'config', config } as const);
      return this.#reconfigure(attempt, existing.id, config, () => ({ kind: 'config', config }) as const);
    });
  }

  config(basin: string, name: string): Promise<ConfigOutcome<StreamConfig>> {
    return this.#desk.observe<ConfigOutcome<StreamConfig>>(() => {
      const stream = this.#parts.tables.streamByName(basin, name);
      if (stream === undefined) return missing(basin, name);
      return stream.deletedAtMs === null ? { kind: 'config', config: stream.config } : rejected(PENDING);
    });
  }

  list(basin: string, query: ListQuery): Promise<ListOutcome<StreamState>> {
    return this.#desk.observe<ListOutcome<StreamState>>(() => {
      const { tables } = this.#parts;
      if (tables.basin(basin) === undefined) return rejected<Rejection>({ kind: 'basin-not-found', basin });
      return { kind: 'page', page: tables.listStreams(basin, query) };
    });
  }

  /** Its records are out of reach as soon as the deletion is durable; their bytes follow. Asked again, it is deleted again. */
  delete(basin: string, name: string): Promise<RemoveOutcome> {
    return this.#desk.decide<RemoveOutcome>('deletion', (attempt) => {
      const existing = this.#ahead(basin, name);
      if (existing === undefined) return this.#reveal(missing(basin, name));
      if (existing.deletedAtMs !== null) return this.#reveal({ kind: 'deleted' } as const);
      const streamId = existing.id;
      const entry: Entry = this.#tombstones
        ? { type: 'tombstone-stream', streamId, deletedAtMs: this.#parts.ports.clock.wallMs() }
        : { type: 'delete-stream', streamId };
      return this.#desk.queue(attempt, 'deletion', entry, () => {
        this.#parts.ports.telemetry.event(this.#tombstones ? 'stream.tombstoned' : 'stream.deleted');
        return { kind: 'deleted' } as const;
      });
    });
  }

  #create(attempt: Attempt, basin: BasinState, name: string, requestToken: string | null, wish: StreamWish) {
    const birth = this.#births.birth(basin, name, requestToken, wish);
    return this.#desk.queue(attempt, 'creation', { type: 'create-stream', ...birth }, () => {
      this.#parts.ports.telemetry.event('stream.created');
      return { kind: 'created', row: this.#durable(birth.id) } as const;
    });
  }

  #reconfigure<Outcome>(
    attempt: Attempt,
    streamId: number,
    config: StreamConfig,
    done: (row: StreamState) => Outcome,
  ): Promise<Outcome | Unserved> {
    const entry: Entry = { type: 'reconfigure-stream', streamId, config, atMs: this.#parts.ports.clock.wallMs() };
    return this.#desk.queue(attempt, 'change', entry, () => {
      this.#parts.ports.telemetry.event('stream.reconfigured');
      return done(this.#durable(streamId));
    });
  }

  /** The basin in which something may be created or changed now. */
  #livingBasin(name: string): { kind: 'living'; basin: BasinState } | Rejected {
    const basin = this.#parts.journal.ahead.basin(name);
    if (basin === undefined) return rejected<Rejection>({ kind: 'basin-not-found', basin: name });
    if (basin.deletedAtMs !== null) return rejected<Rejection>({ kind: 'basin-deletion-pending', basin: name });
    return { kind: 'living', basin };
  }

  #ahead(basin: string, name: string): StreamState | undefined {
    return this.#parts.journal.ahead.streamByName(basin, name);
  }

  #durable(id: number): StreamState {
    const row = this.#parts.tables.stream(id);
    assert(row !== undefined, 'a stream that was committed just now is in the durable tables');
    return row;
  }

  #reveal<Answer>(answer: Answer) {
    return this.#parts.standing.reveal(answer);
  }
}

function missing(basin: string, stream: string) {
  return rejected({ kind: 'stream-not-found', basin, stream } as const);
}
