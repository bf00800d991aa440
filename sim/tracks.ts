/**
 * What lasted: spans for the tracks of the history page. Kept only when a run is recorded, so that a sweep
 * pays nothing for them.
 */

/** Something that lasted; a point has `endMs === startMs`. */
export interface TrackSpan {
  /** Row of the picture: `faults`, `storage`, or `host <name>`. */
  track: string;
  /** Short text in the box. */
  label: string;
  startMs: number;
  endMs: number;
  tone: 'neutral' | 'good' | 'warn' | 'bad';
  detail?: string;
}

/** A span that is not over yet. */
export type OpenSpan = TrackSpan;

export class Tracks {
  /** Ask before building a label that costs anything. */
  readonly isRecording: boolean;
  readonly #spans: TrackSpan[] = [];
  readonly #open = new Set<OpenSpan>();
  readonly #nowMs: () => number;

  constructor(isRecording: boolean, nowMs: () => number) {
    this.isRecording = isRecording;
    this.#nowMs = nowMs;
  }

  /** Something begins; pass the result to `close`. */
  open(track: string, label: string, tone: TrackSpan['tone'], detail?: string): OpenSpan | null {
    if (!this.isRecording) return null;
    const startMs = this.#nowMs();
    const span: OpenSpan = { track, label, startMs, endMs: startMs, tone, ...(detail === undefined ? {} : { detail }) };
    this.#spans.push(span);
    this.#open.add(span);
    return span;
  }

  close(span: OpenSpan | null, changes: Partial<Pick<TrackSpan, 'label' | 'tone' | 'detail'>> = {}): void {
    if (span === null || !this.#open.delete(span)) return;
    span.endMs = this.#nowMs();
    Object.assign(span, changes);
  }

  point(track: string, label: string, tone: TrackSpan['tone'], detail?: string): void {
    this.close(this.open(track, label, tone, detail));
  }

  /** All spans by start; those still open end now. */
  spans(): TrackSpan[] {
    const endMs = this.#nowMs();
    return this.#spans.map((span) => (this.#open.has(span) ? { ...span, endMs } : { ...span }));
  }
}
