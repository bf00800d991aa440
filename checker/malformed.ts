/** What is handed over is no history: guessing what was meant could turn a violation into an `ok`. */

/** Thrown by the checks. Files are refused earlier, by their parsers. */
export class MalformedHistory extends Error {
  /** 1-based number of the event or operation; for a file its line. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(`event ${line}: ${message}`);
    this.line = line;
  }
}
