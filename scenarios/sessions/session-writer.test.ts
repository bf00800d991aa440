/** What a client of append sessions concludes from what it hears, and what it holds against a server. */

import { describe, expect, test } from 'vitest';

import type { HttpRequest, HttpResponse } from '../../engine/index.ts';
import type { AppendResult } from '../client.ts';
import { inputFrame, sessionAnswers } from './s2s-wire.ts';
import { SessionWriter } from './session-writer.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const position = (seqNum: number) =>
  seqNum === 0 ? '02 10 01' : `04 08 ${seqNum.toString(16).padStart(2, '0')} 10 01`;
const at = (seqNum: number) => ({ seqNum, timestamp: 1 });
/** An acknowledgement of records [start, end), with timestamps of 1. */
function ack(start: number, end: number): Uint8Array {
  const message = hex(`0a ${position(start)} 12 ${position(end)} 1a ${position(end)}`);
  return Buffer.concat([hex('0000'), Uint8Array.of(message.length + 1, 0), message]);
}
function failure(status: number, body: unknown): Uint8Array {
  const text = Buffer.from(JSON.stringify(body));
  return Buffer.concat([hex('0000'), Uint8Array.of(text.length + 3, 0x80, status >> 8, status & 255), text]);
}
const reset = Object.assign(new Error('reset'), { code: 'reset', sent: true });

/** One session of three batches of one record each, answered with these pieces; an error breaks the response. */
async function write(...pieces: (Uint8Array | Error)[]): Promise<(string | null)[]> {
  const results: (AppendResult | null)[] = [];
  const transport = async (_: string, request: HttpRequest): Promise<HttpResponse> => ({
    status: 200,
    headers: new Map(),
    body: (async function* () {
      for await (const chunk of request.body) void chunk;
      for (const piece of pieces) {
        if (piece instanceof Error) throw piece;
        yield piece;
      }
    })(),
  });
  const clock = {
    wallMs: () => 0,
    monoMs: () => 0,
    sleep: (ms: number) => (ms > 100 ? new Promise<void>(() => {}) : Promise.resolve()),
  };
  const options = { addresses: ['a'], basin: 'basin-01', stream: 's', name: 'w', batches: 3, batchRecordsMax: 1 };
  const writer = new SessionWriter(
    transport,
    clock,
    { ...options, timeoutMs: 1000, restMs: 0 },
    {
      // Three batches in the session, without conditions, cut in the middle of the frame.
      below: (bound) => (bound === 8 ? 2 : Math.min(1, bound - 1)),
      noted: () => {},
      open: { sessions: 0 },
      called: () => {
        const index = results.push(null) - 1;
        return (result) => (results[index] = result);
      },
    },
  );
  await writer.run();
  return results.map((result) => result?.kind ?? null);
}

describe('results', () => {
  test('acknowledged batches are durable', async () => {
    expect(await write(ack(0, 1), ack(1, 2), ack(5, 6))).toEqual(['durable', 'durable', 'durable']);
  });

  test('behind a failed condition nothing has an effect', async () => {
    const mismatch = failure(412, { seq_num_mismatch: 7 });
    expect(await write(ack(0, 1), mismatch)).toEqual(['durable', 'rejected', 'rejected']);
  });

  test('behind an error that leaves open what happened, everything is open', async () => {
    const storage = failure(500, { code: 'storage', message: '' });
    expect(await write(ack(0, 1), storage)).toEqual(['durable', 'unknown', 'unknown']);
  });

  test('of a server that is not the owner certainly nothing is appended', async () => {
    expect(await write(failure(502, { code: 'hot_server', message: '' }))).toEqual([
      'rejected',
      'rejected',
      'rejected',
    ]);
  });

  test('when the connection breaks, what was not answered is open', async () => {
    expect(await write(ack(0, 1), reset)).toEqual(['durable', 'unknown', 'unknown']);
    expect(await write(ack(0, 1), ack(1, 2).subarray(0, 5), reset)).toEqual(['durable', 'unknown', 'unknown']);
  });
});

describe('a server is convicted of', () => {
  test.each<[string, Uint8Array[], RegExp]>([
    ['a regular end before everything is answered', [ack(0, 1)], /ended with 2 batches unanswered/],
    ['an acknowledgement that does not fit its batch', [ack(0, 2)], /1 records behind 0 were acknowledged as 0\.\.2/],
    ['acknowledgements out of order', [ack(4, 5), ack(3, 4)], /1 records behind 5 were acknowledged as 3\.\.4/],
    ['an acknowledgement too many', [ack(0, 1), ack(1, 2), ack(2, 3), ack(3, 4)], /without a batch/],
    ['a failed condition of nothing', [failure(412, {})], /without a name/],
  ])('%s', async (_, pieces, words) => {
    await expect(write(...pieces)).rejects.toThrow(words);
  });
});

describe('the wire', () => {
  const batch = { bodies: ['x'], setFencingToken: null, fencingToken: null, matchSeqNum: null };

  test('is the one of the golden bytes', () => {
    expect(inputFrame(batch)).toEqual(hex('000006 00 0a031a0178'));
    const guarded = { ...batch, matchSeqNum: 300, fencingToken: 'me' };
    expect(inputFrame(guarded)).toEqual(hex('00000d 00 0a031a0178 10ac02 1a026d65'));
    const fence = { ...batch, setFencingToken: 'x' };
    expect(inputFrame(fence)).toEqual(hex('00000f 00 0a0c 1207 1205 66656e6365 1a0178'));
  });

  test('answers are the same however the body is cut', async () => {
    const bytes = Buffer.concat([ack(0, 1), ack(1, 3), failure(412, { seq_num_mismatch: 3 })]);
    for (const cut of [1, 2, 3, 5, bytes.length]) {
      const chunks = (async function* () {
        for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
      })();
      const answers = [];
      for await (const answer of sessionAnswers(chunks)) answers.push(answer);
      expect(answers).toEqual([
        { kind: 'ack', start: at(0), end: at(1), tail: at(1) },
        { kind: 'ack', start: at(1), end: at(3), tail: at(3) },
        { kind: 'failed', status: 412, body: { seq_num_mismatch: 3 } },
      ]);
    }
  });
});
