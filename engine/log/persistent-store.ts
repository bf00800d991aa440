/**
 * Store calls that are repeated until the store answers: what takeover, flushing, reading and collecting share.
 *
 * A call ends with an answer, with StoreRefused when the store refuses for good, or with StoreAbandoned when whoever
 * asked is gone. Doubt never ends a call: an unknown put is repeated with the same bytes under the same name.
 */

import type { BlobStore, ByteRange, GetOutcome, ListedBlob, Ports, StoreFault } from '../ports.ts';
import type { EngineEvent } from '../telemetry.ts';
import { backOff } from './backoff.ts';
import type { LogTunables } from './tunables.ts';

/** The store refused for good; `message` says what was attempted, why it was refused, and what to do. */
export class StoreRefused extends Error {
  override name = 'StoreRefused';
  readonly fault: StoreFault;

  constructor(what: string, fault: StoreFault) {
    // The faults of real stores name the object themselves.
    const object = what.slice(what.indexOf(' ') + 1);
    super(fault.message.includes(object) ? fault.message : `${what}: ${fault.message}`);
    this.fault = fault;
  }
}

/** The engine ended while the call waited for the store. */
export class StoreAbandoned extends Error {
  override name = 'StoreAbandoned';
}

export type StorePorts = Pick<Ports, 'clock' | 'random' | 'blobs' | 'telemetry'>;

export class PersistentStore {
  readonly #ports: StorePorts;
  readonly #tunables: Pick<LogTunables, 'retryMsMin' | 'retryMsMax'>;
  readonly #retried: EngineEvent;
  readonly #signal: AbortSignal | undefined;

  /** `retried` is reported with the key at every repetition. */
  constructor(
    ports: StorePorts,
    tunables: Pick<LogTunables, 'retryMsMin' | 'retryMsMax'>,
    retried: EngineEvent,
    signal?: AbortSignal,
  ) {
    this.#ports = ports;
    this.#tunables = tunables;
    this.#retried = retried;
    this.#signal = signal;
  }

  get blobs(): BlobStore {
    return this.#ports.blobs;
  }

  /** Writes an object nobody else ever writes; `refused` can only be our own earlier attempt. */
  async put(key: string, parts: readonly Uint8Array[]): Promise<void> {
    await this.#until(`writing ${key}`, async () => {
      const outcome = await this.#ports.blobs.put(key, parts);
      if (outcome.kind === 'done' || outcome.kind === 'refused') return { answer: undefined };
      return outcome.fault;
    });
  }

  /** As `put`, refused by the store where the name is taken. */
  async putIfAbsent(key: string, parts: readonly Uint8Array[]): Promise<void> {
    await this.#until(`writing ${key}`, async () => {
      const outcome = await this.#ports.blobs.putIfAbsent(key, parts);
      if (outcome.kind === 'done' || outcome.kind === 'refused') return { answer: undefined };
      return outcome.fault;
    });
  }

  get(key: string, range?: ByteRange): Promise<Exclude<GetOutcome, { kind: 'failed' }>> {
    return this.#until(`reading ${key}`, async () => {
      const outcome = await this.#ports.blobs.get(key, range);
      return outcome.kind === 'failed' ? outcome.fault : { answer: outcome };
    });
  }

  /** Every object below `prefix`, after `after`, keys ascending. Not a snapshot. */
  async list(prefix: string, after?: string): Promise<ListedBlob[]> {
    const all: ListedBlob[] = [];
    for (let from = after; ;) {
      const page = await this.#until(`listing ${prefix}`, async () => {
        const outcome = await this.#ports.blobs.list(prefix, from);
        return outcome.kind === 'failed' ? outcome.fault : { answer: outcome };
      });
      all.push(...page.blobs);
      if (page.next === null) return all;
      from = page.next;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await this.#until(`deleting ${keys[0]}${keys.length > 1 ? ` and ${keys.length - 1} more` : ''}`, async () => {
      const outcome = await this.#ports.blobs.delete(keys);
      return outcome.kind === 'done' ? { answer: undefined } : outcome.fault;
    });
  }

  async #until<Answer>(what: string, attempt: () => Promise<{ answer: Answer } | StoreFault>): Promise<Answer> {
    for (let attempts = 0; ; attempts++) {
      if (this.#signal?.aborted === true) throw new StoreAbandoned(what);
      const outcome = await attempt();
      if ('answer' in outcome) return outcome.answer;
      if (!outcome.retryable) throw new StoreRefused(what, outcome);
      this.#ports.telemetry.event(this.#retried, what);
      await backOff(this.#ports, this.#tunables, attempts, outcome, this.#signal);
    }
  }
}
