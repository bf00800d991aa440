/**
 * Every refusal that parsing decides (API contract §1.4-§1.7, §2, §4.1): what was sent, what came back to the letter, and that
 * nothing changed. The body that is sent by a row without one is a good append.
 */

import { describe, expect, test } from 'vitest';

import { systemCompression } from '../adapters/system-compression.ts';
import { type Ask, apiOf } from '../testing/api-bench.ts';
import { fromHex } from '../testing/codec-values.ts';
import { BASIN, engineBench, STREAM } from '../testing/engine-bench.ts';

interface Refusal {
  line?: string;
  /** Added to the basin header; undefined takes a header away. */
  headers?: Record<string, string | undefined>;
  body?: unknown;
  /** Status, code and message; the message may be a part of it. */
  answer: readonly [status: number, code: string, message: string | RegExp];
}

const RECORDS = `/v1/streams/${STREAM}/records`;
const APPEND = `POST ${RECORDS}`;
const READ = `GET ${RECORDS}?seq_num=0`;
const PROTOBUF = { 'content-type': 'application/protobuf' };
const BASE64 = { 's2-format': 'base64' };
const LARGE = 2 * 1024 * 1024 + 1;
const compression = await systemCompression();
const utf8 = (text: string) => new TextEncoder().encode(text);

/** Sends it to a server with one record in its stream, and compares the server before and after. */
async function refuse({ line = APPEND, headers = {}, body, answer: [status, code, message] }: Refusal): Promise<void> {
  const bench = await engineBench();
  const ask = apiOf(bench.engine, { compression });
  const basin = { 's2-basin': BASIN };
  await ask(APPEND, { headers: basin, body: { records: [{ body: 'before' }] } });
  const before = bench.engine.state;

  const all = Object.entries({ ...basin, ...headers }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const sent: Ask = { headers: Object.fromEntries(all) };
  if (line === APPEND) sent.body = body ?? { records: [{ body: 'after' }] };
  else if (body !== undefined) sent.body = body;
  expect(await ask(line, sent)).toEqual({
    status,
    headers: { 'content-type': 'application/json' },
    body: { code, message: typeof message === 'string' ? message : expect.stringMatching(message) },
  });
  expect(bench.engine.state).toEqual(before);
  expect(bench.engine.undurableBytes).toBe(0);
}

const badHeader = (message: string | RegExp) => [400, 'bad_header', message] as const;
const badJson = (message: string | RegExp) => [400, 'bad_json', message] as const;
const badProto = (message: string | RegExp) => [400, 'bad_proto', message] as const;
const badPath = (message: string | RegExp) => [400, 'bad_path', message] as const;
const badQuery = (message: string | RegExp) => [400, 'bad_query', message] as const;
const invalid = (message: string | RegExp) => [422, 'invalid', message] as const;

const BASIN_LENGTH = 'basin name must be between 8 and 48 bytes in length';
const BASIN_LETTERS = 'basin name must comprise lowercase letters, numbers, and hyphens';
const BASIN_ENDS = 'basin name must begin and end with a lowercase letter or number';
const STREAM_LENGTH = 'stream name must be between 1 and 512 bytes in length';
const NOT_JSON = 'Expected request with `Content-Type: application/json`';
const NO_JSON = /^Failed to parse the request body as JSON: /;
const KEY = 'Invalid header `s2-encryption-key`: invalid encryption key: key material length';

const HEADERS: Record<string, Refusal> = {
  'no basin header on an append': {
    headers: { 's2-basin': undefined },
    answer: badHeader('Missing header `s2-basin`'),
  },
  'no basin header on a read': {
    line: READ,
    headers: { 's2-basin': undefined },
    answer: badHeader('Missing header `s2-basin`'),
  },
  'no basin header on a creation': {
    line: 'POST /v1/streams',
    headers: { 's2-basin': undefined },
    body: { stream: 'x' },
    answer: badHeader('Missing header `s2-basin`'),
  },
  'a short basin': {
    headers: { 's2-basin': 'short' },
    answer: badHeader(`Invalid header \`s2-basin\`: ${BASIN_LENGTH}`),
  },
  'an empty basin': { headers: { 's2-basin': '' }, answer: badHeader(`Invalid header \`s2-basin\`: ${BASIN_LENGTH}`) },
  'a basin of 49 bytes': {
    headers: { 's2-basin': 'x'.repeat(49) },
    answer: badHeader(`Invalid header \`s2-basin\`: ${BASIN_LENGTH}`),
  },
  'a basin in capitals': {
    headers: { 's2-basin': 'BASIN-01' },
    answer: badHeader(`Invalid header \`s2-basin\`: ${BASIN_LETTERS}`),
  },
  'a basin that begins with a hyphen': {
    headers: { 's2-basin': '-basin-1' },
    answer: badHeader(`Invalid header \`s2-basin\`: ${BASIN_ENDS}`),
  },
  'a basin that is no UTF-8': {
    headers: { 's2-basin': 'basin-\xff1' },
    answer: badHeader('Invalid header `s2-basin`: not UTF-8'),
  },
  'a basin header judged before the path': {
    line: 'GET /v1/streams/%ff/records',
    headers: { 's2-basin': 'NO' },
    answer: badHeader(/s2-basin/),
  },
  'an unknown format': {
    headers: { 's2-format': 'hex' },
    answer: badHeader('Invalid header `s2-format`: expected `raw` or `base64`'),
  },
  'a format in capitals': { headers: { 's2-format': 'BASE64' }, answer: badHeader(/s2-format/) },
  'an empty format': { headers: { 's2-format': '' }, answer: badHeader(/s2-format/) },
  'an unknown format of a read': { line: READ, headers: { 's2-format': 'hex' }, answer: badHeader(/s2-format/) },
  'a format judged before the body': { headers: { 's2-format': 'hex' }, body: '{', answer: badHeader(/s2-format/) },
  'an empty key': { headers: { 's2-encryption-key': '' }, answer: badHeader(`${KEY} 0 is out of range`) },
  'a key of spaces': { headers: { 's2-encryption-key': '  ' }, answer: badHeader(`${KEY} 0 is out of range`) },
  'a key of 45 characters': {
    headers: { 's2-encryption-key': 'x'.repeat(45) },
    answer: badHeader(`${KEY} 45 is out of range`),
  },
  'a long key on a read': {
    line: READ,
    headers: { 's2-encryption-key': 'x'.repeat(99) },
    answer: badHeader(`${KEY} 99 is out of range`),
  },
  'a long key with protobuf': {
    headers: { ...PROTOBUF, 's2-encryption-key': 'x'.repeat(45) },
    body: fromHex('0a00'),
    answer: badHeader(`${KEY} 45 is out of range`),
  },
  'a request token of 37 bytes': {
    line: 'POST /v1/streams',
    headers: { 's2-request-token': 'x'.repeat(37) },
    body: { stream: 'x' },
    answer: badHeader('Invalid header `s2-request-token`: request token must not exceed 36 bytes in length'),
  },
};

const PATHS: Record<string, Refusal> = {
  'a stream that is no UTF-8': {
    line: 'GET /v1/streams/%ff/records',
    answer: badPath('the path is not percent-encoded UTF-8'),
  },
  'a stream with half an escape': {
    line: 'GET /v1/streams/%e/records',
    answer: badPath('the path is not percent-encoded UTF-8'),
  },
  'a stream of 513 bytes': { line: `GET /v1/streams/${'x'.repeat(513)}/records`, answer: badPath(STREAM_LENGTH) },
  'a stream of 514 bytes in 257 letters': {
    line: `GET /v1/streams/${'%C3%A9'.repeat(257)}/records`,
    answer: badPath(STREAM_LENGTH),
  },
  'a stream without a name': { line: 'GET /v1/streams//records', answer: badPath(STREAM_LENGTH) },
  'a stream `.`': { line: 'GET /v1/streams/%2E/records', answer: badPath('stream name must not be `.` or `..`') },
  'a stream `..`': { line: 'POST /v1/streams/../records', answer: badPath('stream name must not be `.` or `..`') },
  'a path judged before the query': { line: 'GET /v1/streams/%ff/records?seq_num=x', answer: badPath(/UTF-8/) },
  'a path judged before the body': { line: 'POST /v1/streams/%ff/records', body: '{', answer: badPath(/UTF-8/) },
};

const unsigned64 = (name: string) => badQuery(`query parameter \`${name}\` must be an unsigned 64-bit integer`);

const QUERIES: Record<string, Refusal> = {
  ...Object.fromEntries(
    ['seq_num', 'timestamp', 'tail_offset', 'count', 'bytes', 'until', 'wait'].flatMap((name) =>
      ['x', '-1', '1.5', '1e3', '', '+1', '0x1', '%201', '18446744073709551616', '99999999999999999999999'].map(
        (value) => [`${name}=${value}`, { line: `GET ${RECORDS}?${name}=${value}`, answer: unsigned64(name) }],
      ),
    ),
  ),
  ...Object.fromEntries(
    ['yes', '1', 'TRUE', ''].map((value) => [
      `clamp=${value}`,
      { line: `${READ}&clamp=${value}`, answer: badQuery('query parameter `clamp` must be `true` or `false`') },
    ]),
  ),
  'a wait of more than 32 bits': {
    line: `${READ}&wait=4294967296`,
    answer: badQuery('query parameter `wait` must be an unsigned 32-bit integer'),
  },
  'a parameter twice': {
    line: `${READ}&seq_num=1`,
    answer: badQuery('query parameter `seq_num` is there more than once'),
  },
  'a query judged before the headers': {
    line: `GET ${RECORDS}?count=x`,
    headers: { 's2-format': 'hex' },
    answer: unsigned64('count'),
  },
  'two starts': {
    line: `${READ}&tail_offset=0`,
    answer: invalid('only one of seq_num, timestamp, or tail_offset can be provided'),
  },
  'three starts': {
    line: `${READ}&tail_offset=0&timestamp=1`,
    answer: invalid('only one of seq_num, timestamp, or tail_offset can be provided'),
  },
  'an end at the start': {
    line: `GET ${RECORDS}?timestamp=5&until=5`,
    answer: invalid('start `timestamp` exceeds or equal to `until`'),
  },
  'an end before the start': {
    line: `GET ${RECORDS}?timestamp=5&until=0&wait=9`,
    answer: invalid('start `timestamp` exceeds or equal to `until`'),
  },
  'an end at the start of a stream that does not exist': {
    line: 'GET /v1/streams/none/records?timestamp=5&until=5',
    answer: invalid('start `timestamp` exceeds or equal to `until`'),
  },
};

const JSON_BODIES: Record<string, Refusal> = {
  'no content type': { headers: { 'content-type': '' }, body: '{"records":[{}]}', answer: badJson(NOT_JSON) },
  'text/plain': { headers: { 'content-type': 'text/plain' }, body: '{"records":[{}]}', answer: badJson(NOT_JSON) },
  'a form': {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'records=x',
    answer: badJson(NOT_JSON),
  },
  'JSON as second type': {
    headers: { 'content-type': 'text/plain, application/json' },
    body: '{"records":[{}]}',
    answer: badJson(NOT_JSON),
  },
  'no body': { body: '', answer: badJson(NO_JSON) },
  'half a body': { body: '{"records":[', answer: badJson(NO_JSON) },
  'a body and more': { body: '{"records":[{}]}}', answer: badJson(NO_JSON) },
  'a byte order mark': { body: '\ufeff{"records":[{}]}', answer: badJson(NO_JSON) },
  'bytes that are no UTF-8': { body: Uint8Array.of(0x22, 0xff, 0x22), answer: badJson(NO_JSON) },
  'UTF-16': { body: fromHex('7b007d00'), answer: badJson(NO_JSON) },
  'an array': { body: [{ records: [{}] }], answer: badJson('the request body must be a JSON object') },
  null: { body: 'null', answer: badJson('the request body must be a JSON object') },
  'no records': { body: {}, answer: badJson('missing field `records`') },
  'records that are null': { body: { records: null }, answer: badJson('missing field `records`') },
  'records that are an object': { body: { records: {} }, answer: badJson('field `records` must be an array') },
  'a record that is text': { body: { records: ['x'] }, answer: badJson('a record must be a JSON object') },
  'a record that is null': { body: { records: [null] }, answer: badJson('a record must be a JSON object') },
  'a body that is a number': { body: { records: [{ body: 1 }] }, answer: badJson('field `body` must be a string') },
  'a body of half a pair': {
    body: '{"records":[{"body":"\\ud800"}]}',
    answer: badJson('field `body` contains half a surrogate pair'),
  },
  'headers that are an object': {
    body: { records: [{ headers: { a: 'b' } }] },
    answer: badJson('field `headers` must be an array'),
  },
  'a header that is text': {
    body: { records: [{ headers: ['a'] }] },
    answer: badJson('a header must be an array of two strings, name and value'),
  },
  'a header of three': {
    body: { records: [{ headers: [['a', 'b', 'c']] }] },
    answer: badJson('a header must be an array of two strings, name and value'),
  },
  'a header name that is null': {
    body: { records: [{ headers: [[null, 'b']] }] },
    answer: badJson('a header name must be a string'),
  },
  'a header value that is a number': {
    body: { records: [{ headers: [['a', 1]] }] },
    answer: badJson('a header value must be a string'),
  },
  ...Object.fromEntries(
    [-1, 1.5, '1', true, [], 1e20].map((value) => [
      `a timestamp of ${JSON.stringify(value)}`,
      {
        body: { records: [{ timestamp: value }] },
        answer: badJson('field `timestamp` must be an unsigned 64-bit integer'),
      },
    ]),
  ),
  ...Object.fromEntries(
    [-1, 0.1, '0', {}].map((value) => [
      `a match_seq_num of ${JSON.stringify(value)}`,
      {
        body: { records: [{}], match_seq_num: value },
        answer: badJson('field `match_seq_num` must be an unsigned 64-bit integer'),
      },
    ]),
  ),
  'a fencing token that is a number': {
    body: { records: [{}], fencing_token: 1 },
    answer: badJson('field `fencing_token` must be a string'),
  },
  'a fencing token of 37 bytes': {
    body: { records: [{}], fencing_token: 'x'.repeat(37) },
    answer: badJson('fencing token must not exceed 36 bytes in length'),
  },
  'a fencing token of 38 bytes in 19 letters': {
    body: { records: [{}], fencing_token: 'é'.repeat(19) },
    answer: badJson('fencing token must not exceed 36 bytes in length'),
  },
  'a shape judged before base64': {
    headers: BASE64,
    body: { records: [{ body: '!' }, { body: 1 }] },
    answer: badJson('field `body` must be a string'),
  },
  'a shape judged before the batch': { body: { records: [], match_seq_num: 'x' }, answer: badJson(/match_seq_num/) },
  'a body above 2 MiB': {
    body: '{"records":[{}]}'.padEnd(LARGE, ' '),
    answer: badJson('the request body exceeds 2097152 bytes'),
  },
  'a creation without a type': {
    line: 'POST /v1/streams',
    headers: { 'content-type': '' },
    body: '{"stream":"x"}',
    answer: badJson(NOT_JSON),
  },
  'a stream without a name': { line: 'POST /v1/streams', body: {}, answer: badJson('field `stream` must be a string') },
  'a stream with too long a name': {
    line: 'POST /v1/streams',
    body: { stream: 'x'.repeat(513) },
    answer: badJson(STREAM_LENGTH),
  },
  'a stream with an empty name': { line: 'POST /v1/streams', body: { stream: '' }, answer: badJson(STREAM_LENGTH) },
  'a basin with too short a name': { line: 'POST /v1/basins', body: { basin: 'short' }, answer: badJson(BASIN_LENGTH) },
  'a basin with a wrong letter': {
    line: 'POST /v1/basins',
    body: { basin: 'basin_name' },
    answer: badJson(BASIN_LETTERS),
  },
  'a basin that ends with a hyphen': {
    line: 'POST /v1/basins',
    body: { basin: 'basin-name-' },
    answer: badJson(BASIN_ENDS),
  },
};

const header = (name: string, value: string) => ({ records: [{ headers: [[name, value]] }] });

const VALUES: Record<string, Refusal> = {
  'no records': { body: { records: [] }, answer: invalid('record batch must not be empty') },
  '1001 records': {
    body: { records: Array(1001).fill({}) },
    answer: invalid('record batch must not exceed 1000 records'),
  },
  'a record above 1 MiB': {
    body: { records: [{ body: 'x'.repeat(1024 * 1024 - 7) }] },
    answer: invalid('record must have metered size less than 1 MiB'),
  },
  'a batch above 1 MiB': {
    body: { records: Array(2).fill({ body: 'x'.repeat(512 * 1024 - 7) }) },
    answer: invalid('record batch must not exceed a metered size of 1 MiB'),
  },
  'an empty header name among several': {
    body: {
      records: [
        {
          headers: [
            ['', 'fence'],
            ['a', 'b'],
          ],
        },
      ],
    },
    answer: invalid('invalid header: empty name'),
  },
  'an unknown command': { body: header('', 'jump'), answer: invalid('unknown command') },
  'a command in capitals': { body: header('', 'FENCE'), answer: invalid('unknown command') },
  'a command without a name': { body: header('', ''), answer: invalid('unknown command') },
  'a trim of no bytes': {
    body: header('', 'trim'),
    answer: invalid('invalid `trim` command: earliest sequence number to trim to was 0 bytes, must be 8'),
  },
  'a trim of nine bytes': {
    body: { records: [{ headers: [['', 'trim']], body: '123456789' }] },
    answer: invalid('invalid `trim` command: earliest sequence number to trim to was 9 bytes, must be 8'),
  },
  'a fence of 37 bytes': {
    body: { records: [{ headers: [['', 'fence']], body: 'x'.repeat(37) }] },
    answer: invalid('invalid `fence` command: fencing token must not exceed 36 bytes in length'),
  },
  'a fence that is no UTF-8': {
    headers: BASE64,
    body: { records: [{ headers: [['', 'ZmVuY2U=']], body: '/w==' }] },
    answer: invalid('invalid `fence` command: fencing token must be valid UTF-8'),
  },
  'a bad record after good ones': {
    body: { records: [{}, {}, { headers: [['', 'x']] }] },
    answer: invalid('unknown command'),
  },
  ...Object.fromEntries(
    ['YQ', 'YQ=', '====', 'YQ-_', 'YR==', 'Y Q=', 'YQ==\n'].flatMap((text) => [
      [
        `${JSON.stringify(text)} as base64 body`,
        { headers: BASE64, body: { records: [{ body: text }] }, answer: invalid('invalid Base64 encoding') },
      ],
      [
        `${JSON.stringify(text)} as base64 name`,
        { headers: BASE64, body: header(text, ''), answer: invalid('invalid Base64 encoding') },
      ],
      [
        `${JSON.stringify(text)} as base64 value`,
        { headers: BASE64, body: header('YQ==', text), answer: invalid('invalid Base64 encoding') },
      ],
    ]),
  ),
};

const PROTOBUF_BODIES: Record<string, Refusal> = {
  'bytes that are no message': {
    headers: PROTOBUF,
    body: fromHex('0a'),
    answer: badProto(/^the message can not be decoded: /),
  },
  'JSON that says it is protobuf': {
    headers: PROTOBUF,
    body: '{"records":[{}]}',
    answer: badProto(/^the message can not be decoded: /),
  },
  'the other name of protobuf': {
    headers: { 'content-type': 'application/x-protobuf' },
    body: fromHex('ff'),
    answer: badProto(/decoded/),
  },
  'a token that is no UTF-8': {
    headers: PROTOBUF,
    body: fromHex('0a00 1a01ff'),
    answer: badProto(/^the message can not be decoded: /),
  },
  'a body above 2 MiB': {
    headers: PROTOBUF,
    body: new Uint8Array(LARGE),
    answer: badProto('the request body exceeds 2097152 bytes'),
  },
  'a token of 37 bytes': {
    headers: PROTOBUF,
    body: fromHex(`0a00 1a25 ${'61'.repeat(37)}`),
    answer: invalid('fencing token must not exceed 36 bytes in length'),
  },
  'no body': { headers: PROTOBUF, body: new Uint8Array(), answer: invalid('record batch must not be empty') },
  'no records': { headers: PROTOBUF, body: fromHex('1000'), answer: invalid('record batch must not be empty') },
  'an unknown command': { headers: PROTOBUF, body: fromHex('0a05 1203 120178'), answer: invalid('unknown command') },
  'an error of protobuf in JSON': {
    headers: { ...PROTOBUF, accept: 'application/protobuf' },
    body: fromHex('0a'),
    answer: badProto(/decoded/),
  },
};

const COMPRESSED_BODIES: Record<string, Refusal> = {
  'JSON that is no gzip': {
    headers: { 'content-encoding': 'gzip' },
    answer: badJson('the request body can not be decompressed to at most 2097152 bytes'),
  },
  'protobuf that is no zstd': {
    headers: { ...PROTOBUF, 'content-encoding': 'zstd' },
    body: fromHex('0a00'),
    answer: badProto('the request body can not be decompressed to at most 2097152 bytes'),
  },
  'gzip of more than 2 MiB': {
    headers: { 'content-encoding': 'gzip' },
    body: compression.gzip.compress(utf8('{"records":[{}]}'.padEnd(LARGE, ' '))),
    answer: badJson('the request body can not be decompressed to at most 2097152 bytes'),
  },
  'gzip of what is no JSON': {
    headers: { 'content-encoding': 'gzip' },
    body: compression.gzip.compress(utf8('{')),
    answer: badJson(NO_JSON),
  },
};

describe.each([
  ['a header', HEADERS],
  ['a path', PATHS],
  ['a query', QUERIES],
  ['JSON', JSON_BODIES],
  ['a value', VALUES],
  ['protobuf', PROTOBUF_BODIES],
  ['a compressed body', COMPRESSED_BODIES],
])('%s that is refused', (_, table) => {
  test.each(Object.entries(table))('%s', (_what, refusal) => refuse(refusal));
});

describe('conditions that do not hold', () => {
  const bytes = (fields: string) => fromHex(`0a00 ${fields}`);

  test.each([
    ['a number in JSON', {}, { records: [{}], match_seq_num: 0 }, { seq_num_mismatch: 1 }],
    ['the largest number', {}, '{"records":[{}],"match_seq_num":18446744073709551615}', { seq_num_mismatch: 1 }],
    ['a token in JSON', {}, { records: [{}], fencing_token: 'mine' }, { fencing_token_mismatch: '' }],
    [
      'both: the token is judged first',
      {},
      { records: [{}], fencing_token: 'mine', match_seq_num: 0 },
      { fencing_token_mismatch: '' },
    ],
    ['a number in protobuf', PROTOBUF, bytes('1000'), { seq_num_mismatch: 1 }],
    ['the largest number in protobuf', PROTOBUF, bytes('10ffffffffffffffffff01'), { seq_num_mismatch: 1 }],
    [
      'a token in protobuf',
      { ...PROTOBUF, accept: 'application/protobuf' },
      bytes('1a0178'),
      { fencing_token_mismatch: '' },
    ],
  ])('%s: 412 with what contradicts it and nothing else', async (_, headers, body, expected) => {
    const { engine } = await engineBench();
    const ask = apiOf(engine);
    const basin = { 's2-basin': BASIN };
    await ask(APPEND, { headers: basin, body: { records: [{}] } });
    const before = engine.state;
    expect(await ask(APPEND, { headers: { ...basin, ...headers }, body })).toEqual({
      status: 412,
      headers: { 'content-type': 'application/json' },
      body: expected,
    });
    expect(engine.state).toEqual(before);
  });
});
