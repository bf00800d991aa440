/** Figures for Prometheus, from events alone. */

import { afterEach, describe, expect, test } from 'vitest';

import { ENGINE_EVENTS } from '../telemetry.ts';
import { measuredStore, type StoreCall } from './measured-store.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { Metrics, type Readings } from './metrics.ts';

const NOTHING: Readings = { connections: 0, requests: 0, bodyBytes: 0, unsentBytes: 0, engine: null };

let metrics: Metrics;

afterEach(() => metrics.stop());

/** Value of the line that begins like this. */
async function valueOf(line: string): Promise<number> {
  const { text } = await metrics.exposition();
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  expect(found, line).toBeDefined();
  return Number(found?.split(' ').at(-1));
}

describe('metrics', () => {
  test('count every event of the catalogue from zero', async () => {
    metrics = new Metrics(() => NOTHING);
    expect(Object.keys(metrics.counts()).toSorted()).toEqual(Object.keys(ENGINE_EVENTS).toSorted());
    metrics.event('log.fenced', 7);
    metrics.event('log.fenced', 8);
    expect(await valueOf('tailrace_engine_events_total{event="log.fenced"}')).toBe(2);
    expect(await valueOf('tailrace_engine_events_total{event="log.put.fatal"}')).toBe(0);
  });

  test('tell how long each append took to become durable, thousands of them pending', async () => {
    metrics = new Metrics(() => NOTHING);
    for (let i = 0; i < 3_000; i += 1) metrics.event('append.admitted', 7);
    await new Promise((resolve) => setTimeout(resolve, 30));
    for (let i = 0; i < 2_999; i += 1) metrics.event('append.durable', 7);
    expect(await valueOf('s2_append_ack_latency_seconds_count')).toBe(2_999);
    expect(await valueOf('s2_append_ack_latency_seconds_bucket{le="0.025"}')).toBe(0);
    expect(await valueOf('s2_append_ack_latency_seconds_sum')).toBeGreaterThan(2_999 * 0.025);
    expect(await valueOf('s2_append_batch_records_bucket{le="10"}')).toBe(3_000);
    expect(await valueOf('s2_append_batch_records_bucket{le="1"}')).toBe(0);
  });

  test('tell how deep the window was and how long its objects took', async () => {
    metrics = new Metrics(() => NOTHING);
    for (const slot of [5, 6, 7]) metrics.event('log.slot.issued', slot);
    for (const slot of [5, 6]) metrics.event('log.slot.committed', slot);
    metrics.event('log.slot.issued', 8);
    expect(await valueOf('tailrace_log_window_depth_bucket{le="1"}')).toBe(1);
    expect(await valueOf('tailrace_log_window_depth_bucket{le="2"}')).toBe(3);
    expect(await valueOf('tailrace_log_window_depth_bucket{le="4"}')).toBe(4);
    expect(await valueOf('tailrace_log_commit_seconds_count')).toBe(2);
  });

  test('tell hits and misses of the cache', async () => {
    metrics = new Metrics(() => NOTHING);
    metrics.event('cache.hit', 'seg/1');
    metrics.event('cache.miss', 'seg/1');
    metrics.event('cache.miss', 'seg/1');
    metrics.event('cache.fetched', 1000);
    expect(await valueOf('tailrace_cache_requests_total{result="hit"}')).toBe(1);
    expect(await valueOf('tailrace_cache_requests_total{result="miss"}')).toBe(2);
    expect(await valueOf('tailrace_cache_fetched_bytes_total')).toBe(1000);
  });

  test('tell requests by few names, whatever was asked for, and leave sessions out of their time', async () => {
    metrics = new Metrics(() => NOTHING);
    const request = {
      id: 'x',
      protocol: 'http/1.1',
      status: 200,
      cut: false,
      isSession: false,
      durationMs: 2,
    } as const;
    for (let i = 0; i < 50; i += 1) metrics.request({ ...request, method: 'GET', target: `/${i}` });
    metrics.request({ ...request, method: 'POST', target: '/v1/streams/a%2Fb/records' });
    metrics.request({ ...request, method: 'GET', target: '/v1/streams/s/records?wait=60', isSession: true });
    metrics.request({ ...request, method: 'GET', target: '/v1/streams/s/records/tail', status: null });
    const prefix = 'tailrace_http_requests_total{operation=';
    expect(await valueOf(`${prefix}"operator",protocol="http/1.1",status="200"}`)).toBe(50);
    expect(await valueOf(`${prefix}"append",protocol="http/1.1",status="200"}`)).toBe(1);
    expect(await valueOf(`${prefix}"check-tail",protocol="http/1.1",status="0"}`)).toBe(1);
    expect(await valueOf('tailrace_http_request_seconds_count{operation="append"}')).toBe(1);
    expect((await metrics.exposition()).text).not.toContain('request_seconds_count{operation="read"}');
  });

  test('tell calls of the store, with what was put', async () => {
    metrics = new Metrics(() => NOTHING);
    const calls: StoreCall[] = [];
    const store = measuredStore(new MemoryBlobStore(), (call) => {
      calls.push(call);
      metrics.storeCall(call);
    });
    const body = [new Uint8Array(300), new Uint8Array(300)];
    expect(await store.putIfAbsent('a', body)).toEqual({ kind: 'done' });
    expect(await store.putIfAbsent('a', body)).toEqual({ kind: 'refused' });
    expect((await store.get('a', { start: 0, end: 100 })).kind).toBe('found');
    expect((await store.get('b')).kind).toBe('absent');
    expect((await store.list('')).kind).toBe('page');
    expect((await store.delete(['a'])).kind).toBe('done');
    expect(calls.map(({ operation, outcome, bytes }) => `${operation} ${outcome} ${bytes}`)).toEqual([
      'put done 600',
      'put refused 600',
      'get done 100',
      'get absent 0',
      'list done 0',
      'delete done 0',
    ]);
    expect(await valueOf('tailrace_store_request_seconds_count{operation="put",outcome="refused"}')).toBe(1);
    expect(await valueOf('tailrace_store_put_bytes_bucket{le="4096"}')).toBe(2);
    expect(await valueOf('tailrace_store_put_bytes_bucket{le="512"}')).toBe(0);
    expect(await valueOf('tailrace_store_got_bytes_total')).toBe(100);
  });

  test('tell what stands now when they are asked', async () => {
    let now = NOTHING;
    metrics = new Metrics(() => now);
    expect(await valueOf('tailrace_engine_up')).toBe(0);
    now = {
      connections: 3,
      requests: 2,
      bodyBytes: 9,
      unsentBytes: 8,
      engine: { epoch: 4, undurableBytes: 5, unflushedBytes: 6 },
    };
    const names = [
      'http_connections',
      'http_requests_active',
      'http_body_bytes',
      'http_unsent_bytes',
      'engine_up',
      'engine_epoch',
    ];
    const more = ['engine_undurable_bytes', 'engine_unflushed_bytes'];
    expect(await Promise.all([...names, ...more].map((name) => valueOf(`tailrace_${name}`)))).toEqual([
      3, 2, 9, 8, 1, 4, 5, 6,
    ]);
  });

  test('tell when the event loop was late', async () => {
    metrics = new Metrics(() => NOTHING);
    const endMs = performance.now() + 250;
    await new Promise((resolve) => setTimeout(resolve, 60));
    while (performance.now() < endMs);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const late = await valueOf('tailrace_event_loop_delay_seconds_count');
    expect(late - (await valueOf('tailrace_event_loop_delay_seconds_bucket{le="0.05"}'))).toBeGreaterThan(0);
  });
});
