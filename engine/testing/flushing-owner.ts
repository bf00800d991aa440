/**
 * An owner without an API: takeover, log, committed side, flusher and collector on manual ports, and appends that need
 * no admission. Bodies tell stream and number, so that whatever is read back can be checked.
 */

import { encodeRecords } from '../core/stamped-batch.ts';
import { PersistentStore } from '../log/persistent-store.ts';
import type { Settlement } from '../log/queued.ts';
import { SlotLog } from '../log/slot-log.ts';
import { takeOver } from '../log/takeover.ts';
import { LOG_DEFAULTS, type LogTunables } from '../log/tunables.ts';
import { Checkpoints } from '../segments/checkpoint.ts';
import { Collector } from '../segments/collector.ts';
import { CommittedLog } from '../segments/committed-log.ts';
import { Flusher } from '../segments/flusher.ts';
import { NameSource } from '../segments/names.ts';
import { SegmentReader } from '../segments/segment-reader.ts';
import { StreamReader } from '../segments/stream-reader.ts';
import { SEGMENT_DEFAULTS, type SegmentTunables } from '../segments/tunables.ts';
import type { Entry } from '../state/entries.ts';
import { type ManualPorts, manualPorts, settled, type StoredObjects } from './manual-ports.ts';
import { createBasin, createStream } from './state-samples.ts';

const BASIN = 'basin-of-test';
const NO_STREAM = { tail: { seqNum: 0, timestamp: 0 }, appendedBytes: 0 };

const LOG: LogTunables = { ...LOG_DEFAULTS, lingerMs: 0, issueIntervalMs: 0, retryMsMin: 1, retryMsMax: 2 };

/** Small enough that a handful of appends makes several segments and pages. */
const SMALL: SegmentTunables = {
  ...SEGMENT_DEFAULTS,
  flushBytes: 1 << 30,
  flushSlots: 100_000,
  flushIntervalMs: 86_400_000,
  unflushedBytesMax: 1 << 31,
  ownSegmentBytes: 1_024,
  segmentBytesMax: 1_024,
  overlayRowsMax: 2,
  pageRows: 2,
  orphanSweepEvery: 3,
  milestoneEvery: 2,
};

export class FlushingOwner {
  readonly ports: ManualPorts;
  readonly committed: CommittedLog;
  readonly log: SlotLog<Entry>;
  readonly flusher: Flusher;
  readonly collector: Collector;
  readonly segments: SegmentReader;
  readonly reader: StreamReader;
  readonly names: NameSource;
  readonly store: PersistentStore;
  readonly failures: unknown[] = [];
  readonly #abort = new AbortController();
  #nextStreamId: number;

  private constructor(
    ports: ManualPorts,
    tunables: SegmentTunables,
    committed: CommittedLog,
    checkpoints: Checkpoints,
    ownership: Awaited<ReturnType<typeof takeOver>>,
  ) {
    this.ports = ports;
    this.committed = committed;
    this.log = new SlotLog(ports, LOG, committed, ownership);
    const { state, chunks } = committed;
    this.store = new PersistentStore(ports, LOG, 'store.retried', this.#abort.signal);
    this.names = new NameSource(ownership.epoch);
    this.segments = new SegmentReader({ ...ports, store: this.store }, tunables);
    this.reader = new StreamReader(ports, committed, this.segments, tunables);
    const failed = (error: unknown) => void this.failures.push(error);
    this.collector = new Collector({
      telemetry: ports.telemetry,
      store: this.store,
      state,
      epoch: ownership.epoch,
      firstSlot: ownership.next,
      loaded: checkpoints.newest(state),
      orphanSweepEvery: tunables.orphanSweepEvery,
      milestoneEvery: tunables.milestoneEvery,
      readers: this.segments,
      failed,
    });
    this.flusher = new Flusher({
      ...{ ports, tunables, store: this.store, state, chunks, checkpoints, names: this.names, failed },
      log: { committed: () => this.log.committed },
      collector: this.collector,
      submit: (entry) => this.submit(entry),
      published: () => {},
      signal: this.#abort.signal,
    });
    committed.onSlotApplied = () => this.flusher.applied();
    this.#nextStreamId = state.tables.nextStreamId;
    void this.log.ended.then(() => this.#abort.abort());
  }

  static async open(
    options: { objects?: StoredObjects; seed?: number; ports?: ManualPorts; tunables?: Partial<SegmentTunables> } = {},
  ): Promise<FlushingOwner> {
    const ports = options.ports ?? manualPorts(options);
    const tunables = { ...SMALL, ...options.tunables };
    const loading = new PersistentStore(ports, LOG, 'takeover.store-retried');
    const checkpoints = new Checkpoints({ ...ports, store: loading }, tunables);
    const committed = new CommittedLog((name, into) => checkpoints.load(name, into), ports.telemetry);
    const ownership = await takeOver(ports, LOG, committed);
    return new FlushingOwner(ports, tunables, committed, checkpoints, ownership);
  }

  submit(entry: Entry): Promise<Settlement> {
    return this.log.writable
      ? new Promise((settle) => this.log.enqueue({ entry, settle }))
      : Promise.resolve('void' as const);
  }

  createBasin(): Promise<Settlement> {
    return this.submit(createBasin(BASIN));
  }

  /** Makes streams 1, 2, … of the basin. */
  async createStreams(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const id = this.#nextStreamId++;
      await this.submit(createStream(id, `stream-${id}`, { basin: BASIN }));
    }
  }

  /** One chunk of one record; its body tells stream and number. To be awaited before the next to the same stream. */
  append(streamId: number, bodyLength = 100, change: { trimPoint?: number } = {}): Promise<Settlement> {
    const { tail, appendedBytes } = this.committed.state.tables.stream(streamId) ?? NO_STREAM;
    const timestamp = tail.timestamp + 10;
    const body = new Uint8Array(bodyLength).fill(streamId * 16 + tail.seqNum);
    return this.submit({
      type: 'chunk',
      streamId,
      firstSeqNum: tail.seqNum,
      count: 1,
      firstTimestamp: timestamp,
      lastTimestamp: timestamp,
      arrivalMs: Math.max(this.committed.state.lastArrivalMs, timestamp),
      fencingToken: null,
      appendedBytes: appendedBytes + 8 + bodyLength,
      trimPoint: change.trimPoint ?? null,
      records: encodeRecords([{ timestamp, headers: [], body }]),
    });
  }

  /** Numbers of all records that are not trimmed, read through memory and segments, their bodies checked. */
  async readAll(streamId: number): Promise<number[]> {
    const numbers: number[] = [];
    for (let from = 0; ;) {
      const records = await this.reader.read(streamId, from, { recordsMax: 1_000, meteredBytesMax: 1 << 20 });
      for (const { seqNum, body } of records) {
        if (body.some((byte) => byte !== ((streamId * 16 + seqNum) & 0xff))) throw new Error(`${seqNum} is another`);
        numbers.push(seqNum);
      }
      const last = records.at(-1);
      if (last === undefined) return numbers;
      from = last.seqNum + 1;
    }
  }

  /** Everything in memory stops: nothing more reaches the store, what is under way hangs. */
  async die(): Promise<void> {
    this.ports.blobs.holds = () => true;
    this.#abort.abort();
    await settled();
  }
}
