/**
 * How a stream comes to be: by request, or because somebody appends to it or reads it in a basin that creates streams on
 * demand (API contract §3.2, §4.6). What it is configured with is decided here, once.
 */

import { resolveStream, type StreamWish, NO_WISH } from '../core/config.ts';
import type { Rejection } from '../core/outcome.ts';
import type { BasinState, StreamBirth, StreamState } from '../core/stream-state.ts';
import type { Tables } from '../state/fold.ts';
import { NOT_OWNER, notFound, UNAVAILABLE } from './answers.ts';
import type { StreamParts } from './parts.ts';

/** What somebody wants of a stream that may not be there yet. */
export type Demand = 'append' | 'read';

export class Births {
  readonly #parts: StreamParts;
  /** Streams that somebody's demand is making now. */
  readonly #underWay = new Set<string>();

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  /** All that is decided of a stream that is created now. `basin` is the row as queued entries will leave it. */
  birth(basin: BasinState, name: string, requestToken: string | null, wish: StreamWish): StreamBirth {
    const { defaultStreamConfig, streamCipher } = basin.config;
    return {
      id: this.#parts.journal.ahead.takeStreamId(),
      basin: basin.name,
      name,
      createdAtMs: this.#parts.ports.clock.wallMs(),
      requestToken,
      requested: requestToken === null ? null : wish,
      cipher: streamCipher,
      config: resolveStream(wish, defaultStreamConfig),
    };
  }

  /**
   * The stream an append in this turn goes to, created if the basin does that: the batch is queued right behind its
   * creation. A rejection is one to be revealed.
   */
  forAppend(basin: string, name: string): StreamState | Rejection {
    const { ahead } = this.#parts.journal;
    const existing = ahead.streamByName(basin, name);
    if (existing !== undefined) return existing.deletedAtMs === null ? existing : PENDING;
    const refusal = refusalOf(ahead, basin, name, 'append');
    if (refusal !== null) return refusal;
    void this.#queue(ahead.basin(basin) as BasinState, name);
    return ahead.streamByName(basin, name) as StreamState;
  }

  /**
   * The durable stream a reader looks at, created first if the basin does that for this demand. To be called once
   * ownership is proved. Racing creators all get the one that was first. `isGivenUp`: the reader was told that nothing
   * happened, so nothing may.
   */
  async durable(
    basin: string,
    name: string,
    demand: Demand,
    isGivenUp: () => boolean,
  ): Promise<StreamState | Rejection> {
    const { tables, standing, journal } = this.#parts;
    for (;;) {
      const stream = tables.streamByName(basin, name);
      if (stream !== undefined) return stream.deletedAtMs === null ? stream : PENDING;
      const refusal = refusalOf(tables, basin, name, demand);
      if (refusal !== null) return refusal;
      if (!standing.writable) return standing.refusal();
      if (isGivenUp()) return UNAVAILABLE;
      // Somebody was faster, or the basin changes: what is queued decides, once it is durable.
      if (journal.ahead.streamByName(basin, name) !== undefined || refusalOf(journal.ahead, basin, name, demand)) {
        if (!(await journal.flushed())) return standing.refusal();
        continue;
      }
      return this.#queue(journal.ahead.basin(basin) as BasinState, name);
    }
  }

  /** How a demand ends that ran out of patience: while its stream is being made nobody can say that nothing happened. */
  givenUp(basin: string, name: string): Rejection {
    return this.#underWay.has(streamKey(basin, name)) ? IN_DOUBT : UNAVAILABLE;
  }

  /** Resolves with the stream as it is when its creation is durable. */
  #queue(basin: BasinState, name: string): Promise<StreamState | Rejection> {
    const { journal, tables, ports } = this.#parts;
    const birth = this.birth(basin, name, null, NO_WISH);
    this.#underWay.add(streamKey(basin.name, name));
    return journal.queue<StreamState | Rejection>({ type: 'create-stream', ...birth }, (settlement) => {
      this.#underWay.delete(streamKey(basin.name, name));
      if (settlement === 'void') return NOT_OWNER;
      if (settlement === 'unknown') return IN_DOUBT;
      ports.telemetry.event('stream.auto-created');
      return tables.stream(birth.id) as StreamState;
    });
  }
}

export const PENDING: Rejection = { kind: 'stream-deletion-pending' };
const IN_DOUBT: Rejection = { kind: 'creation-in-doubt' };

/** Why a stream that is not there is not created either; null when it is to be created. */
function refusalOf(tables: Tables, basin: string, name: string, demand: Demand): Rejection | null {
  const row = tables.basin(basin);
  const wanted = demand === 'append' ? row?.config.createStreamOnAppend : row?.config.createStreamOnRead;
  if (row === undefined || wanted !== true) return notFound(tables, basin, name);
  return row.deletedAtMs === null ? null : { kind: 'basin-deletion-pending', basin };
}

function streamKey(basin: string, name: string): string {
  return `${basin}\0${name}`;
}
