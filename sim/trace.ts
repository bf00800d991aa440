/**
 * What happened, folded into a rolling 64-bit hash; with text lines when somebody wants to read them.
 *
 * Two runs are the same run if and only if their hashes are equal. A checkpoint every 1,024 events lets a
 * mismatch be located without keeping lines. Only names, integers and short strings go in: never error
 * stacks, paths or compressed bytes, which differ between machines.
 */

import { hashText, hex32, mix32 } from './hash.ts';

const EVENTS_PER_CHECKPOINT = 1024;

export interface TraceOptions {
  /** Receives one line per entry; leave out for a hash only. */
  line?: (text: string) => void;
}

export class Trace {
  readonly #line: ((text: string) => void) | null;
  readonly #names = new Map<string, number>();
  readonly #checkpoints: number[] = [];
  #a = 0x2545f491 | 0;
  #b = 0x6c62272e | 0;
  #events = 0;

  constructor(options: TraceOptions = {}) {
    this.#line = options.line ?? null;
  }

  /** Events folded so far; notes between them do not count. */
  get events(): number {
    return this.#events;
  }

  /** An event of the agenda is about to run. */
  event(timeUs: number, host: string, kind: string, detail: string): void {
    this.#events++;
    this.mix(this.#events);
    // Its low 32 bits, then the rest.
    this.mix(timeUs);
    this.mix((timeUs - (timeUs >>> 0)) / 0x1_0000_0000);
    this.mix(this.#hashOf(host));
    this.mix(this.#hashOf(kind));
    if (detail !== '') this.mix(hashText(detail));
    if (this.#events % EVENTS_PER_CHECKPOINT === 0) this.#checkpoints.push(this.#a >>> 0, this.#b >>> 0);
    if (this.#line !== null)
      this.#line(`${this.#events} ${timeUs} ${host} ${kind}${detail === '' ? '' : ` ${detail}`}`);
  }

  /** Something worth knowing happened inside an event. */
  note(host: string, what: string, detail: string | number = ''): void {
    this.mix(this.#hashOf(host));
    this.mix(this.#hashOf(what));
    if (detail !== '') this.mix(typeof detail === 'number' ? foldNumber(detail) : hashText(detail));
    if (this.#line !== null) this.#line(`  ${host} ${what}${detail === '' ? '' : ` ${detail}`}`);
  }

  /** A number between two lines, such as the outcome of a choice. */
  mix(value: number): void {
    const x = value | 0;
    const a = Math.imul(this.#a ^ x, 0x9e3779b1);
    this.#a = (a << 13) | (a >>> 19);
    const b = Math.imul(this.#b + x, 0x85ebca77);
    this.#b = (b << 17) | (b >>> 15);
  }

  /** The hash of everything so far: 16 hex digits. */
  hash(): string {
    return hex64(this.#a, this.#b);
  }

  /** The hash after each 1,024 events. */
  checkpoints(): string[] {
    const result: string[] = [];
    for (let i = 0; i < this.#checkpoints.length; i += 2) {
      result.push(hex64(this.#checkpoints[i]!, this.#checkpoints[i + 1]!));
    }
    return result;
  }

  /** Hosts and kinds are few and come again: their hash is computed once a run. */
  #hashOf(name: string): number {
    let hash = this.#names.get(name);
    if (hash === undefined) {
      hash = hashText(name);
      this.#names.set(name, hash);
    }
    return hash;
  }
}

/** Folds a number that may exceed 32 bits or have a fraction. */
function foldNumber(value: number): number {
  if ((value | 0) === value) return value;
  if (!Number.isFinite(value)) return 0x7ff00000;
  const whole = Math.floor(value);
  const low = (whole % 0x1_0000_0000) | 0;
  return low ^ mix32(Math.floor(whole / 0x1_0000_0000)) ^ mix32(Math.floor((value - whole) * 1_000_000));
}

function hex64(a: number, b: number): string {
  return hex32(mix32(a)) + hex32(mix32(b ^ a));
}
