/** What a client of side streams sends, and what it makes of every answer. */

import { describe, expect, test } from 'vitest';
import type { Clock, HttpRequest, HttpResponse } from '../../engine/index.ts';
import { Wire } from '../wire.ts';
import { SideClient } from './client.ts';
import { SideHistory } from './history.ts';

/** A client whose requests all get this answer. */
function clientOf(status: number, answer: unknown, headers: readonly [string, string][] = []) {
  const asked: { line: string; format: string | undefined; body: unknown }[] = [];
  const transport = async (_: string, request: HttpRequest): Promise<HttpResponse> => {
    let text = '';
    for await (const chunk of request.body) text += new TextDecoder().decode(chunk);
    const body: unknown = text === '' ? null : JSON.parse(text);
    asked.push({ line: `${request.method} ${request.target}`, format: request.headers.get('s2-format'), body });
    const bytes = answer === null ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(answer));
    return { status, headers: new Map(headers), body: bytes };
  };
  const clock = { sleep: () => new Promise<void>(() => {}), monoMs: () => 0 } as unknown as Clock;
  const wire = new Wire(transport, clock, { addresses: ['n'], roam: null, basin: 'b', timeoutMs: 5 });
  const history = new SideHistory(() => 0);
  return { client: new SideClient(wire, history, 'me'), asked, history };
}

const at = (seqNum: number) => ({ seq_num: seqNum, timestamp: 7 });
const NO_CONFIG = { retentionAgeMs: null, emptyAgeMs: null };

test('a trim is a command record whose body is its point, eight bytes, the most significant first', async () => {
  const { client, asked } = clientOf(200, { start: at(4), end: at(6), tail: at(6) });
  const data = { kind: 'data' as const, body: 'ü', timestamp: 5 };
  expect(await client.append('s', [data, { kind: 'trim', point: 0x1_0000_00ff, timestamp: null }], 4)).toEqual({
    kind: 'appended',
    start: { seqNum: 4, timestamp: 7 },
    end: { seqNum: 6, timestamp: 7 },
  });
  const [request] = asked;
  expect(request).toMatchObject({ line: 'POST /v1/streams/s/records', format: 'base64' });
  expect(request?.body).toEqual({
    records: [
      { body: btoa('ü'), timestamp: 5 },
      { headers: [['', btoa('trim')]], body: btoa('\0\0\0\u0001\0\0\0\u00ff') },
    ],
    match_seq_num: 4,
  });
});

test('a page shows trims as what they are', async () => {
  const trim = { seq_num: 3, timestamp: 7, headers: [['', btoa('trim')]], body: btoa('\0\0\0\u0001\0\0\0\u00ff') };
  const { client, asked } = clientOf(200, { records: [{ ...at(2), body: btoa('x') }, trim] });
  expect(await client.read('s', { kind: 'timestamp', timestamp: 9 }, 5)).toEqual({
    kind: 'page',
    records: [
      { seqNum: 2, timestamp: 7, content: 'x' },
      { seqNum: 3, timestamp: 7, content: `(trim ${0x1_0000_00ff})` },
    ],
  });
  expect(asked[0]?.line).toBe('GET /v1/streams/s/records?timestamp=9&count=5');
});

test('a creation says how long records live and when an empty stream goes, in seconds', async () => {
  const { client, asked } = clientOf(201, {}, [['s2-provision-result', 'noop']]);
  expect(await client.create('s', 't', { retentionAgeMs: 5_000, emptyAgeMs: 1_000 })).toEqual({ kind: 'noop' });
  expect(asked[0]?.body).toEqual({
    stream: 's',
    config: { retention_policy: { age: 5 }, delete_on_empty: { min_age_secs: 1 } },
  });
});

describe('an answer without what was asked for', () => {
  test.each([
    [404, 'stream_not_found', { kind: 'absent' }],
    [409, 'stream_deletion_pending', { kind: 'pending' }],
    [409, 'resource_already_exists', { kind: 'exists' }],
    [502, 'hot_server', { kind: 'refused', code: 'hot_server' }],
    [500, 'storage', { kind: 'unknown', code: 'storage' }],
  ])('%d %s is %j', async (status, code, outcome) => {
    expect(await clientOf(status, { code, message: 'm' }).client.create('s', 't', NO_CONFIG)).toEqual(outcome);
  });

  test('of a read behind the tail is the tail', async () => {
    const { client } = clientOf(416, { tail: at(3) });
    const outcome = await client.read('s', { kind: 'seq-num', seqNum: 9 }, 1);
    expect(outcome).toEqual({ kind: 'at-tail', tail: { seqNum: 3, timestamp: 7 } });
  });

  test('is a breach of the protocol when no state explains it', async () => {
    await expect(clientOf(404, { code: 'basin_not_found' }).client.delete('s')).rejects.toThrow('does not exist');
    const { client } = clientOf(200, { start: at(4), end: at(4), tail: at(4) });
    await expect(client.append('s', [{ kind: 'data', body: 'x', timestamp: null }], null)).rejects.toThrow('1 records');
  });
});

test('every call and its outcome is in the history, in order', async () => {
  const { client, history } = clientOf(202, null);
  await client.delete('s');
  expect(history.operations).toMatchObject([
    {
      id: 0,
      stream: 's',
      client: 'me',
      call: { kind: 'delete' },
      calledAt: 0,
      returnedAt: 1,
      outcome: { kind: 'deleted' },
    },
  ]);
});
