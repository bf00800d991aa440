/** Append sessions: admitted in order, answered in order, over at the first failure (API contract §4.5). */

import { describe, expect, test } from 'vitest';

import type { AppendInput } from '../core/admission.ts';
import type { AppendAck, AppendOutcome } from '../core/outcome.ts';
import {
  BASIN,
  batch,
  type EngineBench,
  engineBench,
  fenceRecord,
  follow,
  record,
  STREAM,
} from '../testing/engine-bench.ts';
import { plantFence } from '../testing/log-bench.ts';
import { DENIED, settled } from '../testing/manual-ports.ts';

/** A session whose outcomes are noted as they come: the first number, or why not. */
async function sessionOn(bench: EngineBench) {
  const opened = await bench.engine.appendSession(BASIN, STREAM);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const { session } = opened;
  const heard: (number | string)[] = [];
  let ended = false;
  void (async () => {
    for await (const outcome of session.outcomes()) heard.push(said(outcome));
    ended = true;
  })();
  const send = (input: AppendInput) => follow(session.submit(input));
  return { session, heard, send, ended: () => ended };
}

function said(outcome: AppendOutcome): number | string {
  if (outcome.kind === 'durable') return outcome.ack.start.seqNum;
  return outcome.kind === 'rejected' ? outcome.reason.kind : 'unknown';
}

async function completePuts(bench: EngineBench) {
  for (let put = bench.blobs.held('putIfAbsent')[0]; put !== undefined; put = bench.blobs.held('putIfAbsent')[0]) {
    await put.complete();
  }
  await settled();
}

describe('a session', () => {
  test('pipelines: inputs are admitted before those in front of them are durable', async () => {
    const bench = await engineBench();
    const { send, heard, session, ended } = await sessionOn(bench);
    bench.holdPuts();
    for (const body of ['a', 'b', 'c']) {
      const admitted = send(batch(body));
      await settled();
      expect(admitted()).toBe(true);
    }
    expect(heard).toEqual([]);
    await completePuts(bench);
    expect(heard).toEqual([0, 1, 2]);
    session.close();
    await settled();
    expect(ended()).toBe(true);
    expect(await bench.bodies()).toEqual(['a', 'b', 'c']);
  });

  test('that is closed without an input ends without an outcome', async () => {
    const { session, heard, ended } = await sessionOn(await engineBench());
    session.close();
    await settled();
    expect([heard, ended()]).toEqual([[], true]);
  });

  test('half closed still tells the outcomes of what it took', async () => {
    const bench = await engineBench();
    const { send, session, heard, ended } = await sessionOn(bench);
    bench.holdPuts();
    send(batch('a'));
    await settled();
    session.close();
    await settled();
    expect(ended()).toBe(false);
    await completePuts(bench);
    expect([heard, ended()]).toEqual([[0], true]);
  });

  test('lives as long as its client likes, without anything that waits for time', async () => {
    const bench = await engineBench();
    const sleepers = bench.clock.sleepers;
    const { send, heard } = await sessionOn(bench);
    expect(bench.clock.sleepers).toBe(sleepers);
    send(batch('a'));
    await bench.clock.advance(3_600_000);
    send(batch('b'));
    await settled();
    expect(heard).toEqual([0, 1]);
  });
});

describe('inputs', () => {
  test('many under way: acknowledged without gap, each for all its records, with a tail that never falls', async () => {
    const bench = await engineBench();
    const opened = await bench.engine.appendSession(BASIN, STREAM);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    const { session } = opened;
    const acks: AppendAck[] = [];
    const told = (async () => {
      for await (const outcome of session.outcomes()) if (outcome.kind === 'durable') acks.push(outcome.ack);
    })();
    const sent = Array.from({ length: 32 }, (_, i) => Array.from({ length: 1 + (i % 3) }, (__, j) => `${i}.${j}`));
    for (const bodies of sent) expect(await session.submit(batch(bodies.map((body) => record(body))))).toBe(true);
    session.close();
    await told;
    expect(acks.map(({ start, end }) => end.seqNum - start.seqNum)).toEqual(sent.map((bodies) => bodies.length));
    expect(acks.map(({ start }) => start.seqNum)).toEqual([0, ...acks.slice(0, -1).map(({ end }) => end.seqNum)]);
    for (const [i, { end, tail }] of acks.entries()) {
      expect(tail.seqNum).toBeGreaterThanOrEqual(Math.max(end.seqNum, acks[i - 1]?.tail.seqNum ?? 0));
    }
    expect(await bench.bodies()).toEqual(sent.flat());
  });

  test('see what those before them will do: numbers, tokens and fences that are not durable yet', async () => {
    const bench = await engineBench();
    const { send, heard } = await sessionOn(bench);
    bench.holdPuts();
    for (const input of [
      batch('a', { matchSeqNum: 0, fencingToken: '' }),
      batch([fenceRecord('me')], { matchSeqNum: 1 }),
      batch('b', { matchSeqNum: 2, fencingToken: 'me' }),
    ]) {
      const admitted = send(input);
      await settled();
      expect(admitted()).toBe(true);
    }
    send(batch('c', { fencingToken: '' }));
    await settled();
    expect(heard).toEqual([]);
    await completePuts(bench);
    await bench.clock.advance(100);
    await completePuts(bench);
    expect(heard).toEqual([0, 1, 2, 'fencing-token-mismatch']);
  });

  test('of a hundred thousand bytes each are all appended', async () => {
    const bench = await engineBench();
    const { session, heard } = await sessionOn(bench);
    for (let i = 0; i < 50; i++) expect(await session.submit(batch('x'.repeat(100_000)))).toBe(true);
    session.close();
    await settled();
    expect(heard).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});

describe('a failure', () => {
  test('of a condition is told behind the acknowledgements before it, and nothing behind it is appended', async () => {
    const bench = await engineBench();
    const { send, session, heard, ended } = await sessionOn(bench);
    bench.holdPuts();
    send(batch('a', { matchSeqNum: 0 }));
    await settled();
    const wrong = send(batch('b', { matchSeqNum: 7 }));
    await settled();
    const behind = send(batch('c'));
    await settled();
    expect([wrong(), behind(), heard]).toEqual([false, false, []]);
    await completePuts(bench);
    await bench.clock.advance(100);
    await completePuts(bench);
    expect(heard).toEqual([0, 'seq-num-mismatch']);
    expect(ended()).toBe(true);
    expect(await session.submit(batch('d'))).toBe(false);
    bench.blobs.holds = () => false;
    expect(await bench.bodies()).toEqual(['a']);
  });

  test('of the store leaves what was admitted unknown and ends the session', async () => {
    const bench = await engineBench();
    const { send, heard, ended } = await sessionOn(bench);
    bench.holdPuts();
    for (const body of ['a', 'b']) {
      send(batch(body));
      await settled();
    }
    await bench.oldestPut().reply({ kind: 'unknown', fault: DENIED });
    await settled();
    expect(heard).toEqual(['unknown']);
    expect(ended()).toBe(true);
  });

  test('of ownership ends an idle session with the reason', async () => {
    const bench = await engineBench();
    const { heard, ended } = await sessionOn(bench);
    plantFence(bench, bench.engine.state.slot);
    await bench.engine.checkTail(BASIN, STREAM);
    await settled();
    expect([heard, ended()]).toEqual([['not-owner'], true]);
  });
});

describe('the stream', () => {
  test('is the one the session was opened on: a later one of the same name is not appended to', async () => {
    const bench = await engineBench();
    const { send, heard, ended } = await sessionOn(bench);
    send(batch('a'));
    await settled();
    await bench.engine.deleteStream(BASIN, STREAM);
    await settled();
    await bench.engine.createStream(BASIN, STREAM, null);
    send(batch('b'));
    await bench.clock.advance(100);
    expect(heard[0]).toBe(0);
    expect(heard[1]).toMatch(/stream-/);
    expect(ended()).toBe(true);
  });
});

describe('bounded', () => {
  test('a session holds a quarter of the bytes that may wait, and its next input waits for an acknowledgement', async () => {
    const bench = await engineBench({ tunables: { undurableBytesMax: 16 * 1024 } });
    const { send, heard } = await sessionOn(bench);
    bench.holdPuts();
    const big = () => batch([record('x'.repeat(1500))]);
    const admitted = [];
    for (let i = 0; i < 3; i++) {
      admitted.push(send(big()));
      await settled();
    }
    expect(admitted.map((input) => input())).toEqual([true, true, null]);
    await completePuts(bench);
    await completePuts(bench);
    expect(admitted.map((input) => input())).toEqual([true, true, true]);
    expect(heard).toEqual([0, 1, 2]);
  });

  test('a client that never listens is stopped after so many inputs', async () => {
    const bench = await engineBench({ tunables: { undurableBytesMax: 64 * 1024 } });
    const opened = await bench.engine.appendSession(BASIN, STREAM);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    let admitted = 0;
    void (async () => {
      while (await opened.session.submit(batch('x'))) admitted++;
    })();
    await bench.clock.advance(1000);
    expect(admitted).toBe(16);
  });
});

describe('the end of the server', () => {
  test('draining ends a session behind what it took, with the reason', async () => {
    const bench = await engineBench();
    const { send, heard, ended } = await sessionOn(bench);
    bench.holdPuts();
    send(batch('a'));
    await settled();
    bench.engine.drain();
    const late = send(batch('b'));
    await settled();
    expect([late(), heard]).toEqual([false, []]);
    await completePuts(bench);
    expect([heard, ended()]).toEqual([[0, 'draining'], true]);
  });

  test('a client that left: what was admitted becomes durable, what was not does not', async () => {
    const bench = await engineBench();
    const { send, session, heard, ended } = await sessionOn(bench);
    bench.holdPuts();
    send(batch('a'));
    await settled();
    session.abandon();
    await settled();
    expect(ended()).toBe(true);
    expect(send(batch('b'))()).toBe(null);
    bench.blobs.holds = () => false;
    await completePuts(bench);
    expect(heard).toEqual([]);
    expect(await bench.bodies()).toEqual(['a']);
  });

  test('a client that left while its input waited for room: the input is dropped', async () => {
    const bench = await engineBench({ tunables: { undurableBytesMax: 8 * 1024 } });
    const { send, session } = await sessionOn(bench);
    bench.holdPuts();
    void bench.engine.append(BASIN, STREAM, batch([record('x'.repeat(8 * 1024))]));
    await settled();
    const waiting = send(batch('a'));
    await settled();
    expect(waiting()).toBe(null);
    session.abandon();
    bench.blobs.holds = () => false;
    await completePuts(bench);
    expect(waiting()).toBe(false);
    expect((await bench.bodies()).length).toBe(1);
    expect(bench.engine.undurableBytes).toBe(0);
  });

  test('a session does not open on a server that drains', async () => {
    const bench = await engineBench();
    bench.engine.drain();
    expect(await bench.engine.appendSession(BASIN, STREAM)).toEqual({
      kind: 'rejected',
      reason: { kind: 'draining' },
    });
  });
});
