/**
 * Log lines of a running server, each one line whatever is in it: as JSON for machines, or as text for people.
 *
 *     {"time":"2026-01-31T12:00:00.000Z","level":"warn","event":"log.fenced","detail":7}
 *     2026-01-31T12:00:00.000Z warn log.fenced detail=7
 *
 * Nobody may pass it headers or bodies of a request: keys and tokens are in them.
 */

export type LogFormat = 'text' | 'json';
export type LogLevel = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface LogLinesOptions {
  /** Default `text`. */
  format?: LogFormat;
  /** Takes one line without its line end. Default: standard error. */
  write?: (line: string) => void;
  /** Milliseconds since the Unix epoch. */
  wallMs?: () => number;
}

export class LogLines {
  readonly #format: LogFormat;
  readonly #write: (line: string) => void;
  readonly #wallMs: () => number;

  constructor({ format = 'text', write = toStandardError, wallMs = Date.now }: LogLinesOptions = {}) {
    this.#format = format;
    this.#write = write;
    this.#wallMs = wallMs;
  }

  /** Fields that are undefined are left out. */
  line(level: LogLevel, event: string, fields: LogFields = {}): void {
    const time = new Date(this.#wallMs()).toISOString();
    if (this.#format === 'json') return this.#write(JSON.stringify({ time, level, event, ...fields }));
    const texts = Object.entries(fields).filter(([, value]) => value !== undefined);
    this.#write([time, level, event, ...texts.map(([name, value]) => `${name}=${plain(value)}`)].join(' '));
  }
}

/** A text that could be taken for something else is quoted as JSON quotes it. */
function plain(value: LogFields[string]): string {
  return typeof value === 'string' && !/^[^\s"=\p{C}]+$/u.test(value) ? JSON.stringify(value) : String(value);
}

function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}
