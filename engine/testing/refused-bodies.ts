/**
 * Bodies that are refused (API contract §1.4-§1.7, §2, §4.1): what is sent, and what comes back to the letter. The body that
 * is sent by a row without one is a good append.
 */

import { systemCompression } from '../adapters/system-compression.ts';
import { fromHex } from './codec-values.ts';
import {
  badJson,
  badProto,
  BASE64,
  BASIN_ENDS,
  BASIN_LENGTH,
  BASIN_LETTERS,
  invalid,
  PROTOBUF,
  type Refusal,
  STREAM_LENGTH,
} from './refusal.ts';

const LARGE = 2 * 1024 * 1024 + 1;
const NOT_JSON = 'Expected request with `Content-Type: application/json`';
const NO_JSON = /^Failed to parse the request body as JSON: /;
const compression = await systemCompression();
const utf8 = (text: string) => new TextEncoder().encode(text);

export const JSON_BODIES: Record<string, Refusal> = {
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
  'text without quotes, which is not said back': {
    body: '{"records":[{"body":a plain text}]}',
    answer: badJson("Failed to parse the request body as JSON: Unexpected token 'a'"),
  },
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

export const VALUES: Record<string, Refusal> = {
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

export const PROTOBUF_BODIES: Record<string, Refusal> = {
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

export const COMPRESSED_BODIES: Record<string, Refusal> = {
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
