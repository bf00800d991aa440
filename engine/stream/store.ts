/**
 * The streams of one owner: decisions against the speculative tables, entries through the log, answers from the
 * durable ones. Here the parts are put together; what each promises stands in its own file.
 *
 * Invariants: nothing is shown before it is committed (4, no preview); a reply that reveals state waits for a
 * proof of ownership that started after the question (5); a rejection reports state that is itself durable (6);
 * what was queued ends durable, unknown, or rejected only when the log says it is void (12, honesty).
 */

import type { EncryptionKey } from '../core/encryption-key.ts';
import type { SlotLog } from '../log/slot-log.ts';
import type { Ports, Telemetry } from '../ports.ts';
import type { CommittedLog } from '../segments/committed-log.ts';
import type { StreamReader } from '../segments/stream-reader.ts';
import type { Entry } from '../state/entries.ts';
import type { EngineTunables } from '../tunables.ts';
import { AccessTokens } from './access-tokens.ts';
import { type Rejected, rejected } from './answers.ts';
import { AppendSession } from './append-session.ts';
import { Appends } from './appends.ts';
import { Basins } from './basins.ts';
import { Births } from './births.ts';
import { ByteBudget } from './byte-budget.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { Deletions } from './deletions.ts';
import { Empties } from './empties.ts';
import { Gate } from './gate.ts';
import type { Journal } from './journal.ts';
import type { StreamParts } from './parts.ts';
import { Reads } from './reads.ts';
import { Standing } from './standing.ts';
import { Streams } from './streams.ts';
import { TailWatch } from './tail-watch.ts';
import { TokenExpiry } from './token-expiry.ts';
import { UsageMeter } from './usage-meter.ts';
import { UsageReports } from './usage-reports.ts';

/** What a session is to who has it opened. */
export type OpenSession = Pick<AppendSession, 'submit' | 'close' | 'refuse' | 'abandon' | 'outcomes'>;

export type AppendSessionOutcome = { kind: 'open'; session: OpenSession } | Rejected;

/** One session holds at most this part of the bytes that wait to become durable, so that it leaves room for others. */
const SESSION_SHARE = 4;

export class StreamStore {
  readonly appends: Appends;
  readonly basins: Basins;
  readonly streams: Streams;
  readonly reads: Reads;
  readonly meter: UsageMeter;
  readonly usage: UsageReports;
  readonly tokens: AccessTokens;
  readonly #telemetry: Telemetry;
  readonly #standing: Standing;
  readonly #budget: ByteBudget;
  readonly #unflushed: Gate;
  readonly #deletions: Deletions;
  readonly #empties: Empties;
  readonly #watch = new TailWatch();
  readonly #sessions = new Set<AppendSession>();
  readonly #sessionBytesMax: number;

  constructor(
    ports: Pick<Ports, 'clock' | 'random' | 'entropy' | 'compute' | 'telemetry'>,
    tunables: EngineTunables,
    {
      log,
      journal,
      committed,
      reader,
    }: {
      log: SlotLog<Entry>;
      journal: Journal;
      committed: CommittedLog;
      reader: StreamReader;
    },
  ) {
    this.#telemetry = ports.telemetry;
    this.#standing = new Standing(log, ports.clock);
    this.#sessionBytesMax = Math.ceil(tunables.undurableBytesMax / SESSION_SHARE);
    this.#budget = new ByteBudget(tunables.undurableBytesMax);
    this.#unflushed = new Gate(() => committed.chunks.bytes >= tunables.segments.unflushedBytesMax);
    const parts: StreamParts = {
      ports,
      standing: this.#standing,
      journal,
      tables: committed.state.tables,
      budget: this.#budget,
      deadlines: new DeadlineQueue(ports.clock, tunables.patienceMs),
    };
    const births = new Births(parts);
    this.basins = new Basins(parts);
    this.streams = new Streams(parts, births, tunables.tombstoneMs > 0);
    const ended = new AbortController();
    const failed = (error: unknown) => log.fail(error);
    this.meter = new UsageMeter({ ...parts, flushMs: tunables.usageFlushMs, signal: ended.signal, failed });
    this.appends = new Appends(parts, births, this.#unflushed, this.meter, committed.state.lastArrivalMs);
    this.usage = new UsageReports(parts, committed.state.usage);
    this.reads = new Reads(parts, births, reader, this.#watch, this.meter);
    const upkeep = { ports, journal, tables: parts.tables, signal: ended.signal, failed };
    this.tokens = new AccessTokens(parts, new TokenExpiry({ ...upkeep, state: committed.state }));
    const basinEnds = (name: string) => this.meter.ends(name);
    this.#deletions = new Deletions({ ...upkeep, tombstoneMs: tunables.tombstoneMs, basinEnds });
    const { lastArrivalMs } = committed.state;
    this.#empties = new Empties({ ...upkeep, lastArrivalMs, sweepMs: tunables.emptySweepMs });
    void log.ended.then(() => {
      ended.abort('ended');
      this.#budget.close();
      this.#unflushed.close();
      parts.deadlines.close();
      this.#standing.end();
      this.#endSessions();
    });
  }

  /** `entry` is durable and in the tables. Called for every entry, in the order of the log, in the turn it committed. */
  committed(entry: Entry): void {
    // Chunks left memory: appends that waited for that may go on.
    if (entry.type === 'install' || entry.type === 'delete-stream') this.#unflushed.look();
    if (entry.type === 'chunk' || entry.type === 'delete-stream' || entry.type === 'tombstone-stream') {
      this.#watch.moved(entry.streamId);
    }
    this.#deletions.committed(entry);
    this.#empties.committed(entry);
    this.tokens.committed(entry);
  }

  /** Opens a session on the stream as it is now; inputs go to it and to no later one of the same name, sealed with one key. */
  async appendSession(basin: string, name: string, key: EncryptionKey | null): Promise<AppendSessionOutcome> {
    const opened = await this.reads.identify(basin, name, key);
    if (opened.kind === 'rejected') return opened;
    if (!this.#standing.mayLast) return rejected(this.#standing.refusal());
    const session: AppendSession = new AppendSession(
      (input, inSession) => this.appends.append(basin, name, input, key, inSession),
      opened.streamId,
      this.#sessionBytesMax,
      {
        began: () => this.#began(session),
        ended: () => this.#sessions.delete(session),
      },
    );
    this.#telemetry.event('append.session-opened');
    return { kind: 'open', session };
  }

  /** Somebody listens to the session. Of one whose client left before that, nothing is to be remembered. */
  #began(session: AppendSession): void {
    this.#sessions.add(session);
    if (!this.#standing.mayLast) session.refuse(this.#standing.refusal());
  }

  /** Readers that follow and append sessions end, in order, with the reason; nothing else does. */
  drain(): void {
    this.#standing.drain();
    this.#endSessions();
  }

  #endSessions(): void {
    for (const session of this.#sessions) {
      this.#telemetry.event('append.session-refused');
      session.refuse(this.#standing.refusal());
    }
    this.#watch.allMoved();
  }

  /** Bytes admitted and not settled; zero at quiescence. */
  get undurableBytes(): number {
    return this.#budget.used;
  }

  /** Takes nothing more and lets the log settle what it has. */
  stop(): void {
    this.meter.flush();
    this.#standing.stop();
    this.#endSessions();
  }
}
