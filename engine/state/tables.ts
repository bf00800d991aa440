/**
 * The tables as they are and as they will be. `DurableTables` hold what is committed and only that is ever
 * shown; `SpeculativeTables` lay the effect of queued entries over them, so that admission can pipeline.
 */

import { assert } from '../core/assert.ts';
import { Fifo } from '../core/fifo.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import type { Change, Tables } from './fold.ts';

export class DurableTables implements Tables {
  readonly #basins = new Map<string, BasinState>();
  readonly #streams = new Map<number, StreamState>();
  readonly #streamIds = new Map<string, number>();
  #nextStreamId = 1;

  basin(name: string): BasinState | undefined {
    return this.#basins.get(name);
  }

  stream(id: number): StreamState | undefined {
    return this.#streams.get(id);
  }

  streamId(basin: string, name: string): number | undefined {
    return this.#streamIds.get(streamKey(basin, name));
  }

  streamByName(basin: string, name: string): StreamState | undefined {
    const id = this.streamId(basin, name);
    return id === undefined ? undefined : this.#streams.get(id);
  }

  /** Above every id ever given out in the committed log. */
  get nextStreamId(): number {
    return this.#nextStreamId;
  }

  put(change: Change): void {
    if (change.table === 'basin') {
      this.#basins.set(change.row.name, change.row);
      return;
    }
    const { id, basin, name } = change.row;
    this.#streams.set(id, change.row);
    this.#streamIds.set(streamKey(basin, name), id);
    this.#nextStreamId = Math.max(this.#nextStreamId, id + 1);
  }
}

/** A row laid over the durable one until the entry that made it is committed. */
interface Overlay<Row> {
  row: Row;
  ticket: number;
}

export class SpeculativeTables implements Tables {
  readonly #durable: DurableTables;
  readonly #basins = new Map<string, Overlay<BasinState>>();
  readonly #streams = new Map<number, Overlay<StreamState>>();
  readonly #streamIds = new Map<string, Overlay<number>>();
  #nextStreamId: number;
  #ticketsGiven = 0;
  #ticketsSettled = 0;
  readonly #order = new Fifo<Change>();

  constructor(durable: DurableTables) {
    this.#durable = durable;
    this.#nextStreamId = durable.nextStreamId;
  }

  basin(name: string): BasinState | undefined {
    return this.#basins.get(name)?.row ?? this.#durable.basin(name);
  }

  stream(id: number): StreamState | undefined {
    return this.#streams.get(id)?.row ?? this.#durable.stream(id);
  }

  streamId(basin: string, name: string): number | undefined {
    return this.#streamIds.get(streamKey(basin, name))?.row ?? this.#durable.streamId(basin, name);
  }

  streamByName(basin: string, name: string): StreamState | undefined {
    const id = this.streamId(basin, name);
    return id === undefined ? undefined : this.stream(id);
  }

  /** True when the stream has effects that are not durable yet. */
  isAhead(streamId: number): boolean {
    return this.#streams.has(streamId);
  }

  takeStreamId(): number {
    return this.#nextStreamId++;
  }

  /** The effect of an entry that was just queued. */
  put(change: Change): void {
    const ticket = this.#ticketsGiven++;
    this.#order.push(change);
    if (change.table === 'basin') {
      this.#basins.set(change.row.name, { row: change.row, ticket });
      return;
    }
    const { id, basin, name } = change.row;
    this.#streams.set(id, { row: change.row, ticket });
    if (this.#durable.streamId(basin, name) !== id) this.#streamIds.set(streamKey(basin, name), { row: id, ticket });
  }

  /** The oldest queued entry is committed and in the durable tables now. */
  settleOldest(): void {
    const change = this.#order.take();
    assert(change !== undefined, 'only queued entries are settled');
    const ticket = this.#ticketsSettled++;
    if (change.table === 'basin') {
      forget(this.#basins, change.row.name, ticket);
      return;
    }
    forget(this.#streams, change.row.id, ticket);
    forget(this.#streamIds, streamKey(change.row.basin, change.row.name), ticket);
  }
}

/** Drops the overlay unless a later entry has replaced it. */
function forget<Key, Row>(overlays: Map<Key, Overlay<Row>>, key: Key, ticket: number): void {
  const overlay = overlays.get(key);
  if (overlay !== undefined && overlay.ticket <= ticket) overlays.delete(key);
}

function streamKey(basin: string, name: string): string {
  return `${basin}\0${name}`;
}
