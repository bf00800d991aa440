/**
 * The engine: takes over a store, then serves S2's operations on it until it stops, is fenced by a rival, or the
 * store refuses for good. One engine, one ownership: to own again, open another.
 */

import type { AppendInput } from './core/admission.ts';
import type { TokenState } from './core/access.ts';
import {
  type BasinConfig,
  type BasinPatch,
  NO_WISH,
  S2_BASIN_CONFIG,
  type StreamConfig,
  type StreamPatch,
  type StreamWish,
} from './core/config.ts';
import type { EncryptionKey } from './core/encryption-key.ts';
import type { ListQuery } from './core/listing.ts';
import type {
  AppendOutcome,
  CheckTailOutcome,
  ConfigOutcome,
  CreateOutcome,
  EnsureOutcome,
  IssueOutcome,
  ListOutcome,
  ReadOutcome,
  ReadSessionOutcome,
  RemoveOutcome,
  RevokeOutcome,
  TokenListOutcome,
  UsageOutcome,
} from './core/outcome.ts';
import type { ReadInput } from './core/read-plan.ts';
import type { BasinState, StreamState } from './core/stream-state.ts';
import type {
  AccountFigure,
  AccountUsageSet,
  BasinUsageSet,
  CountedFigure,
  StreamUsageSet,
  UsageQuestion,
} from './core/usage.ts';
import { watchIdleOwner } from './log/idle-watch.ts';
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
import type { Authentication, RootOutcome, TokenToIssue } from './stream/access-tokens.ts';
import { Journal } from './stream/journal.ts';
import { type AppendSessionOutcome, StreamStore } from './stream/store.ts';
import { checkTunables, ENGINE_DEFAULTS, type EngineTunables } from './tunables.ts';

export type { Grant, TokenToIssue } from './stream/access-tokens.ts';
export type { OpenSession as AppendSession } from './stream/store.ts';

/** One method per operation on basins, streams and records. None of them throws for anything the world can do. */
export interface Operations {
  /** Repeated with the same token and configuration it succeeds again; a token that is null never matches. */
  createBasin(name: string, requestToken: string | null, config?: BasinConfig): Promise<CreateOutcome<BasinState>>;
  ensureBasin(name: string, config: BasinConfig): Promise<EnsureOutcome<BasinState>>;
  reconfigureBasin(name: string, patch: BasinPatch): Promise<ConfigOutcome<BasinConfig>>;
  basinConfig(name: string): Promise<ConfigOutcome<BasinConfig>>;
  listBasins(query: ListQuery): Promise<ListOutcome<BasinState>>;
  /** Answered when the deletion has begun for good; streams and name follow. */
  deleteBasin(name: string): Promise<RemoveOutcome>;
  /** What `wish` does not name is as the basin or S2 have it. */
  createStream(
    basin: string,
    name: string,
    requestToken: string | null,
    wish?: StreamWish,
  ): Promise<CreateOutcome<StreamState>>;
  ensureStream(basin: string, name: string, wish: StreamWish): Promise<EnsureOutcome<StreamState>>;
  reconfigureStream(basin: string, name: string, patch: StreamPatch): Promise<ConfigOutcome<StreamConfig>>;
  streamConfig(basin: string, name: string): Promise<ConfigOutcome<StreamConfig>>;
  listStreams(basin: string, query: ListQuery): Promise<ListOutcome<StreamState>>;
  deleteStream(basin: string, name: string): Promise<RemoveOutcome>;
  /** `key`: what came with the request, for a stream with a cipher. Nothing keeps it longer than the call lasts. */
  append(basin: string, stream: string, input: AppendInput, key?: EncryptionKey | null): Promise<AppendOutcome>;
  /** Many appends to one stream, admitted and answered in order; the first that fails is the last. All have one `key`. */
  appendSession(basin: string, stream: string, key?: EncryptionKey | null): Promise<AppendSessionOutcome>;
  /** One batch, waited for if asked. `signal`: nobody waits for the answer any more. */
  read(
    basin: string,
    stream: string,
    input: ReadInput,
    signal?: AbortSignal,
    key?: EncryptionKey | null,
  ): Promise<ReadOutcome>;
  /** Records until a limit is reached, then those that come. `signal`: nobody listens any more. */
  readSession(
    basin: string,
    stream: string,
    input: ReadInput,
    signal?: AbortSignal,
    key?: EncryptionKey | null,
  ): Promise<ReadSessionOutcome>;
  checkTail(basin: string, stream: string): Promise<CheckTailOutcome>;
  /** An operation came in. Logged within `usageFlushMs`, and then part of what is reported. */
  count(operation: AccountFigure): void;
  countIn(basin: string, operation: Exclude<CountedFigure, 'read-bytes'>): void;
  accountUsage(set: AccountUsageSet, question: UsageQuestion): Promise<UsageOutcome>;
  basinUsage(basin: string, set: BasinUsageSet, question: UsageQuestion): Promise<UsageOutcome>;
  streamUsage(basin: string, stream: string, set: StreamUsageSet, question: UsageQuestion): Promise<UsageOutcome>;
}

/** One owner of a store, for as long as it is that. */
export interface Engine extends Operations {
  /** The token whose secret this is. Good while it stands in the log, and only then. */
  authenticate(secret: string): Promise<Authentication>;
  /** That `wish` is not beyond its issuer has been judged before: see `core/access.ts`. */
  issueToken(token: TokenToIssue): Promise<IssueOutcome>;
  /** Durable before it is answered; sessions of the token end in the same turn. */
  revokeToken(id: string): Promise<RevokeOutcome>;
  listTokens(query: ListQuery, isShown?: (token: TokenState) => boolean): Promise<TokenListOutcome>;
  /** The server's own token, which may do everything: with this secret, or, when there is none yet, with a new one. */
  ensureRootToken(secret: string | null): Promise<RootOutcome>;
  /**
   * Puts everything committed so far into segments, publishes the checkpoint, compacts and collects, without waiting for
   * the usual triggers. Resolves when that is done, or false when the engine ended first.
   */
  flush(): Promise<boolean>;
  /** Resolves once, with the reason, when this engine will never be owner again. */
  readonly ended: Promise<LogEnd>;
  /** Null while the engine serves; why it does not any more. */
  readonly end: LogEnd | null;
  /** Ends the sessions, which have to go before a server can stop; everything else is served as before. */
  drain(): void;
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
    reader,
    store: stored,
    submit: (entry) => journal.submit(entry),
    ahead: journal.ahead,
    trimCountMs: tunables.usageFlushMs,
    signal: gone.signal,
    failed: (error) => log.fail(error),
  });
  committed.onApplied = (entry) => {
    journal.committed();
    store.committed(entry);
    upkeep.applied(entry);
  };
  committed.onSlotApplied = () => upkeep.slotApplied();

  void watchIdleOwner(ports, tunables.log, log, gone.signal);

  let end: LogEnd | null = null;
  const ended = log.ended.then((reason) => {
    end = reason;
    gone.abort('ended');
    return reason;
  });
  return {
    createBasin: (name, requestToken, config = S2_BASIN_CONFIG) => store.basins.create(name, requestToken, config),
    ensureBasin: (name, config) => store.basins.ensure(name, config),
    reconfigureBasin: (name, patch) => store.basins.reconfigure(name, patch),
    basinConfig: (name) => store.basins.config(name),
    listBasins: (query) => store.basins.list(query),
    deleteBasin: (name) => store.basins.delete(name),
    createStream: (basin, name, requestToken, wish = NO_WISH) => store.streams.create(basin, name, requestToken, wish),
    ensureStream: (basin, name, wish) => store.streams.ensure(basin, name, wish),
    reconfigureStream: (basin, name, patch) => store.streams.reconfigure(basin, name, patch),
    streamConfig: (basin, name) => store.streams.config(basin, name),
    listStreams: (basin, query) => store.streams.list(basin, query),
    deleteStream: (basin, name) => store.streams.delete(basin, name),
    append: (basin, stream, input, key = null) => store.appends.append(basin, stream, input, key),
    appendSession: (basin, stream, key = null) => store.appendSession(basin, stream, key),
    read: (basin, stream, input, signal, key = null) => store.reads.read(basin, stream, input, key, signal),
    readSession: (basin, stream, input, signal, key = null) => store.reads.session(basin, stream, input, key, signal),
    checkTail: (basin, stream) => store.reads.checkTail(basin, stream),
    authenticate: (secret) => store.tokens.authenticate(secret),
    issueToken: (token) => store.tokens.issue(token),
    revokeToken: (id) => store.tokens.revoke(id),
    listTokens: (query, isShown = () => true) => store.tokens.list(query, isShown),
    ensureRootToken: (secret) => store.tokens.ensureRoot(secret),
    count: (operation) => store.meter.count(operation),
    countIn: (basin, operation) => store.meter.countIn(basin, operation),
    accountUsage: (set, question) => store.usage.account(set, question),
    basinUsage: (basin, set, question) => store.usage.basin(basin, set, question),
    streamUsage: (basin, stream, set, question) => store.usage.stream(basin, stream, set, question),
    flush: () => upkeep.flushNow(),
    ended,
    get end() {
      return end;
    },
    drain: () => store.drain(),
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
