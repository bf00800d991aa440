/**
 * How old a record certainly is: the rule of decision 0007, as arithmetic.
 *
 * A wall clock may be wrong by an hour or a year, in either direction, and destroying records cannot be taken back. So
 * time has to be proven: what passed from a record's arrival to the newest arrival of former owners (their account), plus
 * what passed since on this owner's monotonic clock. The wall clock alone proves nothing, but it has a veto.
 */

import type { Clock } from '../ports.ts';

/** Clocks of healthy owners differ by less than this: the stated skew. A tenth of the age where that is less. */
const SKEW_MS_MAX = 60_000;
/** A wall clock that is behind may be set right any time: it is asked again after this, however far behind it is. */
const WALL_LOOK_MS = 3_600_000;

export class ProvenAge {
  readonly #clock: Pick<Clock, 'wallMs' | 'monoMs'>;
  readonly #lastArrivalMs: number;
  readonly #beganWallMs: number;
  readonly #beganMonoMs: number;

  /** To be made when ownership begins. `lastArrivalMs` is the newest arrival of the log replayed. */
  constructor(clock: Pick<Clock, 'wallMs' | 'monoMs'>, lastArrivalMs: number) {
    this.#clock = clock;
    this.#lastArrivalMs = lastArrivalMs;
    this.#beganWallMs = clock.wallMs();
    this.#beganMonoMs = clock.monoMs();
  }

  /** Milliseconds of monotonic time until records that arrived then can be expired; 0 when they are. */
  untilLookMs(arrivalMs: number, ageMs: number): number {
    const byWallMs = Math.min(this.#untilByWallMs(arrivalMs, ageMs), WALL_LOOK_MS);
    return Math.max(this.#untilProvenMs(arrivalMs, ageMs), byWallMs, 0);
  }

  /** The wall clock says so, and too little time is proven to have passed. */
  onlyByWall(arrivalMs: number, ageMs: number): boolean {
    return this.#untilByWallMs(arrivalMs, ageMs) <= 0 && this.#untilProvenMs(arrivalMs, ageMs) > 0;
  }

  #untilByWallMs(arrivalMs: number, ageMs: number): number {
    return arrivalMs + withSkew(ageMs) - this.#clock.wallMs();
  }

  /** Never falls from older to newer arrivals, so that a trim up to one never takes an unexpired one before it. */
  #untilProvenMs(arrivalMs: number, ageMs: number): number {
    const elapsedMs = this.#clock.monoMs() - this.#beganMonoMs;
    const beforeMs = this.#lastArrivalMs - arrivalMs;
    // What arrived under this owner was stamped by its wall clock: that one counts as it stood at the beginning.
    const provenMs = beforeMs >= 0 ? beforeMs + elapsedMs : elapsedMs + Math.min(0, this.#beganWallMs - arrivalMs);
    return withSkew(ageMs) - provenMs;
  }
}

function withSkew(ageMs: number): number {
  return ageMs + Math.min(SKEW_MS_MAX, Math.ceil(ageMs / 10));
}
