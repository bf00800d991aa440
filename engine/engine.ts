/**
 * The engine: takes over a store, then serves S2's operations on it until it stops, is fenced by a rival, or the
 * store refuses for good. One engine, one ownership: to own again, open another.
 */

import type { AppendInput } from './core/admission.ts';
import type { AppendOutcome, CheckTailOutcome, CreateOutcome, ReadOutcome } from './core/outcome.ts';
import type { ReadInput } from './core/read-plan.ts';
import type { BasinState, StreamState } from './core/stream-state.ts';
import type { LogFold } from './log/fold.ts';
import { type LogEnd, SlotLog } from './log/slot-log.ts';
import { takeOver } from './log/takeover.ts';
import type { Ports } from './ports.ts';
import { decodeEntry, encodeEntry, type Entry } from './state/entries.ts';
import { CommittedStreams, StreamStore } from './stream/store.ts';
import { checkTunables, ENGINE_DEFAULTS, type EngineTunables } from './tunables.ts';

/** One method per S2 operation. None of them throws for anything the world can do. */
export interface Engine {
  createBasin(name: string, requestToken: string | null): Promise<CreateOutcome<BasinState>>;
  createStream(basin: string, name: string, requestToken: string | null): Promise<CreateOutcome<StreamState>>;
  append(basin: string, stream: string, input: AppendInput): Promise<AppendOutcome>;
  read(basin: string, stream: string, input: ReadInput): Promise<ReadOutcome>;
  checkTail(basin: string, stream: string): Promise<CheckTailOutcome>;
  /** Resolves once, with the reason, when this engine will never be owner again. */
  readonly ended: Promise<LogEnd>;
  /** Null while the engine serves; why it does not any more. */
  readonly end: LogEnd | null;
  /** Takes nothing more, settles what was admitted, and ends. */
  stop(): Promise<LogEnd>;
  /** Metered bytes admitted and not settled; zero at quiescence. */
  readonly undurableBytes: number;
}

/**
 * Becomes the owner of the store behind `ports.blobs` and returns the engine. Waits as long as the store is away.
 * Rejects with ForeignStore, StoreRefused or LogCorruption, each with a message that names object and remedy.
 */
export async function openEngine(ports: Ports, tunables: EngineTunables = ENGINE_DEFAULTS): Promise<Engine> {
  checkTunables(tunables);
  const committed = new CommittedStreams();
  const entryFold: LogFold<Entry> = {
    encode: encodeEntry,
    decode: decodeEntry,
    apply: (entry) => committed.apply(entry),
  };
  const ownership = await takeOver(ports, tunables.log, entryFold);
  const log = new SlotLog(ports, tunables.log, entryFold, ownership);
  const store = new StreamStore(ports, tunables, log, committed);

  let end: LogEnd | null = null;
  const ended = log.ended.then((reason) => {
    end = reason;
    return reason;
  });
  return {
    createBasin: (name, requestToken) => store.createBasin(name, requestToken),
    createStream: (basin, name, requestToken) => store.createStream(basin, name, requestToken),
    append: (basin, stream, input) => store.append(basin, stream, input),
    read: (basin, stream, input) => store.read(basin, stream, input),
    checkTail: (basin, stream) => store.checkTail(basin, stream),
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
  };
}
