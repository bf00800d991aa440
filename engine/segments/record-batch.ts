/** The answer of one read while it grows: records in order until the first that would pass a limit. */

import { decodeRecordsFrom } from '../core/chunk.ts';
import type { SequencedRecord } from '../core/record.ts';
import type { Meter } from '../core/sealed-record.ts';
import type { ChunkEntry } from '../state/entries.ts';

export interface ReadLimits {
  recordsMax: number;
  meteredBytesMax: number;
}

export class RecordBatch {
  readonly records: SequencedRecord[] = [];
  readonly #limits: ReadLimits;
  readonly #meter: Meter;
  #meteredBytes = 0;
  #full = false;

  constructor(limits: ReadLimits, meter: Meter) {
    this.#limits = limits;
    this.#meter = meter;
  }

  /** A record was refused: nothing that follows may be added. */
  get full(): boolean {
    return this.#full;
  }

  /** Adds what fits of the chunk's records from `fromSeqNum` on. */
  add(chunk: ChunkEntry, fromSeqNum: number): void {
    decodeRecordsFrom(chunk, chunk.records, fromSeqNum, (record) => this.#take(record));
  }

  #take(record: SequencedRecord): boolean {
    this.#meteredBytes += this.#meter(record);
    this.#full = this.records.length >= this.#limits.recordsMax || this.#meteredBytes > this.#limits.meteredBytesMax;
    if (!this.#full) this.records.push(record);
    return !this.#full;
  }
}
