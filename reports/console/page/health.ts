/** Whether the server is well, and the few of its figures that say how busy it is, asked for every few seconds. */

import { element, make } from './dom.ts';
import { health, metrics } from './server.ts';

const INTERVAL_MS = 2000;

interface Reading {
  atMs: number;
  appends: number;
  appendSeconds: number;
}

export class HealthLine {
  readonly #dot = element('health-dot', HTMLSpanElement);
  readonly #text = element('health-text', HTMLSpanElement);
  readonly #figures = element('figures', HTMLElement);
  #before: Reading | null = null;

  /** Goes on for as long as the page lives. */
  async run(): Promise<void> {
    for (;;) {
      if (!document.hidden) await this.#ask();
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }

  async #ask(): Promise<void> {
    const { status, text } = await health();
    const [state, words] =
      status === 200
        ? ['good', 'healthy']
        : status === 0
          ? ['bad', 'the server does not answer']
          : ['warn', text || `status ${status}`];
    this.#dot.dataset['state'] = state;
    // A status line that says the same again must not be read out again.
    if (this.#text.textContent !== words) this.#text.textContent = words ?? '';
    if (status === 200) await this.#showFigures();
    else this.#figures.replaceChildren();
  }

  async #showFigures(): Promise<void> {
    const exposition = await metrics().catch(() => '');
    const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(exposition)?.[1] ?? NaN);
    const reading = {
      atMs: performance.now(),
      appends: value('s2_append_ack_latency_seconds_count'),
      appendSeconds: value('s2_append_ack_latency_seconds_sum'),
    };
    const figures: [string, string | null][] = [
      ['up', spanText(Date.now() / 1000 - value('process_start_time_seconds'))],
      ['memory', mebibytes(value('process_resident_memory_bytes'))],
      ['connections', numberText(value('tailrace_http_connections'))],
      ...pace(this.#before, reading),
    ];
    this.#before = reading;
    this.#figures.replaceChildren(
      ...figures.flatMap(([name, text]) =>
        text === null ? [] : [make('div', { children: [make('dt', { text: name }), make('dd', { text })] })],
      ),
    );
  }
}

/** Appends a second and how long each took, since the reading before. */
function pace(before: Reading | null, now: Reading): [string, string | null][] {
  if (before === null || Number.isNaN(now.appends)) return [];
  const count = now.appends - before.appends;
  const perSecond = count / ((now.atMs - before.atMs) / 1000);
  const meanMs = ((now.appendSeconds - before.appendSeconds) / count) * 1000;
  return [
    ['appends/s', numberText(Math.round(perSecond * 10) / 10)],
    ['durable in', count > 0 ? `${meanMs.toFixed(1)} ms` : null],
  ];
}

function numberText(value: number): string | null {
  return Number.isNaN(value) ? null : value.toLocaleString('en');
}

function mebibytes(bytes: number): string | null {
  return Number.isNaN(bytes) ? null : `${Math.round(bytes / 1024 / 1024)} MiB`;
}

function spanText(seconds: number): string | null {
  if (Number.isNaN(seconds)) return null;
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}
