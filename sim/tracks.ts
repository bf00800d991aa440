/**
 * What the history page draws beside the operations: spans that lasted, marks of what engines reported, and messages
 * between hosts. Kept only when a run is recorded, so that a sweep pays nothing for them.
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
  /** A call of the store: when it took effect there, with fractions; after `endMs` where the effect came late. */
  effectsMs?: number[];
}

/** What an engine reported, by its name in the catalogue: milliseconds with fractions, host, name, detail. */
export type TrackMark = [atMs: number, host: string, name: string, detail: string | number];

/** Something that travelled; -1 where it never arrived. Milliseconds with fractions. */
export type TrackMessage = [sentMs: number, arrivedMs: number, from: string, to: string, label: string];

/** A longer run is told without the rest of its messages: nobody reads so many arrows. */
const MESSAGES_MAX = 40_000;

/** A span that is not over yet. */
export type OpenSpan = TrackSpan;

export class Tracks {
  /** Ask before building a label that costs anything. */
  readonly isRecording: boolean;
  readonly #spans: TrackSpan[] = [];
  readonly #open = new Set<OpenSpan>();
  readonly #nowUs: () => number;
  readonly marks: TrackMark[] = [];
  readonly messages: TrackMessage[] = [];

  constructor(isRecording: boolean, nowUs: () => number) {
    this.isRecording = isRecording;
    this.#nowUs = nowUs;
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

  /** The call of the store that `span` stands for takes effect now, whether or not somebody still waits for it. */
  effect(span: OpenSpan | null): void {
    if (span !== null) (span.effectsMs ??= []).push(this.#nowUs() / 1000);
  }

  mark(host: string, name: string, detail: string | number): void {
    if (this.isRecording) this.marks.push([this.#nowUs() / 1000, host, name, detail]);
  }

  /** Something leaves now; call the result when it arrives. */
  message(from: string, to: string, label: string): () => void {
    if (!this.isRecording || this.messages.length >= MESSAGES_MAX) return () => {};
    const message: TrackMessage = [this.#nowUs() / 1000, -1, from, to, label];
    this.messages.push(message);
    return () => (message[1] = this.#nowUs() / 1000);
  }

  /** All spans by start; those still open end now. */
  spans(): TrackSpan[] {
    const endMs = this.#nowMs();
    return this.#spans.map((span) => (this.#open.has(span) ? { ...span, endMs } : { ...span }));
  }

  #nowMs(): number {
    return Math.floor(this.#nowUs() / 1000);
  }
}
