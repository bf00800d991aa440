/** What `tailrace check` has to say of a file, in each of the forms it can be asked for. */

export interface Findings {
  verdict: 'ok' | 'illegal' | 'unknown';
  /** For people, without a newline at the end. */
  text: string;
  /** For programs. */
  json: Readonly<Record<string, unknown>>;
  /** A self-contained HTML page. */
  page: () => string;
}

/** The file is no history, or the model is none: a line for the error output. */
export interface Refusal {
  refusal: string;
}
