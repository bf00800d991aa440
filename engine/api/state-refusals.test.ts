/**
 * Every refusal that what there is decides (API contract §1.4-§1.7, §3.4-§3.6, §4.3, §5.2, §6, §8): what was sent, what came back
 * to the letter, and that nothing changed. Those that parsing decides have tables of their own (`refusals.test.ts`).
 */

import { describe, expect, test } from 'vitest';

import { systemCompression } from '../adapters/system-compression.ts';
import { apiOf } from '../testing/api-bench.ts';
import { fromHex } from '../testing/codec-values.ts';
import { BASIN, engineBench, STREAM } from '../testing/engine-bench.ts';
import { APPEND, PROTOBUF, READ, RECORDS } from '../testing/refusal.ts';
import { unchanged } from '../testing/unchanged.ts';
import { FrameDecoder, messageFrame, terminalFrame } from './s2s-frames.ts';
import { createApi } from './routes.ts';

const NOW = 1_700_000_000_000;
/** Of each there is one that is being deleted. */
const DOOMED_BASIN = 'basin-02';
const DOOMED = '/v1/streams/doomed';
/** Made with the token `once` and without a word of configuration. */
const REPEATABLE = 'basin-03';
const SEALED_BASIN = 'sealed-01';
const KEY = Buffer.alloc(32, 'key').toString('base64');
const OTHER_KEY = Buffer.alloc(32, 'other').toString('base64');

const S2S = { 'content-type': 's2s/proto' };
const SSE = { accept: 'text/event-stream' };
const GONE = { 's2-basin': 'basin-99' };
const PENDING = { 's2-basin': DOOMED_BASIN };
const SEALED = { 's2-basin': SEALED_BASIN };
const withKey = (key: string) => ({ ...SEALED, 's2-encryption-key': key });
const JSON_TYPE = { 'content-type': 'application/json' };
const ONE = { records: [{ body: 'after' }] };
const compression = await systemCompression();

interface Row {
  line: string;
  /** Added to the header of the basin that is there. */
  headers?: Record<string, string>;
  body?: unknown;
  status: number;
  /** Of the answer, when it is not that of JSON. */
  answered?: Record<string, string>;
  says: unknown;
}

/** A server with everything that can be in the way. */
async function server() {
  const bench = await engineBench({ tunables: { tombstoneMs: 5_000 } });
  const ask = apiOf(bench.engine, { compression });
  const here = { 's2-basin': BASIN };
  await ask(APPEND, { headers: here, body: { records: [{ body: 'before' }] } });
  for (const stream of ['doomed', 'empty']) await ask('POST /v1/streams', { headers: here, body: { stream } });
  await ask('DELETE /v1/streams/doomed', { headers: here });
  await ask('POST /v1/basins', { headers: { 's2-request-token': 'once' }, body: { basin: REPEATABLE } });
  await ask('POST /v1/basins', { body: { basin: DOOMED_BASIN } });
  await ask(`DELETE /v1/basins/${DOOMED_BASIN}`);
  await ask('POST /v1/basins', { body: { basin: SEALED_BASIN, config: { stream_cipher: 'aegis-256' } } });
  await ask('POST /v1/streams', { headers: SEALED, body: { stream: STREAM } });
  await ask(APPEND, { headers: withKey(KEY), body: { records: [{ body: 'before' }] } });
  return { bench, ask };
}

const error = (status: number, code: string, message: string): Pick<Row, 'status' | 'says'> => ({
  status,
  says: { code, message },
});
const exists = (what: string) => error(409, 'resource_already_exists', `${what} already exists`);
const basinGone = error(404, 'basin_not_found', 'basin `basin-99` not found');
const streamGone = error(404, 'stream_not_found', 'stream `none` in basin `basin-01` not found');
const basinPending = error(409, 'basin_deletion_pending', 'basin `basin-02` is being deleted');
const streamPending = error(409, 'stream_deletion_pending', 'stream deletion pending');
const contradicted = (says: unknown) => ({ status: 412, says });
const unwritten = (seqNum: number, timestamp: number) => ({
  status: 416,
  says: { tail: { seq_num: seqNum, timestamp } },
});
const keyMissing = error(400, 'bad_header', "missing encryption key for stream cipher 'aegis-256'");
const unopened = error(400, 'decryption_failed', 'record decryption failed');
const badFrame = (message: unknown) => ({ status: 400, says: { code: 'bad_frame', message } });
const protobuf = (fields: string) => ({ headers: PROTOBUF, body: fromHex(`0a00 ${fields}`) });

const TABLES: Record<string, Record<string, Row>> = {
  'a name that is taken': {
    'a basin': { line: 'POST /v1/basins', body: { basin: BASIN }, ...exists('basin `basin-01`') },
    'a basin, with a token': {
      line: 'POST /v1/basins',
      headers: { 's2-request-token': 'another' },
      body: { basin: REPEATABLE },
      ...exists('basin `basin-03`'),
    },
    'a basin, with its token and another configuration': {
      line: 'POST /v1/basins',
      headers: { 's2-request-token': 'once' },
      body: { basin: REPEATABLE, config: { create_stream_on_read: true } },
      ...exists('basin `basin-03`'),
    },
    'a stream': {
      line: 'POST /v1/streams',
      body: { stream: STREAM },
      ...exists('stream `stream` in basin `basin-01`'),
    },
    'a stream, with another configuration': {
      line: 'POST /v1/streams',
      body: { stream: STREAM, config: { storage_class: 'standard' } },
      ...exists('stream `stream` in basin `basin-01`'),
    },
  },
  'a name of nothing': {
    'a basin that is changed': { line: 'PATCH /v1/basins/basin-99', body: {}, ...basinGone },
    'a basin that is looked at': { line: 'GET /v1/basins/basin-99', ...basinGone },
    'a basin that is deleted': { line: 'DELETE /v1/basins/basin-99', ...basinGone },
    'a basin, for a new stream': { line: 'POST /v1/streams', headers: GONE, body: { stream: 's' }, ...basinGone },
    'a basin, for an append': { line: APPEND, headers: GONE, body: ONE, ...basinGone },
    'a stream that is changed': { line: 'PATCH /v1/streams/none', body: {}, ...streamGone },
    'a stream that is looked at': { line: 'GET /v1/streams/none', ...streamGone },
    'a stream that is deleted': { line: 'DELETE /v1/streams/none', ...streamGone },
    'a stream that is appended to': { line: 'POST /v1/streams/none/records', body: ONE, ...streamGone },
    'a stream that is read': { line: 'GET /v1/streams/none/records?seq_num=0', ...streamGone },
    'a stream whose tail is asked for': { line: 'GET /v1/streams/none/records/tail', ...streamGone },
    'a stream, in a session': { line: 'POST /v1/streams/none/records', headers: S2S, ...streamGone },
  },
  'a basin that is being deleted': {
    'created again': { line: 'POST /v1/basins', body: { basin: DOOMED_BASIN }, ...basinPending },
    ensured: { line: `PUT /v1/basins/${DOOMED_BASIN}`, body: {}, ...basinPending },
    changed: {
      line: `PATCH /v1/basins/${DOOMED_BASIN}`,
      body: { create_stream_on_read: true },
      ...basinPending,
    },
    'given a stream': { line: 'POST /v1/streams', headers: PENDING, body: { stream: 's' }, ...basinPending },
    'given a stream by an ensure': { line: 'PUT /v1/streams/s', headers: PENDING, ...basinPending },
    'asked for a change of a stream': { line: 'PATCH /v1/streams/s', headers: PENDING, body: {}, ...basinPending },
  },
  'a stream that is being deleted': {
    'created again': { line: 'POST /v1/streams', body: { stream: 'doomed' }, ...streamPending },
    ensured: { line: `PUT ${DOOMED}`, ...streamPending },
    changed: { line: `PATCH ${DOOMED}`, body: { storage_class: 'standard' }, ...streamPending },
    'looked at': { line: `GET ${DOOMED}`, ...streamPending },
    'appended to': { line: `POST ${DOOMED}/records`, body: ONE, ...streamPending },
    'appended to in a session': { line: `POST ${DOOMED}/records`, headers: S2S, ...streamPending },
    read: { line: `GET ${DOOMED}/records?seq_num=0`, ...streamPending },
    'asked for its tail': { line: `GET ${DOOMED}/records/tail`, ...streamPending },
  },
  'a condition that does not hold': {
    'a number in JSON': { line: APPEND, body: { ...ONE, match_seq_num: 0 }, ...contradicted({ seq_num_mismatch: 1 }) },
    'the largest number': {
      line: APPEND,
      body: '{"records":[{}],"match_seq_num":18446744073709551615}',
      ...contradicted({ seq_num_mismatch: 1 }),
    },
    'a token in JSON': {
      line: APPEND,
      body: { ...ONE, fencing_token: 'mine' },
      ...contradicted({ fencing_token_mismatch: '' }),
    },
    'both: the token is judged first': {
      line: APPEND,
      body: { ...ONE, fencing_token: 'mine', match_seq_num: 0 },
      ...contradicted({ fencing_token_mismatch: '' }),
    },
    'a number in protobuf': { line: APPEND, ...protobuf('1000'), ...contradicted({ seq_num_mismatch: 1 }) },
    'the largest number in protobuf': {
      line: APPEND,
      ...protobuf('10ffffffffffffffffff01'),
      ...contradicted({ seq_num_mismatch: 1 }),
    },
    'a token in protobuf': {
      line: APPEND,
      headers: { ...PROTOBUF, accept: 'application/protobuf' },
      body: fromHex('0a00 1a0178'),
      ...contradicted({ fencing_token_mismatch: '' }),
    },
  },
  'a position where nothing is written': {
    'the tail': { line: `GET ${RECORDS}?seq_num=1`, ...unwritten(1, NOW) },
    'beyond the tail': { line: `GET ${RECORDS}?seq_num=18446744073709551615`, ...unwritten(1, NOW) },
    'a time to come': { line: `GET ${RECORDS}?timestamp=${NOW + 1}`, ...unwritten(1, NOW) },
    'no start at all': { line: `GET ${RECORDS}`, ...unwritten(1, NOW) },
    'of an empty stream': { line: 'GET /v1/streams/empty/records?seq_num=0', ...unwritten(0, 0) },
    'as events': { line: `GET ${RECORDS}?seq_num=1&count=1`, headers: SSE, ...unwritten(1, NOW) },
    'as frames': { line: `GET ${RECORDS}?seq_num=1&count=1`, headers: S2S, ...unwritten(1, NOW) },
  },
  'a coding that is not understood': Object.fromEntries(
    ['br', 'deflate', 'gzip, zstd', '', 'x'].map((coding) => [
      JSON.stringify(coding),
      {
        line: APPEND,
        headers: { 'content-encoding': coding },
        body: ONE,
        status: 415,
        answered: { 'accept-encoding': 'gzip, zstd' },
        says: '',
      },
    ]),
  ),
  'an encrypted stream without its key': {
    'appended to': { line: APPEND, headers: SEALED, body: ONE, ...keyMissing },
    'appended to in a session': { line: APPEND, headers: { ...SEALED, ...S2S }, ...keyMissing },
    read: { line: READ, headers: SEALED, ...keyMissing },
    'read as events': { line: READ, headers: { ...SEALED, ...SSE }, ...keyMissing },
    'read as frames': { line: READ, headers: { ...SEALED, ...S2S }, ...keyMissing },
    'read beyond its tail': { line: `GET ${RECORDS}?seq_num=9`, headers: SEALED, ...keyMissing },
    'appended to with a key of 3 bytes': {
      line: APPEND,
      headers: withKey('AAAA'),
      body: ONE,
      ...error(400, 'bad_header', "invalid encryption key length for stream cipher 'aegis-256': 3"),
    },
    'read with a key that is no base64': {
      line: READ,
      headers: withKey('not base64!'),
      ...error(400, 'bad_header', "invalid encryption key for stream cipher 'aegis-256': invalid base64"),
    },
    'read with another key': { line: READ, headers: withKey(OTHER_KEY), ...unopened },
  },
};

/** The answer is the last frame of one that began well. */
const SESSIONS: Record<string, Row> = {
  'a frame of length zero': { line: APPEND, body: Uint8Array.of(0, 0, 0), ...badFrame(expect.any(String)) },
  'a frame that is too long': { line: APPEND, body: Uint8Array.of(0x20, 0, 1), ...badFrame(expect.any(String)) },
  'half a frame': { line: APPEND, body: Uint8Array.of(0, 0, 9, 0, 1), ...badFrame(expect.any(String)) },
  'no protobuf': { line: APPEND, body: messageFrame(Uint8Array.of(0xff)), ...badFrame(expect.any(String)) },
  'a terminal frame': { line: APPEND, body: terminalFrame(200, new Uint8Array()), ...badFrame(expect.any(String)) },
  'an empty batch': {
    line: APPEND,
    body: messageFrame(new Uint8Array()),
    ...error(422, 'invalid', 'record batch must not be empty'),
  },
  'a number that is not next': {
    line: APPEND,
    body: messageFrame(fromHex('0a00 1000')),
    ...contradicted({ seq_num_mismatch: 1 }),
  },
  'records that another key sealed': { line: READ, headers: withKey(OTHER_KEY), ...unopened },
};

describe.each(Object.entries(TABLES))('%s is refused', (_, table) => {
  test.each(Object.entries(table))('%s', async (_what, { line, headers, body, status, answered, says }) => {
    const { bench, ask } = await server();
    const sent = { headers: { 's2-basin': BASIN, ...headers }, ...(body !== undefined && { body }) };
    const told = await unchanged(bench, () => ask(line, sent));
    expect(told).toEqual({ status, headers: answered ?? JSON_TYPE, body: says });
  });
});

describe('a session is ended for', () => {
  test.each(Object.entries(SESSIONS))('%s', async (_, { line, headers, body, status, says }) => {
    const { bench } = await server();
    const told = await unchanged(bench, async () => {
      const [method = '', target = ''] = line.split(' ');
      const all = new Map(Object.entries({ 's2-basin': BASIN, ...S2S, ...headers }));
      const response = await createApi(() => bench.engine)({ method, target, headers: all, body: once(body) });
      return [response.status, ...(await framesOf(response.body))];
    });
    expect(told).toEqual([200, [status, says]]);
  });
});

test('every code that a mistake of a client is told by has a row', () => {
  const rows = [...Object.values(TABLES).flatMap((table) => Object.values(table)), ...Object.values(SESSIONS)];
  const told = new Set(rows.map(({ status, says }) => (says as { code?: string }).code ?? String(status)));
  // Of the others, `bad_json`, `bad_path`, `bad_proto` and `bad_query` are what parsing decides.
  expect([...told].toSorted()).toEqual([
    ...['412', '415', '416', 'bad_frame', 'bad_header', 'basin_deletion_pending', 'basin_not_found'],
    ...['decryption_failed', 'invalid', 'resource_already_exists', 'stream_deletion_pending', 'stream_not_found'],
  ]);
});

async function* once(body: unknown): AsyncIterable<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
}

async function framesOf(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<unknown[]> {
  const decoder = new FrameDecoder();
  if (body instanceof Uint8Array) decoder.push(body);
  else for await (const chunk of body) decoder.push(chunk);
  const frames = [];
  for (let frame = decoder.next(); frame !== null; frame = decoder.next()) {
    frames.push(frame.kind === 'message' ? frame : [frame.status, JSON.parse(Buffer.from(frame.body).toString())]);
  }
  return frames;
}
