/**
 * Checkpoints of the state: frozen from it in one turn, written over as many as it takes, and loaded into an empty one.
 *
 * A checkpoint costs what changed: rows that changed stand in its root, pages that did not change are only referred to,
 * and a page is written anew when too many rows stand beside it. Every live row is in its page or in `tables.dirtyIds`;
 * that is the invariant both directions keep.
 *
 * Pages are reused only from the checkpoint that is installed. A predecessor whose newer INSTALL was replayed may still
 * publish it and then delete pages that the older checkpoint had, whatever the new owner does; so after such a replay
 * no page is reused and everything is written once more.
 */

import { assert } from '../core/assert.ts';
import {
  type CheckpointName,
  checkpointKey,
  compareCheckpoints,
  type OwnedName,
  pageKey,
} from '../core/object-names.ts';
import { LogCorruption, REMEDY } from '../log/corruption.ts';
import type { ReplayStart } from '../log/fold.ts';
import { READINGS_MAX } from '../log/format.ts';
import type { PersistentStore } from '../log/persistent-store.ts';
import type { Compute, Telemetry } from '../ports.ts';
import type { LogState } from '../state/log-state.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { writeTokens } from '../state/token-codec.ts';
import { writeUsage } from '../state/usage-codec.ts';
import { hashText, sameHash, type StateHash, StateHasher } from '../state/state-hash.ts';
import { decodePage, decodeRoot, encodeRootWith, type PageRef } from './checkpoint-format.ts';
import { type NewPage, RowWriting } from './checkpoint-writing.ts';
import type { NameSource } from './names.ts';
import { inParallel } from './parallel.ts';
import type { SegmentTunables } from './tunables.ts';

/** Pages fetched at once while a checkpoint is loaded. */
const PAGE_GETS_MAX = 16;
/** Parts of usage up to this take no time: the turn goes on. */
const PART_BYTES_MIN = 16 * 1024;

export interface CheckpointPorts {
  store: Pick<PersistentStore, 'get'>;
  compute: Compute;
  telemetry: Telemetry;
}

/** A checkpoint, and the keys of the pages its root names. */
export interface CheckpointPages {
  name: CheckpointName;
  pages: ReadonlySet<string>;
}

/** A state as it was in one turn; nothing here changes when the state goes on. */
export interface FrozenCheckpoint extends CheckpointPages {
  /** Before its own segments are in the list, as the INSTALL entry carries it. */
  stateHash: StateHash;
  /**
   * Writes the rows, a slice at each step: a page to upload before the root, or null when it is time to give the turn
   * away. To be gone through once and to its end, before `root` and `pages` are asked for.
   */
  written(): Generator<NewPage | null>;
  /** Segments that left the list before: nothing needs them once this checkpoint is published. */
  retired: readonly OwnedName[];
  /** The bytes of `ckpt/…`, given the segments that took over the chunks up to its slot. */
  root(segments: readonly SegmentRef[]): Uint8Array;
}

/** The pages of the newest checkpoint that was loaded or frozen, and the state they belong to. */
interface PageTable {
  state: LogState;
  of: CheckpointName | null;
  pageRows: number;
  refs: Map<number, PageRef>;
}

export class Checkpoints {
  readonly #ports: CheckpointPorts;
  readonly #tunables: Pick<SegmentTunables, 'overlayRowsMax' | 'pageRows'>;
  #table: PageTable | null = null;

  constructor(ports: CheckpointPorts, tunables: Pick<SegmentTunables, 'overlayRowsMax' | 'pageRows'>) {
    this.#ports = ports;
    this.#tunables = tunables;
  }

  /** The checkpoint loaded or frozen last; null when the state was replayed from the beginning of the log. */
  newest(state: LogState): CheckpointPages | null {
    const { of, refs } = this.#tableOf(state);
    return of === null ? null : { name: of, pages: keysOf(refs) };
  }

  /**
   * Loads the checkpoint into an empty state. Null when one of its objects is absent; `state` is then of no use any
   * more. Rejects with LogCorruption, or with whatever the store ends with.
   */
  async load(name: CheckpointName, state: LogState): Promise<ReplayStart | null> {
    const { compute, telemetry } = this.#ports;
    const root = await this.#read(checkpointKey(name), (bytes) => decodeRoot(name, bytes, compute));
    if (root === null) return null;
    const overlaid = new Set(root.overlay.map(({ id }) => id));

    for (const basin of root.basins) state.tables.restoreBasin(basin);
    let absent = false;
    await inParallel(root.pages, PAGE_GETS_MAX, async (ref) => {
      const rows = absent ? null : await this.#read(pageKey(ref), (bytes) => decodePage(ref, bytes, compute));
      absent ||= rows === null;
      for (const row of rows ?? []) if (!overlaid.has(row.id)) state.tables.restoreStream(row);
    });
    if (absent) return null;
    for (const { row } of root.overlay) if (row !== null) state.tables.restoreStream(row);
    state.tables.markDirty(overlaid);
    state.tables.restoreCounters(root);
    state.arrived(root.lastArrivalMs);
    state.fences.push(...root.fences);
    state.collectedTo = root.collectedTo;
    state.segments.restore(name, root.segments);
    state.usage.restore(root.usage);
    for (const token of root.tokens) state.tables.tokens.add(token);
    if (!sameHash(state.hash, root.hashAfter)) {
      const hashes = `state hash is ${hashText(state.hash)}, it says ${hashText(root.hashAfter)}`;
      const what = `it and its pages are sound one by one and not as a whole: ${hashes}`;
      throw new LogCorruption(checkpointKey(name), 0, what, REMEDY.report);
    }

    const refs = new Map(root.pages.map((ref) => [ref.page, ref]));
    this.#table = { state, of: name, pageRows: root.pageRows, refs };
    telemetry.event('checkpoint.loaded', name.slot);
    return { slot: name.slot, epoch: name.epoch };
  }

  /**
   * Everything up to and including `slot`, which is committed and the last one folded. To be called once per checkpoint
   * that is then installed: the rows it writes count as written from here on.
   */
  freeze(state: LogState, slot: number, names: NameSource): FrozenCheckpoint {
    const installed = state.segments.installed;
    assert(installed === null || slot > installed.slot, 'checkpoints only ever go up');
    const name: CheckpointName = { slot, ...names.next() };
    const table = this.#tableOf(state);
    const everything = this.#distrusts(state, table);
    const plan = { overlayRowsMax: this.#tunables.overlayRowsMax, everything };
    const writing = new RowWriting(state, table, names, plan, this.#ports);
    table.of = name;
    state.unfrozenEntries = 0;

    const hashBefore = state.hash;
    const listed = [...state.segments.all()];
    const history = state.usage.frozen();
    const tokens = [...state.tables.tokens.all()];
    const rest: Uint8Array[] = [];
    const frozen = {
      name,
      hashBefore,
      nextStreamId: state.tables.nextStreamId,
      lastArrivalMs: state.lastArrivalMs,
      collectedTo: state.collectedTo,
      fences: [...state.fences],
      pageRows: table.pageRows,
      basins: [...state.tables.basins()],
    };
    return {
      name,
      stateHash: hashBefore,
      retired: [...state.segments.retired()],
      *written() {
        yield* writing.run();
        for (const parts of [writeUsage(history), writeTokens(tokens)]) {
          for (const part of parts) {
            rest.push(part);
            // Of a store that is used little all of it is a few bytes.
            if (part.length > PART_BYTES_MIN) yield null;
          }
        }
      },
      get pages() {
        return writing.result().keys;
      },
      root: (segments) => {
        const { pages, overlay } = writing.result();
        const hashAfter = withSegments(hashBefore, segments);
        const root = { ...frozen, pages, hashAfter, segments: [...listed, ...segments] };
        return encodeRootWith({ overlay, rest }, root, this.#ports.compute);
      },
    };
  }

  /** Null when the object is not there. Damage on the way here is not damage in the store: the last of several readings decides. */
  async #read<Shape>(key: string, decode: (bytes: Uint8Array) => Shape): Promise<Shape | null> {
    for (let readings = 1; ; readings++) {
      const found = await this.#ports.store.get(key);
      if (found.kind === 'absent') {
        this.#ports.telemetry.event('checkpoint.stale', key);
        return null;
      }
      try {
        return decode(found.bytes);
      } catch (error) {
        if (!(error instanceof LogCorruption) || readings === READINGS_MAX) throw error;
        this.#ports.telemetry.event('checkpoint.damage-reread', key);
      }
    }
  }

  /** Another state than the one the pages belong to was replayed from the beginning of the log: it has none. */
  #tableOf(state: LogState): PageTable {
    if (this.#table === null || this.#table.state !== state) {
      this.#table = { state, of: null, pageRows: this.#tunables.pageRows, refs: new Map() };
    }
    return this.#table;
  }

  /** A predecessor whose newer INSTALL was replayed may still delete pages of the checkpoint that was loaded. */
  #distrusts({ segments }: LogState, table: PageTable): boolean {
    if (table.of === null || table.refs.size === 0 || isSame(table.of, segments.installed)) return false;
    this.#ports.telemetry.event('checkpoint.pages-distrusted', table.refs.size);
    table.refs.clear();
    return true;
  }
}

/** The hash is a sum over rows, so what segments add to it can be added from outside. */
function withSegments(before: StateHash, segments: readonly SegmentRef[]): StateHash {
  const added = new StateHasher();
  for (const ref of segments) added.segment(ref, 1);
  const { a, b } = added.value();
  return { a: (before.a + a) >>> 0, b: (before.b + b) >>> 0 };
}

function isSame(a: CheckpointName, b: CheckpointName | null): boolean {
  return b !== null && compareCheckpoints(a, b) === 0;
}

function keysOf(refs: ReadonlyMap<number, PageRef>): Set<string> {
  return new Set([...refs.values()].map(pageKey));
}
