/** Who may still answer: proofs by commit and by probe, and the loss of both (storage reference §4.7). */

import { describe, expect, test } from 'vitest';

import { logBench, type LogBench, plantData, plantFence, RETRY_MS } from '../testing/log-bench.ts';
import { DENIED, settled, TIMEOUT } from '../testing/manual-ports.ts';
import { READINGS_MAX, slotKey } from './format.ts';

/** Asks for a proof now; the returned function tells how it ended, null while it is open. */
function ask(bench: LogBench): () => boolean | null {
  let proved: boolean | null = null;
  void bench.log.proveOwnership().then((value) => (proved = value));
  return () => proved;
}

function putOf(bench: LogBench, slot: number) {
  return bench.blobs.heldOn('putIfAbsent', slotKey(slot));
}

function probeOf(bench: LogBench, slot: number) {
  return bench.blobs.heldOn('get', slotKey(slot));
}

function probes(bench: LogBench): string[] {
  return bench.blobs.held('get').map((call) => call.key);
}

describe('an idle owner', () => {
  test('is proved by an absent next slot, with one ranged get', async () => {
    const bench = logBench();
    const proof = ask(bench);
    expect(probes(bench)).toEqual([slotKey(64)]);
    expect(probeOf(bench, 64).range).toEqual({ start: 0, end: 64 });
    expect(proof()).toBeNull();
    await probeOf(bench, 64).complete();
    expect(proof()).toBe(true);
    expect(bench.telemetry.count('log.proof.by-probe')).toBe(1);
    expect(bench.blobs.held()).toEqual([]);
  });

  test('asks the store nothing while nobody asks', async () => {
    const bench = logBench();
    await bench.clock.advance(3_600_000);
    expect(bench.blobs.calls).toEqual([]);
  });

  test("learns from a rival's fence in the next slot that it is none, and what was asked later is refused too", async () => {
    const bench = logBench();
    plantFence(bench, 64);
    const proof = ask(bench);
    await probeOf(bench, 64).complete();
    expect(proof()).toBe(false);
    expect(bench.end()).toEqual({ kind: 'fenced', byEpoch: 2 });
    expect(await bench.log.proveOwnership()).toBe(false);
    expect(bench.blobs.held()).toEqual([]);
  });
});

describe('rule (a): a slot issued after the question became committed', () => {
  test('proves a question asked while entries wait to be issued, without a probe', async () => {
    const bench = logBench({ windowSlots: 1 });
    await bench.queue('a', 'b');
    const proof = ask(bench);
    expect(probes(bench)).toEqual([]);
    await putOf(bench, 64).complete();
    expect(proof()).toBeNull();
    await putOf(bench, 65).complete();
    expect(proof()).toBe(true);
    expect(bench.telemetry.count('log.proof.by-commit')).toBe(1);
    expect(probes(bench)).toEqual([]);
  });

  test('does not count slots that were issued before the question', async () => {
    const bench = logBench();
    await bench.queue('a');
    const proof = ask(bench);
    await putOf(bench, 64).complete();
    expect(proof()).toBeNull();
  });

  test('does not count a later slot that is durable while an earlier one is not', async () => {
    const bench = logBench();
    await bench.queue('a');
    const proof = ask(bench);
    await bench.queue('b');
    await putOf(bench, 65).complete();
    expect(proof()).toBeNull();
    await putOf(bench, 64).complete();
    expect(proof()).toBe(true);
  });
});

describe('rule (b): the next slot is absent and all below are committed', () => {
  test('an absent slot proves nothing while a slot below it is open', async () => {
    const bench = logBench();
    await bench.queue('a', 'b');
    const proof = ask(bench);
    await probeOf(bench, 66).complete();
    expect(proof()).toBeNull();
    await putOf(bench, 65).complete();
    expect(proof()).toBeNull();
    await putOf(bench, 64).complete();
    expect(proof()).toBe(true);
  });

  test('a fence in an open slot defeats the proof although the probed slot was absent', async () => {
    const bench = logBench();
    await bench.queue('a');
    const proof = ask(bench);
    plantFence(bench, 64);
    await probeOf(bench, 65).complete();
    await putOf(bench, 64).complete();
    await probeOf(bench, 64).complete();
    expect(proof()).toBe(false);
  });

  test('never probes a slot in flight: always the first that was never issued', async () => {
    const bench = logBench();
    await bench.queue('a', 'b', 'c');
    ask(bench);
    expect(probes(bench)).toEqual([slotKey(67)]);
  });

  test('our own object in the probed slot counts as the commit of that slot, not less', async () => {
    const bench = logBench();
    await bench.queue('a');
    const proof = ask(bench);
    await bench.queue('b');
    putOf(bench, 65).effect();
    await probeOf(bench, 65).complete();
    await putOf(bench, 64).complete();
    expect(proof()).toBeNull();
    await putOf(bench, 65).reply({ kind: 'done' });
    expect(proof()).toBe(true);
  });
});

describe('one probe at a time', () => {
  test('covers everybody who asked before it was sent, and nobody who asked after', async () => {
    const bench = logBench();
    const first = ask(bench);
    const probe = probeOf(bench, 64);
    const second = ask(bench);
    const third = ask(bench);
    await settled();
    expect(probes(bench)).toHaveLength(1);
    await probe.complete();
    expect([first(), second(), third()]).toEqual([true, null, null]);
    expect(probes(bench)).toEqual([slotKey(64)]);
    await probeOf(bench, 64).complete();
    expect([second(), third()]).toEqual([true, true]);
    expect(bench.blobs.calls).toHaveLength(2);
  });

  test('a rival who comes between two questions defeats the second', async () => {
    const bench = logBench();
    const first = ask(bench);
    const absent = probeOf(bench, 64).effect();
    const second = ask(bench);
    plantFence(bench, 64);
    await probeOf(bench, 64).reply(absent);
    expect(first()).toBe(true);
    await probeOf(bench, 64).complete();
    expect(second()).toBe(false);
  });

  test('that failed is repeated after a back-off and covers who came meanwhile', async () => {
    const bench = logBench();
    const first = ask(bench);
    await probeOf(bench, 64).reply({ kind: 'failed', fault: TIMEOUT });
    const second = ask(bench);
    await bench.clock.advance(RETRY_MS - 1);
    expect(probes(bench)).toEqual([]);
    await bench.clock.advance(1);
    await probeOf(bench, 64).complete();
    expect([first(), second()]).toEqual([true, true]);
    expect(bench.telemetry.count('log.proof.retried')).toBe(1);
  });

  test('that failed is not repeated when a commit has proved everybody meanwhile', async () => {
    const bench = logBench();
    const proof = ask(bench);
    await probeOf(bench, 64).reply({ kind: 'failed', fault: TIMEOUT });
    await bench.queue('a');
    await putOf(bench, 64).complete();
    expect(proof()).toBe(true);
    await bench.clock.advance(60_000);
    expect(bench.blobs.held()).toEqual([]);
    const later = ask(bench);
    await probeOf(bench, 65).complete();
    expect(later()).toBe(true);
  });

  test('that is denied proves nothing and ends nothing: the writer will learn it too', async () => {
    const bench = logBench();
    const proof = ask(bench);
    await probeOf(bench, 64).reply({ kind: 'failed', fault: DENIED });
    await bench.clock.advance(RETRY_MS);
    expect([proof(), bench.end()]).toEqual([null, null]);
    await probeOf(bench, 64).complete();
    expect(proof()).toBe(true);
  });
});

describe('a former owner that does not know yet', () => {
  test('with its whole window in flight finds data of the new owner in the next slot and is refused', async () => {
    const bench = logBench({ windowSlots: 64 });
    for (let i = 0; i < 64; i++) await bench.queue(String(i));
    // The rival fenced our first open slot, 64, skipped the window and has already written slot 128.
    plantFence(bench, 64);
    plantData(bench, 128, 2);
    const proof = ask(bench);
    await probeOf(bench, 128).complete();
    expect(proof()).toBe(false);
    expect(bench.log.writable).toBe(false);
    expect(bench.end()).toBeNull();

    await putOf(bench, 64).complete();
    await probeOf(bench, 64).complete();
    expect(bench.end()).toEqual({ kind: 'fenced', byEpoch: 2 });
    expect(bench.settlements.every(([, settlement]) => settlement === 'void')).toBe(true);
    expect(bench.settlements).toHaveLength(64);
  });

  test('gets no proof while its reads hang', async () => {
    const bench = logBench();
    const proof = ask(bench);
    await bench.clock.advance(3_600_000);
    expect(proof()).toBeNull();
  });
});

test('damage in the probed slot ends the log with the name of the object', async () => {
  const bench = logBench();
  const proof = ask(bench);
  const damaged = { kind: 'found', bytes: new Uint8Array(10), size: 10 } as const;
  for (let reading = 1; reading < READINGS_MAX; reading++) {
    await probeOf(bench, 64).reply(damaged);
    expect(proof()).toBeNull();
  }
  await probeOf(bench, 64).reply(damaged);
  expect(proof()).toBe(false);
  expect(bench.end()).toMatchObject({
    kind: 'store-refused',
    fault: { code: 'corruption', message: expect.stringContaining(slotKey(64)) },
  });
});
