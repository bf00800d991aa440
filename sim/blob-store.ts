/**
 * One blob store that outlives every host, and the BlobStore port each process reaches it through.
 *
 * A mutation is three events: the request leaves, the effect happens at the store, the reply arrives. Each
 * may be late or lost on its own, so an effect may come long after its caller was told `unknown`, or died.
 * The port is honest: `failed` and `refused` mean no effect of this attempt, now or later. The client under
 * the port gives up on an attempt after a time-out and then reports what it can vouch for.
 */

import type { BlobStore, ByteRange, DeleteOutcome, GetOutcome, ListOutcome, PutOutcome } from '../engine/ports.ts';
import { assertKey, Objects } from './blob/objects.ts';
import { planCut, planDelete, planGet, planList, planPut, type MutationPlan } from './blob/attempt-plan.ts';
import { fault, rangeOf, type Fault } from './blob/outcomes.ts';
import type { WorldContext } from './context.ts';
import type { Host } from './host.ts';
import { drawStoreUs, type StoreLatency, type StoreVerb } from './latency.ts';
import type { Links } from './network/links.ts';
import type { OpenSpan } from './tracks.ts';

/** The store's name on links and tracks. */
export const STORE = 'store';

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

export interface SimBlobStoreOptions {
  context: WorldContext;
  links: Links;
  latency: StoreLatency;
  /** How long the client waits for one attempt. */
  attemptTimeoutMs: number;
}

/** One call of the port that has not ended yet. */
interface Attempt {
  host: Host;
  generation: number;
  verb: StoreVerb;
  label: string;
  startedUs: number;
  isOver: boolean;
  timeout: number;
  span: OpenSpan | null;
}

export interface OpenAttempt {
  host: string;
  label: string;
  startedMs: number;
}

/** Effect and reply of an operation, as shares of its whole time: the effect after three quarters. */
const EFFECT_QUARTERS = 3;

export class SimBlobStore {
  readonly #o: SimBlobStoreOptions;
  readonly #context: WorldContext;
  readonly #objects: Objects;
  readonly #attempts = new Set<Attempt>();
  readonly #listeners: ((effect: StoreEffect) => void)[] = [];
  #effects = 0;
  #isOut = false;

  constructor(options: SimBlobStoreOptions) {
    this.#o = options;
    this.#context = options.context;
    this.#objects = new Objects();
  }

  /** What is stored now, keys ascending; a copy of the map, the bytes shared. */
  objects(): ReadonlyMap<string, Uint8Array> {
    return this.#objects.snapshot();
  }

  /** How many effects there were. */
  get effects(): number {
    return this.#effects;
  }

  /** Calls `listener` at every effect, within its event, before any reply is sent. */
  onEffect(listener: (effect: StoreEffect) => void): void {
    this.#listeners.push(listener);
  }

  get isOut(): boolean {
    return this.#isOut;
  }

  /** During an outage everything fails fast: 503. */
  setOutage(isOut: boolean): void {
    this.#isOut = isOut;
  }

  /** Puts and deletes of the host's current process that have not ended. */
  mutationsInFlight(host: Host): number {
    let count = 0;
    for (const attempt of this.#attempts) {
      if (attempt.host === host && (attempt.verb === 'put' || attempt.verb === 'delete')) count++;
    }
    return count;
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
    for (const attempt of [...this.#attempts]) {
      if (attempt.host !== host) continue;
      attempt.isOver = true;
      this.#attempts.delete(attempt);
      this.#context.tracks.close(attempt.span, { tone: 'warn', detail: 'the caller died' });
    }
  }

  /** The BlobStore port of one process. */
  port(host: Host, generation: number): BlobStore {
    const put = (key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> => {
      assertKey(key);
      // The caller may reuse its buffers once the call ended, and an effect may come later than that.
      return this.#put(host, generation, key, concatenate(parts));
    };
    return {
      putIfAbsent: put,
      put,
      get: (key, range) => {
        assertKey(key);
        return this.#get(host, generation, key, range);
      },
      list: (prefix, after, limit) => this.#list(host, generation, prefix, after ?? '', limit ?? 1000),
      delete: (keys) => {
        for (const key of keys) assertKey(key);
        return this.#delete(host, generation, [...keys]);
      },
    };
  }

  // --- put

  #put(host: Host, generation: number, key: string, bytes: Uint8Array): Promise<PutOutcome> {
    const plan = this.#isOut ? null : planPut(this.#context, `${host.name} ${key}`);
    return this.#mutation<PutOutcome>(host, generation, 'put', key, bytes.length, plan, {
      apply: (isLate) => {
        const isNew = !this.#objects.has(key);
        if (isNew) {
          this.#objects.create(key, bytes, this.#context.kernel.nowUs);
          this.#effect('put', key, host, generation, isLate);
        } else {
          this.#context.probes.reachable(isLate ? 'fault.put.late-refused' : 'fault.put.refused');
          this.#context.trace.note(STORE, 'refused', key);
        }
        return { kind: isNew ? 'done' : 'refused' };
      },
      settled: () => this.#objects.settled(key, this.#context.kernel.nowUs),
    });
  }

  #delete(host: Host, generation: number, keys: string[]): Promise<DeleteOutcome> {
    const label = keys.length === 1 ? keys[0]! : `${keys[0] ?? 'nothing'} and ${keys.length - 1} more`;
    const plan = this.#isOut ? null : planDelete(this.#context, `${host.name} ${keys[0] ?? ''}`);
    return this.#mutation<DeleteOutcome>(host, generation, 'delete', label, 0, plan, {
      apply: (isLate) => {
        for (const key of keys) {
          if (this.#objects.remove(key, this.#context.kernel.nowUs)) {
            this.#effect('delete', key, host, generation, isLate);
          }
        }
        return { kind: 'done' };
      },
      settled: () => {
        for (const key of keys) this.#objects.settled(key, this.#context.kernel.nowUs);
      },
    });
  }

  /** The common course of puts and deletes. `plan` is null during an outage. */
  #mutation<Outcome extends PutOutcome | DeleteOutcome>(
    host: Host,
    generation: number,
    verb: 'put' | 'delete',
    key: string,
    bytes: number,
    plan: MutationPlan | null,
    change: { apply: (isLate: boolean) => Outcome; settled: () => void },
  ): Promise<Outcome> {
    return this.#attempt<Outcome>(host, generation, verb, key, (attempt, reply) => {
      const unknown = (why: Fault): Outcome => ({ kind: 'unknown', fault: why }) as Outcome;
      const failed = (why: Fault): Outcome => ({ kind: 'failed', fault: why }) as Outcome;
      const probe = (what: string): void => this.#context.probes.reachable(`fault.${verb}.${what}`);
      const { toStoreUs, toHostUs } = this.#legs(verb, attempt, bytes, key);
      const onTimeout = (): Outcome => unknown(fault('timeout', `${verb} ${key}: no answer in time`));
      /** Applies at the store after `delayUs`, then calls `next` in the same event. */
      const effectAfter = (delayUs: number, next: (outcome: Outcome) => void): void => {
        this.#world(delayUs, `store.${verb}`, key, () => {
          const isLate = attempt.isOver;
          const outcome = change.apply(isLate);
          if (isLate && outcome.kind === 'done') {
            probe('late-effect');
            if (verb === 'put' && !host.isAlive(generation)) probe('late-effect-after-restart');
          }
          next(outcome);
        });
      };
      const normally = (outcome: Outcome): void => {
        this.#settleAfter(toHostUs, change.settled);
        reply(toHostUs, outcome);
      };

      if (plan === null) {
        reply(toStoreUs + toHostUs, unknown(fault('slow-down', `${verb} ${key}: 503, the store is out of service`)));
        return onTimeout;
      }
      if (this.#o.links.between(host.name, STORE).isCut) {
        // The client cannot tell a dead connection from a slow store. What was sent may still get through.
        const lateUs = planCut(this.#context, `${host.name} ${key}`);
        if (lateUs !== null) effectAfter(this.#o.attemptTimeoutMs * 1000 + lateUs, () => change.settled());
        return onTimeout;
      }
      switch (plan.fate) {
        case 'normal':
          effectAfter(toStoreUs, (outcome) => {
            normally(outcome);
            if (plan.isDoubled && outcome.kind === 'done') {
              this.#world(plan.lateUs, `store.${verb}`, key, () => {
                probe('duplicated');
                change.apply(true);
                change.settled();
              });
            }
          });
          break;
        case 'failed':
          if (verb === 'put') probe('failed-before');
          reply(toStoreUs, failed(fault('unreachable', `${verb} ${key}: no connection to the store`)));
          break;
        case 'unknown-without-effect':
          probe('unknown-without-effect');
          reply(toStoreUs + toHostUs, unknown(fault('internal', `${verb} ${key}: 500`)));
          break;
        case 'throttled':
          probe('throttled');
          reply(toStoreUs + toHostUs, unknown(fault('slow-down', `${verb} ${key}: 503 slow down`)));
          break;
        case 'conflict':
          probe('conflict');
          reply(toStoreUs + toHostUs, unknown(fault('conflict', `${verb} ${key}: 409, try again`)));
          break;
        case 'lost-reply':
          effectAfter(toStoreUs, (outcome) => {
            this.#settleAfter(toHostUs, change.settled);
            if (outcome.kind === 'done') probe('lost-reply');
            reply(toHostUs, unknown(fault('reset', `${verb} ${key}: the connection was reset`)));
          });
          break;
        case 'late':
          reply(toStoreUs, unknown(fault('reset', `${verb} ${key}: the connection was reset`)));
          effectAfter(toStoreUs + plan.lateUs, () => change.settled());
          break;
        case 'hang':
          probe('hang');
          break;
        case 'hang-with-effect':
          probe('hang');
          effectAfter(toStoreUs, () => this.#settleAfter(toHostUs, change.settled));
          break;
        case 'hang-then-late':
          probe('hang');
          effectAfter(this.#o.attemptTimeoutMs * 1000 + plan.lateUs, () => change.settled());
          break;
      }
      return onTimeout;
    });
  }

  // --- get and list

  #get(host: Host, generation: number, key: string, range: ByteRange | undefined): Promise<GetOutcome> {
    return this.#attempt<GetOutcome>(host, generation, 'get', key, (attempt, reply) => {
      const size = this.#objects.get(key)?.length ?? 0;
      const { toStoreUs, toHostUs } = this.#legs('get', attempt, size, key);
      const failed = (code: string, message: string): GetOutcome => ({
        kind: 'failed',
        fault: fault(code, `get ${key}: ${message}`),
      });
      const onTimeout = (): GetOutcome => failed('timeout', 'no answer in time');
      if (this.#isOut) {
        reply(toStoreUs + toHostUs, failed('slow-down', '503, the store is out of service'));
        return onTimeout;
      }
      if (this.#o.links.between(host.name, STORE).isCut) return onTimeout;
      const fate = planGet(this.#context, `${host.name} ${key}`);
      if (fate === 'hang') {
        this.#context.probes.reachable('fault.get.hang');
        return onTimeout;
      }
      this.#world(toStoreUs, 'store.get', key, () => {
        const found = this.#objects.get(key);
        if (fate === 'failed') {
          this.#context.probes.reachable('fault.get.failed');
          reply(toHostUs, failed('internal', '500'));
        } else if (fate === 'short-body' && found !== undefined) {
          this.#context.probes.reachable('fault.get.short-body');
          reply(toHostUs, failed('short-body', 'the body broke off before its end'));
        } else if (found === undefined) {
          reply(toHostUs, { kind: 'absent' });
        } else {
          reply(toHostUs, { kind: 'found', bytes: rangeOf(found, range), size: found.length });
        }
      });
      return onTimeout;
    });
  }

  #list(host: Host, generation: number, prefix: string, after: string, limit: number): Promise<ListOutcome> {
    return this.#attempt<ListOutcome>(host, generation, 'list', prefix, (attempt, reply) => {
      const { toStoreUs, toHostUs } = this.#legs('list', attempt, 0, prefix);
      const failed = (code: string, message: string): ListOutcome => ({
        kind: 'failed',
        fault: fault(code, `list ${prefix}: ${message}`),
      });
      const onTimeout = (): ListOutcome => failed('timeout', 'no answer in time');
      if (this.#isOut) {
        reply(toStoreUs + toHostUs, failed('slow-down', '503, the store is out of service'));
        return onTimeout;
      }
      if (this.#o.links.between(host.name, STORE).isCut) return onTimeout;
      const plan = planList(this.#context, host.name, limit);
      if (plan.fate === 'hang') {
        this.#context.probes.reachable('fault.list.hang');
        return onTimeout;
      }
      this.#world(toStoreUs, 'store.list', prefix, () => {
        if (plan.fate === 'failed') {
          this.#context.probes.reachable('fault.list.failed');
          reply(toHostUs, failed('internal', '500'));
          return;
        }
        const page = this.#objects.page({
          prefix,
          after,
          limit: plan.limit,
          sinceUs: attempt.startedUs,
          isHidden: (key) => plan.hides(key),
          isShown: (key) => plan.shows(key),
        });
        if (plan.limit < limit && page.next !== null) this.#context.probes.reachable('fault.list.short-page');
        reply(toHostUs, { kind: 'page', blobs: page.blobs, next: page.next });
      });
      return onTimeout;
    });
  }

  // --- what all attempts share

  /**
   * One call of the port: `begin` sets it going and gets a `reply` that ends it after a delay, unless its
   * time-out comes first; it returns the outcome of a time-out.
   */
  #attempt<Outcome extends { kind: string }>(
    host: Host,
    generation: number,
    verb: StoreVerb,
    key: string,
    begin: (attempt: Attempt, reply: (delayUs: number, outcome: Outcome) => void) => () => Outcome,
  ): Promise<Outcome> {
    if (!host.isAlive(generation)) return new Promise(() => {});
    const { kernel, tracks } = this.#context;
    const label = `${verb.toUpperCase()} ${key}`;
    const span = tracks.open('storage', label, 'neutral', host.name);
    const attempt: Attempt = {
      host,
      generation,
      verb,
      label,
      startedUs: kernel.nowUs,
      isOver: false,
      timeout: 0,
      span,
    };
    this.#attempts.add(attempt);
    return new Promise((resolve) => {
      const end = (outcome: Outcome): void => {
        if (attempt.isOver) return;
        attempt.isOver = true;
        this.#attempts.delete(attempt);
        kernel.cancel(attempt.timeout);
        this.#context.trace.note(STORE, outcome.kind, key);
        tracks.close(span, { label: `${label}: ${outcome.kind}`, tone: toneOf(outcome.kind) });
        resolve(outcome);
      };
      const reply = (delayUs: number, outcome: Outcome): void => {
        if (attempt.isOver || this.#o.links.between(STORE, host.name).isCut) return;
        kernel.after(delayUs, host, `blob.${verb}`, key, () => end(outcome));
      };
      const onTimeout = begin(attempt, reply);
      attempt.timeout = kernel.after(this.#o.attemptTimeoutMs * 1000, host, 'blob.timeout', key, () =>
        end(onTimeout()),
      );
    });
  }

  /** Way there and way back of an operation, with the tail the dice give it. */
  #legs(verb: StoreVerb, attempt: Attempt, bytes: number, key: string): { toStoreUs: number; toHostUs: number } {
    const { choices, faults } = this.#context;
    const tail = { tenfold: faults.blobTenfold, hundredfold: faults.blobHundredfold };
    const drawn = drawStoreUs(choices, verb, `${attempt.host.name} ${key}`, this.#o.latency, bytes, tail);
    if (drawn.isSlow && (verb === 'put' || verb === 'get')) this.#context.probes.reachable(`fault.${verb}.slow`);
    const toStoreUs = Math.floor((drawn.us * EFFECT_QUARTERS) / 4);
    return { toStoreUs, toHostUs: drawn.us - toStoreUs };
  }

  #world(delayUs: number, kind: string, key: string, run: () => void): void {
    this.#context.kernel.after(delayUs, null, kind, key, run);
  }

  /** Until then a listing may be uncertain about the names concerned. */
  #settleAfter(delayUs: number, settled: () => void): void {
    if (this.#context.faults.listUncertain[0] === 0) settled();
    else this.#world(delayUs, 'store.settled', '', settled);
  }

  #effect(kind: StoreEffect['kind'], key: string, host: Host, generation: number, isLate: boolean): void {
    const index = ++this.#effects;
    this.#context.trace.note(STORE, kind, key);
    if (isLate) this.#context.tracks.point('storage', `${kind.toUpperCase()} ${key}: late effect`, 'bad', host.name);
    for (const listener of this.#listeners) listener({ index, kind, key, host: host.name, generation, isLate });
  }
}

function toneOf(kind: string): 'good' | 'warn' | 'bad' | 'neutral' {
  if (kind === 'done') return 'good';
  if (kind === 'unknown' || kind === 'refused') return 'warn';
  return kind === 'failed' ? 'bad' : 'neutral';
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
