/**
 * What streams are configured with, each distinct value once: a million streams have few. A stream keeps a number; the
 * value goes when the last stream that has it goes.
 */

import { type Cipher, sameStream, type StreamConfig, type StreamWish } from '../core/config.ts';

/** What is rarely changed of a stream. */
export interface StreamSettings {
  readonly config: StreamConfig;
  readonly requested: StreamWish | null;
  readonly cipher: Cipher | null;
}

interface Shared {
  settings: StreamSettings;
  key: string;
  streams: number;
}

export class SettingsPool {
  readonly #byKey = new Map<string, number>();
  readonly #shared: (Shared | undefined)[] = [];
  readonly #free: number[] = [];
  /** Taken last: rows that come one after the other are mostly alike. */
  #latest = 0;

  /** Distinct values in use. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Some stream is deleted when it is empty for long enough. */
  get deletesOnEmpty(): boolean {
    return this.#shared.some((shared) => (shared?.settings.config.deleteOnEmptyMinAgeS ?? 0) > 0);
  }

  /** One stream more has these. May cost a small text, so call it where settings change, not where records come. */
  take(settings: StreamSettings): number {
    const latest = this.#shared[this.#latest];
    if (latest !== undefined && areSame(latest.settings, settings)) {
      latest.streams++;
      return this.#latest;
    }
    this.#latest = this.#find(settings);
    return this.#latest;
  }

  #find({ config, requested, cipher }: StreamSettings): number {
    const key = `${textOf(config)};${requested === null ? '' : textOf(requested)};${cipher ?? ''}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      (this.#shared[known] as Shared).streams++;
      return known;
    }
    const number = this.#free.pop() ?? this.#shared.length;
    this.#shared[number] = { settings: { config, requested, cipher }, key, streams: 1 };
    this.#byKey.set(key, number);
    return number;
  }

  /** One stream less has them. */
  release(number: number): void {
    const shared = this.#shared[number] as Shared;
    if (--shared.streams > 0) return;
    this.#byKey.delete(shared.key);
    this.#shared[number] = undefined;
    this.#free.push(number);
  }

  at(number: number): StreamSettings {
    return (this.#shared[number] as Shared).settings;
  }
}

function areSame(a: StreamSettings, b: StreamSettings): boolean {
  const asked =
    a.requested === b.requested ||
    (a.requested !== null && b.requested !== null && sameStream(a.requested, b.requested));
  return asked && a.cipher === b.cipher && sameStream(a.config, b.config);
}

function textOf(wish: StreamWish): string {
  const { storageClass, retentionAgeS, timestampingMode, timestampingUncapped, deleteOnEmptyMinAgeS } = wish;
  return `${storageClass},${retentionAgeS},${timestampingMode},${timestampingUncapped},${deleteOnEmptyMinAgeS}`;
}
