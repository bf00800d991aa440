/**
 * The records of a bench: noise, and in a header the hash of everything up to here, so that a reader knows a record that
 * is missing, repeated, moved or changed without knowing what was sent. The chain is the one of the `s2` command: XXH3-64 of
 * the hash before (8 bytes, big endian) and the body.
 */

import { randomFillSync } from 'node:crypto';
import { AppendRecord, type BytesAppendRecord, type ReadRecord } from '@s2-dev/streamstore';
import { createXXHash3, type IHasher } from 'hash-wasm';

const HASH_HEADER = Buffer.from('hash');
const HASH_BYTES = 8;

/** What a record weighs beside its body: S2 meters 8 bytes a record and 2 a header. */
const OVERHEAD_BYTES = 8 + 2 + HASH_HEADER.length + HASH_BYTES;

/** Bodies are cut out of this: making fresh noise would cost more than sending it. */
const NOISE_BYTES = 2 * 1024 * 1024;

export class RecordMaker {
  readonly #chain: Chain;
  readonly #noise = randomFillSync(Buffer.alloc(NOISE_BYTES));
  readonly #bodyBytes: number;
  #count = 0;

  private constructor(chain: Chain, recordBytes: number) {
    this.#chain = chain;
    this.#bodyBytes = recordBytes - OVERHEAD_BYTES;
  }

  /** Records of `recordBytes` metered bytes. */
  static async create(recordBytes: number): Promise<RecordMaker> {
    return new RecordMaker(await Chain.create(), recordBytes);
  }

  next(timestamp: number): BytesAppendRecord {
    const at = (this.#count++ * 4099) % (NOISE_BYTES - this.#bodyBytes);
    const body = this.#noise.subarray(at, at + this.#bodyBytes);
    return AppendRecord.bytes({ body, headers: [[HASH_HEADER, this.#chain.extend(body)]], timestamp });
  }
}

export class RecordJudge {
  readonly #chain: Chain;
  #nextSeqNum = 0;

  private constructor(chain: Chain) {
    this.#chain = chain;
  }

  static async create(): Promise<RecordJudge> {
    return new RecordJudge(await Chain.create());
  }

  /** Null for the record that had to come next, as it was sent. */
  problemOf({ seqNum, headers, body }: ReadRecord<'bytes'>): string | null {
    if (seqNum !== this.#nextSeqNum) return `record ${seqNum} came where ${this.#nextSeqNum} was due`;
    this.#nextSeqNum++;
    const said = headers[0]?.[1] ?? new Uint8Array();
    return this.#chain.extend(body).equals(said) ? null : `record ${seqNum} is not what was appended`;
  }
}

class Chain {
  readonly #hasher: IHasher;
  #last = Buffer.alloc(HASH_BYTES);

  private constructor(hasher: IHasher) {
    this.#hasher = hasher;
  }

  static async create(): Promise<Chain> {
    return new Chain(await createXXHash3());
  }

  extend(body: Uint8Array): Buffer {
    const digest = this.#hasher.init().update(this.#last).update(body).digest('binary');
    this.#last = Buffer.from(digest);
    return this.#last;
  }
}
