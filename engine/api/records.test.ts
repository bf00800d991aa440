/** Append, read and check-tail over the API: exact bodies and every refusal (API contract §1.11, §2.5, §4, §5). */

import { describe, expect, test } from 'vitest';

import { type Answer, type Ask, apiOf } from '../testing/api-bench.ts';
import { fromHex } from '../testing/codec-values.ts';
import { AppendAck, ReadBatch } from '../testing/official-codecs.ts';
import { BASIN, engineBench, STREAM } from '../testing/engine-bench.ts';

const NOW = 1_700_000_000_000;
const RECORDS = `/v1/streams/${STREAM}/records`;
const JSON_HEADERS = { 'content-type': 'application/json' };

async function bench() {
  const { engine } = await engineBench();
  const ask = apiOf(engine);
  const withBasin = (more: Ask): Ask => ({ ...more, headers: { 's2-basin': BASIN, ...more.headers } });
  return {
    append: (body: unknown, headers: Record<string, string> = {}) =>
      ask(`POST ${RECORDS}`, withBasin({ body, headers })),
    read: (query = '?seq_num=0', headers: Record<string, string> = {}) =>
      ask(`GET ${RECORDS}${query}`, withBasin({ headers })),
    tail: () => ask(`GET ${RECORDS}/tail`, withBasin({})),
  };
}

function refusal(status: number, code: string, message: unknown = expect.any(String)): Answer {
  return { status, headers: JSON_HEADERS, body: { code, message } };
}

describe('append', () => {
  test('answers start, end and tail', async () => {
    const { append } = await bench();
    expect(await append({ records: [{ body: 'a', timestamp: 7 }, { body: 'b' }] })).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: {
        start: { seq_num: 0, timestamp: 7 },
        end: { seq_num: 2, timestamp: NOW },
        tail: { seq_num: 2, timestamp: NOW },
      },
    });
  });

  test('a failed number condition is 412 with nothing but the next number', async () => {
    const { append } = await bench();
    await append({ records: [{}] });
    expect(await append({ records: [{}], match_seq_num: 9 })).toEqual({
      status: 412,
      headers: JSON_HEADERS,
      body: { seq_num_mismatch: 1 },
    });
  });

  test('a failed token condition is 412 with nothing but the token in force', async () => {
    const { append } = await bench();
    await append({ records: [{ headers: [['', 'fence']], body: 'mine' }] });
    expect(await append({ records: [{}], fencing_token: 'other', match_seq_num: 9 })).toEqual({
      status: 412,
      headers: JSON_HEADERS,
      body: { fencing_token_mismatch: 'mine' },
    });
    expect((await append({ records: [{}], fencing_token: 'mine', match_seq_num: 1 })).status).toBe(200);
  });

  test('null counts as absent, and unknown fields are ignored', async () => {
    const { append } = await bench();
    const record = { body: null, headers: null, timestamp: null, colour: 'red' };
    expect(
      await append({ records: [record], match_seq_num: null, fencing_token: null, later: { deep: [1] } }),
    ).toMatchObject({ status: 200, body: { end: { seq_num: 1, timestamp: NOW } } });
  });

  test.each([
    ['no records field', {}],
    ['records that are null', { records: null }],
    ['records that are no array', { records: {} }],
    ['a record that is no object', { records: ['x'] }],
    ['a body that is no string', { records: [{ body: 1 }] }],
    ['headers that are no array', { records: [{ headers: { a: 'b' } }] }],
    ['a header that is no pair', { records: [{ headers: [['a']] }] }],
    ['a header of three', { records: [{ headers: [['a', 'b', 'c']] }] }],
    ['a header value that is no string', { records: [{ headers: [['a', 1]] }] }],
    ['a negative timestamp', { records: [{ timestamp: -1 }] }],
    ['a fractional timestamp', { records: [{ timestamp: 1.5 }] }],
    ['a timestamp in a string', { records: [{ timestamp: '1' }] }],
    ['a negative match_seq_num', { records: [{}], match_seq_num: -1 }],
    ['a match_seq_num in a string', { records: [{}], match_seq_num: '0' }],
    ['a fencing token that is no string', { records: [{}], fencing_token: 1 }],
    ['a fencing token of 37 bytes', { records: [{}], fencing_token: 'x'.repeat(37) }],
    ['a body that is an array', [{ records: [{}] }]],
    ['a body that is null', null],
    ['text that is no JSON', '{"records":'],
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['an empty body', ''],
    ['a lone surrogate in a body', '{"records":[{"body":"\\ud800"}]}'],
    ['a lone surrogate in a header', '{"records":[{"headers":[["a","\\udfff"]]}]}'],
    ['a lone surrogate in a token', '{"records":[{}],"fencing_token":"\\ud800"}'],
  ])('with %s is bad JSON', async (_, body) => {
    const { append, tail } = await bench();
    expect(await append(body)).toEqual(refusal(400, 'bad_json'));
    expect((await tail()).body).toEqual({ tail: { seq_num: 0, timestamp: 0 } });
  });

  test.each([
    ['no records', [], 'record batch must not be empty'],
    ['1001 records', Array(1001).fill({}), 'record batch must not exceed 1000 records'],
    [
      'more than 1 MiB in one record',
      [{ body: 'x'.repeat(1024 * 1024 - 7) }],
      'record must have metered size less than 1 MiB',
    ],
    [
      'more than 1 MiB in all',
      [{ body: 'x'.repeat(600_000) }, { body: 'x'.repeat(600_000) }],
      'record batch must not exceed a metered size of 1 MiB',
    ],
    ['an unknown command', [{ headers: [['', 'jump']] }], 'unknown command'],
    [
      'an empty header name',
      [
        {
          headers: [
            ['', 'a'],
            ['b', 'c'],
          ],
        },
      ],
      'invalid header: empty name',
    ],
  ])('with %s is invalid', async (_, records, message) => {
    const { append } = await bench();
    expect(await append({ records })).toEqual(refusal(422, 'invalid', message));
  });

  test('a batch of exactly 1 MiB and 1000 records is taken', async () => {
    const { append } = await bench();
    expect((await append({ records: [{ body: 'x'.repeat(1024 * 1024 - 8) }] })).status).toBe(200);
    expect((await append({ records: Array(1000).fill({}) })).status).toBe(200);
  });

  test.each([undefined, 'text/plain', 'text/json', 'application/jsonx', 'nonsense'])(
    'with content type %s is refused in words',
    async (type) => {
      const { append } = await bench();
      const answer = await append('{"records":[{}]}', { 'content-type': type ?? '' });
      expect(answer).toEqual(refusal(400, 'bad_json', 'Expected request with `Content-Type: application/json`'));
    },
  );

  test.each([
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/vnd.x+json',
    'application/json, text/x',
  ])('content type %s is JSON', async (type) => {
    const { append } = await bench();
    expect((await append('{"records":[{}]}', { 'content-type': type })).status).toBe(200);
  });

  test('a body of exactly 2 MiB is read, one byte more is bad JSON', async () => {
    const { append } = await bench();
    const padded = (length: number) => '{"records":[{}]}'.padEnd(length, ' ');
    expect((await append(padded(2 * 1024 * 1024))).status).toBe(200);
    expect(await append(padded(2 * 1024 * 1024 + 1))).toEqual(refusal(400, 'bad_json'));
  });

  const PROTOBUF = ['application/protobuf', 'application/x-protobuf', 'Application/Protobuf; v=1'];

  test.each(PROTOBUF)('in %s is read and answered in it, each for itself', async (type) => {
    const { append } = await bench();
    const message = fromHex('0a041a0201ff');
    const json = { start: { seq_num: 0, timestamp: NOW }, end: { seq_num: 1, timestamp: NOW } };
    expect(await append(message, { 'content-type': type })).toMatchObject({ headers: JSON_HEADERS, body: json });
    const answer = await append(message, { 'content-type': type, accept: type });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/protobuf' } });
    expect(AppendAck.fromBinary(answer.body as Uint8Array)).toEqual({
      start: { seqNum: 1n, timestamp: BigInt(NOW) },
      end: { seqNum: 2n, timestamp: BigInt(NOW) },
      tail: { seqNum: 2n, timestamp: BigInt(NOW) },
    });
    const asked = await append({ records: [{ body: 'c' }] }, { accept: type });
    expect(AppendAck.fromBinary(asked.body as Uint8Array)).toMatchObject({ end: { seqNum: 3n } });
  });

  test('in protobuf has conditions of 0 and of the empty token', async () => {
    const { append } = await bench();
    const protobuf = { 'content-type': 'application/protobuf' };
    expect((await append(fromHex('0a00 1000 1a00'), protobuf)).status).toBe(200);
    expect(await append(fromHex('0a00 1000'), protobuf)).toEqual({
      status: 412,
      headers: JSON_HEADERS,
      body: { seq_num_mismatch: 1 },
    });
  });

  test.each(['*/*', 'text/event-stream', 'text/html, application/protobuf'])(
    'is answered in JSON whatever else %s accepts',
    async (accept) => {
      const { append } = await bench();
      expect((await append({ records: [{}] }, { accept })).status).toBe(200);
    },
  );
});

describe('formats', () => {
  const base64 = { 's2-format': 'base64' };

  test('raw text comes back as it went in, command records included', async () => {
    const { append, read } = await bench();
    await append({
      records: [{ body: 'é\ufeff', headers: [['k', '\ufeffv']] }, { headers: [['', 'fence']], body: 't' }, {}],
    });
    expect(await read()).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: {
        records: [
          { seq_num: 0, timestamp: NOW, headers: [['k', '\ufeffv']], body: 'é\ufeff' },
          { seq_num: 1, timestamp: NOW, headers: [['', 'fence']], body: 't' },
          { seq_num: 2, timestamp: NOW },
        ],
      },
    });
  });

  test('base64 carries any bytes in names, values and bodies, and raw shows them lossily', async () => {
    const { append, read } = await bench();
    const records = [{ body: '/w==', headers: [['AA==', '+/8=']] }];
    expect((await append({ records }, base64)).status).toBe(200);
    expect((await read('?seq_num=0', base64)).body).toEqual({
      records: [{ seq_num: 0, timestamp: NOW, body: '/w==', headers: [['AA==', '+/8=']] }],
    });
    expect((await read()).body).toEqual({
      records: [{ seq_num: 0, timestamp: NOW, body: '\ufffd', headers: [['\0', '\ufffd\ufffd']] }],
    });
  });

  test('a trim in base64 trims', async () => {
    const { append, read } = await bench();
    await append({ records: [{ body: 'a' }, { body: 'b' }] });
    await append({ records: [{ headers: [['', 'dHJpbQ==']], body: 'AAAAAAAAAAE=' }] }, base64);
    expect((await read()).body).toMatchObject({ records: [{ seq_num: 1, body: 'b' }, { seq_num: 2 }] });
  });

  test.each(['YQ', 'YQ=', 'Y===', '====', 'YQ==YQ==', 'Y Q=', 'YQ-_', 'YR==', 'YWJ=', 'YQ==\n'])(
    '%j is no base64',
    async (body) => {
      const { append } = await bench();
      expect(await append({ records: [{ body }] }, base64)).toEqual(refusal(422, 'invalid', 'invalid Base64 encoding'));
    },
  );

  test.each([
    ['raw', 'YQ=='],
    ['json', 'YQ=='],
    [' base64 ', 'a'],
    ['json-binsafe', 'a'],
  ])('format %j is known', async (format, shown) => {
    const { append, read } = await bench();
    await append({ records: [{ body: 'YQ==' }] }, { 's2-format': format });
    expect((await read()).body).toMatchObject({ records: [{ body: shown }] });
  });

  test('any other format is a bad header, on append and read', async () => {
    const { append, read } = await bench();
    for (const format of ['hex', 'RAW', '']) {
      expect(await append({ records: [{}] }, { 's2-format': format })).toEqual(refusal(400, 'bad_header'));
      expect(await read('?seq_num=0', { 's2-format': format })).toEqual(refusal(400, 'bad_header'));
    }
  });
});

describe('read', () => {
  async function filled() {
    const api = await bench();
    await api.append({ records: ['a', 'b', 'c'].map((body) => ({ body })) });
    return api;
  }

  const bodies = ({ body }: Answer) => (body as { records: { body: string }[] }).records.map((r) => r.body).join('');

  test.each([
    ['?seq_num=0', 'abc'],
    ['?seq_num=2', 'c'],
    ['?seq_num=0&count=2', 'ab'],
    ['?seq_num=0&count=18446744073709551615', 'abc'],
    ['?seq_num=0&bytes=18', 'ab'],
    ['?seq_num=0&bytes=17', 'a'],
    ['?seq_num=0&bytes=8', ''],
    ['?seq_num=0&count=0', ''],
    ['?tail_offset=1', 'c'],
    ['?tail_offset=99', 'abc'],
    ['?seq_num=0&clamp=true&wait=0', 'abc'],
    ['?seq_num=0&unknown=1', 'abc'],
  ])('%s returns %j', async (query, expected) => {
    const { read } = await filled();
    const answer = await read(query);
    expect([answer.status, bodies(answer)]).toEqual([200, expected]);
  });

  test.each(['?seq_num=3', '?seq_num=4', '?seq_num=4&clamp=true', '?seq_num=3&count=0', '?tail_offset=0', ''])(
    '%j is unwritten: 416 with nothing but the tail',
    async (query) => {
      const { read } = await filled();
      expect(await read(query)).toEqual({
        status: 416,
        headers: JSON_HEADERS,
        body: { tail: { seq_num: 3, timestamp: NOW } },
      });
    },
  );

  test('of an empty stream is 416 with tail 0, 0', async () => {
    const { read } = await bench();
    expect(await read()).toMatchObject({ status: 416, body: { tail: { seq_num: 0, timestamp: 0 } } });
  });

  test.each([
    '?seq_num=x',
    '?seq_num=-1',
    '?seq_num=1.5',
    '?seq_num=',
    '?seq_num=18446744073709551616',
    '?seq_num=0&count=x',
    '?seq_num=0&bytes=x',
    '?seq_num=0&clamp=yes',
    '?seq_num=0&wait=soon',
    '?timestamp=x',
    '?until=x',
  ])('%s is a bad query', async (query) => {
    const { read } = await filled();
    expect(await read(query)).toEqual(refusal(400, 'bad_query'));
  });

  test.each(['?seq_num=0&tail_offset=0', '?seq_num=0&timestamp=0', '?timestamp=0&tail_offset=0'])(
    '%s has more than one start',
    async (query) => {
      const { read } = await filled();
      expect(await read(query)).toEqual(
        refusal(422, 'invalid', 'only one of seq_num, timestamp, or tail_offset can be provided'),
      );
    },
  );

  test('by timestamp begins at the first record with it or a later one', async () => {
    const { read } = await filled();
    expect(await read('?timestamp=0&count=1')).toMatchObject({ status: 200, body: { records: [{ seq_num: 0 }] } });
    expect(await read('?timestamp=1700000000001')).toMatchObject({ status: 416, body: { tail: { seq_num: 3 } } });
  });

  test('in protobuf has every record and leaves the format header alone', async () => {
    const { append, read } = await bench();
    await append(fromHex('0a0c 1206 0a016b 120176 1a0201ff'), { 'content-type': 'application/protobuf' });
    const answer = await read('?seq_num=0', { accept: 'application/protobuf', 's2-format': 'hex' });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/protobuf' } });
    expect(ReadBatch.fromBinary(answer.body as Uint8Array)).toEqual({
      records: [
        {
          seqNum: 0n,
          timestamp: BigInt(NOW),
          headers: [{ name: fromHex('6b'), value: fromHex('76') }],
          body: fromHex('01ff'),
        },
      ],
    });
    expect(await read('?seq_num=1', { accept: 'application/protobuf' })).toMatchObject({
      status: 416,
      headers: JSON_HEADERS,
      body: { tail: { seq_num: 1, timestamp: NOW } },
    });
  });

  test('of a missing stream is 404 with its names', async () => {
    const { engine } = await engineBench();
    const headers = { 's2-basin': BASIN };
    const answer = await apiOf(engine)('GET /v1/streams/none/records?seq_num=0', { headers });
    expect(answer).toEqual(refusal(404, 'stream_not_found', 'stream `none` in basin `basin-01` not found'));
  });
});

test('check-tail shows the next number and the last timestamp', async () => {
  const { append, tail } = await bench();
  expect(await tail()).toEqual({ status: 200, headers: JSON_HEADERS, body: { tail: { seq_num: 0, timestamp: 0 } } });
  await append({ records: [{ timestamp: 5 }, { timestamp: 6 }] });
  expect((await tail()).body).toEqual({ tail: { seq_num: 2, timestamp: 6 } });
});
