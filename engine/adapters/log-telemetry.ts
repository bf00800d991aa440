/** Engine events and requests as log lines: which of them, an operator says. Counts are elsewhere (`metrics.ts`). */

import type { Telemetry } from '../ports.ts';
import type { EngineEvent } from '../telemetry.ts';
import type { ExchangeReport } from './http-exchange.ts';
import type { LogLevel, LogLines } from './log-lines.ts';

/**
 * What becomes a line. `notable` leaves out what a healthy server does all day; `requests` adds every request to that;
 * `everything` adds every event, which is thousands a second.
 */
export type LogDetail = 'nothing' | 'notable' | 'requests' | 'everything';

/** Not the slots a takeover replays: there is a line's worth in each, and thousands of them. */
const NOTABLE =
  /^(takeover\.(?!replayed-data)|log\.fenced|log\.put\.|log\.proof\.re|append\.(deadline|unknown)|read\.deadline)/;

/** These mean that something went wrong somewhere, if only for a moment. */
const WARNED = /fenced|lost|fatal|unknown|failed|deadline|refused|corrupt|damage/;

export class LogTelemetry implements Telemetry {
  readonly #lines: LogLines;
  readonly #detail: LogDetail;

  constructor(lines: LogLines, detail: LogDetail = 'nothing') {
    this.#lines = lines;
    this.#detail = detail;
  }

  event(name: EngineEvent, detail?: string | number): void {
    if (this.#detail === 'nothing') return;
    if (this.#detail !== 'everything' && !NOTABLE.test(name)) return;
    this.#lines.line(WARNED.test(name) ? 'warn' : 'info', name, { detail });
  }

  /** Of a request that went well only `requests` and more tell. The query is left out: nobody knows what is in it. */
  request({ id, method, target, protocol, status, cut, durationMs }: ExchangeReport): void {
    const isWrong = status === null || status >= 500;
    if (this.#detail === 'nothing' || (this.#detail === 'notable' && !isWrong)) return;
    const level: LogLevel = isWrong ? 'warn' : 'info';
    const path = target.split('?', 1)[0];
    this.#lines.line(level, 'request', { id, method, path, status, cut, ms: Math.round(durationMs), protocol });
  }
}
