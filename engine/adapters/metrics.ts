/**
 * The server's figures for Prometheus. Those of the engine come from its telemetry events alone; those of the store, the
 * port and the process from beside it.
 *
 * Appends become durable in the order they were admitted, so the time between the two needs no names, only a queue.
 */

import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

import type { Telemetry } from '../ports.ts';
import { ENGINE_EVENTS, type EngineEvent } from '../telemetry.ts';
import type { ExchangeReport } from './http-exchange.ts';
import type { StoreCall } from './measured-store.ts';

/** S2's own buckets (API contract §1.12). */
const APPEND_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const FINE_SECONDS = [0.0005, 0.001, 0.0025, ...APPEND_SECONDS, 5, 10];
const BATCH_RECORDS = [1, 10, 50, 100, 250, 500, 1000];
const OBJECT_BYTES = [512, 4096, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];
const DEPTHS = [1, 2, 4, 8, 16, 32, 64];
/** Shorter than what a person notices, longer than what timers are off anyway. */
const LOOP_SAMPLE_MS = 50;

/** What is only asked for when somebody scrapes. */
export interface Readings {
  connections: number;
  requests: number;
  bodyBytes: number;
  unsentBytes: number;
  /** Null while there is no engine that serves. */
  engine: { epoch: number; undurableBytes: number; unflushedBytes: number } | null;
}

export class Metrics implements Telemetry {
  readonly #registry = new Registry();
  readonly #counts: Record<EngineEvent, number>;
  readonly #admitted = new Times();
  readonly #issued = new Map<number, number>();
  readonly #appendSeconds: Histogram;
  readonly #appendRecords: Histogram;
  readonly #commitSeconds: Histogram;
  readonly #windowDepth: Histogram;
  readonly #fetchedBytes: Counter;
  readonly #storeSeconds: Histogram<'operation' | 'outcome'>;
  readonly #putBytes: Histogram;
  readonly #gotBytes: Counter;
  readonly #requests: Counter<'operation' | 'protocol' | 'status'>;
  readonly #requestSeconds: Histogram<'operation'>;
  readonly #turnedAway: Counter<'why'>;
  #loopTimer: NodeJS.Timeout | null = null;

  constructor(readings: () => Readings) {
    const names = Object.keys(ENGINE_EVENTS) as EngineEvent[];
    this.#counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<EngineEvent, number>;
    const registers = [this.#registry];
    const histogram = (name: string, help: string, buckets: number[]): Histogram =>
      new Histogram({ name, help, buckets, registers });
    this.#appendSeconds = histogram(
      's2_append_ack_latency_seconds',
      'From the admission of an append to its durability',
      APPEND_SECONDS,
    );
    this.#appendRecords = histogram('s2_append_batch_records', 'Records of one append', BATCH_RECORDS);
    this.#commitSeconds = histogram(
      'tailrace_log_commit_seconds',
      'From the PUT of a log object to its place in the history',
      FINE_SECONDS,
    );
    this.#windowDepth = histogram(
      'tailrace_log_window_depth',
      'Log objects in flight when one more was sent, itself included',
      DEPTHS,
    );
    this.#fetchedBytes = new Counter({
      name: 'tailrace_cache_fetched_bytes_total',
      help: 'Bytes of segments fetched into the cache',
      registers,
    });
    this.#storeSeconds = new Histogram({
      name: 'tailrace_store_request_seconds',
      help: 'Calls of the store, by operation and outcome',
      labelNames: ['operation', 'outcome'],
      buckets: FINE_SECONDS,
      registers,
    });
    this.#putBytes = histogram('tailrace_store_put_bytes', 'Size of an object put to the store', OBJECT_BYTES);
    this.#gotBytes = new Counter({
      name: 'tailrace_store_got_bytes_total',
      help: 'Bytes got from the store',
      registers,
    });
    this.#requests = new Counter({
      name: 'tailrace_http_requests_total',
      help: 'Requests that are over, sessions included; status 0 when nobody was there to be answered',
      labelNames: ['operation', 'protocol', 'status'],
      registers,
    });
    this.#requestSeconds = new Histogram({
      name: 'tailrace_http_request_seconds',
      help: 'Time of a request from its head to the end of its answer, sessions left out',
      labelNames: ['operation'],
      buckets: FINE_SECONDS,
      registers,
    });
    this.#turnedAway = new Counter({
      name: 'tailrace_http_turned_away_total',
      help: 'Connections refused because there are too many, or ended because they flooded',
      labelNames: ['why'],
      registers,
    });
    this.#addEvents(registers);
    this.#addReadings(registers, readings);
    this.#watchLoop(
      histogram('tailrace_event_loop_delay_seconds', 'How late the event loop came to a timer', FINE_SECONDS),
    );
    collectDefaultMetrics({ register: this.#registry });
  }

  event(name: EngineEvent, detail?: string | number): void {
    this.#counts[name] += 1;
    switch (name) {
      case 'append.admitted':
        this.#admitted.push(performance.now());
        this.#appendRecords.observe(Number(detail));
        break;
      case 'append.durable':
        this.#appendSeconds.observe((performance.now() - this.#admitted.shift()) / 1000);
        break;
      case 'log.slot.issued':
        this.#issued.set(Number(detail), performance.now());
        this.#windowDepth.observe(this.#issued.size);
        break;
      case 'log.slot.committed':
        this.#commitSeconds.observe((performance.now() - (this.#issued.get(Number(detail)) ?? 0)) / 1000);
        this.#issued.delete(Number(detail));
        break;
      case 'cache.fetched':
        this.#fetchedBytes.inc(Number(detail));
        break;
      default:
    }
  }

  storeCall({ operation, outcome, durationMs, bytes }: StoreCall): void {
    this.#storeSeconds.observe({ operation, outcome }, durationMs / 1000);
    if (operation === 'put') this.#putBytes.observe(bytes);
    else if (operation === 'get') this.#gotBytes.inc(bytes);
  }

  request({ method, target, protocol, status, isSession, durationMs }: ExchangeReport): void {
    const operation = operationOf(method, target);
    this.#requests.inc({ operation, protocol, status: String(status ?? 0) });
    if (!isSession) this.#requestSeconds.observe({ operation }, durationMs / 1000);
  }

  turnedAway(why: string): void {
    this.#turnedAway.inc({ why });
  }

  /** How often each event happened since the start; a copy. */
  counts(): Readonly<Record<EngineEvent, number>> {
    return { ...this.#counts };
  }

  async exposition(): Promise<{ type: string; text: string }> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  /** Names of all metrics of ours, for the documentation's test. */
  names(): string[] {
    const names = this.#registry.getMetricsAsArray().map(({ name }) => name);
    return names.filter((name) => /^(s2|tailrace)_/.test(name));
  }

  stop(): void {
    if (this.#loopTimer !== null) clearInterval(this.#loopTimer);
  }

  #addEvents(registers: Registry[]): void {
    const counts = this.#counts;
    new Counter({
      name: 'tailrace_engine_events_total',
      help: 'Events of the engine, by name; those that never happened are 0',
      labelNames: ['event'],
      registers,
      collect() {
        this.reset();
        for (const [event, count] of Object.entries(counts)) this.inc({ event }, count);
      },
    });
    new Counter({
      name: 'tailrace_cache_requests_total',
      help: 'Reads of a range of a segment: hit when all of it was in memory',
      labelNames: ['result'],
      registers,
      collect() {
        this.reset();
        this.inc({ result: 'hit' }, counts['cache.hit']);
        this.inc({ result: 'miss' }, counts['cache.miss']);
      },
    });
  }

  #addReadings(registers: Registry[], readings: () => Readings): void {
    const gauge = (name: string, help: string, read: (now: Readings) => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read(readings()));
        },
      });
    };
    gauge('tailrace_http_connections', 'Connections that are open', ({ connections }) => connections);
    gauge('tailrace_http_requests_active', 'Requests and sessions under way', ({ requests }) => requests);
    gauge('tailrace_http_body_bytes', 'Bytes of request bodies that are not whole yet', ({ bodyBytes }) => bodyBytes);
    gauge('tailrace_http_unsent_bytes', 'Bytes of answers that wait to be taken', ({ unsentBytes }) => unsentBytes);
    gauge('tailrace_engine_up', '1 while the engine owns its store and serves', ({ engine }) =>
      engine === null ? 0 : 1,
    );
    gauge(
      'tailrace_engine_epoch',
      'Number of this ownership of the store; 0 without one',
      ({ engine }) => engine?.epoch ?? 0,
    );
    gauge(
      'tailrace_engine_undurable_bytes',
      'Metered bytes admitted and not durable',
      ({ engine }) => engine?.undurableBytes ?? 0,
    );
    gauge(
      'tailrace_engine_unflushed_bytes',
      'Bytes of durable records that are in no segment yet',
      ({ engine }) => engine?.unflushedBytes ?? 0,
    );
  }

  #watchLoop(delays: Histogram): void {
    let dueMs = performance.now() + LOOP_SAMPLE_MS;
    this.#loopTimer = setInterval(() => {
      const nowMs = performance.now();
      delays.observe(Math.max(0, nowMs - dueMs) / 1000);
      dueMs = nowMs + LOOP_SAMPLE_MS;
    }, LOOP_SAMPLE_MS);
    this.#loopTimer.unref();
  }
}

/** Names of operations, so that there are few of them whatever paths are asked for. */
function operationOf(method: string, target: string): string {
  const path = target.split('?', 1)[0] ?? '';
  if (path.endsWith('/records/tail')) return 'check-tail';
  if (path.endsWith('/records')) return method === 'POST' ? 'append' : 'read';
  if (path.startsWith('/v1/basins')) return 'basins';
  if (path.startsWith('/v1/streams')) return 'streams';
  return path.startsWith('/v1/') ? 'other-v1' : 'operator';
}

/** A queue of moments, without an object for each. */
class Times {
  #ring = new Float64Array(1024);
  #first = 0;
  #length = 0;

  push(ms: number): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#length) % this.#ring.length] = ms;
    this.#length += 1;
  }

  /** Now, when there is none. */
  shift(): number {
    if (this.#length === 0) return performance.now();
    const ms = this.#ring[this.#first] as number;
    this.#first = (this.#first + 1) % this.#ring.length;
    this.#length -= 1;
    return ms;
  }

  #grow(): void {
    const larger = new Float64Array(this.#ring.length * 2);
    for (let i = 0; i < this.#length; i += 1) {
      larger[i] = this.#ring[(this.#first + i) % this.#ring.length] as number;
    }
    this.#ring = larger;
    this.#first = 0;
  }
}
