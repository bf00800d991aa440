/**
 * The entries of the log as meaning: what each says, and its bytes inside a log object.
 *
 * Everything is decided before an entry is queued: it carries numbers, timestamps and effects, so that the
 * fold needs no clock and two processes that replay it agree. Payloads: varints (LEB128) and length-prefixed
 * UTF-8; an optional field is a varint 0 (absent) or 1 followed by the value.
 */

import type { TokenState } from '../core/access.ts';
import type { AdmittedChunk } from '../core/admission.ts';
import { type ChunkFacts, VarintReader } from '../core/chunk.ts';
import type { BasinConfig, StreamConfig } from '../core/config.ts';
import type { CheckpointName, OwnedName } from '../core/object-names.ts';
import { writeRecords } from '../core/stamped-batch.ts';
import type { StreamBirth } from '../core/stream-state.ts';
import { ACCOUNT_FIGURES, type Count, isCounted } from '../core/usage.ts';
import type { RawEntry } from '../log/format.ts';
import {
  readBasinConfig,
  readCipher,
  readOptionalWish,
  readStreamConfig,
  writeBasinConfig,
  writeCipher,
  writeOptionalWish,
  writeWish,
} from './config-codec.ts';
import { PayloadReader, PayloadWriter } from './payload.ts';
import { readSegmentRefs, type SegmentRef, writeSegmentRefs } from './segment-ref.ts';
import type { StateHash } from './state-hash.ts';
import { readToken, writeToken } from './token-codec.ts';
import { readCounts, writeCounts } from './usage-codec.ts';

export type Entry =
  | { type: 'create-basin'; name: string; createdAtMs: number; requestToken: string | null; config: BasinConfig }
  | ({ type: 'create-stream' } & StreamBirth)
  | ChunkEntry
  | AdmittedChunk
  | TrimEntry
  /** The stream is gone and its name is free; ids are never used twice, so its chunks are dead by id. */
  | { type: 'delete-stream'; streamId: number }
  /** The stream is being deleted: nothing but `delete-stream` follows. */
  | { type: 'tombstone-stream'; streamId: number; deletedAtMs: number }
  | { type: 'reconfigure-stream'; streamId: number; config: StreamConfig; atMs: number }
  | { type: 'reconfigure-basin'; name: string; config: BasinConfig }
  /** The basin is being deleted: no stream is created in it any more, and those it has go one by one. */
  | { type: 'tombstone-basin'; name: string; deletedAtMs: number }
  /** The basin, which has no streams any more, is gone and its name is free. */
  | { type: 'delete-basin'; name: string }
  /** The access token is there, whole: its secret's hash, what it may do, until when. */
  | { type: 'issue-token'; token: TokenState }
  /** …and is not any more: it was revoked, or its time was over by the clock of the owner, which is what is in doubt no more. */
  | { type: 'revoke-token'; id: string; atMs: number }
  /** Compaction and garbage: segments leave the list, others come. */
  | EditEntry
  | InstallEntry
  | UsageEntry;

/** Moves the trim point without a record, or says what lies below the one there is. */
export interface TrimEntry {
  type: 'trim';
  streamId: number;
  trimPoint: number;
  /** When it was decided, wall milliseconds. */
  atMs: number;
  /** Metered bytes of all records ever appended below `trimPoint`; null when nobody counted them yet. */
  trimmedBytes: number | null;
}

/** What was asked for since the last of these, as far as it does not follow from the log itself. */
export interface UsageEntry {
  type: 'usage';
  /** When it was told, wall milliseconds. */
  atMs: number;
  /** Figures are those of `core/usage.ts`. */
  account: readonly Count[];
  basins: readonly { name: string; counts: readonly Count[] }[];
}

export interface EditEntry {
  type: 'edit';
  removed: readonly OwnedName[];
  added: readonly SegmentRef[];
}

/**
 * A checkpoint of everything up to and including `checkpoint.slot` is uploaded. Carries all the fold needs, so that
 * replay never gets the checkpoint it names: the segments that took over the chunks of those slots.
 */
export interface InstallEntry {
  type: 'install';
  checkpoint: CheckpointName;
  /** Of the state at that slot, before `segments` are added. */
  stateHash: StateHash;
  segments: readonly SegmentRef[];
}

/** A chunk as it is read. */
export interface ChunkEntry extends ChunkFacts {
  /** As `core/chunk.ts` reads them. */
  records: Uint8Array;
}

const TYPES = {
  'create-basin': 1,
  'create-stream': 2,
  chunk: 3,
  trim: 4,
  'delete-stream': 5,
  edit: 6,
  install: 7,
  'tombstone-stream': 8,
  'reconfigure-stream': 9,
  'reconfigure-basin': 10,
  'tombstone-basin': 11,
  'delete-basin': 12,
  usage: 13,
  'issue-token': 14,
  'revoke-token': 15,
} as const;

/** What the frame of a chunk says it is; segments hold nothing else. */
export const CHUNK_TYPE = TYPES.chunk;

/** A chunk's payload begins with its place: three numbers, of at most this many bytes together. */
export const CHUNK_PLACE_BYTES_MAX = 24;

/** Where a chunk belongs, out of the beginning of its payload. Throws a RangeError for bytes that make no sense. */
export function chunkPlace(payload: Uint8Array): Pick<ChunkEntry, 'streamId' | 'firstSeqNum' | 'count'> {
  const from = new VarintReader(payload);
  return { streamId: from.varint(), firstSeqNum: from.varint(), count: from.varint() };
}

/** The type as the frame holds it. */
export function entryType(entry: Entry): number {
  return TYPES[entry.type];
}

export function encodeEntry(entry: Entry): RawEntry {
  const out = new PayloadWriter();
  switch (entry.type) {
    case 'create-basin':
      out.text(entry.name).number(entry.createdAtMs).optionalText(entry.requestToken);
      writeBasinConfig(out, entry.config);
      break;
    case 'create-stream':
      out.number(entry.id).text(entry.basin).text(entry.name).number(entry.createdAtMs);
      out.optionalText(entry.requestToken);
      writeOptionalWish(out, entry.requested);
      writeCipher(out, entry.cipher);
      writeWish(out, entry.config);
      break;
    case 'trim':
      out.number(entry.streamId).number(entry.trimPoint).number(entry.atMs).optionalNumber(entry.trimmedBytes);
      break;
    case 'delete-stream':
      out.number(entry.streamId);
      break;
    case 'tombstone-stream':
      out.number(entry.streamId).number(entry.deletedAtMs);
      break;
    case 'reconfigure-stream':
      out.number(entry.streamId);
      writeWish(out, entry.config);
      out.number(entry.atMs);
      break;
    case 'reconfigure-basin':
      out.text(entry.name);
      writeBasinConfig(out, entry.config);
      break;
    case 'tombstone-basin':
      out.text(entry.name).number(entry.deletedAtMs);
      break;
    case 'delete-basin':
      out.text(entry.name);
      break;
    case 'edit':
      out.number(entry.removed.length);
      for (const { epoch, number } of entry.removed) out.number(epoch).number(number);
      writeSegmentRefs(out, entry.added);
      break;
    case 'install': {
      const { slot, epoch, number } = entry.checkpoint;
      out.number(slot).number(epoch).number(number).number(entry.stateHash.a).number(entry.stateHash.b);
      writeSegmentRefs(out, entry.segments);
      break;
    }
    case 'usage':
      out.number(entry.atMs);
      writeCounts(out, entry.account);
      out.number(entry.basins.length);
      for (const { name, counts } of entry.basins) {
        out.text(name);
        writeCounts(out, counts);
      }
      break;
    case 'issue-token':
      writeToken(out, entry.token);
      break;
    case 'revoke-token':
      out.text(entry.id).number(entry.atMs);
      break;
    case 'chunk':
      out.number(entry.streamId).number(entry.firstSeqNum).number(entry.count);
      out.number(entry.firstTimestamp).number(entry.lastTimestamp).number(entry.arrivalMs).number(entry.appendedBytes);
      out.optionalText(entry.fencingToken).optionalNumber(entry.trimPoint);
      out.bytes('records' in entry ? entry.records : encodedRecords(entry));
  }
  return { type: TYPES[entry.type], payload: out.finish() };
}

function encodedRecords({ batch, batchBytes }: AdmittedChunk): Uint8Array {
  const out = new Uint8Array(batchBytes);
  writeRecords(batch, out, 0);
  return out;
}

/** Throws a RangeError for a type or a field this build does not know, and for bytes that make no sense. */
export function decodeEntry({ type, payload }: RawEntry): Entry {
  const from = new PayloadReader(payload);
  const entry = readEntry(type, from);
  if (!from.atEnd()) throw new RangeError(`the log entry of type ${type} has bytes behind its last field`);
  return entry;
}

function readEntry(type: number, from: PayloadReader): Entry {
  switch (type) {
    case TYPES['create-basin']:
      return {
        type: 'create-basin',
        name: from.text(),
        createdAtMs: from.number(),
        requestToken: from.optionalText(),
        config: readBasinConfig(from),
      };
    case TYPES['create-stream']:
      return {
        type: 'create-stream',
        id: from.number(),
        basin: from.text(),
        name: from.text(),
        createdAtMs: from.number(),
        requestToken: from.optionalText(),
        requested: readOptionalWish(from),
        cipher: readCipher(from),
        config: readStreamConfig(from),
      };
    case TYPES.trim:
      return {
        type: 'trim',
        streamId: from.number(),
        trimPoint: from.number(),
        atMs: from.number(),
        trimmedBytes: from.optionalNumber(),
      };
    case TYPES['delete-stream']:
      return { type: 'delete-stream', streamId: from.number() };
    case TYPES['tombstone-stream']:
      return { type: 'tombstone-stream', streamId: from.number(), deletedAtMs: from.number() };
    case TYPES['reconfigure-stream']:
      return {
        type: 'reconfigure-stream',
        streamId: from.number(),
        config: readStreamConfig(from),
        atMs: from.number(),
      };
    case TYPES['reconfigure-basin']:
      return { type: 'reconfigure-basin', name: from.text(), config: readBasinConfig(from) };
    case TYPES['tombstone-basin']:
      return { type: 'tombstone-basin', name: from.text(), deletedAtMs: from.number() };
    case TYPES['delete-basin']:
      return { type: 'delete-basin', name: from.text() };
    case TYPES.edit:
      return {
        type: 'edit',
        removed: Array.from({ length: from.number() }, () => ({ epoch: from.number(), number: from.number() })),
        added: readSegmentRefs(from),
      };
    case TYPES.install:
      return {
        type: 'install',
        checkpoint: { slot: from.number(), epoch: from.number(), number: from.number() },
        stateHash: { a: from.number(), b: from.number() },
        segments: readSegmentRefs(from),
      };
    case TYPES.usage:
      return {
        type: 'usage',
        atMs: from.number(),
        account: readCounts(from, (figure) => figure < ACCOUNT_FIGURES.length),
        basins: Array.from({ length: from.number() }, () => ({
          name: from.text(),
          counts: readCounts(from, isCounted),
        })),
      };
    case TYPES['issue-token']:
      return { type: 'issue-token', token: readToken(from) };
    case TYPES['revoke-token']:
      return { type: 'revoke-token', id: from.text(), atMs: from.number() };
    case TYPES.chunk:
      return {
        type: 'chunk',
        streamId: from.number(),
        firstSeqNum: from.number(),
        count: from.number(),
        firstTimestamp: from.number(),
        lastTimestamp: from.number(),
        arrivalMs: from.number(),
        appendedBytes: from.number(),
        fencingToken: from.optionalText(),
        trimPoint: from.optionalNumber(),
        records: from.bytes(),
      };
    default:
      throw new RangeError(`there is no log entry of type ${type} in this version of the format`);
  }
}
