/**
 * Damage in the store itself: an object that comes back wrong however often it is read, until somebody puts a sound copy
 * back. What was there before is kept, so that everybody but a reader still sees what was written.
 *
 * Kinds: a flipped bit, an end that is missing, the bytes of another object, and a body of nothing the format knows. What
 * somebody else put among the objects is damage, too: it is there for readers and writers, and was never written.
 */

import { defineSite } from '../choices.ts';
import type { WorldContext } from '../context.ts';
import type { Objects } from './objects.ts';

const WHICH = defineSite('blob.damage.which', 'which object is damaged');
const HOW = defineSite('blob.damage.how', 'how an object is damaged');
const WHERE = defineSite('blob.damage.where', 'which bit is flipped, where an object ends, or whose bytes it has');
/** Of so many of the newest objects one is damaged. */
const RECENT = 4;
const KINDS = ['flip', 'truncate', 'swap', 'scribble'] as const;

export class StoreDamage {
  readonly #context: WorldContext;
  readonly #objects: Objects;
  readonly #now = new Map<string, Uint8Array>();
  readonly #ever = new Set<string>();
  /** Objects of somebody else that were deleted through the store's port. */
  readonly #lost = new Set<string>();

  constructor(context: WorldContext, objects: Objects) {
    this.#context = context;
    this.#objects = objects;
  }

  /** Whether `key` was damaged at any time. */
  wasDamaged(key: string): boolean {
    return this.#ever.has(key);
  }

  /** Somebody else's object, in place of ours or under a name that is free; until `mend`. */
  plant(key: string, bytes: Uint8Array): void {
    const { probes, trace } = this.#context;
    this.#now.set(key, bytes);
    this.#ever.add(key);
    trace.note('store', 'foreign', key);
    probes.reachable('fault.object.foreign');
  }

  /** What is wrong with another object makes this one missing, and whoever meets that may name either. */
  implicate(key: string): void {
    this.#ever.add(key);
  }

  /** Somebody else's object under a name that is free otherwise. */
  planted(key: string): Uint8Array | undefined {
    return this.#objects.has(key) ? undefined : this.#now.get(key);
  }

  /** Their names and lengths. */
  plantedNames(): { key: string; size: number }[] {
    return [...this.#now].filter(([key]) => !this.#objects.has(key)).map(([key, { length: size }]) => ({ key, size }));
  }

  /** Names of somebody else's objects that a program deleted. */
  get lost(): ReadonlySet<string> {
    return this.#lost;
  }

  /** A program deletes somebody else's object. */
  lose(key: string): void {
    if (this.planted(key) === undefined) return;
    this.#lost.add(key);
    this.mend(key);
  }

  /** What a reader gets for the object. */
  seen(key: string, bytes: Uint8Array): Uint8Array {
    return this.#now.get(key) ?? bytes;
  }

  /** Damages one of the objects below `prefix` that is sound; returns its key, or null when there is none. */
  strike(prefix: string): string | null {
    const { choices, probes, trace } = this.#context;
    const keys = this.#objects.keysBelow(prefix).filter((key) => !this.#now.has(key) && this.#sizeOf(key) > 0);
    if (keys.length === 0) return null;
    // The newest ones are what somebody is about to read.
    const recent = keys.slice(-RECENT);
    const key = choices.pick(WHICH, prefix, recent.toReversed());
    const kind = choices.pick(HOW, prefix, KINDS);
    this.#now.set(key, this.#damaged(kind, key, keys));
    this.#ever.add(key);
    trace.note('store', `damage ${kind}`, key);
    probes.reachable(`fault.object.${kind}`);
    return key;
  }

  mendAll(): void {
    for (const key of [...this.#now.keys()]) this.mend(key);
  }

  /** A sound copy is put back, or the object is gone. */
  mend(key: string): void {
    if (this.#now.delete(key)) this.#context.trace.note('store', 'mend', key);
  }

  #sizeOf(key: string): number {
    return this.#objects.get(key)?.length ?? 0;
  }

  #damaged(kind: (typeof KINDS)[number], key: string, keys: readonly string[]): Uint8Array {
    const { choices } = this.#context;
    const bytes = this.#objects.get(key)!;
    switch (kind) {
      case 'flip': {
        const bit = choices.choose(WHERE, key, bytes.length * 8);
        const flipped = bytes.slice();
        flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
        return flipped;
      }
      case 'truncate':
        return bytes.slice(0, choices.choose(WHERE, key, bytes.length));
      case 'swap': {
        const others = keys.filter((other) => other !== key);
        return others.length === 0 ? new Uint8Array() : this.#objects.get(choices.pick(WHERE, key, others))!;
      }
      case 'scribble':
        return bytes.map((_, at) => (at * 151 + 89) & 255);
    }
  }
}
