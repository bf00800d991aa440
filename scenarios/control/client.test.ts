/** What a client of the control plane sends, and what it makes of every answer. */

import { describe, expect, test } from 'vitest';
import type { Clock, HttpRequest, HttpResponse } from '../../engine/index.ts';
import { ProtocolViolation } from '../client.ts';
import { Wire } from '../wire.ts';
import { ControlClient } from './client.ts';
import { NO_WISH } from './config.ts';
import { type ControlCall, ControlHistory } from './history.ts';
import {
  append,
  B,
  checkTail,
  createBasin,
  createStream,
  deleteBasin,
  deleteStream,
  ensureBasin,
  ensureStream,
  getBasin,
  getStream,
  listBasins,
  listStreams,
  patchBasin,
  patchStream,
  read,
  S,
} from './testing/story.ts';

/** A client whose requests all get this answer. */
function clientOf(status: number, answer: unknown, headers: readonly [string, string][] = []) {
  const asked: { line: string; basin: string | undefined; token: string | undefined; body: unknown }[] = [];
  const transport = async (_: string, request: HttpRequest): Promise<HttpResponse> => {
    let text = '';
    for await (const chunk of request.body) text += new TextDecoder().decode(chunk);
    const { method, target } = request;
    const [basin, token] = [request.headers.get('s2-basin'), request.headers.get('s2-request-token')];
    asked.push({ line: `${method} ${target}`, basin, token, body: text === '' ? null : JSON.parse(text) });
    const bytes = answer === null ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(answer));
    return { status, headers: new Map(headers), body: bytes };
  };
  const clock = { monoMs: () => 0, sleep: () => new Promise<void>(() => {}) } as unknown as Clock;
  const wire = new Wire(transport, clock, { addresses: ['n'], roam: null, basin: 'other', timeoutMs: 5 });
  const history = new ControlHistory(() => 0);
  const client = new ControlClient(wire, history, 'me');
  return { does: (call: ControlCall) => client.do(1, call), asked, history };
}

const at = (seqNum: number) => ({ seq_num: seqNum, timestamp: 7 });
const shown = (name: string) => ({
  ...{ name, created_at: 'then', deleted_at: null },
  ...(name === B ? { location: 'local' } : { cipher: null }),
});
const MADE: [string, string][] = [['s2-provision-result', 'created']];

describe('what is sent', () => {
  const fence = append('x', {
    record: { kind: 'fence', token: 'red' },
    timestamp: 5,
    matchSeqNum: 0,
    fencingToken: '',
  });
  test.each<[ControlCall, string, unknown]>([
    [
      createBasin('t', {
        defaults: { ...NO_WISH, retentionAgeS: 'infinite', mode: 'arrival' },
        cipher: 'aegis-256',
        createsOnRead: true,
      }),
      'POST /v1/basins',
      {
        basin: B,
        config: {
          default_stream_config: { retention_policy: { infinite: {} }, timestamping: { mode: 'arrival' } },
          stream_cipher: 'aegis-256',
          create_stream_on_read: true,
        },
      },
    ],
    [ensureBasin(), `PUT /v1/basins/${B}`, { config: {} }],
    [{ ...ensureBasin(), location: 'here' } as ControlCall, `PUT /v1/basins/${B}`, { config: {}, location: 'here' }],
    [patchBasin({ defaults: null }), `PATCH /v1/basins/${B}`, { default_stream_config: null }],
    [patchBasin({ cipher: null }), `PATCH /v1/basins/${B}`, { stream_cipher: null }],
    [listBasins(2, 'control-1-a'), 'GET /v1/basins?prefix=control-1-&limit=2&start_after=control-1-a', null],
    [deleteBasin, `DELETE /v1/basins/${B}`, null],
    [
      createStream('t', { retentionAgeS: 9 }),
      'POST /v1/streams',
      { stream: S, config: { retention_policy: { age: 9 } } },
    ],
    [ensureStream(), `PUT /v1/streams/${S}`, null],
    [
      patchStream({ mode: null, uncapped: null, emptyAgeS: null, retentionAgeS: null }),
      `PATCH /v1/streams/${S}`,
      { timestamping: null, delete_on_empty: null, retention_policy: null },
    ],
    [patchStream({ uncapped: false }), `PATCH /v1/streams/${S}`, { timestamping: { uncapped: false } }],
    [
      fence,
      `POST /v1/streams/${S}/records`,
      { records: [{ headers: [['', 'fence']], body: 'red', timestamp: 5 }], fencing_token: '', match_seq_num: 0 },
    ],
    [read, `GET /v1/streams/${S}/records?seq_num=0`, null],
    [checkTail, `GET /v1/streams/${S}/records/tail`, null],
  ])('for %j', async (call, line, body) => {
    const { does, asked } = clientOf(502, { code: 'hot_server' });
    await does(call);
    const ofStream = !line.includes('/basins');
    const token = 'token' in call ? 't' : undefined;
    expect(asked).toEqual([{ line, body, basin: ofStream ? B : 'other', token }]);
  });
});

describe('an answer is taken for what it says', () => {
  const config = {
    storage_class: 'express',
    retention_policy: { age: 9 },
    timestamping: { mode: 'arrival', uncapped: true },
    delete_on_empty: { min_age_secs: 0 },
  };
  const parsed = { storageClass: 'express', retentionAgeS: 9, mode: 'arrival', uncapped: true, emptyAgeS: 0 };
  test.each<[ControlCall, number, unknown, unknown]>([
    [deleteStream, 202, null, { kind: 'deleted' }],
    [getStream, 200, config, { kind: 'config', config: parsed }],
    [
      getBasin,
      200,
      {
        default_stream_config: null,
        stream_cipher: 'aes-256-gcm',
        create_stream_on_append: true,
        create_stream_on_read: false,
      },
      {
        kind: 'config',
        config: { defaults: NO_WISH, cipher: 'aes-256-gcm', createsOnAppend: true, createsOnRead: false },
      },
    ],
    [
      listStreams(),
      200,
      { streams: [{ ...shown(S), cipher: 'aegis-256' }], has_more: false },
      { kind: 'listed', rows: [{ name: S, createdAt: 'then', deletedAt: null, cipher: 'aegis-256' }], hasMore: false },
    ],
    [
      append('a'),
      400,
      { code: 'bad_header', message: "missing encryption key for stream cipher 'aegis-256'" },
      { kind: 'key-missing', actual: 'aegis-256' },
    ],
    [append('a'), 200, { start: at(3), end: { ...at(4) }, tail: at(4) }, { kind: 'appended', seqNum: 3, timestamp: 7 }],
    [append('a'), 412, { seq_num_mismatch: 4 }, { kind: 'seq-num-mismatch', actual: 4 }],
    [append('a'), 412, { fencing_token_mismatch: '' }, { kind: 'token-mismatch', actual: '' }],
    [append('a'), 422, { code: 'invalid' }, { kind: 'timestamp-missing' }],
    [read, 416, { tail: at(0) }, { kind: 'tail', seqNum: 0, timestamp: 7 }],
    [
      read,
      200,
      { records: [{ ...at(0), headers: [['', 'fence']], body: 'red' }] },
      { kind: 'page', records: [{ seqNum: 0, timestamp: 7, content: '(fence red)' }] },
    ],
    [getStream, 404, { code: 'stream_not_found' }, { kind: 'no-stream' }],
    [getBasin, 404, { code: 'basin_not_found' }, { kind: 'no-basin' }],
    [createStream(), 409, { code: 'basin_deletion_pending' }, { kind: 'basin-pending' }],
    [createStream(), 409, { code: 'stream_deletion_pending' }, { kind: 'stream-pending' }],
    [createStream(), 409, { code: 'resource_already_exists' }, { kind: 'exists' }],
    [createStream(), 502, { code: 'hot_server' }, { kind: 'refused', code: 'hot_server' }],
    [createStream(), 500, { code: 'storage' }, { kind: 'unknown', code: 'storage' }],
  ])('%j %d %j', async (call, status, answer, outcome) => {
    const { does, history } = clientOf(status, answer);
    expect(await does(call)).toEqual(outcome);
    expect(history.operations).toMatchObject([{ call, outcome, group: 1, client: 'me', calledAt: 0, returnedAt: 1 }]);
  });

  test('a creation by what it did', async () => {
    const row = { name: S, createdAt: 'then', deletedAt: null, cipher: null };
    const made = { kind: 'provisioned', result: 'created', shown: row };
    expect(await clientOf(201, shown(S), MADE).does(createStream())).toEqual(made);
    expect(await clientOf(201, shown(S), MADE).does(ensureStream())).toEqual(made);
  });
});

describe('no server may answer', () => {
  test.each<[string, ControlCall, number, unknown, [string, string][]]>([
    ['a creation without saying what it did', createStream(), 201, shown(S), []],
    ['a creation with 200', createStream(), 200, shown(S), MADE],
    ['a creation of another name', createStream(), 201, shown('s2'), MADE],
    [
      'a state that contradicts the time of deletion',
      listBasins(),
      200,
      { basins: [{ ...shown(B), state: 'deleting' }], has_more: false },
      [],
    ],
    ['a basin in another place', createBasin(), 201, { ...shown(B), location: 'moon' }, MADE],
    ['a basin in no place', listBasins(), 200, { basins: [{ ...shown(B), location: null }], has_more: false }, []],
    ['a stream without a word of its cipher', createStream(), 201, { ...shown(S), cipher: undefined }, MADE],
    ['another bad header for want of a key', append('a'), 400, { code: 'bad_header', message: 'no' }, []],
    ['a configuration that is not complete', getStream, 200, { storage_class: 'express' }, []],
    ['one record with the numbers of two', append('a'), 200, { start: at(3), end: at(5), tail: at(5) }, []],
    ['a good request as a bad one', createStream(), 400, { code: 'bad_json' }, []],
  ])('%s', async (_, call, status, answer, headers) => {
    await expect(clientOf(status, answer, headers).does(call)).rejects.toThrow(ProtocolViolation);
  });
});
