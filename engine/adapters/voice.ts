/** Everything the server program says: to people in words, to machines one JSON object a line. */

import type { RequestName } from './http-exchange.ts';
import { type LogFormat, LogLines } from './log-lines.ts';
import { type LogDetail, LogTelemetry } from './log-telemetry.ts';

export interface VoiceOptions {
  /** Default `nothing`. */
  log?: LogDetail;
  /** Default `text`. */
  logFormat?: LogFormat;
}

export class Voice {
  /** Events and requests, as far as the operator wants them. */
  readonly telemetry: LogTelemetry;
  readonly #errors: LogLines;
  readonly #output: LogLines;
  readonly #isJson: boolean;

  constructor({ log = 'nothing', logFormat = 'text' }: VoiceOptions) {
    this.#errors = new LogLines({ format: logFormat });
    this.#output = new LogLines({ format: logFormat, write: (line) => void process.stdout.write(`${line}\n`) });
    this.#isJson = logFormat === 'json';
    this.telemetry = new LogTelemetry(this.#errors, log);
  }

  say(event: string, text: string): void {
    if (this.#isJson) this.#output.line('info', event, { message: text });
    else process.stdout.write(`${text}\n`);
  }

  complain(message: string): void {
    if (this.#isJson) this.#errors.line('error', 'server', { message });
    else process.stderr.write(`tailrace: ${message}\n`);
  }

  /** A handler's error is a bug. The query of the request is left out: nobody knows what is in it. */
  report(error: unknown, { id, method, target }: RequestName): void {
    const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const path = target.split('?', 1)[0];
    if (this.#isJson) this.#errors.line('error', 'request.failed', { id, method, path, details });
    else this.complain(`error while answering request ${id}, ${method} ${path}: ${details}`);
  }
}
