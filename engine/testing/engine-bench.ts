/**
 * An engine on manual ports with one basin and, if wished, one stream: what a directed test of the streams
 * needs around it. Opening runs by itself; afterwards `holdPuts` keeps every log object back for the test.
 */

import type { AppendInput } from '../core/admission.ts';
import type { AppendOutcome } from '../core/outcome.ts';
import type { AppendRecord } from '../core/record.ts';
import { type Engine, openEngine } from '../engine.ts';
import { slotKey } from '../log/format.ts';
import { ENGINE_DEFAULTS, type EngineTunables } from '../tunables.ts';
import { PROMPT } from './log-bench.ts';
import { type ManualPorts, manualPorts, settled, type StoreCall, type StoredObjects } from './manual-ports.ts';

export const BASIN = 'basin-01';
export const STREAM = 'stream';

const utf8 = new TextEncoder();

export function record(body = 'x', timestamp: number | null = null): AppendRecord {
  return { timestamp, headers: [], body: utf8.encode(body) };
}

export function fenceRecord(token: string): AppendRecord {
  return {
    timestamp: null,
    headers: [{ name: utf8.encode(''), value: utf8.encode('fence') }],
    body: utf8.encode(token),
  };
}

export function trimRecord(to: number): AppendRecord {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setBigUint64(0, BigInt(to));
  return { timestamp: null, headers: [{ name: utf8.encode(''), value: utf8.encode('trim') }], body };
}

/** A batch of records with the given bodies. */
export function batch(bodies: string | readonly AppendRecord[], conditions: Partial<AppendInput> = {}): AppendInput {
  const records = typeof bodies === 'string' ? [record(bodies)] : bodies;
  return { records, matchSeqNum: null, fencingToken: null, ...conditions };
}

export const FROM_START = {
  start: { kind: 'seq-num', seqNum: 0 },
  clamp: false,
  count: null,
  meteredBytes: null,
  untilTimestamp: null,
  waitMs: null,
} as const;

/** Follows a promise without waiting for it: null until it ends. */
export function follow<Value>(promise: Promise<Value>): () => Value | null {
  let value: Value | null = null;
  void promise.then((v) => (value = v));
  return () => value;
}

/** What an engine says that was fenced. */
export const NOT_OWNER = { kind: 'not-owner' };

/** What a rejected operation was told; the whole outcome of any other. */
export function reason(outcome: { kind: string; reason?: unknown } | null): unknown {
  return outcome?.kind === 'rejected' ? outcome.reason : outcome;
}

export interface EngineBench extends ManualPorts {
  engine: Engine;
  /** From now on puts wait for the test. */
  holdPuts: () => void;
  /** From now on every call waits for the test. */
  holdAll: () => void;
  /** The oldest held put. */
  oldestPut: () => StoreCall;
  /** Bodies of all records as an ordinary read shows them; the outcome's kind when it shows none. */
  bodies(): Promise<string[] | string>;
}

export async function engineBench(
  options: {
    objects?: StoredObjects;
    seed?: number;
    tunables?: Partial<Omit<EngineTunables, 'log'>>;
    log?: Partial<EngineTunables['log']>;
    stream?: boolean;
  } = {},
): Promise<EngineBench> {
  const ports = manualPorts(options);
  const log = { ...PROMPT, ...options.log };
  const defaults = { ...ENGINE_DEFAULTS, patienceMs: 1000, tombstoneMs: 0 };
  const engine = await openEngine(ports, { ...defaults, ...options.tunables, log });
  await engine.createBasin(BASIN, null);
  if (options.stream !== false) await engine.createStream(BASIN, STREAM, null);
  await settled();
  return {
    ...ports,
    engine,
    holdPuts: () => void (ports.blobs.holds = ({ operation }) => operation === 'putIfAbsent'),
    holdAll: () => void (ports.blobs.holds = () => true),
    oldestPut: () => {
      const put = ports.blobs.held('putIfAbsent')[0];
      if (put === undefined) throw new Error('no put is held');
      return put;
    },
    bodies: async () => {
      const outcome = await engine.read(BASIN, STREAM, FROM_START);
      if (outcome.kind !== 'batch') return outcome.kind;
      return outcome.records.map((r) => Buffer.from(r.body).toString());
    },
  };
}

/** Appends to the stream of the bench without waiting for it. */
export function append({ engine }: EngineBench, ...input: Parameters<typeof batch>): () => AppendOutcome | null {
  return follow(engine.append(BASIN, STREAM, batch(...input)));
}

/** The slot a put or get is about. */
export function slotOf(call: { key: string }): number {
  const slot = Number(call.key.slice('wal/'.length));
  if (call.key !== slotKey(slot)) throw new Error(`${call.key} is no slot`);
  return slot;
}
