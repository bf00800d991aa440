/**
 * Telemetry of a running server: a count for every event of the catalogue, and log lines for some.
 *
 * A line is one JSON object: `{"time":"2026-01-31T12:00:00.000Z","event":"log.fenced","detail":"…"}`. The
 * counts of events that never happened are zero, not missing.
 */

import type { Telemetry } from '../ports.ts';
import { ENGINE_EVENTS, type EngineEvent } from '../telemetry.ts';

/** Which events become lines. `notable` leaves out what a healthy server does all day. */
export type LogDetail = 'nothing' | 'notable' | 'everything';

/** Not the slots a takeover replays: there is a line's worth in each, and thousands of them. */
const NOTABLE =
  /^(takeover\.(?!replayed-data)|log\.fenced|log\.put\.|log\.proof\.re|append\.(deadline|unknown)|read\.deadline)/;

export interface LogTelemetryOptions {
  /** Default `nothing`. */
  log?: LogDetail;
  /** Takes one line without its line end. Default: standard error. */
  write?: (line: string) => void;
  /** Milliseconds since the Unix epoch, for the lines. */
  wallMs?: () => number;
}

export class LogTelemetry implements Telemetry {
  readonly #counts: Record<EngineEvent, number>;
  readonly #log: LogDetail;
  readonly #write: (line: string) => void;
  readonly #wallMs: () => number;

  constructor(options: LogTelemetryOptions = {}) {
    const names = Object.keys(ENGINE_EVENTS) as EngineEvent[];
    this.#counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<EngineEvent, number>;
    this.#log = options.log ?? 'nothing';
    this.#write = options.write ?? ((line) => process.stderr.write(`${line}\n`));
    this.#wallMs = options.wallMs ?? Date.now;
  }

  event(name: EngineEvent, detail?: string | number): void {
    this.#counts[name] += 1;
    if (this.#log === 'nothing' || (this.#log === 'notable' && !NOTABLE.test(name))) return;
    const time = new Date(this.#wallMs()).toISOString();
    this.#write(JSON.stringify(detail === undefined ? { time, event: name } : { time, event: name, detail }));
  }

  /** How often each event happened since the start; a copy. */
  counts(): Readonly<Record<EngineEvent, number>> {
    return { ...this.#counts };
  }
}
