/**
 * The engine: takes over a store, then serves S2's operations on it until it stops, is fenced by a rival, or the
 * store refuses for good. One engine, one ownership: to own again, open another.
 */

import type { AppendInput } from './core/admission.ts';
import type { AppendOutcome, CheckTailOutcome, CreateOutcome, ReadOutcome, RemoveOutcome } from './core/outcome.ts';
import type { ReadInput } from './core/read-plan.ts';
import type { BasinState, StreamState } from './core/stream-state.ts';
import { PersistentStore } from './log/persistent-store.ts';
import { type LogEnd, SlotLog } from './log/slot-log.ts';
import { takeOver } from './log/takeover.ts';
import type { Ports } from './ports.ts';
import { CommittedLog } from './segments/committed-log.ts';
import { SegmentReader } from './segments/segment-reader.ts';
import { StreamReader } from './segments/stream-reader.ts';
import { Upkeep } from './segments/upkeep.ts';
import { Checkpoints } from './segments/checkpoint.ts';
import { hashText } from './state/state-hash.ts';
import { Journal } from './stream/journal.ts';
import { StreamStore } from './stream/store.ts';
import { checkTunables, ENGINE_DEFAULTS, type EngineTunables } from './tunables.ts';

/** One method per S2 operation. None of them throws for anything the world can do. */
export interface Engine {
  createBasin(name: string, requestToken: string | null): Promise<CreateOutcome<BasinState>>;
  /** `retentionAgeMs`: records older than this, counted from their arrival, are trimmed; null keeps them. */
  createStream(
    basin: string,
    name: string,
    requestToken: string | null,
    retentionAgeMs?: number | null,
  ): Promise<CreateOutcome<StreamState>>;
  deleteStream(basin: string, name: string): Promise<RemoveOutcome>;
  append(basin: string, stream: string, input: AppendInput): Promise<AppendOutcome>;
  read(basin: string, stream: string, input: ReadInput): Promise<ReadOutcome>;
  checkTail(basin: string, stream: string): Promise<CheckTailOutcome>;
  /**
   * Puts everything committed so far into segments, publishes the checkpoint, compacts and collects, without waiting for
   * the usual triggers. Resolves when that is done, or false when the engine ended first.
   */
  flush(): Promise<boolean>;
  /** Resolves once, with the reason, when this engine will never be owner again. */
  readonly ended: Promise<LogEnd>;
  /** Null while the engine serves; why it does not any more. */
  readonly end: LogEnd | null;
  /** Takes nothing more, settles what was admitted, and ends. */
  stop(): Promise<LogEnd>;
  /** Metered bytes admitted and not settled; zero at quiescence. */
  readonly undurableBytes: number;
  /** Bytes of committed chunks that are in no segment, with what it takes to find them. */
  readonly unflushedBytes: number;
  /** The committed log position and the state there, for comparing owners: every slot below `slot` is in `hash`. */
  readonly state: { epoch: number; slot: number; hash: string };
}

/**
 * Becomes the owner of the store behind `ports.blobs` and returns the engine. Waits as long as the store is away.
 * Rejects with ForeignStore, StoreRefused or LogCorruption, each with a message that names object and remedy.
 */
export async function openEngine(ports: Ports, tunables: EngineTunables = ENGINE_DEFAULTS): Promise<Engine> {
  checkTunables(tunables);
  const loading = new PersistentStore(ports, tunables.log, 'takeover.store-retried');
  const checkpoints = new Checkpoints({ ...ports, store: loading }, tunables.segments);
  const committed = new CommittedLog((name, into) => checkpoints.load(name, into), ports.telemetry);
  const ownership = await takeOver(ports, tunables.log, committed);

  const log = new SlotLog(ports, tunables.log, committed, ownership);
  const journal = new Journal(log, committed.state.tables);
  const gone = new AbortController();
  const stored = new PersistentStore(ports, tunables.log, 'store.retried', gone.signal);
  const segments = new SegmentReader({ ...ports, store: stored }, tunables.segments);
  const reader = new StreamReader(ports, committed, segments, tunables.segments);
  const store = new StreamStore(ports, tunables, { log, journal, committed, reader });
  const upkeep = new Upkeep(ports, tunables.segments, {
    log,
    committed,
    checkpoints,
    segments,
    store: stored,
    submit: (entry) => journal.submit(entry),
    ahead: journal.ahead,
    signal: gone.signal,
    failed: (error) => log.fail(error),
  });
  committed.onApplied = (entry) => {
    store.committed(entry);
    upkeep.applied();
  };

  let end: LogEnd | null = null;
  const ended = log.ended.then((reason) => {
    end = reason;
    gone.abort();
    return reason;
  });
  return {
    createBasin: (name, requestToken) => store.control.createBasin(name, requestToken),
    createStream: (basin, name, requestToken, retentionAgeMs = null) =>
      store.control.createStream(basin, name, requestToken, retentionAgeMs),
    deleteStream: (basin, name) => store.control.deleteStream(basin, name),
    append: (basin, stream, input) => store.appends.append(basin, stream, input),
    read: (basin, stream, input) => store.reads.read(basin, stream, input),
    checkTail: (basin, stream) => store.reads.checkTail(basin, stream),
    flush: () => upkeep.flushNow(),
    ended,
    get end() {
      return end;
    },
    stop: () => {
      store.stop();
      return ended;
    },
    get undurableBytes() {
      return store.undurableBytes;
    },
    get unflushedBytes() {
      return committed.chunks.bytes;
    },
    get state() {
      return { epoch: log.epoch, slot: log.committed, hash: hashText(committed.state.hash) };
    },
  };
}
