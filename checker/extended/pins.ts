/**
 * Appends whose outcome nobody told, but whose records somebody was shown: where only one append can have written a record, that
 * one took effect, there, before whoever was shown it had returned. From then on it counts as acknowledged.
 *
 * Decided before the sweep, without any search, from facts that no order changes: which records were shown where, which positions
 * are taken, conditions, and how far the log was known to reach when an append was called and after it returned. Of appends that
 * nobody could tell apart, not even by who had returned when they were called, any one is taken: in every order they can change
 * places. A record that nobody can have written convicts the history (`unwritten.ts`).
 */

import { firstAbove } from '../sweep/order.ts';
import type { Violation } from '../sweep/violation.ts';
import { areOther, type KnownRecords, knownRecords, whoDisagrees } from './contents.ts';
import { positionOf } from './model.ts';
import { Lows, Reaches } from './floors.ts';
import type { StreamOperation } from './operations.ts';
import type { StreamCall } from './stream-call.ts';
import { isEffective } from './swept.ts';
import { type Objection, unwritten } from './unwritten.ts';

export type StreamAppend = StreamOperation & { input: StreamCall & { kind: 'append' } };

export interface Pinned {
  /** Those of the life, with what is known of its appends; without those that are known to be of another one. */
  readonly operations: readonly StreamOperation[];
  /** A record that is two, or that nobody can have written; or null. */
  readonly violation: Violation | null;
}

/** Of each life. `all`: those of no life, too. */
export function pinnedIn(
  lives: readonly (readonly StreamOperation[])[],
  all: readonly StreamOperation[],
): readonly Pinned[] {
  const placed = new Set<number>();
  const alike = new Alike(all);
  const pinned = lives.map((life): Pinned => {
    const operations = life.filter(({ metadata }) => !placed.has(metadata.id));
    const records = knownRecords(life);
    if (records.contradiction !== null) return { operations, violation: records.contradiction };
    const pins = new Pins(operations, records, alike);
    const violation = pins.place(all);
    for (const { metadata } of pins.operations.filter(isPinned)) placed.add(metadata.id);
    return { operations: pins.operations, violation };
  });
  return pinned.map(({ operations, violation }) => ({
    operations: operations.filter((operation) => isPinned(operation) || !placed.has(operation.metadata.id)),
    violation,
  }));
}

export function isPinned({ metadata }: StreamOperation): boolean {
  return metadata.shownTo !== undefined;
}

/** Appends that hold a record that was shown, and are alike: whatever else speaks against one of them speaks against all. */
interface Holders {
  /** Which of their records that is. */
  readonly index: number;
  /** In order of call. */
  readonly appends: StreamAppend[];
  /** Those behind so many have a place. */
  left: number;
}

class Pins {
  readonly #life: readonly StreamOperation[];
  readonly #known: KnownRecords;
  /** By what they hold, and which of their records that is. */
  readonly #holders = new Map<bigint, Map<string, Holders>>();
  /** By position: who is there for certain. */
  readonly #writers = new Map<number, StreamOperation>();
  readonly #places = new Map<StreamOperation, StreamOperation>();
  /** By session, which of its appends are where for certain. */
  readonly #ofSession = new Map<string, { index: number; at: number; operation: StreamOperation }[]>();
  readonly #reaches: Reaches;
  readonly #lows: Lows;

  constructor(life: readonly StreamOperation[], known: KnownRecords, alike: Alike) {
    this.#life = life;
    this.#known = known;
    for (const append of life.filter(isInDoubt)) this.#hold(append, alike.kindOf(append));
    for (const [position, { operation }] of known.at)
      if (operation.input.kind === 'append') this.#writers.set(position, operation);
    for (const operation of life) {
      const at = isInDoubt(operation) ? null : positionOf(operation.input, operation.output);
      if (at !== null && isEffective(operation)) this.#note(operation, at);
    }
    this.#reaches = new Reaches(life);
    this.#lows = new Lows(life);
  }

  get operations(): readonly StreamOperation[] {
    return this.#life.map((operation) => this.#places.get(operation) ?? operation);
  }

  /** Each one placed may leave one choice less for another. */
  place(all: readonly StreamOperation[]): Violation | null {
    let open = [...this.#known.at.keys()].filter((position) => !this.#writers.has(position)).sort((a, b) => a - b);
    for (let before = Infinity; open.length < before;) {
      before = open.length;
      const left: number[] = [];
      for (const position of open) {
        if (this.#writers.has(position)) continue;
        const holders = this.#holdersAt(position);
        const possible = holders.filter((one) => this.#objectionTo(this.#latestOf(one), one.index, position) === null);
        const [one] = possible;
        if (one === undefined) return this.#explain(holders, position, all);
        if (possible.length > 1) left.push(position);
        else this.#pin(this.#latestOf(one), position - one.index);
      }
      open = left;
    }
    return null;
  }

  #hold(append: StreamAppend, kind: number): void {
    for (const [index, hash] of append.input.recordHashes.entries()) {
      const ofHash = this.#holders.get(hash) ?? new Map<string, Holders>();
      const holders = ofHash.get(`${index} ${kind}`) ?? { index, appends: [], left: 0 };
      holders.left = holders.appends.push(append);
      this.#holders.set(hash, ofHash.set(`${index} ${kind}`, holders));
    }
  }

  /** Of what was shown there, body and content. */
  #holdersAt(position: number): readonly Holders[] {
    const { hash, content } = this.#known.at.get(position)!;
    const holders = [...(this.#holders.get(hash)?.values() ?? [])];
    return holders.filter(({ appends, index }) => !areOther(appends[0]!.input.contentHashes?.[index], content?.hash));
  }

  /** That has no place yet, if one is left. */
  #latestOf(holders: Holders): StreamAppend {
    while (holders.left > 1 && this.#places.has(holders.appends[holders.left - 1]!)) holders.left--;
    return holders.appends[holders.left - 1]!;
  }

  /** Why it cannot have written its record with that index at the position; null when it can. */
  #objectionTo(append: StreamAppend, index: number, position: number): Objection | null {
    const { input, call, return: end } = append;
    const start = position - index;
    const elsewhere = this.#places.get(append);
    if (elsewhere !== undefined) return { kind: 'elsewhere', append: elsewhere };
    if (input.matchSeqNum !== null && input.matchSeqNum !== start) return { kind: 'condition', append, start };
    if (start < 0) return { kind: 'cut', append, index, operation: null };
    for (let i = 0; i < input.recordHashes.length; i++) {
      const operation = this.#whoDisagrees(append, i, start + i);
      if (operation !== null) return { kind: 'cut', append, index, operation };
    }
    const turned = this.#whoIsOutOfTurn(append, start);
    if (turned !== null) return { kind: 'turn', append, operation: turned };
    const before = this.#reaches.before(call);
    if (before !== null && before.reach > start) return { kind: 'late', append, ...before };
    const below = this.#lows.behind(end);
    return below !== null && below.low < start + input.recordHashes.length ? { kind: 'over', append, ...below } : null;
  }

  /** Who of its session is known to stand on the wrong side of it; null when nobody is. */
  #whoIsOutOfTurn({ input: { turn } }: StreamAppend, start: number): StreamOperation | null {
    if (turn === undefined) return null;
    const others = this.#ofSession.get(turn.session) ?? [];
    const other = others.find(({ index, at }) => (index < turn.index ? at > start : at < start));
    return other?.operation ?? null;
  }

  /** Where an append is, for those of its session. */
  #note(operation: StreamOperation, at: number): void {
    const turn = operation.input.kind === 'append' ? operation.input.turn : undefined;
    if (turn === undefined) return;
    const others = this.#ofSession.get(turn.session) ?? [];
    others.push({ index: turn.index, at, operation });
    this.#ofSession.set(turn.session, others);
  }

  /** Who is there for certain, or was shown another record; null when nobody is or was. */
  #whoDisagrees({ input }: StreamAppend, index: number, position: number): StreamOperation | null {
    const writer = this.#writers.get(position);
    if (writer !== undefined) return writer;
    const known = this.#known.at.get(position);
    return known === undefined ? null : whoDisagrees(known, input.recordHashes[index]!, input.contentHashes?.[index]);
  }

  #pin(append: StreamAppend, start: number): void {
    const end = start + append.input.recordHashes.length;
    const positions = append.input.recordHashes.map((_, index) => start + index);
    const showers = positions.flatMap((position) => this.#known.at.get(position)?.operation ?? []);
    // Whoever returned first was shown it first.
    const first = showers.reduce((one, other) => (other.return < one.return ? other : one));
    const pinned: StreamOperation = {
      ...append,
      output: { kind: 'append-success', tail: end },
      return: Math.min(append.return, first.return),
      metadata: { ...append.metadata, shownTo: first.metadata.opId },
    };
    this.#places.set(append, pinned);
    this.#note(pinned, start);
    for (const position of positions) this.#writers.set(position, pinned);
  }

  #explain(holders: readonly Holders[], position: number, all: readonly StreamOperation[]): Violation {
    const { hash, content, operation } = this.#known.at.get(position)!;
    const objections = holders.flatMap(({ appends, index }) =>
      appends.map((append) => this.#objectionTo(append, index, position)!),
    );
    return unwritten({ position, hash, content: content?.hash ?? null, by: operation }, objections, {
      life: this.#life,
      all,
    });
  }
}

function isInDoubt(operation: StreamOperation): operation is StreamAppend {
  return operation.output.kind === 'append-indefinite-failure' && operation.input.kind === 'append';
}

/** Which appends can change places in every order: the same is said of them, and real time binds them alike. */
class Alike {
  readonly #returns: readonly number[];
  readonly #latestCall: number;
  readonly #kinds = new Map<StreamAppend | string, number>();

  /** `all`: of all lives and of none, for an append may be of any life. */
  constructor(all: readonly StreamOperation[]) {
    this.#returns = all.map((operation) => operation.return).sort((a, b) => a - b);
    this.#latestCall = all.reduce((latest, { call }) => Math.max(latest, call), Number.NEGATIVE_INFINITY);
  }

  /** The same number of those that are alike. */
  kindOf(append: StreamAppend): number {
    const key = this.#isOpen(append) ? this.#keyOf(append) : append;
    const kind = this.#kinds.get(key) ?? this.#kinds.size;
    this.#kinds.set(key, kind);
    return kind;
  }

  /** Nothing must stand behind it, it is in no session, and nothing tells its age. */
  #isOpen({ return: end, input }: StreamAppend): boolean {
    return end > this.#latestCall && input.turn === undefined && input.when === undefined;
  }

  /** All that anybody could tell of it, and how many had returned when it was called: they must stand before it. */
  #keyOf({ input, call }: StreamAppend): string {
    const { recordHashes, contentHashes = null, setFencingToken, fencingToken, matchSeqNum, trim = 0 } = input;
    const hashes = [recordHashes.join(), contentHashes?.join() ?? null];
    const hadReturned = firstAbove(this.#returns, (end) => end, call);
    return JSON.stringify([...hashes, setFencingToken, fencingToken, matchSeqNum, trim, hadReturned]);
  }
}
