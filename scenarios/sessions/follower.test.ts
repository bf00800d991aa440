/** What a follower holds against a server, whatever the stream holds. */

import { describe, expect, test } from 'vitest';

import type { HttpRequest, HttpResponse } from '../../engine/index.ts';
import type { SeenRecord } from '../client.ts';
import { Follower } from './follower.ts';
import { serverSentEvents } from './server-sent.ts';

const utf8 = new TextEncoder();
const record = (seqNum: number, timestamp = 1, body = `r${seqNum}`) => ({ seq_num: seqNum, timestamp, body });
const batch = (records: unknown[], tail?: number) =>
  `event: batch\nid: ${records.length},1,1\ndata: ${JSON.stringify({ records, ...(tail !== undefined && { tail: { seq_num: tail, timestamp: 1 } }) })}\n\n`;
const ping = (tail: number) => `event: ping\ndata: {"timestamp":1,"tail":{"seq_num":${tail},"timestamp":1}}\n\n`;
const failed = 'event: error\ndata: {"code":"unavailable","message":"gone"}\n\n';

/** Follows a server that answers one session after the other with these events, and goes when there are no more. */
async function follow(...sessions: (string[] | { status: number; body: string })[]) {
  const requests: HttpRequest[] = [];
  const reads: (number | null)[] = [];
  const heard: SeenRecord[] = [];
  const transport = async (_: string, request: HttpRequest): Promise<HttpResponse> => {
    const answer = sessions[requests.push(request) - 1];
    if (answer === undefined) throw new Error('no session is left');
    if (!Array.isArray(answer)) return { status: answer.status, headers: new Map(), body: utf8.encode(answer.body) };
    return {
      status: 200,
      headers: new Map(),
      body: (async function* () {
        for (const event of answer) yield utf8.encode(event);
      })(),
    };
  };
  const clock = {
    wallMs: () => 0,
    monoMs: () => 0,
    sleep: (ms: number) => (ms > 10 ? new Promise<void>(() => {}) : Promise.resolve()),
  };
  const options = {
    addresses: ['a', 'b'],
    basin: 'basin-01',
    stream: 's',
    timeoutMs: 100,
    restMs: 1,
    resumesById: () => true,
    slowMs: () => 0,
    isOver: () => requests.length === sessions.length,
  };
  const follower = new Follower(transport, clock, options, {
    asked: () => (records) => reads.push(records?.length ?? null),
    heard: (records) => heard.push(...records),
    noted: () => {},
  });
  // The last answer is only there to be asked for.
  await follower.run();
  return { tail: follower.tail, requests, reads, heard };
}

/** The judged session is the one before the last event of which the follower goes. */
const told = (...events: string[]) => follow([...events, failed], { status: 502, body: '{"code":"hot_server"}' });

describe('an honest server', () => {
  test('is followed from session to session, by number first and then by the id of the last event', async () => {
    const { requests, reads, heard, tail } = await follow(
      [ping(0), batch([record(0), record(1)]), failed],
      { status: 502, body: '{"code":"hot_server"}' },
      [batch([record(2)]), ping(3), failed],
      { status: 503, body: '{"code":"server_draining"}' },
    );
    expect(tail).toBe(3);
    expect(requests.map(({ target }) => target.split('=')[1])).toEqual(['0', '2', '2', '3']);
    expect(requests.map(({ headers }) => headers.get('last-event-id') ?? null)).toEqual([
      null,
      '2,1,1',
      '2,1,1',
      '1,1,1',
    ]);
    expect(reads).toEqual([0, null, 3, null]);
    expect(heard.map(({ body }) => body)).toEqual(['r0', 'r1', 'r2']);
  });
});

describe('a server is convicted of', () => {
  test.each<[string, string[], RegExp]>([
    ['a gap', [batch([record(0)]), batch([record(2)])], /of 1 records was shown record 2/],
    ['a repeat', [batch([record(0)]), batch([record(0)])], /of 1 records was shown record 0/],
    ['time that runs backwards', [batch([record(0, 5)]), batch([record(1, 4)])], /run backwards at 1/],
    ['a heartbeat before everything is there', [batch([record(0)]), ping(2)], /with 1 records shown the tail is/],
    ['a heartbeat with less than it showed', [batch([record(0)]), ping(0)], /with 1 records shown the tail is/],
    ['a live batch with another tail', [ping(0), batch([record(0)], 2)], /with 1 records shown the tail is/],
    ['an empty batch', [batch([])], /a batch without records/],
    ['a regular end', ['data: [DONE]\n\n'], /came to a regular end/],
    ['events that are none', ['event: batch\ndata: {\n\n'], /no JSON/],
  ])('%s', async (_, events, words) => {
    await expect(told(...events)).rejects.toThrow(words);
  });

  test('having less than another server showed', async () => {
    const behind = { status: 416, body: '{"tail":{"seq_num":0,"timestamp":0}}' };
    await expect(follow([batch([record(0)]), failed], behind, behind)).rejects.toThrow(/has less than the 1 records/);
  });

  test('not knowing the stream', async () => {
    const answer = { status: 404, body: '{"code":"stream_not_found"}' };
    await expect(follow(answer, answer)).rejects.toThrow(/404 stream_not_found/);
  });
});

test('events are the same however the body is cut', async () => {
  const bytes = utf8.encode(batch([record(0, 1, 'ü€')]) + ping(1));
  for (const cut of [1, 2, 3, 7, bytes.length]) {
    const chunks = (async function* () {
      for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
    })();
    const events = [];
    for await (const event of serverSentEvents(chunks)) events.push(event);
    expect(events.map(({ name, id }) => [name, id])).toEqual([
      ['batch', '1,1,1'],
      ['ping', null],
    ]);
    expect(events[0]?.data).toContain('ü€');
  }
});
