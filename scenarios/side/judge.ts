/**
 * Judges what happened to side streams: is there, for each stream, one order of its operations in which every answer was
 * the truth at some moment between its call and its return?
 *
 * A search over the possible states, event by event (just-in-time linearization): an open creation, deletion or append
 * may take effect at any moment, one of unknown outcome at any later one too, or never. Reads change nothing, so they
 * are satisfied as soon as a state fits. Retention is an operation of nobody that may trim what is old enough. Streams
 * are judged apart. Complete for the histories of `writer.ts`, which keeps few operations open at once.
 */

import { fits, holdsPage, mayBegin, neededTrim } from './answers.ts';
import type { SideOperation } from './history.ts';
import { expirable, keyOfState, type Life, mayVanish, stateAfter, type StreamState } from './model.ts';
import { type Reason, reasonFor } from './objections.ts';
import { pageProblem } from './page-problem.ts';
import { Stamps } from './stamps.ts';
import { lineOf, shortBody } from './words.ts';

export interface Conviction extends Reason {
  operation: SideOperation;
  /** The guilty operation and what was told of the stream before it, a line each. */
  story: readonly string[];
}

export interface SideJudgeOptions {
  /** False where clocks were wrong: nothing is promised then about how early records expire and empty streams go. */
  retentionIsJudged: boolean;
}

/** More states than this between two events are too many to tell anything. */
const STATES_MAX = 20_000;
const STORY_LINES = 8;

/** The first stream that no order explains, or null. */
export function judgeSideStreams(operations: readonly SideOperation[], options: SideJudgeOptions): Conviction | null {
  const streams = new Map<string, SideOperation[]>();
  for (const operation of operations) {
    const of = streams.get(operation.stream);
    if (of === undefined) streams.set(operation.stream, [operation]);
    else of.push(operation);
  }
  for (const of of streams.values()) {
    const conviction = new Search(of, options).run();
    if (conviction !== null) return conviction;
  }
  return null;
}

type Role = 'mutation' | 'observation' | 'silent';

/** What is known of a stream after some events. */
interface Possibility {
  state: StreamState;
  /** Operations that may take effect yet, by id. */
  open: readonly number[];
  /** Of answers under way: `done`, or the birth of the life in which the page began. */
  marks: ReadonlyMap<number, number | 'done'>;
}

class Search {
  readonly #operations: readonly SideOperation[];
  readonly #options: SideJudgeOptions;
  readonly #stamps: Stamps;
  readonly #byId: ReadonlyMap<number, SideOperation>;
  /** Answers whose calls have come and whose returns have not. */
  readonly #pending = new Map<number, SideOperation>();
  #possible: Possibility[] = [{ state: null, open: [], marks: new Map() }];

  constructor(operations: readonly SideOperation[], options: SideJudgeOptions) {
    this.#operations = operations;
    this.#options = options;
    this.#stamps = new Stamps(operations);
    this.#byId = new Map(operations.map((operation) => [operation.id, operation]));
  }

  run(): Conviction | null {
    for (const { operation, isCall } of eventsOf(this.#operations)) {
      if (isCall) this.#called(operation);
      else {
        const reason = this.#returned(operation);
        if (reason !== null) return this.#convict(operation, reason);
      }
    }
    return this.#changedStamp();
  }

  /** Last, because a record in a wrong place has a wrong timestamp too, and the place tells more. */
  #changedStamp(): Conviction | null {
    const { conflict } = this.#stamps;
    if (conflict === null) return null;
    const { operation, content, before, now } = conflict;
    const text = `it returned ${shortBody(content)} with timestamp ${now}, and it had ${before}`;
    return this.#convict(operation, { code: 'timestamp-changed', text });
  }

  #called(operation: SideOperation): void {
    const role = roleOf(operation);
    if (role === 'observation') this.#pending.set(operation.id, operation);
    if (role !== 'mutation') return;
    this.#possible = this.#possible.map((possibility) => ({
      ...possibility,
      open: [...possibility.open, operation.id],
    }));
  }

  /** Null when the answer is explained. */
  #returned(operation: SideOperation): Reason | null {
    const role = roleOf(operation);
    if (role === 'silent' || isInDoubt(operation)) return null;
    const problem = pageProblem(operation);
    if (problem !== null) return problem;
    const { survivors, seen } = this.#explore(operation);
    this.#pending.delete(operation.id);
    if (seen.length > STATES_MAX) return { code: 'undecided', text: 'left too many states possible to judge it' };
    if (survivors.length === 0) {
      const states = distinct(seen.map(({ state }) => state));
      return reasonFor(operation, states, this.#stamps, this.#operations);
    }
    this.#possible = survivors;
    return null;
  }

  /** Lets open operations take effect, in every order, until `operation` is explained. */
  #explore(operation: SideOperation): { survivors: Possibility[]; seen: Possibility[] } {
    const survivors = new Map<string, Possibility>();
    const keys = new Set<string>();
    const seen: Possibility[] = [];
    const waiting = [...this.#possible];
    for (let next = waiting.pop(); next !== undefined && seen.length <= STATES_MAX; next = waiting.pop()) {
      const possibility = this.#withAnswers(next);
      const key = keyOf(possibility);
      if (keys.has(key)) continue;
      keys.add(key);
      seen.push(possibility);
      if (!isExplained(possibility, operation)) {
        waiting.push(...this.#successors(possibility, operation.returnedMs));
        continue;
      }
      const survivor = without(possibility, operation.id);
      survivors.set(keyOf(survivor), survivor);
    }
    return { survivors: [...survivors.values()], seen };
  }

  /** Every answer under way that fits this state has happened in it. */
  #withAnswers(possibility: Possibility): Possibility {
    const { state } = possibility;
    let marks: Map<number, number | 'done'> | null = null;
    for (const [id, operation] of this.#pending) {
      const before = possibility.marks.get(id);
      if (before === 'done') continue;
      const after = this.#markOf(operation, state, before);
      if (after === before || after === undefined) continue;
      marks ??= new Map(possibility.marks);
      marks.set(id, after);
    }
    return marks === null ? possibility : { ...possibility, marks };
  }

  #markOf(operation: SideOperation, state: StreamState, before: number | undefined): number | 'done' | undefined {
    if (operation.outcome?.kind !== 'page') return fits(operation, state, this.#stamps) ? 'done' : before;
    if (state === null) return before;
    // What may have begun in a life that is over may as well begin in this one.
    const isBegun = before === state.birth || mayBegin(operation, state, this.#stamps);
    const begun = isBegun ? state.birth : before;
    return begun === state.birth && holdsPage(operation, state) ? 'done' : begun;
  }

  #successors(possibility: Possibility, nowMs: number): Possibility[] {
    const { state, open, marks } = possibility;
    const out: Possibility[] = [];
    for (const id of open) {
      const operation = this.#byId.get(id);
      const after = operation === undefined ? undefined : stateAfter(state, operation);
      if (after !== undefined) out.push({ state: after, open: open.filter((other) => other !== id), marks });
    }
    if (state !== null && this.#mayEnd(state, nowMs)) out.push({ state: null, open, marks });
    return [...out, ...this.#expiries(possibility, nowMs)];
  }

  /** Whether the name may become free by itself: a deletion is finished, or the stream was empty for long enough. */
  #mayEnd(life: Life, nowMs: number): boolean {
    return (
      life.isDoomed || mayVanish(life, this.#expirable(life, nowMs), this.#options.retentionIsJudged ? nowMs : Infinity)
    );
  }

  #expirable(life: Life, nowMs: number): number {
    if (this.#options.retentionIsJudged) return expirable(life, nowMs);
    return life.retentionAgeMs === null ? 0 : life.records.length;
  }

  /** Retention trims no more than some answer needs: what nobody sees may as well happen later. */
  #expiries({ state, open, marks }: Possibility, nowMs: number): Possibility[] {
    if (state === null) return [];
    const oldest = this.#expirable(state, nowMs);
    const trimPoints = new Set<number>();
    for (const operation of this.#pending.values()) {
      const trimPoint = marks.has(operation.id) ? null : neededTrim(operation, state);
      if (trimPoint !== null && trimPoint <= oldest) trimPoints.add(trimPoint);
    }
    return [...trimPoints].map((trimPoint) => ({ state: { ...state, trimPoint }, open, marks }));
  }

  #convict(operation: SideOperation, reason: Reason): Conviction {
    const told = this.#operations.filter(({ returnedAt, calledAt, call }) => {
      const changes = call.kind !== 'read' && call.kind !== 'check-tail';
      return calledAt < operation.returnedAt && (changes || returnedAt < operation.returnedAt);
    });
    const before = told.filter(({ id }) => id !== operation.id).slice(-STORY_LINES);
    return { ...reason, operation, story: [...before, operation].map(lineOf) };
  }
}

/** Calls and returns in the order they happened. */
function eventsOf(operations: readonly SideOperation[]): { operation: SideOperation; isCall: boolean }[] {
  const events = operations.flatMap((operation) => [
    { at: operation.calledAt, operation, isCall: true },
    ...(operation.outcome === null ? [] : [{ at: operation.returnedAt, operation, isCall: false }]),
  ]);
  return events.sort((a, b) => a.at - b.at);
}

function roleOf(operation: SideOperation): Role {
  const { call, outcome } = operation;
  const changes = call.kind !== 'read' && call.kind !== 'check-tail';
  switch (outcome?.kind) {
    case undefined:
    case 'unknown':
      return changes ? 'mutation' : 'silent';
    case 'refused':
      return 'silent';
    case 'created':
    case 'deleted':
    case 'kept':
    case 'appended':
      return 'mutation';
    default:
      return 'observation';
  }
}

function isInDoubt({ outcome }: SideOperation): boolean {
  return outcome === null || outcome.kind === 'unknown';
}

function isExplained({ open, marks }: Possibility, operation: SideOperation): boolean {
  return roleOf(operation) === 'mutation' ? !open.includes(operation.id) : marks.get(operation.id) === 'done';
}

function without(possibility: Possibility, id: number): Possibility {
  if (!possibility.marks.has(id)) return possibility;
  const marks = new Map(possibility.marks);
  marks.delete(id);
  return { ...possibility, marks };
}

function keyOf({ state, open, marks }: Possibility): string {
  return `${keyOfState(state)}|${open.join()}|${[...marks].sort(([a], [b]) => a - b).join(';')}`;
}

function distinct(states: readonly StreamState[]): StreamState[] {
  return [...new Map(states.map((state) => [keyOfState(state), state])).values()];
}
