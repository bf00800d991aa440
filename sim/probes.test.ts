import { describe, expect, test } from 'vitest';
import { ENGINE_EVENTS } from '../engine/telemetry.ts';
import { SIM_PROBES } from './index.ts';
import { inHost, worldWith } from './testing/in-world.ts';

describe('probes', () => {
  test('the catalogue is known before anything ran: all events of the engine, all faults', () => {
    const names = worldWith()
      .probes.catalogue()
      .map(({ name }) => name);
    for (const name of Object.keys(ENGINE_EVENTS)) expect(names).toContain(name);
    for (const { name } of SIM_PROBES) expect(names).toContain(name);
    expect(new Set(names).size).toBe(names.length);
    for (const { sentence } of SIM_PROBES) expect(sentence.length).toBeGreaterThan(10);
  });

  test('an entry of one’s own adds to the catalogue or takes the place of one', () => {
    const row = { name: 'log.fenced', sentence: 'x', required: true, row: 'W1' };
    const own = { name: 'scenario.both-owners', sentence: 'y', required: false, row: null };
    const world = worldWith({}, { probes: [row, own] });
    world.probes.sometimes('scenario.both-owners', true);
    world.probes.sometimes('scenario.both-owners', false);
    expect(world.probes.counts()).toEqual({ 'scenario.both-owners': 1 });
    expect(world.probes.catalogue().filter(({ name }) => name === 'log.fenced')).toEqual([row]);
  });

  test('a name that is in no catalogue is a mistake', () => {
    expect(() => worldWith().probes.reachable('fault.typo')).toThrow('fault.typo is in no catalogue');
  });

  test('a claim counts how often it was looked at; a broken one fails the run, the first of them', async () => {
    const claim = { name: 'always.dense', sentence: 'sequence numbers are dense', required: true, row: null };
    const world = worldWith({}, { probes: [claim] });
    world.after(5, 'check', () => {
      world.probes.always('always.dense', null);
      world.probes.always('always.dense', 'sequence numbers are not dense\ngap at 17');
      world.probes.always('always.dense', 'something else');
    });
    expect(await world.run(() => false)).toBe('failed');
    expect(world.failure).toMatchObject({
      kind: 'invariant',
      signature: 'sequence numbers are not dense',
      message: 'sequence numbers are not dense\ngap at 17',
      atMs: 5,
      event: 1,
    });
    expect(world.probes.counts()).toEqual({ 'always.dense': 3 });
    expect(() => world.probes.always('always.typo', null)).toThrow('always.typo is in no catalogue');
  });
});

describe('watermarks', () => {
  test('say how far a run went, and nothing of where it did not go', async () => {
    const world = worldWith();
    await inHost(world, 'node-1', ({ blobs, telemetry }) => {
      telemetry.event('log.window.pipelined', 3);
      telemetry.event('log.window.pipelined', 2);
      return Promise.all(['wal/1', 'wal/2'].map((name) => blobs.put(name, [])));
    });
    expect(world.probes.watermarks.heights()).toEqual({ 'deepest.pipeline': 3, 'most.mutations-in-flight': 2 });
  });
});

describe('tracks', () => {
  test('are empty unless the run is recorded', async () => {
    for (const record of [false, true]) {
      const world = worldWith({}, { record });
      await inHost(world, 'node-1', ({ blobs }) => blobs.put('wal/7', []));
      const spans = world.tracks.spans();
      expect(spans.map(({ track, label, tone, detail }) => ({ track, label, tone, detail }))).toEqual(
        record ? [{ track: 'storage', label: 'PUT wal/7: done', tone: 'good', detail: 'node-1' }] : [],
      );
      for (const { startMs, endMs } of spans) expect(endMs).toBeGreaterThan(startMs);
    }
  });

  test('show a late effect and an operation that never ended', async () => {
    const world = worldWith({ putTakesEffectLate: [1, 1], lateEffectMs: [100] }, { record: true });
    await inHost(world, 'node-1', ({ blobs }) => blobs.put('wal/1', []));
    await world.run(() => false);
    const host = world.host('node-2');
    host.start(async ({ blobs }) => void blobs.get('wal/1'));
    await world.run(() => world.waiting().some(({ what }) => what === 'GET wal/1'));
    expect(world.tracks.spans().map(({ label, tone }) => `${tone} ${label}`)).toEqual([
      'warn PUT wal/1: unknown',
      'bad PUT wal/1: late effect',
      'neutral GET wal/1',
    ]);
  });
});

describe('who waits for what', () => {
  test('is a list a person can read', async () => {
    const world = worldWith();
    world.host('node-2');
    world.host('node-1').start(async ({ clock, blobs, network }) => {
      void clock.sleep(50);
      void blobs.put('wal/1', []);
      void network
        .call('node-2:80', {
          method: 'GET',
          target: '/health',
          headers: new Map(),
          body: (async function* () {})(),
        })
        .catch(() => {});
    });
    await world.run(() => world.events === 1);
    expect(
      world.waiting().map(({ host, what, dueMs }) => `${host}: ${what}${dueMs === null ? '' : ` until ${dueMs}`}`),
    ).toEqual([
      'node-1: GET /health at node-2:80',
      'node-1: PUT wal/1',
      expect.stringMatching(/^world: net.connect 1 until \d$/),
      expect.stringMatching(/^world: store.put wal\/1 until \d+$/),
      'node-1: sleep until 50',
      'node-1: blob.timeout wal/1 until 5000',
    ]);
  });
});
