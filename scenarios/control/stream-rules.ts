/**
 * What each operation on a stream does and answers (API contract §1.10, §3.2-§3.6, §4.1, §5.2, §8): pure, one answer for one
 * state. Checks come in the order of the contract: the basin, then the stream, then the request.
 *
 * A stream that is made because somebody appends to it or reads it comes to be in a moment of its own (`ruleBirth`), in
 * which others may see it empty.
 */

import { configured, doomed, type Ruling } from './basin-rules.ts';
import { type Cipher, NO_WISH, patchedStream, resolved, sameConfig, type StreamWish } from './config.ts';
import { type Append, contentOf, type StreamCall } from './history.ts';
import type { BasinLife, StreamLife } from './state.ts';
import { type Stamp, stampOf } from './stamps.ts';

/** Why a stream may come to be that nobody created. */
export type Demand = 'append' | 'read';

/** Calls that may make the stream they are about. */
export function demandOf(call: { kind: string }): Demand | null {
  if (call.kind === 'append') return 'append';
  return call.kind === 'read' || call.kind === 'check-tail' ? 'read' : null;
}

/** Null: nobody answers so, because the stream has to be made first. */
export function ruleStream(
  basin: BasinLife | null,
  stream: StreamLife | null,
  call: StreamCall,
): Ruling<StreamLife> | null {
  switch (call.kind) {
    case 'create-stream':
    case 'ensure-stream':
    case 'reconfigure-stream':
      return ruleChange(basin, stream, call);
    case 'get-stream':
      if (stream === null) return { life: null, due: { kind: 'no-stream' } };
      return stream.isDoomed ? pending(stream) : { life: stream, due: { kind: 'config', config: stream.config } };
    case 'delete-stream':
      if (stream === null) return { life: null, due: { kind: 'no-stream' } };
      return { life: doomed(stream), due: { kind: 'deleted' } };
    case 'append':
    case 'read':
    case 'check-tail':
      if (stream === null) return ruleMissing(basin, call);
      if (stream.isDoomed) return pending(stream);
      if (call.kind === 'append') return ruleAppend(stream, call);
      if (call.kind === 'read' && !call.hasKey && stream.cipher !== null) return keyMissing(stream, stream.cipher);
      return { life: stream, due: { kind: call.kind === 'read' && stream.records.length > 0 ? 'page' : 'tail' } };
  }
}

/** The stream that is made for whoever wants it; null when none is. */
export function ruleBirth(basin: BasinLife | null, stream: StreamLife | null, demand: Demand): StreamLife | null {
  if (basin === null || basin.isDoomed || stream !== null || !creates(basin, demand)) return null;
  return newStream(basin, NO_WISH, null);
}

type Change = Extract<StreamCall, { kind: 'create-stream' | 'ensure-stream' | 'reconfigure-stream' }>;

function ruleChange(basin: BasinLife | null, stream: StreamLife | null, call: Change): Ruling<StreamLife> {
  if (basin === null) return { life: stream, due: { kind: 'no-basin' } };
  if (basin.isDoomed) return { life: stream, due: { kind: 'basin-pending' } };
  if (stream === null) {
    if (call.kind === 'reconfigure-stream') return { life: null, due: { kind: 'no-stream' } };
    const token = call.kind === 'create-stream' ? call.token : null;
    return { life: newStream(basin, call.wish, token), due: { kind: 'provisioned', result: 'created' } };
  }
  if (stream.isDoomed) return pending(stream);
  switch (call.kind) {
    case 'create-stream': {
      const { request } = stream;
      const isRepeated = request !== null && request.token === call.token && sameConfig(request.wish, call.wish);
      return { life: stream, due: isRepeated ? { kind: 'provisioned', result: 'noop' } : { kind: 'exists' } };
    }
    case 'ensure-stream': {
      const life = configured(stream, resolved(call.wish, basin.config.defaults));
      return { life, due: { kind: 'provisioned', result: life === stream ? 'noop' : 'updated' } };
    }
    case 'reconfigure-stream': {
      const life = configured(stream, patchedStream(stream.config, call.patch, basin.config.defaults));
      return { life, due: { kind: 'config', config: life.config } };
    }
  }
}

function ruleMissing(basin: BasinLife | null, call: StreamCall): Ruling<StreamLife> | null {
  if (basin === null) return { life: null, due: { kind: 'no-basin' } };
  if (!creates(basin, demandOf(call))) return { life: null, due: { kind: 'no-stream' } };
  return basin.isDoomed ? { life: null, due: { kind: 'basin-pending' } } : null;
}

function ruleAppend(stream: StreamLife, call: Append): Ruling<StreamLife> {
  const { fencingToken, matchSeqNum, record, timestamp } = call;
  // Commands are never sealed.
  if (stream.cipher !== null && !call.hasKey && record.kind === 'data') return keyMissing(stream, stream.cipher);
  if (fencingToken !== null && fencingToken !== stream.fencingToken) {
    return { life: stream, due: { kind: 'token-mismatch', actual: stream.fencingToken } };
  }
  if (matchSeqNum !== null && matchSeqNum !== stream.records.length) {
    return { life: stream, due: { kind: 'seq-num-mismatch', actual: stream.records.length } };
  }
  const stamp = stampOf(timestamp, stream.config, lastStamp(stream));
  if (stamp === null) return { life: stream, due: { kind: 'timestamp-missing' } };
  const records = [...stream.records, { content: contentOf(record), stamp }];
  const token = record.kind === 'fence' ? record.token : stream.fencingToken;
  return { life: { ...stream, records, fencingToken: token }, due: { kind: 'appended' } };
}

/** Of the record before number `seqNum`, the end of the stream without it. */
export function lastStamp({ records }: StreamLife, seqNum = records.length): Stamp {
  return records[seqNum - 1]?.stamp ?? 0;
}

function pending(stream: StreamLife): Ruling<StreamLife> {
  return { life: stream, due: { kind: 'stream-pending' } };
}

function keyMissing(stream: StreamLife, cipher: Cipher): Ruling<StreamLife> {
  return { life: stream, due: { kind: 'key-missing', actual: cipher } };
}

function creates({ config }: BasinLife, demand: Demand | null): boolean {
  return demand === 'append' ? config.createsOnAppend : config.createsOnRead;
}

function newStream(basin: BasinLife, wish: StreamWish, token: string | null): StreamLife {
  return {
    request: token === null ? null : { token, wish },
    config: resolved(wish, basin.config.defaults),
    createdAt: null,
    isDoomed: false,
    deletedAt: null,
    records: [],
    fencingToken: '',
    cipher: basin.config.cipher,
  };
}
