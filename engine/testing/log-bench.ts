/**
 * A slot log whose entries are words, on manual ports: what a directed test of the log needs around it.
 * The owner's first slot is 64, as after a first takeover of an empty store.
 */

import type { CheckpointName } from '../core/object-names.ts';
import {
  decodeEntries,
  decodeHeader,
  encodeFence,
  frameLength,
  HEADER_BYTES,
  payloadStart,
  type RawEntry,
  sealData,
  sealFrame,
  slotKey,
} from '../log/format.ts';
import type { LogFold, ReplayStart } from '../log/fold.ts';
import type { Settlement } from '../log/queued.ts';
import { type LogEnd, SlotLog } from '../log/slot-log.ts';
import type { Ownership } from '../log/takeover.ts';
import { LOG_DEFAULTS, type LogTunables } from '../log/tunables.ts';
import { type ManualPorts, manualPorts, nativeCompute, settled, type StoreCall } from './manual-ports.ts';

/** Every entry is issued at once and back-off has one fixed length: 10 ms. */
export const PROMPT: LogTunables = {
  ...LOG_DEFAULTS,
  lingerMs: 0,
  issueIntervalMs: 0,
  windowSlots: 4,
  retryMsMin: 20,
  retryMsMax: 20,
};

/** What half of the fixed back-off with the lowest dice comes to. */
export const RETRY_MS = 10;

const OWNER: Ownership = { epoch: 1, identity: new Uint8Array(16).fill(1), next: 64 };
const RIVAL_IDENTITY = new Uint8Array(16).fill(2);

/** Entries are words; `applied` is the history the fold was shown, `checkpoints` what it can begin from. */
export class WordFold implements LogFold<string> {
  readonly applied: string[] = [];
  readonly fences: number[] = [];
  /** By slot: the words up to it, and the epoch it was written in. */
  readonly checkpoints = new Map<number, { words: readonly string[]; epoch: number }>();
  readonly typeOf = (): number => 1;
  readonly lengthOf = (word: string): number => Buffer.byteLength(word);
  readonly write = (word: string, out: Uint8Array, at: number): void => out.set(Buffer.from(word), at);
  readonly decode = ({ payload }: RawEntry): string => new TextDecoder().decode(payload);
  readonly apply = (word: string): void => void this.applied.push(word);
  readonly endOfSlot = (): void => undefined;
  readonly fence = (slot: number): void => void this.fences.push(slot);
  readonly reset = (): void => void (this.applied.length = this.fences.length = 0);
  readonly restore = ({ slot }: CheckpointName): Promise<ReplayStart | null> => {
    this.reset();
    const checkpoint = this.checkpoints.get(slot);
    if (checkpoint === undefined) return Promise.resolve(null);
    this.applied.push(...checkpoint.words);
    return Promise.resolve({ slot, epoch: checkpoint.epoch });
  };
}

/** An entry of a log of words. */
export function rawWord(word: string): RawEntry {
  return { type: 1, payload: new Uint8Array(Buffer.from(word)) };
}

/** The bytes of a whole data object. */
export function dataObject(
  at: { slot: number; epoch: number; identity: Uint8Array },
  entries: readonly RawEntry[],
): Uint8Array {
  const body = entries.reduce((sum, { payload }) => sum + frameLength(payload.length), 0);
  const object = new Uint8Array(HEADER_BYTES + body);
  let start = HEADER_BYTES;
  for (const { type, payload } of entries) {
    const end = payloadStart(start) + payload.length;
    object.set(payload, payloadStart(start));
    sealFrame(object, start, end, type, nativeCompute);
    start = end;
  }
  sealData(object, at, entries.length, nativeCompute);
  return object;
}

export interface LogBench extends ManualPorts {
  log: SlotLog<string>;
  fold: WordFold;
  /** How each queued word was settled so far, in the order of settling. */
  settlements: [string, Settlement][];
  /** How the log ended, once it has. */
  end(): LogEnd | null;
  queue(...words: readonly string[]): Promise<void>;
}

/** A log of its own with puts and gets held (listings of publications are not), unless `holds` says otherwise. */
export function logBench(tunables: Partial<LogTunables> = {}): LogBench {
  const ports = manualPorts();
  ports.blobs.holds = ({ operation }) => operation !== 'list';
  const fold = new WordFold();
  const log = new SlotLog(ports, { ...PROMPT, ...tunables }, fold, OWNER);
  const settlements: [string, Settlement][] = [];
  let end: LogEnd | null = null;
  void log.ended.then((reason) => (end = reason));
  const queue = async (...words: readonly string[]) => {
    for (const word of words) {
      log.enqueue({ entry: word, settle: (settlement) => void settlements.push([word, settlement]) });
    }
    await settled();
  };
  return { ...ports, log, fold, settlements, end: () => end, queue };
}

/** Puts a rival's fence into a slot behind everybody's back. */
export function plantFence(bench: ManualPorts, slot: number, epoch = 2): void {
  const parts = encodeFence({ slot, epoch, identity: RIVAL_IDENTITY, next: slot + 64 }, nativeCompute);
  bench.blobs.objects.set(slotKey(slot), new Uint8Array(Buffer.concat(parts)));
}

/** Puts a rival's data into a slot behind everybody's back. */
export function plantData(bench: ManualPorts, slot: number, epoch: number, words: readonly string[] = []): void {
  bench.blobs.objects.set(slotKey(slot), dataObject({ slot, epoch, identity: RIVAL_IDENTITY }, words.map(rawWord)));
}

/** The put of `slot` that is held. */
export function putOf(bench: LogBench, slot: number): StoreCall {
  return bench.blobs.heldOn('putIfAbsent', slotKey(slot));
}

/** The words of every held put, oldest first. */
export function issued(bench: LogBench): string[][] {
  return bench.blobs.held('putIfAbsent').map((call) => words(call.bytes));
}

/** The words inside the object a put carries. */
export function words(object: Uint8Array | null): string[] {
  if (object === null) throw new Error('a put carries an object');
  const slot = new DataView(object.buffer, object.byteOffset).getUint32(8, true);
  const header = decodeHeader(slot, object, nativeCompute);
  if (header.kind === 'fence') throw new Error('a fence has no entries');
  return decodeEntries(header, object, nativeCompute).map(({ payload }) => Buffer.from(payload).toString());
}
