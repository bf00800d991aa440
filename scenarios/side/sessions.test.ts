/** What followers of side streams and append sessions that outlive their streams hold against a server, and what they tell. */

import { describe, expect, test } from 'vitest';

import type { Clock, HttpRequest, HttpResponse } from '../../engine/index.ts';
import { SideAppendSession } from './append-session.ts';
import { SideFollower } from './follower.ts';
import { SideHistory } from './history.ts';

const utf8 = new TextEncoder();
const clock = {
  monoMs: () => 0,
  sleep: (ms: number) => (ms > 10 ? new Promise<void>(() => {}) : Promise.resolve()),
} as unknown as Clock;
const options = { addresses: ['n'], basin: 'b', timeoutMs: 100, restMs: 1 };

const record = (seqNum: number, life = 1) => ({
  ...{ seq_num: seqNum, timestamp: seqNum },
  body: btoa(`s/life ${life}/${seqNum}`),
});
const batch = (records: unknown[], id = '') =>
  `event: batch\n${id === '' ? '' : `id: ${id}\n`}data: ${JSON.stringify({ records })}\n\n`;
const ended = (code: string) => `event: error\ndata: ${JSON.stringify({ code, message: '' })}\n\n`;
const DONE = 'data: [DONE]\n\n';

/** A follower whose sessions are these, one after the other; `limits` says which of them have one, of how many records. */
async function follow(sessions: string[][], limits: (number | null)[] = []) {
  const asked: string[] = [];
  const history = new SideHistory(() => 0);
  let begun = 0;
  const transport = async (_: string, request: HttpRequest): Promise<HttpResponse> => {
    asked.push(`${request.target.split('?')[1]} ${request.headers.get('last-event-id') ?? ''}`.trim());
    const events = sessions[begun++];
    if (events === undefined) {
      follower.leave();
      return { status: 404, headers: new Map(), body: utf8.encode('{"code":"stream_not_found","message":""}') };
    }
    const body = (async function* () {
      for (const event of events) yield utf8.encode(event);
      throw Object.assign(new Error('reset'), { code: 'reset', sent: true });
    })();
    return { status: 200, headers: new Map(), body };
  };
  const follower: SideFollower = new SideFollower(transport, clock, options, history, 'f', {
    present: () => 's',
    below: (bound) => (bound === 3 ? (limits[begun] == null ? 1 : 0) : (limits[begun] ?? 1) - 1),
    noted: () => {},
  });
  await follower.run();
  return { asked, outcomes: history.operations.map(({ outcome }) => outcome?.kind) };
}

test('a follower goes on where it was, and begins anew when its stream is gone', async () => {
  const { asked, outcomes } = await follow([[batch([record(0), record(1)])], [ended('stream_deletion_pending')]]);
  expect(asked).toEqual(['seq_num=0', 'seq_num=2', 'seq_num=0']);
  expect(outcomes).toEqual(['page', 'pending', 'absent']);
});

test('a limit is taken along by the id of the last event', async () => {
  const { asked } = await follow(
    [[batch([record(0)], '0,1,10')], [batch([record(1)], '1,1,10')], [batch([record(2)], '2,1,10'), DONE]],
    [3],
  );
  expect(asked.map((line) => line.replace('&wait=3600', ''))).toEqual([
    'seq_num=0&count=3',
    'seq_num=1&count=3 0,1,10',
    'seq_num=2&count=2 1,1,10',
    'seq_num=3',
  ]);
});

describe('a server is convicted of', () => {
  test.each<[string, string[], (number | null)[], RegExp]>([
    ['two lives in one session', [batch([record(0)]), batch([record(1, 2)])], [], /life 1 showed one of life 2/],
    ['going back', [batch([record(0)]), batch([record(0)])], [], /record 0 came behind 0/],
    ['a regular end without a limit', [DONE], [], /regular end after 0/],
    [
      'a regular end before the limit',
      [batch([record(0)], '0,1,1'), DONE],
      [2],
      /for 2 records came to a regular end after 1/,
    ],
    ['more than the limit', [batch([record(0), record(1)], '1,2,2')], [1], /for 1 records showed 2/],
    ['an end without a reason', [ended('other')], [], /ended with other/],
  ])('%s', async (_, events, limits, words) => {
    await expect(follow([events], limits)).rejects.toThrow(words);
  });
});

test('an append session tells what became of each batch, and of its stream that is gone that it is', async () => {
  const position = (seqNum: number) => (seqNum === 0 ? [2, 0x10, 1] : [4, 8, seqNum, 0x10, 1]);
  const message = [0x0a, ...position(0), 0x12, ...position(1), 0x1a, ...position(1)];
  const ack = Uint8Array.from([0, 0, message.length + 1, 0, ...message]);
  const text = utf8.encode('{"code":"stream_deletion_pending","message":""}');
  const failure = Uint8Array.from([0, 0, text.length + 3, 0x80, 409 >> 8, 409 & 255, ...text]);
  let frames = 0;
  const transport = async (_: string, request: HttpRequest): Promise<HttpResponse> => ({
    status: 200,
    headers: new Map(),
    body: (async function* () {
      for await (const frame of request.body) if (frame.length > 0) yield frames++ === 0 ? ack : failure;
    })(),
  });
  const history = new SideHistory(() => 0);
  const of = { address: 'n', basin: 'b', stream: 's', client: 'w', timeoutMs: 100 };
  const session = new SideAppendSession(transport, clock, history, of);
  expect(await session.append(['x'])).toEqual({
    kind: 'appended',
    start: { seqNum: 0, timestamp: 1 },
    end: { seqNum: 1, timestamp: 1 },
  });
  expect(await session.append(['y'])).toEqual({ kind: 'refused', code: 'stream_deletion_pending' });
  session.close();
  expect(history.operations.map(({ outcome }) => outcome?.kind)).toEqual(['appended', 'refused']);
});
