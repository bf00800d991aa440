/** The engine as a whole: what one process wrote, the next one reads; two that fight leave one history. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { AppendInput } from './core/admission.ts';
import { type Engine, openEngine } from './engine.ts';
import {
  BASIN,
  batch,
  engineBench,
  fenceRecord,
  follow,
  FROM_START,
  record,
  slotOf,
  STREAM,
  trimRecord,
} from './testing/engine-bench.ts';
import { PROMPT } from './testing/log-bench.ts';
import { manualPorts, settled, type StoredObjects, TIMEOUT } from './testing/manual-ports.ts';
import { ENGINE_DEFAULTS } from './tunables.ts';

const NAMES = ['s', 't', 'u'];
const TUNABLES = { ...ENGINE_DEFAULTS, log: PROMPT };

/** Everything a client can learn of the store by reading. */
async function everything(engine: Engine): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (const name of NAMES) {
    seen.push(await engine.checkTail(BASIN, name));
    for (const seqNum of [0, 1, 3, 7]) {
      seen.push(await engine.read(BASIN, name, { ...FROM_START, start: { kind: 'seq-num', seqNum } }));
    }
    // The token in force is visible only to who gets it wrong.
    seen.push(await engine.append(BASIN, name, batch('x', { fencingToken: 'surely not this one' })));
    const made = await engine.createStream(BASIN, name, 'token of nobody');
    // How much of what was trimmed is counted by now is told to nobody, and the second counts what the first left.
    seen.push('row' in made ? { ...made, row: { ...made.row, trimmedBytes: 0 } } : made);
  }
  return seen;
}

type Step =
  | { do: 'create'; name: string; token: string | null }
  | { do: 'append'; name: string; input: AppendInput }
  | { do: 'step wall'; ms: number };

const name = fc.constantFrom(...NAMES);
const anyRecord = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.string({ maxLength: 12 }), fc.option(fc.nat(2e9), { nil: null }))
      .map(([b, t]) => record(b, t)),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'a', 'b').map(fenceRecord) },
  { weight: 1, arbitrary: fc.nat(12).map(trimRecord) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('create' as const), name, token: fc.constantFrom(null, 'x', 'y') }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      name,
      input: fc.record({
        records: fc.array(anyRecord, { minLength: 1, maxLength: 4 }),
        matchSeqNum: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(6) }),
        fencingToken: fc.oneof(
          { weight: 4, arbitrary: fc.constant(null) },
          { weight: 1, arbitrary: fc.constantFrom('', 'a', 'b') },
        ),
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('step wall' as const), ms: fc.integer({ min: -5000, max: 5000 }) }),
  },
);

/** Runs the steps, up to `pipelined` at once, and waits for all. */
async function run(
  bench: Awaited<ReturnType<typeof engineBench>>,
  steps: readonly Step[],
  pipelined: number,
): Promise<void> {
  let open: Promise<unknown>[] = [];
  for (const one of steps) {
    if (one.do === 'step wall') bench.clock.stepWall(one.ms);
    else if (one.do === 'create') open.push(bench.engine.createStream(BASIN, one.name, one.token));
    else open.push(bench.engine.append(BASIN, one.name, one.input));
    if (open.length >= pipelined) {
      await Promise.all(open);
      open = [];
    }
  }
  await Promise.all(open);
}

describe('a second engine on the same store', () => {
  test('shows exactly what the first showed, after any operations', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 8 }), async (steps, pipelined) => {
        const objects: StoredObjects = new Map();
        const first = await engineBench({ objects, seed: 1, stream: false });
        await first.engine.createStream(BASIN, NAMES[0] ?? '', 'x');
        await run(first, steps, pipelined);
        const before = await everything(first.engine);
        // What `everything` created is part of the store now, so the streams exist on both sides.
        const again = await everything(first.engine);
        const second = await openEngine(manualPorts({ objects, seed: 2 }), TUNABLES);
        expect(await everything(second)).toEqual(again);
        expect(before).toHaveLength(again.length);
        expect(await first.engine.checkTail(BASIN, NAMES[0] ?? '')).toMatchObject({ kind: 'rejected' });
        expect(first.engine.undurableBytes).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  test('goes on with numbers, timestamps, tokens and stream ids where the first stopped', async () => {
    const objects: StoredObjects = new Map();
    const first = await engineBench({ objects, seed: 1 });
    await first.engine.append(BASIN, STREAM, batch([record('a'), fenceRecord('mine')]));
    const second = await engineBench({ objects, seed: 2 });
    second.clock.stepWall(-60_000);
    const outcome = await second.engine.append(BASIN, STREAM, batch('b', { matchSeqNum: 2, fencingToken: 'mine' }));
    expect(outcome).toMatchObject({ kind: 'durable', ack: { start: { seqNum: 2, timestamp: 1_700_000_000_000 } } });
    const made = await second.engine.createStream(BASIN, 'new', null);
    const old = await second.engine.createStream(BASIN, STREAM, null);
    expect([made.kind, old.kind]).toEqual(['created', 'exists']);
    if (made.kind !== 'created' || old.kind !== 'exists') return;
    expect(made.row.id).toBeGreaterThan(old.row.id);
  });

  test('recognises the retry of a creation the first one answered', async () => {
    const objects: StoredObjects = new Map();
    const first = await engineBench({ objects, seed: 1 });
    const created = await first.engine.createStream(BASIN, 'new', 'token');
    const second = await engineBench({ objects, seed: 2 });
    expect(await second.engine.createStream(BASIN, 'new', 'token')).toEqual({ ...created, kind: 'noop' });
  });

  test('counts an append that ended unknown as done if and only if its object landed before the fence', async () => {
    for (const landed of [true, false]) {
      const objects: StoredObjects = new Map();
      const first = await engineBench({ objects, seed: 1 });
      first.holdPuts();
      const append = follow(first.engine.append(BASIN, STREAM, batch('a')));
      await settled();
      if (landed) first.oldestPut().effect();
      await first.clock.advance(1000);
      expect(append()).toMatchObject({ kind: 'unknown' });
      const second = await engineBench({ objects, seed: 2 });
      expect(await second.bodies()).toEqual(landed ? ['a'] : 'unwritten');

      // The put still travels. It finds its own object or the fence; nothing changes any more.
      const late = first.oldestPut();
      await late.complete();
      expect(await second.bodies()).toEqual(landed ? ['a'] : 'unwritten');
      expect((await second.engine.append(BASIN, STREAM, batch('b'))).kind).toBe('durable');
      expect(await (await engineBench({ objects, seed: 3 })).bodies()).toEqual(landed ? ['a', 'b'] : ['b']);
    }
  });

  test('never meets a late put of the first above the fence: those slots are void', async () => {
    const objects: StoredObjects = new Map();
    const first = await engineBench({ objects, seed: 1, log: { windowSlots: 64 } });
    first.holdPuts();
    const outcomes = Array.from({ length: 64 }, (_, i) =>
      follow(first.engine.append(BASIN, STREAM, batch(`old ${i}`))),
    );
    await settled();
    const puts = first.blobs.held('putIfAbsent');
    expect(puts).toHaveLength(64);
    const second = await engineBench({ objects, seed: 2 });
    await second.engine.append(BASIN, STREAM, batch('new'));

    for (const put of puts.toReversed()) await put.complete();
    await first.clock.advance(1000);
    expect(outcomes.map((o) => o()?.kind)).toEqual(outcomes.map(() => 'rejected'));
    expect(await second.bodies()).toEqual(['new']);
    expect(await (await engineBench({ objects, seed: 3 })).bodies()).toEqual(['new']);
  });

  test('acknowledges nothing that a third, which fenced it in the middle of a window, does not have', async () => {
    for (let landing = 0; landing < 16; landing++) {
      const objects: StoredObjects = new Map();
      const first = await engineBench({ objects, seed: 1 });
      first.holdPuts();
      const bodies = ['a', 'b', 'c', 'd'];
      const outcomes = bodies.map((body) => follow(first.engine.append(BASIN, STREAM, batch(body))));
      await settled();
      const puts = first.blobs.held('putIfAbsent');
      puts.forEach((put, i) => (landing >> i) & 1 && put.effect());
      const second = await engineBench({ objects, seed: 2 });
      for (const put of puts) await put.reply({ kind: 'unknown', fault: TIMEOUT });
      first.blobs.holds = () => false;
      await first.clock.advance(1000);

      const prefix = [0, 1, 2, 3].findIndex((i) => ((landing >> i) & 1) === 0);
      const kept = bodies.slice(0, prefix < 0 ? 4 : prefix);
      expect(await second.bodies(), `landed ${landing.toString(2)}`).toEqual(kept.length > 0 ? kept : 'unwritten');
      expect(outcomes.map((o) => o()?.kind)).toEqual(bodies.map((b) => (kept.includes(b) ? 'durable' : 'rejected')));
    }
  });
});

describe('opening', () => {
  test('refuses numbers out of their range before it touches the store', async () => {
    const ports = manualPorts();
    for (const bad of [
      { ...TUNABLES, patienceMs: 99 },
      { ...TUNABLES, undurableBytesMax: 1023 },
      { ...TUNABLES, log: { ...PROMPT, windowSlots: 65 } },
      { ...TUNABLES, log: { ...PROMPT, windowSlots: 0 } },
      { ...TUNABLES, log: { ...PROMPT, retryMsMin: 50, retryMsMax: 49 } },
      { ...TUNABLES, log: { ...PROMPT, slotBytesMax: Number.NaN } },
    ]) {
      await expect(openEngine(ports, bad)).rejects.toThrow('must be within');
    }
    expect(ports.blobs.calls).toEqual([]);
  });

  test('takes the store over from whoever has it, and the other one learns it at its next question', async () => {
    const objects: StoredObjects = new Map();
    const first = await engineBench({ objects, seed: 1 });
    const second = await engineBench({ objects, seed: 2 });
    expect(first.engine.end).toBeNull();
    expect(await first.engine.checkTail(BASIN, STREAM)).toEqual({ kind: 'rejected', reason: { kind: 'not-owner' } });
    expect(await first.engine.ended).toEqual({ kind: 'fenced', byEpoch: 2 });
    expect(await second.engine.checkTail(BASIN, STREAM)).toMatchObject({ kind: 'tail' });
  });

  test('writes one fence into an idle store and nothing else', async () => {
    const objects: StoredObjects = new Map();
    const first = await engineBench({ objects, seed: 1, stream: false });
    await first.engine.stop();
    const ports = manualPorts({ objects, seed: 2 });
    await openEngine(ports, { ...TUNABLES, log: { ...PROMPT, replayAheadSlots: 1 } });
    const last = Math.max(...[...objects.keys()].filter((key) => key !== 'format').map((key) => slotOf({ key })));
    expect(ports.blobs.calls.filter((call) => call.operation === 'putIfAbsent').map(slotOf)).toEqual([last]);
  });
});
