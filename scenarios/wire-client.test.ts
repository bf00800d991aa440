/** What the wire client concludes from every answer and from every lack of one. */

import { describe, expect, test } from 'vitest';
import type { Clock, HttpRequest, HttpResponse } from '../engine/index.ts';
import { SimNetworkError } from '../sim/index.ts';
import type { Batch } from './client.ts';
import { WireClient } from './wire-client.ts';

const BATCH: Batch = { bodies: ['a', 'b'], setFencingToken: null, fencingToken: 'me', matchSeqNum: 4 };

type Answer = [status: number, body: unknown] | Error | 'silence';

/** A client whose requests get these answers in order; the last one is repeated. */
function clientOf(...answers: readonly Answer[]) {
  const asked: { address: string; method: string; target: string; body: unknown }[] = [];
  const transport = async (address: string, request: HttpRequest): Promise<HttpResponse> => {
    let text = '';
    for await (const chunk of request.body) text += new TextDecoder().decode(chunk);
    const answer = answers[Math.min(asked.length, answers.length - 1)] as Answer;
    asked.push({
      address,
      method: request.method,
      target: request.target,
      body: text === '' ? null : JSON.parse(text),
    });
    if (answer === 'silence') return new Promise(() => {});
    if (answer instanceof Error) throw answer;
    const [status, body] = answer;
    const bytes = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
    return { status, headers: new Map(), body: bytes };
  };
  // Patience ends at once when nobody answers, and never before an answer.
  const clock = {
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    monoMs: () => performance.now(),
  } as unknown as Clock;
  const options = { addresses: ['n1', 'n2'], roam: null, basin: 'b', stream: 's/1', timeoutMs: 5, pageRecords: null };
  return { client: new WireClient(transport, clock, options), asked };
}

const at = (seqNum: number) => ({ seq_num: seqNum, timestamp: 1_000 });
const record = (seqNum: number, timestamp = 1_000) => ({ seq_num: seqNum, timestamp, body: `r${seqNum}` });
const error = (status: number, code: string): Answer => [status, { code, message: 'why' }];

describe('an append', () => {
  test('is written as the contract has it', async () => {
    const { client, asked } = clientOf([200, { start: at(4), end: at(6), tail: at(6) }]);
    expect(await client.append(BATCH)).toEqual({
      kind: 'durable',
      startSeqNum: 4,
      endSeqNum: 6,
      told: { tail: 6, tailTimestamp: 1_000, timestamps: [1_000, 1_000] },
    });
    expect(asked).toEqual([
      {
        address: 'n1',
        method: 'POST',
        target: '/v1/streams/s%2F1/records',
        body: { records: [{ body: 'a' }, { body: 'b' }], match_seq_num: 4, fencing_token: 'me' },
      },
    ]);
  });

  test('of a fencing token is one command record', async () => {
    const { client, asked } = clientOf([200, { start: at(0), end: at(1), tail: at(1) }]);
    await client.append({ bodies: ['me'], setFencingToken: 'me', fencingToken: null, matchSeqNum: null });
    expect(asked[0]?.body).toEqual({ records: [{ headers: [['', 'fence']], body: 'me' }] });
  });

  test.each<[string, Answer, string, string]>([
    ['412 for the position', [412, { seq_num_mismatch: 9 }], 'rejected', 'seq_num_mismatch'],
    ['412 for the token', [412, { fencing_token_mismatch: '' }], 'rejected', 'fencing_token_mismatch'],
    ['not the owner', error(502, 'hot_server'), 'rejected', 'hot_server'],
    ['shutting down', error(503, 'server_draining'), 'rejected', 'server_draining'],
    ['no such stream', error(404, 'stream_not_found'), 'rejected', 'stream_not_found'],
    ['invalid', error(422, 'invalid'), 'rejected', 'invalid'],
    ['unavailable', error(503, 'unavailable'), 'unknown', 'unavailable'],
    ['storage trouble', error(500, 'storage'), 'unknown', 'storage'],
    ['dropped', error(500, 'other'), 'unknown', 'other'],
    ['a gateway that gave up', error(504, 'upstream_timeout'), 'unknown', 'upstream_timeout'],
    ['a request time-out', error(408, 'request_timeout'), 'unknown', 'request_timeout'],
    ['a code nobody knows', error(400, 'new_code'), 'unknown', 'new_code'],
    ['an error without a code', [500, {}], 'unknown', 'unreadable'],
    ['no connection', new SimNetworkError('refused', false, ''), 'rejected', 'refused'],
    ['no way there', new SimNetworkError('timeout', false, ''), 'rejected', 'timeout'],
    ['a reset of what was sent', new SimNetworkError('reset', true, ''), 'unknown', 'reset'],
    ['silence', 'silence', 'unknown', 'timeout'],
  ])('that ends with %s', async (_, answer, kind, code) => {
    expect(await clientOf(answer).client.append(BATCH)).toMatchObject({ kind, code });
  });

  test('whose condition did not hold tells what is so instead', async () => {
    const { client } = clientOf([412, { seq_num_mismatch: 9 }], [412, { fencing_token_mismatch: 'other' }]);
    expect(await client.append(BATCH)).toMatchObject({ actual: { tail: 9 } });
    expect(await client.append(BATCH)).toMatchObject({ actual: { fencingToken: 'other' } });
  });

  test.each<[string, Answer]>([
    ['another number of records', [200, { start: at(4), end: at(5), tail: at(6) }]],
    ['a tail before its end', [200, { start: at(4), end: at(6), tail: at(5) }]],
    ['no positions', [200, {}]],
    ['a condition without a name', [412, {}]],
    ['half a document', [200, '{"start":']],
  ])('acknowledged with %s is a breach of the protocol', async (_, answer) => {
    await expect(clientOf(answer).client.append(BATCH)).rejects.toMatchObject({ name: 'ProtocolViolation' });
  });

  test('moves on to the next server when one is no help, and stays after a condition', async () => {
    for (const [answer, next] of [
      [error(502, 'hot_server'), 'n2'],
      [error(503, 'unavailable'), 'n2'],
      [new SimNetworkError('refused', false, ''), 'n2'],
      [[412, { seq_num_mismatch: 9 }], 'n1'],
    ] as const) {
      const { client, asked } = clientOf(answer as Answer);
      await client.append(BATCH);
      await client.append(BATCH);
      expect(asked.map(({ address }) => address)).toEqual(['n1', next]);
    }
  });
});

describe('a read', () => {
  const end = (tail: number): Answer => [416, { tail: at(tail) }];

  test('goes on page by page until the server says that nothing more is written', async () => {
    const { client, asked } = clientOf(
      [200, { records: [record(0), record(1)] }],
      [200, { records: [record(2)], tail: at(3) }],
      end(3),
    );
    expect(await client.read()).toMatchObject({ kind: 'read', tail: 3, records: [{ body: 'r0' }, {}, { body: 'r2' }] });
    expect(asked.map(({ target }) => target.split('?')[1])).toEqual(['seq_num=0', 'seq_num=2', 'seq_num=3']);
  });

  test.each<[string, Answer[], string]>([
    ['a refusal', [error(502, 'hot_server')], 'hot_server'],
    [
      'a broken connection behind the first page',
      [[200, { records: [record(0)] }], new SimNetworkError('reset', true, '')],
      'reset',
    ],
    ['silence', ['silence'], 'timeout'],
  ])('that ends with %s failed', async (_, answers, code) => {
    expect(await clientOf(...answers).client.read()).toEqual({ kind: 'failed', code });
  });

  test.each<[string, Answer[]]>([
    ['an empty page', [[200, { records: [] }]]],
    ['a gap', [[200, { records: [record(0), record(2)] }]]],
    [
      'a page that begins too early',
      [
        [200, { records: [record(0)] }],
        [200, { records: [record(0)] }],
      ],
    ],
    ['timestamps that run backwards', [[200, { records: [record(0, 5), record(1, 4)] }]]],
    [
      'timestamps that run backwards between pages',
      [
        [200, { records: [record(0, 5)] }],
        [200, { records: [record(1, 4)] }],
      ],
    ],
    ['a tail below what was read', [[200, { records: [record(0), record(1)] }], end(1)]],
    ['a tail above what was read', [[200, { records: [record(0)] }], end(2)]],
    ['a record without a number', [[200, { records: [{ body: 'x' }] }]]],
  ])('with %s is a breach of the protocol', async (_, answers) => {
    await expect(clientOf(...answers).client.read()).rejects.toMatchObject({ name: 'ProtocolViolation' });
  });
});

describe('a check-tail', () => {
  test('tells the tail, or failed', async () => {
    expect(await clientOf([200, { tail: at(7) }]).client.checkTail()).toEqual({ kind: 'tail', tail: 7 });
    expect(await clientOf(error(503, 'unavailable')).client.checkTail()).toEqual({
      kind: 'failed',
      code: 'unavailable',
    });
    await expect(clientOf([200, {}]).client.checkTail()).rejects.toMatchObject({ name: 'ProtocolViolation' });
  });
});

test('an error that is not the network’s is nobody’s outcome', async () => {
  await expect(clientOf(new TypeError('a bug')).client.append(BATCH)).rejects.toThrow('a bug');
});

test('provisioning is done when basin and stream are created or were there', async () => {
  const there = error(409, 'resource_already_exists');
  expect(await clientOf([201, {}]).client.provision('t')).toBe(true);
  expect(await clientOf(there).client.provision('t')).toBe(true);
  expect(await clientOf([201, {}], error(503, 'unavailable')).client.provision('t')).toBe(false);
  expect(await clientOf(new SimNetworkError('reset', true, '')).client.provision('t')).toBe(false);
});
