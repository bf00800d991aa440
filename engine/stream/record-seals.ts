/**
 * Records of streams with a cipher: sealed when they are admitted, behind their numbers and timestamps, and opened for each
 * reader with the reader's key. What is stored and shared between readers stays sealed.
 *
 * Nonces are drawn from the entropy of the process, which never repeats, and nothing is kept of them: a process that starts
 * again from an older state of the store draws others.
 */

import type { AdmittedChunk } from '../core/admission.ts';
import { assert } from '../core/assert.ts';
import type { Cipher } from '../core/config.ts';
import { type EncryptionKey, keyRejection } from '../core/encryption-key.ts';
import { BATCH_METERED_BYTES_MAX } from '../core/limits.ts';
import type { Rejection } from '../core/outcome.ts';
import { type AppendRecord, isCommand, meteredBytes, type SequencedRecord } from '../core/record.ts';
import {
  contentLength,
  decodeContent,
  envelopeHeadLength,
  envelopeOf,
  Place,
  type RecordContent,
  writeContent,
  writeEnvelopeHead,
} from '../core/sealed-record.ts';
import { encodedLength, type StoredRecord } from '../core/stamped-batch.ts';
import type { StreamState } from '../core/stream-state.ts';
import type { Ports } from '../ports.ts';

type SealPorts = Pick<Ports, 'compute' | 'entropy' | 'telemetry'>;
type EncryptedStream = Pick<StreamState, 'id' | 'basin' | 'name'> & { cipher: Cipher };

/** What an append to a stream with this cipher needs and has not. Commands alone need no key. */
export function appendKeyRejection(
  cipher: Cipher,
  key: EncryptionKey | null,
  records: readonly AppendRecord[],
): Rejection | null {
  return records.every(isCommand) ? null : keyRejection(cipher, key);
}

/** Puts the envelopes of its records in their place: the chunk is stored as it is then. Its key was asked for. */
export function sealChunk(
  ports: SealPorts,
  stream: EncryptedStream,
  chunk: AdmittedChunk,
  key: EncryptionKey | null,
): void {
  const { cipher } = stream;
  const aead = ports.compute.ciphers[cipher];
  const place = new Place(stream);
  const { deltas } = chunk.batch;
  const records = unsealed(chunk.batch.records);
  const nonces = ports.entropy.bytes(aead.nonceBytes * records.length);
  // One buffer for what is to be enciphered, one for all that stands before it: what is made for each record is what costs.
  const content = new Uint8Array(records.reduce((longest, record) => Math.max(longest, contentLength(record)), 0));
  const headBytesMax = envelopeHeadLength(BATCH_METERED_BYTES_MAX) + aead.nonceBytes;
  const heads = new Uint8Array(headBytesMax * records.length);
  let timestamp = chunk.firstTimestamp;
  const sealed = records.map((record, i): StoredRecord => {
    timestamp += deltas?.[i] ?? 0;
    if (isCommand(record)) return record;
    assert(key !== null, 'only commands are admitted without a key');
    const size = meteredBytes(record);
    const nonce = nonces.subarray(i * aead.nonceBytes, (i + 1) * aead.nonceBytes);
    const nonceAt = writeEnvelopeHead(cipher, size, heads, i * headBytesMax);
    heads.set(nonce, nonceAt);
    const head = heads.subarray(i * headBytesMax, nonceAt + aead.nonceBytes);
    const plain = content.subarray(0, writeContent(record, content));
    const at = place.at(chunk.firstSeqNum + i, timestamp, size);
    const body = [head, ...aead.seal(key.bytes, nonce, plain, at)];
    return { headers: [], body };
  });
  content.fill(0);
  chunk.batch = { records: sealed, deltas };
  chunk.batchBytes = encodedLength(chunk.batch);
  ports.telemetry.event('append.sealed', records.length);
}

/** As they were admitted: nothing is sealed twice. */
function unsealed(records: readonly StoredRecord[]): readonly RecordContent[] {
  assert(records.every(isContent), 'a batch is sealed once');
  return records;
}

function isContent(record: StoredRecord): record is RecordContent {
  return record.body instanceof Uint8Array;
}

/** Opens what one reader gets. */
export class RecordOpener {
  readonly #ports: SealPorts;
  readonly #cipher: Cipher;
  readonly #key: EncryptionKey;
  readonly #place: Place;
  readonly #isWhole: boolean;

  /** `isWhole`: who gets one answer gets no part of it. */
  constructor(ports: SealPorts, stream: EncryptedStream, key: EncryptionKey, isWhole: boolean) {
    this.#ports = ports;
    this.#cipher = stream.cipher;
    this.#key = key;
    this.#place = new Place(stream);
    this.#isWhole = isWhole;
  }

  /**
   * The records as the client sent them, up to the first that does not open; why, when that is the first or part of a whole.
   * Records from `untilTimestamp` on stay as they are: the read ends in front of them.
   */
  open(records: readonly SequencedRecord[], untilTimestamp: number): SequencedRecord[] | Rejection {
    const opened: SequencedRecord[] = [];
    for (const record of records) {
      const content = record.timestamp >= untilTimestamp ? record : this.#openOne(record);
      if ('kind' in content) {
        this.#ports.telemetry.event('read.unopened');
        if (this.#isWhole || opened.length === 0) return content;
        break;
      }
      opened.push(content);
    }
    return opened;
  }

  #openOne(record: SequencedRecord): SequencedRecord | Rejection {
    if (isCommand(record)) return record;
    const { seqNum, timestamp } = record;
    const envelope = envelopeOf(record);
    if (envelope === null) return damaged(seqNum, 'is no envelope of a record');
    if (envelope.cipher !== this.#cipher) {
      return damaged(seqNum, `was sealed with ${envelope.cipher ?? 'an unknown cipher'}, not with ${this.#cipher}`);
    }
    const aead = this.#ports.compute.ciphers[this.#cipher];
    const { sealed, meteredBytes: size } = envelope;
    if (sealed.length < aead.nonceBytes) return damaged(seqNum, 'is shorter than its nonce');
    const nonce = sealed.subarray(0, aead.nonceBytes);
    const ciphertext = sealed.subarray(aead.nonceBytes);
    const plain = aead.open(this.#key.bytes, nonce, ciphertext, this.#place.at(seqNum, timestamp, size));
    if (plain === null) return { kind: 'decryption-failed' };
    const content = decodeContent(plain);
    if (content === null) return damaged(seqNum, 'is none once it is opened');
    if (meteredBytes(content) !== size) return damaged(seqNum, 'has another size than its envelope says');
    return { seqNum, timestamp, headers: content.headers, body: content.body };
  }
}

/** The opener a reader of this stream needs; null when its records are stored as they were sent. Its key was asked for. */
export function openerOf(
  ports: SealPorts,
  stream: StreamState,
  key: EncryptionKey | null,
  isWhole: boolean,
): RecordOpener | null {
  if (stream.cipher === null) return null;
  assert(key !== null, 'a stream with a cipher is read with a key');
  return new RecordOpener(ports, { ...stream, cipher: stream.cipher }, key, isWhole);
}

function damaged(seqNum: number, what: string): Rejection {
  return { kind: 'record-damaged', message: `record ${seqNum} as it is stored ${what}` };
}
