/** Every code of S2 with its status (API contract §1.7), and the two errors that have none. */

import { expect, test } from 'vitest';

import { conditionFailed, type ErrorCode, errorResponse, unwritten } from './errors.ts';

const headers = new Map([['content-type', 'application/json']]);
const json = (body: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(body));

test.each([
  [400, ['bad_frame', 'bad_header', 'bad_json', 'bad_path', 'bad_proto', 'bad_query', 'decryption_failed']],
  [401, ['authn']],
  [403, ['permission_denied', 'quota_exhausted']],
  [404, ['access_token_not_found', 'basin_not_found', 'stream_not_found']],
  [408, ['request_timeout']],
  [409, ['basin_deletion_pending', 'stream_deletion_pending', 'resource_already_exists', 'transaction_conflict']],
  [422, ['invalid']],
  [429, ['rate_limited']],
  [499, ['client_hangup']],
  [500, ['other', 'storage']],
  [501, ['not_implemented']],
  [502, ['hot_server']],
  [503, ['server_draining', 'unavailable']],
  [504, ['upstream_timeout']],
] satisfies [number, ErrorCode[]][])('%d is the status of %j', (status, codes: ErrorCode[]) => {
  for (const code of codes) {
    const response = errorResponse(code, 'what went wrong');
    expect([response.status, response.headers, json(response.body)]).toEqual([
      status,
      headers,
      { code, message: 'what went wrong' },
    ]);
  }
});

test('a failed condition is 412 with one key, and an unwritten position 416 with the tail', () => {
  const failed = [
    conditionFailed({ kind: 'seq-num-mismatch', actual: 0 }),
    conditionFailed({ kind: 'fencing-token-mismatch', actual: '' }),
    unwritten({ seqNum: 0, timestamp: 0 }),
  ];
  expect(failed.map(({ status, body }) => [status, json(body)])).toEqual([
    [412, { seq_num_mismatch: 0 }],
    [412, { fencing_token_mismatch: '' }],
    [416, { tail: { seq_num: 0, timestamp: 0 } }],
  ]);
});
