/**
 * Requests, effects and replies as separate events. A task is a generator that yields a call to the store or a
 * condition to wait for. Between its request and its reply anything may happen: the effect may come late, even after
 * the client gave up; the reply may be lost; a mutating request may arrive twice; the process may stall or die.
 * The walk and the director decide which event comes next; nothing here has a will of its own.
 */

import type { Dice } from './dice.ts';
import type { Store } from './store.ts';

export const UNKNOWN = Symbol('no reply: it may have happened, may still happen, may never');

export type Verb = 'put' | 'get' | 'list' | 'delete';

export interface Call<T> {
  verb: Verb;
  name: string;
  effect: (store: Store) => T;
}

interface Condition {
  until: () => boolean;
}

export type Task<T = void> = Generator<Call<unknown> | Condition, T, unknown>;

/** One life of a process, from start to crash. Tasks of a dead life never go on. */
export interface Life {
  node: number;
  alive: boolean;
  stalledUntil: number;
  waiting: { task: Task; until: () => boolean }[];
}

export interface Flight {
  life: Life;
  /** The task that waits for the reply, none after a time-out and for doubled requests. */
  task: Task | undefined;
  call: Call<unknown>;
  hasHappened: boolean;
  reply: unknown;
  isReplyLost: boolean;
  /** The effect does not come before this step. */
  earliestStep: number;
}

/** What a network does to the requests of one run. */
export interface Weather {
  lostReply: number;
  doubled: number;
  slow: number;
  slowStepsMax: number;
  timeout: number;
}

export const FAIR: Weather = { lostReply: 0, doubled: 0, slow: 0, slowStepsMax: 0, timeout: 0 };

export class Network {
  readonly store: Store;
  readonly dice: Dice;
  weather: Weather;
  step = 0;
  readonly flights: Flight[] = [];

  constructor(store: Store, dice: Dice, weather: Weather) {
    this.store = store;
    this.dice = dice;
    this.weather = weather;
  }

  start(life: Life, task: Task): void {
    this.advance(life, task, undefined);
    this.wake(life);
  }

  /** Takes the effect of a request whose time has come. */
  happen(flight: Flight): void {
    flight.hasHappened = true;
    flight.reply = flight.call.effect(this.store);
  }

  /** Gives a reply, or the lack of one, to whoever waits for it. */
  answer(flight: Flight, reply: unknown): void {
    const { task, life } = flight;
    flight.task = undefined;
    if (task === undefined || !life.alive) return;
    this.advance(life, task, reply);
    this.wake(life);
  }

  /** Nothing more will come of this flight. */
  isOver(flight: Flight): boolean {
    return flight.hasHappened && (flight.task === undefined || !flight.life.alive);
  }

  removeAt(index: number): void {
    const last = this.flights.pop();
    if (last !== undefined && index < this.flights.length) this.flights[index] = last;
  }

  private advance(life: Life, task: Task, reply: unknown): void {
    const { done, value } = task.next(reply);
    if (done === true || !life.alive) return;
    if ('until' in value) life.waiting.push({ task, until: value.until });
    else this.depart(life, task, value);
  }

  private depart(life: Life, task: Task, call: Call<unknown>): void {
    const { dice, weather } = this;
    this.flights.push(this.flight(life, task, call, dice.chance(weather.lostReply)));
    const mutates = call.verb === 'put' || call.verb === 'delete';
    if (mutates && dice.chance(weather.doubled)) this.flights.push(this.flight(life, undefined, call, true));
  }

  private flight(life: Life, task: Task | undefined, call: Call<unknown>, isReplyLost: boolean): Flight {
    const { dice, weather } = this;
    const delay = dice.chance(weather.slow) ? dice.below(weather.slowStepsMax) : 0;
    const earliestStep = this.step + delay;
    return { life, task, call, hasHappened: false, reply: undefined, isReplyLost, earliestStep };
  }

  /** Lets every task of a life go on whose condition holds, until none does. */
  private wake(life: Life): void {
    for (let index = 0; index < life.waiting.length && life.alive;) {
      const waiter = life.waiting[index];
      if (waiter === undefined || !waiter.until()) {
        index++;
        continue;
      }
      life.waiting.splice(index, 1);
      this.advance(life, waiter.task, undefined);
      index = 0;
    }
  }
}

/** One attempt. */
export function* once<T>(call: Call<T>): Task<T | typeof UNKNOWN> {
  return (yield call) as T | typeof UNKNOWN;
}

/** The same request again and again until a reply comes back. */
export function* insist<T>(call: Call<T>): Task<T> {
  for (;;) {
    const reply = yield* once(call);
    if (reply !== UNKNOWN) return reply;
  }
}

export function* until(condition: () => boolean): Task {
  if (!condition()) yield { until: condition };
}
