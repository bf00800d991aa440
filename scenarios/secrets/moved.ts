/**
 * Somebody who can write to the bucket and has no key: takes sealed records that were ever stored and puts them where others
 * of their length are, checksums made right again, in a copy of the store at the end of a run. An engine that is started on
 * it may refuse to show a record, and never shows one that does not belong there; all others read as they did.
 */

import { EncryptionKey, type Engine, type EngineTunables } from '../../engine/index.ts';
import { defineSite, type World } from '../../sim/index.ts';
import { visitCopy } from '../storage/recovery.ts';
import { forgedSegment, readSealed, type SealedRecord, sealedInSegment } from '../storage/sealed-records.ts';

const MOVED = defineSite('secrets.moved', 'whether somebody puts another sealed record in place of this one');
const TWIN = defineSite('secrets.moved-twin', 'whether it is the one of its number from an earlier life of the stream');
const WHICH = defineSite('secrets.moved-which', 'which sealed record comes in its place');

export const MOVED_PROBES = {
  'secret.moved-number': 'a sealed record was put to another number of its stream, and did not open there',
  'secret.moved-life':
    'a sealed record of an earlier life of its stream was put to its number in this one, and did not open there',
} as const;
type Moved = keyof typeof MOVED_PROBES;

/** What a read of one record shows, with each of the keys; null is a refusal. */
type Shown = (string | null)[];

export class Mover {
  readonly #world: World;
  /** Sealed records that were ever in the log, by stream and number. */
  readonly #taken = new Map<string, SealedRecord>();
  readonly #name: string;
  /** The newest stream of the name. */
  #streamId = 0;

  /** `name`: basin and stream, with a slash between them. */
  constructor(world: World, name: string) {
    this.#world = world;
    this.#name = name;
    world.store.onEffect(({ kind, key }) => {
      if (kind === 'put' && key.startsWith('wal/')) this.#take(world.store.peek(key));
    });
  }

  #take(object: Uint8Array | undefined): void {
    if (object === undefined) return;
    const { records, streams } = readSealed(object);
    for (const record of records) {
      const place = `${record.streamId}/${record.seqNum}`;
      if (!this.#taken.has(place)) this.#taken.set(place, record);
    }
    for (const [id, name] of streams) if (name === this.#name) this.#streamId = Math.max(this.#streamId, id);
  }

  /** Of about one in `oneIn` records another one comes in its place. What is wrong then, or null. */
  async convicts(oneIn: number, keys: readonly string[], tunables: EngineTunables): Promise<string | null> {
    const objects = this.#world.store.objects();
    const moved = new Map<number, Moved>();
    const forged = this.#forged(objects, oneIn, moved);
    if (moved.size === 0) return null;
    const before = await visitCopy(objects, tunables, (engine) => this.#readAll(engine, keys));
    const after = await visitCopy(forged, tunables, (engine) => this.#readAll(engine, keys));
    if (before.kind === 'failed') return `a copy of the store can not be taken over: ${before.message}`;
    if (after.kind === 'failed') return `a copy with moved records can not be taken over: ${after.message}`;
    for (const [seqNum, shown] of before.result.entries()) {
      const now = after.result[seqNum] ?? [];
      const what = moved.get(seqNum);
      if (what === undefined && now.join() !== shown.join())
        return `record ${seqNum} reads otherwise since others were moved`;
      if (what === undefined) continue;
      const delivered = now.find((body) => body !== null);
      if (delivered !== undefined) return `at ${seqNum}, where another sealed record was put, "${delivered}" was shown`;
      this.#world.probes.reachable(what);
    }
    return null;
  }

  #forged(
    objects: ReadonlyMap<string, Uint8Array>,
    oneIn: number,
    moved: Map<number, Moved>,
  ): ReadonlyMap<string, Uint8Array> {
    const copy = new Map(objects);
    const chosen = new Map<number, Uint8Array | null>();
    for (const [key, object] of objects) {
      if (!key.startsWith('seg/') || sealedInSegment(object, this.#streamId).length === 0) continue;
      const forged = forgedSegment(object, (record) => {
        if (record.streamId !== this.#streamId) return null;
        // A record may be in several segments while one replaces another: all of them get the same.
        if (!chosen.has(record.seqNum)) chosen.set(record.seqNum, this.#inPlaceOf(record, oneIn, moved));
        return chosen.get(record.seqNum) ?? null;
      });
      copy.set(key, forged);
    }
    return copy;
  }

  #inPlaceOf(record: SealedRecord, oneIn: number, moved: Map<number, Moved>): Uint8Array | null {
    const { choices } = this.#world;
    const entity = String(record.seqNum);
    if (!choices.chance(MOVED, entity, [1, oneIn])) return null;
    const others = [...this.#taken.values()].filter(
      ({ streamId, seqNum, envelope }) =>
        envelope.length === record.envelope.length && (streamId !== record.streamId || seqNum !== record.seqNum),
    );
    const twin = others.find(({ streamId, seqNum }) => streamId !== record.streamId && seqNum === record.seqNum);
    if (twin !== undefined && choices.chance(TWIN, entity, [2, 3])) {
      moved.set(record.seqNum, 'secret.moved-life');
      return twin.envelope;
    }
    const own = others.filter(({ streamId }) => streamId === record.streamId);
    if (own.length === 0) return null;
    moved.set(record.seqNum, 'secret.moved-number');
    return choices.pick(WHICH, entity, own).envelope;
  }

  /** Record by record to the tail. */
  async #readAll(engine: Engine, keys: readonly string[]): Promise<Shown[]> {
    const [basin = '', stream = ''] = this.#name.split('/');
    const all: Shown[] = [];
    const outcome = await engine.checkTail(basin, stream);
    const tail = outcome.kind === 'tail' ? outcome.tail.seqNum : 0;
    while (all.length < tail) {
      const shown: Shown = [];
      for (const key of keys) {
        const start = { kind: 'seq-num', seqNum: all.length } as const;
        const input = { start, clamp: false, count: 1, meteredBytes: null, untilTimestamp: null, waitMs: null };
        const outcome = await engine.read(basin, stream, input, undefined, new EncryptionKey(key));
        const [record] = outcome.kind === 'batch' ? outcome.records : [];
        shown.push(record === undefined ? null : Buffer.from(record.body).toString());
      }
      all.push(shown);
    }
    return all;
  }
}
