/**
 * What engines reported, as spans: who owned the store under which epoch, which slots of the log were in flight, and every
 * probe as a point.
 *
 * Pure. Names are those of the engine's catalogue. What a process had under way ends when it crashes, exits or learns that
 * it was fenced.
 */

import type { TrackMark, TrackSpan } from '../scenarios/run.ts';

/** Marks come in the order in which they happened; `endMs` is the end of the run. */
export function hostSpansOf(marks: readonly TrackMark[], spans: readonly TrackSpan[], endMs: number): TrackSpan[] {
  const hosts = new Map<string, HostStory>();
  const storyOf = (host: string): HostStory => {
    const known = hosts.get(host);
    if (known !== undefined) return known;
    const story = new HostStory(host);
    hosts.set(host, story);
    return story;
  };
  const deaths = spans.flatMap(({ track, label, startMs }): TrackMark[] =>
    track.startsWith('host ') && /^(crash|exit|start)\b/.test(label)
      ? [[startMs, track.slice('host '.length), label.split(' ')[0] ?? '', label]]
      : [],
  );
  const all = [...marks, ...deaths].sort(([a], [b]) => a - b);
  for (const [atMs, host, name, detail] of all) storyOf(host).heard(atMs, name, detail);
  return [...hosts.values()].flatMap((story) => story.end(endMs));
}

class HostStory {
  readonly #host: string;
  readonly #done: TrackSpan[] = [];
  readonly #slots = new Map<string, number>();
  #takeoverMs: number | null = null;
  #owner: { epoch: string; sinceMs: number } | null = null;
  #downMs: number | null = null;

  constructor(host: string) {
    this.#host = host;
  }

  heard(atMs: number, name: string, detail: string | number): void {
    switch (name) {
      case 'takeover.started':
        this.#takeoverMs = atMs;
        break;
      case 'takeover.completed':
        this.#closeTakeover(atMs, `takeover, epoch ${detail}`, 'good');
        this.#owner = { epoch: String(detail), sinceMs: atMs };
        break;
      case 'log.slot.issued':
        this.#slots.set(String(detail), atMs);
        break;
      case 'log.slot.committed':
        this.#closeSlot(String(detail), atMs, { label: 'committed', tone: 'good' });
        break;
      case 'log.fenced':
        this.#lose(atMs, 'fenced');
        break;
      case 'crash':
      case 'exit':
        this.#lose(atMs, name === 'crash' ? 'crashed' : 'ended');
        this.#downMs ??= atMs;
        return;
      case 'start':
        this.#closeDown(atMs);
        return;
    }
    this.#add('probes', { label: name, startMs: atMs, endMs: atMs, tone: 'neutral', detail: String(detail) });
  }

  end(endMs: number): TrackSpan[] {
    this.#closeDown(endMs);
    this.#closeOwner(endMs, 'to the end');
    for (const slot of this.#slots.keys()) this.#closeSlot(slot, endMs, { label: 'in flight', tone: 'warn' });
    return this.#done;
  }

  #lose(atMs: number, how: string): void {
    this.#closeOwner(atMs, how);
    this.#closeTakeover(atMs, `takeover, ${how}`, 'warn');
    for (const slot of this.#slots.keys()) this.#closeSlot(slot, atMs, { label: how, tone: 'warn' });
  }

  #closeTakeover(atMs: number, label: string, tone: TrackSpan['tone']): void {
    if (this.#takeoverMs === null) return;
    this.#add('host', { label, startMs: this.#takeoverMs, endMs: atMs, tone });
    this.#takeoverMs = null;
  }

  #closeOwner(atMs: number, how: string): void {
    if (this.#owner === null) return;
    const { epoch, sinceMs } = this.#owner;
    this.#add('host', { label: `owner, epoch ${epoch}`, startMs: sinceMs, endMs: atMs, tone: 'good', detail: how });
    this.#owner = null;
  }

  #closeDown(atMs: number): void {
    if (this.#downMs !== null) this.#add('host', { label: 'down', startMs: this.#downMs, endMs: atMs, tone: 'bad' });
    this.#downMs = null;
  }

  #closeSlot(slot: string, atMs: number, { label, tone }: { label: string; tone: TrackSpan['tone'] }): void {
    const startMs = this.#slots.get(slot);
    this.#slots.delete(slot);
    if (startMs === undefined) return;
    this.#add('slots', { label: `slot ${slot}`, startMs, endMs: atMs, tone, detail: label });
  }

  #add(kind: 'host' | 'slots' | 'probes', span: Omit<TrackSpan, 'track'>): void {
    this.#done.push({ track: `${kind} ${this.#host}`, ...span });
  }
}
