/**
 * One blob store that outlives every host, and the BlobStore port each process reaches it through.
 *
 * A mutation is three events: the request leaves, the effect happens at the store, the reply arrives. Each
 * may be late or lost on its own, so an effect may come long after its caller was told `unknown`, or died.
 * The port is honest: `failed` and `refused` mean no effect of this attempt, now or later. The client under
 * the port gives up on an attempt after a time-out and then reports what it can vouch for.
 */

import type {
  BlobStore,
  ByteRange,
  DeleteOutcome,
  GetOutcome,
  ListOutcome,
  PutOutcome,
  StoreFault,
} from '../engine/ports.ts';
import { AnswerStalls, type Stalled } from './blob/answer-stalls.ts';
import { Attempt, type StoreSetting } from './blob/attempt.ts';
import { Creations } from './blob/conditions.ts';
import { planCut, planDelete, planGet, planPut, type MutationPlan } from './blob/attempt-plan.ts';
import { listFailed, Listings, type Wanted } from './blob/listings.ts';
import { runMutation, type Change } from './blob/mutation.ts';
import { defineSite } from './choices.ts';
import { checkKey, checkRange, pageKeys } from './blob/names.ts';
import { Objects } from './blob/objects.ts';
import { WayDamage } from './blob/damage.ts';
import { StoreDamage } from './blob/store-damage.ts';
import { fault, rangeOf } from './blob/outcomes.ts';
import { type Refusal, refusalFault } from './blob/refusals.ts';
import type { WorldContext } from './context.ts';
import type { Host } from './host.ts';
import type { StoreVerb } from './latency.ts';

/** Whoever waits longer for an answer is kept waiting. */
const LONG_US = 200_000;
/** Objects of the log are told from others by their names. */
const LOG_PREFIX = 'wal/';
const ANOTHER = defineSite('blob.get.another', 'whose body a get brings');
/** Of so many of the newest objects of its kind one comes in place of another. */
const RECENT = 4;
const HOW_MANY = defineSite('blob.delete.how-many', 'how many of several names a delete is done with');

export { STORE } from './blob/attempt.ts';
export type { Stalled } from './blob/answer-stalls.ts';

/** Something changed in the store. */
export interface StoreEffect {
  /** Counted from 1. */
  index: number;
  kind: 'put' | 'delete';
  key: string;
  /** Who asked for it, and in which of its processes. */
  host: string;
  generation: number;
  /** The caller had been told `unknown`, or was dead, before it happened. */
  isLate: boolean;
}

/** A put left its host and will be on its way for very long. */
export type Departure = Pick<StoreEffect, 'host' | 'generation' | 'key'>;

/** A call of the port that has not ended. */
export interface OpenAttempt {
  host: string;
  /** `PUT wal/7`. */
  label: string;
  startedMs: number;
}

/** A process and what it asks for. */
interface Caller {
  host: Host;
  generation: number;
}

export class SimBlobStore {
  readonly #setting: StoreSetting;
  readonly #context: WorldContext;
  readonly #objects = new Objects();
  readonly #attempts = new Set<Pick<Attempt<never>, 'host' | 'verb' | 'label' | 'startedUs' | 'callerDied'>>();
  readonly #wayDamage: WayDamage;
  readonly #creations: Creations;
  readonly #listings: Listings;
  /** Objects that are damaged where they are kept. */
  readonly damage: StoreDamage;
  readonly #listeners: ((effect: StoreEffect) => void)[] = [];
  readonly #departed: ((departure: Departure) => void)[] = [];
  /** By host, when it was last failed or had waited for long. */
  readonly #troubledUs = new Map<string, number>();
  #effects = 0;
  #isOut = false;
  #refusal: Refusal | null = null;

  constructor(setting: Omit<StoreSetting, 'stalls'>) {
    this.#setting = { ...setting, stalls: new AnswerStalls(setting.context) };
    this.#context = setting.context;
    this.#creations = new Creations(setting.context);
    this.#wayDamage = new WayDamage(setting.context);
    this.damage = new StoreDamage(setting.context, this.#objects);
    this.#listings = new Listings(this.#setting, this.#objects, this.damage);
  }

  /** What is stored now, keys ascending; a copy of the map, the bytes shared. */
  objects(): ReadonlyMap<string, Uint8Array> {
    return this.#objects.snapshot();
  }

  /** Adds objects that were there before the world began: nobody put them and nobody is told. */
  load(objects: ReadonlyMap<string, Uint8Array>): void {
    for (const [key, bytes] of objects) {
      this.#objects.create(key, bytes, 0);
      this.#objects.settled(key, 0);
    }
  }

  /** The object under `key` now, or undefined; not a copy. */
  peek(key: string): Uint8Array | undefined {
    return this.#objects.get(key);
  }

  /** How many effects there were. */
  get effects(): number {
    return this.#effects;
  }

  /** Calls `listener` at every effect, within its event, before any reply is sent. */
  onEffect(listener: (effect: StoreEffect) => void): void {
    this.#listeners.push(listener);
  }

  /** Calls `listener` when a put leaves that will travel for long, before anything else happens. */
  onDeparture(listener: (departure: Departure) => void): void {
    this.#departed.push(listener);
  }

  get isOut(): boolean {
    return this.#isOut;
  }

  /** During an outage the store turns everything away with 503. */
  setOutage(isOut: boolean): void {
    this.#isOut = isOut;
  }

  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** While it is not null the store refuses what `refusalFault` says. */
  setRefusal(refusal: Refusal | null): void {
    this.#refusal = refusal;
  }

  /** The fault that a request meets at the store now; null when it is served. */
  #refused(verb: StoreVerb, key: string): StoreFault | null {
    const refused = this.#refusal === null ? null : refusalFault(this.#refusal, verb, key);
    if (refused === null) return null;
    this.#context.probes.reachable(this.#refusal === 'full' ? 'fault.store.full' : 'fault.store.denied');
    return refused;
  }

  /** Whether a name can be given once only, as the port promises. */
  get keepsConditions(): boolean {
    return this.#creations.conditions === 'kept';
  }

  isStalled(host: Host): boolean {
    return this.#setting.stalls.isStalled(host.name);
  }

  /** From here on the host hears no answer of the store to `verbs`, until `endStall`. */
  stall(host: Host, verbs: Stalled): void {
    this.#setting.stalls.begin(host.name, verbs);
  }

  endStall(host: Host): void {
    this.#setting.stalls.end(host.name);
  }

  /** Puts and deletes of the host's current process that have not ended. */
  mutationsInFlight(host: Host): number {
    let count = 0;
    for (const attempt of this.#attempts) {
      if (attempt.host === host && (attempt.verb === 'put' || attempt.verb === 'delete')) count++;
    }
    return count;
  }

  /** When the store last failed a host, or had kept it waiting; now, while it does; null: never. */
  troubledMs(host: string): number | null {
    const { nowUs } = this.#context.kernel;
    for (const attempt of this.#attempts) {
      if (attempt.host.name === host && this.#keepsWaiting(attempt)) return Math.floor(nowUs / 1000);
    }
    const us = this.#troubledUs.get(host);
    return us === undefined ? null : Math.floor(us / 1000);
  }

  #keepsWaiting({ startedUs }: { startedUs: number }): boolean {
    return this.#context.kernel.nowUs - startedUs > LONG_US;
  }

  openAttempts(): OpenAttempt[] {
    return [...this.#attempts].map(({ host, label, startedUs }) => ({
      host: host.name,
      label,
      startedMs: Math.floor(startedUs / 1000),
    }));
  }

  /** Forgets who waited; what is on its way to the store still arrives. */
  hostDied(host: Host): void {
    for (const attempt of this.#attempts) {
      if (attempt.host !== host) continue;
      attempt.callerDied();
      this.#attempts.delete(attempt);
    }
  }

  /** The BlobStore port of one process. */
  port(host: Host, generation: number): BlobStore {
    const caller = { host, generation };
    const put = (key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> => {
      checkKey(key);
      return this.#put(caller, key, parts);
    };
    return {
      putIfAbsent: put,
      put,
      get: (key, range) => {
        checkKey(key);
        if (range !== undefined) checkRange(range);
        return this.#get(caller, key, range);
      },
      list: (prefix, after = '', limit) => this.#list(caller, { prefix, after, limit: pageKeys(limit) }),
      delete: (keys) => {
        for (const key of keys) checkKey(key);
        return this.#delete(caller, [...keys]);
      },
    };
  }

  #put(caller: Caller, key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> {
    // The caller may reuse its buffers once the call ended, and an effect may come later than that.
    const bytes = concatenate(parts);
    const isBesideLog = !key.startsWith(LOG_PREFIX);
    const wasTaken = this.#objects.has(key);
    const planFor = (context: WorldContext, entity: string) => planPut(context, entity, isBesideLog);
    return this.#mutation<PutOutcome>(caller, 'put', key, bytes.length, planFor, {
      apply: (isLate) => {
        const isTaken = this.#objects.has(key);
        if (this.damage.planted(key) !== undefined || (isTaken && this.#creations.refuses(wasTaken))) {
          this.#context.probes.reachable(isLate ? 'fault.put.late-refused' : 'fault.put.refused');
          return { kind: 'refused' };
        }
        if (isTaken) {
          this.#context.probes.reachable('fault.put.overwrote');
          this.#objects.overwrite(key, bytes);
        } else this.#objects.create(key, bytes, this.#context.kernel.nowUs);
        this.#announce('put', key, caller, isLate);
        return { kind: 'done' };
      },
      settle: () => this.#objects.settled(key, this.#context.kernel.nowUs),
    });
  }

  #delete(caller: Caller, keys: readonly string[]): Promise<DeleteOutcome> {
    const label = keys.length === 1 ? keys[0]! : `${keys.length} keys from ${keys[0] ?? 'none'}`;
    const planFor = (context: WorldContext, entity: string) => planDelete(context, entity, keys.length);
    return this.#mutation<DeleteOutcome>(caller, 'delete', label, 0, planFor, {
      apply: (isLate, isPartial = false) => {
        const { nowUs } = this.#context.kernel;
        const done = isPartial ? keys.slice(0, this.#context.choices.choose(HOW_MANY, label, keys.length)) : keys;
        for (const key of done) {
          this.damage.lose(key);
          if (!this.#objects.remove(key, nowUs)) continue;
          this.damage.mend(key);
          this.#announce('delete', key, caller, isLate);
        }
        return { kind: 'done' };
      },
      settle: () => {
        for (const key of keys) this.#objects.settled(key, this.#context.kernel.nowUs);
      },
    });
  }

  #mutation<Outcome extends PutOutcome | DeleteOutcome>(
    caller: Caller,
    verb: 'put' | 'delete',
    key: string,
    bytes: number,
    planFor: (context: WorldContext, entity: string) => MutationPlan,
    change: Change<Outcome>,
  ): Promise<Outcome> {
    const noAnswer = { kind: 'unknown', fault: fault('timeout', `${verb} ${key}: no answer in time`) } as Outcome;
    return this.#attempt<Outcome>(caller, verb, key, bytes, noAnswer, (attempt) => {
      const { probes } = this.#context;
      const refused = attempt.isCutOff ? null : this.#refused(verb, key);
      if (refused !== null) return attempt.turnAway({ kind: 'failed', fault: refused } as Outcome);
      const plan = this.#fate(attempt, planFor);
      runMutation({ attempt, verb, key, plan, change: seenBy(attempt, change), probes });
      if (plan.fate !== 'travels') return;
      for (const listener of this.#departed) listener({ host: caller.host.name, generation: caller.generation, key });
    });
  }

  /** The dice decide only where a cut or an outage has not decided already. */
  #fate(
    attempt: { isCutOff: boolean; entity: string },
    planFor: (context: WorldContext, entity: string) => MutationPlan,
  ): MutationPlan {
    const { entity } = attempt;
    if (attempt.isCutOff) return planCut(this.#context, entity);
    if (this.#isOut) return { fate: 'out-of-service', lateUs: 0, isDoubled: false };
    return planFor(this.#context, entity);
  }

  #get(caller: Caller, key: string, range: ByteRange | undefined): Promise<GetOutcome> {
    const failed = (code: string, message: string): GetOutcome => ({
      kind: 'failed',
      fault: fault(code, `get ${key}: ${message}`),
    });
    const bytes = this.#objects.get(key)?.length ?? 0;
    return this.#attempt<GetOutcome>(caller, 'get', key, bytes, failed('timeout', 'no answer in time'), (attempt) => {
      const refused = this.#refused('get', key);
      if (refused !== null) return attempt.turnAway({ kind: 'failed', fault: refused });
      if (this.#isOut) return attempt.turnAway(failed('slow-down', '503, out of service'));
      const fate = planGet(this.#context, attempt.entity);
      const { probes } = this.#context;
      if (fate === 'hang') return probes.reachable('fault.get.hang');
      attempt.toStore(() => {
        const found = this.#objects.get(key) ?? this.damage.planted(key);
        if (fate === 'failed') {
          probes.reachable('fault.get.failed');
          attempt.answer(failed('internal', '500'));
        } else if (found === undefined) {
          attempt.answer({ kind: 'absent' });
        } else if (fate === 'short-body') {
          probes.reachable('fault.get.short-body');
          attempt.answer(failed('short-body', 'the body broke off before its end'));
        } else {
          const kept = this.damage.seen(key, found);
          const sound = rangeOf(kept, range);
          const bytes = this.#wayDamage.onTheWay({
            bytes: sound,
            host: caller.host.name,
            key,
            drawn: fate === 'normal' ? null : fate,
            another: () => this.#anotherBody(key, range),
          });
          if (bytes !== sound) this.#troubledUs.set(caller.host.name, this.#context.kernel.nowUs);
          attempt.answer({ kind: 'found', bytes, size: kept.length });
        }
      });
    });
  }

  /** The same part of one of the newest objects of the same kind; null when there is no other. */
  #anotherBody(key: string, range: ByteRange | undefined): Uint8Array | null {
    const prefix = key.slice(0, key.lastIndexOf('/') + 1);
    const others = this.#objects.keysBelow(prefix).filter((other) => other !== key);
    if (others.length === 0) return null;
    const other = this.#context.choices.pick(ANOTHER, key, others.slice(-RECENT).toReversed());
    return rangeOf(this.#objects.get(other)!, range);
  }

  #list(caller: Caller, wanted: Wanted): Promise<ListOutcome> {
    const { prefix } = wanted;
    const noAnswer = listFailed(prefix, 'timeout', 'no answer in time');
    return this.#attempt<ListOutcome>(caller, 'list', prefix, 0, noAnswer, (attempt) => {
      const refused = this.#refused('list', prefix);
      if (refused !== null) return attempt.turnAway({ kind: 'failed', fault: refused });
      if (this.#isOut) return attempt.turnAway(listFailed(prefix, 'slow-down', '503, out of service'));
      this.#listings.begin(attempt, wanted);
    });
  }

  #attempt<Outcome extends { kind: string }>(
    { host, generation }: Caller,
    verb: StoreVerb,
    key: string,
    bytes: number,
    noAnswer: Outcome,
    begin: (attempt: Attempt<Outcome>) => void,
  ): Promise<Outcome> {
    if (!host.isAlive(generation)) return new Promise(() => {});
    const attempt = new Attempt<Outcome>({
      setting: this.#setting,
      host,
      generation,
      verb,
      key,
      bytes,
      onTimeout: () => noAnswer,
      onEnd: (ended, { kind }) => {
        this.#attempts.delete(ended);
        if (kind === 'failed' || kind === 'unknown' || this.#keepsWaiting(ended)) {
          this.#troubledUs.set(host.name, this.#context.kernel.nowUs);
        }
      },
    });
    this.#attempts.add(attempt);
    if (verb === 'put' || verb === 'delete') {
      this.#context.probes.watermarks.reach('most.mutations-in-flight', this.mutationsInFlight(host));
    }
    begin(attempt);
    return attempt.outcome;
  }

  #announce(kind: StoreEffect['kind'], key: string, caller: Caller, isLate: boolean): void {
    const index = ++this.#effects;
    const { trace, tracks } = this.#context;
    trace.note('store', kind, key);
    if (isLate && tracks.isRecording) {
      tracks.point('storage', `${kind.toUpperCase()} ${key}: late effect`, 'bad', caller.host.name);
    }
    for (const listener of this.#listeners) {
      listener({ index, kind, key, host: caller.host.name, generation: caller.generation, isLate });
    }
  }
}

/** The same change, of which the attempt learns when it happens. */
function seenBy<Outcome extends PutOutcome | DeleteOutcome>(
  attempt: Attempt<Outcome>,
  change: Change<Outcome>,
): Change<Outcome> {
  return {
    ...change,
    apply: (isLate, isPartial) => {
      const outcome = change.apply(isLate, isPartial);
      if (outcome.kind === 'done') attempt.tookEffect();
      return outcome;
    },
  };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
