/**
 * A client of the control plane over the simulated wire. Every call and every outcome is written into the history.
 *
 * What no server may answer, whatever there is, is a ProtocolViolation at once; everything else is for the judge.
 */

import { ProtocolViolation } from '../client.ts';
import { errorCode, type Exchange, field, NO_EFFECT, type Wire } from '../wire.ts';
import { basinConfigFrom, cipherFrom, streamConfigFrom } from './config.ts';
import {
  type ControlAnswer,
  type ControlCall,
  type ControlHistory,
  type ControlOutcome,
  fenceContent,
  type Position,
  type Shown,
} from './history.ts';
import { requestOf } from './requests.ts';

export class ControlClient {
  readonly #wire: Wire;
  readonly #history: ControlHistory;
  readonly #name: string;

  constructor(wire: Wire, history: ControlHistory, name: string) {
    this.#wire = wire;
    this.#history = history;
    this.#name = name;
  }

  async do(group: number, call: ControlCall): Promise<ControlOutcome> {
    this.#wire.roam();
    const operation = this.#history.called({ group, client: this.#name, call });
    const { method, target, body, headers } = requestOf(call);
    const outcome = outcomeOf(call, await this.#wire.exchange(method, target, body, headers));
    this.#history.returned(operation, outcome);
    return outcome;
  }
}

/** Where every basin of this server is, wherever it was wished to be. */
const LOCATION = 'local';
const KEY_MISSING = /^missing encryption key for stream cipher '(.*)'$/;

type Answer = Extract<Exchange, { kind: 'answer' }>;

const REFUSALS: Readonly<Record<string, ControlAnswer>> = {
  basin_not_found: { kind: 'no-basin' },
  stream_not_found: { kind: 'no-stream' },
  basin_deletion_pending: { kind: 'basin-pending' },
  stream_deletion_pending: { kind: 'stream-pending' },
  resource_already_exists: { kind: 'exists' },
};

function outcomeOf(call: ControlCall, exchange: Exchange): ControlOutcome {
  if (exchange.kind === 'none') return { kind: exchange.sent ? 'unknown' : 'refused', code: exchange.code };
  if (exchange.status >= 200 && exchange.status < 300) return success(call, exchange);
  const { status, body } = exchange;
  if (status === 416 && call.kind === 'read') return { kind: 'tail', ...position(field(body, 'tail')) };
  if (status === 412 && call.kind === 'append') return mismatch(body);
  const code = errorCode(body);
  // Nothing else of what we append can be refused for what it is.
  if (code === 'invalid' && call.kind === 'append' && call.timestamp === null) return { kind: 'timestamp-missing' };
  if (code === 'bad_header' && 'hasKey' in call && !call.hasKey) return keyMissing(call, exchange);
  const refusal = REFUSALS[code];
  if (refusal !== undefined) return refusal;
  if (status >= 400 && status < 429 && code !== 'request_timeout' && code !== 'transaction_conflict')
    throw odd(call, exchange);
  return { kind: NO_EFFECT.has(code) ? 'refused' : 'unknown', code };
}

function success(call: ControlCall, answer: Answer): ControlAnswer {
  const { status, body } = answer;
  switch (call.kind) {
    case 'create-basin':
    case 'create-stream':
    case 'ensure-basin':
    case 'ensure-stream':
      return provisioned(call, answer);
    case 'delete-basin':
    case 'delete-stream':
      if (status !== 202) throw odd(call, answer);
      return { kind: 'deleted' };
    case 'reconfigure-basin':
    case 'get-basin':
      return { kind: 'config', config: basinConfigFrom(body) };
    case 'reconfigure-stream':
    case 'get-stream':
      return { kind: 'config', config: streamConfigFrom(body) };
    case 'list-basins':
    case 'list-streams': {
      const rows = field(body, call.kind === 'list-basins' ? 'basins' : 'streams');
      const hasMore = field(body, 'has_more');
      if (!Array.isArray(rows) || typeof hasMore !== 'boolean') throw odd(call, answer);
      const show = call.kind === 'list-basins' ? shownBasin : shownStream;
      return { kind: 'listed', rows: rows.map(show), hasMore };
    }
    case 'append': {
      const [start, end, tail] = [
        position(field(body, 'start')),
        position(field(body, 'end')),
        position(field(body, 'tail')),
      ];
      if (end.seqNum !== start.seqNum + 1 || end.timestamp !== start.timestamp || tail.seqNum < end.seqNum) {
        throw odd(call, answer);
      }
      return { kind: 'appended', ...start };
    }
    case 'read': {
      const records = field(body, 'records');
      if (!Array.isArray(records)) throw odd(call, answer);
      return {
        kind: 'page',
        records: records.map((record) => ({ ...position(record), content: contentFrom(record) })),
      };
    }
    case 'check-tail':
      return { kind: 'tail', ...position(field(body, 'tail')) };
  }
}

/** A creation that succeeds is 201 whatever it did; an ensure is so only when it created. */
function provisioned(call: ControlCall, answer: Answer): ControlAnswer {
  const result = answer.headers.get('s2-provision-result');
  const isCreate = call.kind === 'create-basin' || call.kind === 'create-stream';
  const isKnown = result === 'created' || result === 'noop' || (result === 'updated' && !isCreate);
  if (!isKnown || answer.status !== (isCreate || result === 'created' ? 201 : 200)) throw odd(call, answer);
  const row = 'stream' in call ? shownStream(answer.body) : shownBasin(answer.body);
  const name = 'stream' in call ? call.stream : 'basin' in call ? call.basin : null;
  if (row.name !== name) throw odd(call, answer);
  return { kind: 'provisioned', result, shown: row };
}

function shownBasin(row: unknown): Shown {
  const location = field(row, 'location');
  if (location === LOCATION) return { ...shown(row), cipher: null };
  throw new ProtocolViolation(`a basin is shown in ${JSON.stringify(location)}: ${JSON.stringify(row)}`);
}

function shownStream(row: unknown): Shown {
  return { ...shown(row), cipher: cipherFrom(field(row, 'cipher')) };
}

function shown(row: unknown): Omit<Shown, 'cipher'> {
  const [name, createdAt, deletedAt] = [field(row, 'name'), field(row, 'created_at'), field(row, 'deleted_at')];
  const isDeleted = typeof deletedAt === 'string';
  const state = field(row, 'state');
  const isOdd = state !== undefined && state !== (isDeleted ? 'deleting' : 'active');
  if (typeof name !== 'string' || typeof createdAt !== 'string' || !(isDeleted || deletedAt === null) || isOdd) {
    throw new ProtocolViolation(`what is shown of a basin or stream is not whole: ${JSON.stringify(row)}`);
  }
  return { name, createdAt, deletedAt };
}

function mismatch(body: unknown): ControlAnswer {
  const [seqNum, token] = [field(body, 'seq_num_mismatch'), field(body, 'fencing_token_mismatch')];
  if (typeof seqNum === 'number') return { kind: 'seq-num-mismatch', actual: seqNum };
  if (typeof token === 'string') return { kind: 'token-mismatch', actual: token };
  throw new ProtocolViolation(`a failed condition does not say what is the case: ${JSON.stringify(body)}`);
}

/** Throws ProtocolViolation when the header that is bad is another. */
function keyMissing(call: ControlCall, answer: Answer): ControlAnswer {
  const cipher = KEY_MISSING.exec(String(field(answer.body, 'message')))?.[1];
  const actual = cipher === undefined ? null : cipherFrom(cipher);
  if (answer.status !== 400 || actual === null) throw odd(call, answer);
  return { kind: 'key-missing', actual };
}

function position(value: unknown): Position {
  const [seqNum, timestamp] = [field(value, 'seq_num'), field(value, 'timestamp')];
  if (typeof seqNum !== 'number' || typeof timestamp !== 'number') {
    throw new ProtocolViolation(`not a position: ${JSON.stringify(value)}`);
  }
  return { seqNum, timestamp };
}

function contentFrom(record: unknown): string {
  const [body, headers] = [field(record, 'body') ?? '', field(record, 'headers')];
  if (typeof body !== 'string') throw new ProtocolViolation(`not a record: ${JSON.stringify(record)}`);
  return Array.isArray(headers) && headers.length > 0 ? fenceContent(body) : body;
}

function odd(call: ControlCall, { status, body }: Answer): ProtocolViolation {
  return new ProtocolViolation(`${call.kind} was answered with ${status} ${JSON.stringify(body)}`);
}
