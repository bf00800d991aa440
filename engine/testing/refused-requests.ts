/**
 * Requests that headers, paths and queries are refused for (API contract §1.4-§1.7, §2.5, §5.1): what is sent, and what comes
 * back to the letter. The body that is sent by a row without one is a good append.
 */

import { fromHex } from './codec-values.ts';
import {
  badHeader,
  badPath,
  badQuery,
  BASIN_ENDS,
  BASIN_LENGTH,
  BASIN_LETTERS,
  invalid,
  PROTOBUF,
  READ,
  RECORDS,
  type Refusal,
  STREAM_LENGTH,
} from './refusal.ts';

const KEY = 'Invalid header `s2-encryption-key`: invalid encryption key: key material length';

export const HEADERS: Record<string, Refusal> = {
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

export const PATHS: Record<string, Refusal> = {
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

export const QUERIES: Record<string, Refusal> = {
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
