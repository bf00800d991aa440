/**
 * The records on the screen: at most `ROWS_MAX` of them, added a few times a second however fast they come, and kept in
 * view only while the reader is at the end. Bodies are text; a long one is cut until it is asked for.
 */

import { element, make, timeText } from './dom.ts';
import type { StreamRecord } from './server.ts';

const ROWS_MAX = 1000;
const REDRAW_MS = 80;
const BODY_CHARS = 2000;

/** Closer to the end than this counts as being there. */
const END_PX = 40;

export class RecordsView {
  readonly #box = element('records', HTMLDivElement);
  readonly #newest = element('newest', HTMLButtonElement);
  #waiting: StreamRecord[] = [];
  #left = 0;
  #timer: number | null = null;
  #isAtEnd = true;

  constructor() {
    this.#box.addEventListener('scroll', () => this.#noteScroll(), { passive: true });
    this.#newest.addEventListener('click', () => this.#goToEnd());
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = [];
    this.#left = 0;
    this.#isAtEnd = true;
    this.#newest.hidden = true;
    this.#box.replaceChildren();
  }

  /** The stream was asked, so that nothing here means that there is nothing. */
  sayIfEmpty(text: string): void {
    const isEmpty = this.#box.childElementCount === 0 && this.#waiting.length === 0;
    if (isEmpty) this.#box.append(make('p', { className: 'left-out', text }));
  }

  add(records: readonly StreamRecord[]): void {
    for (const record of records) this.#waiting.push(record);
    this.#timer ??= window.setTimeout(() => this.#draw(), REDRAW_MS);
  }

  #draw(): void {
    this.#timer = null;
    const fresh = this.#waiting.slice(-ROWS_MAX);
    this.#left += this.#waiting.length - fresh.length;
    this.#waiting = [];
    this.#box.querySelector('.left-out')?.remove();
    this.#box.append(...fresh.map(rowOf));
    for (const row of [...this.#box.children].slice(0, -ROWS_MAX)) {
      row.remove();
      this.#left++;
    }
    if (this.#left > 0) {
      const text = `${this.#left.toLocaleString('en')} earlier records are not shown`;
      this.#box.prepend(make('p', { className: 'left-out', text }));
    }
    if (this.#isAtEnd) this.#goToEnd();
    else this.#newest.hidden = false;
  }

  #noteScroll(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.#box;
    this.#isAtEnd = scrollTop + clientHeight >= scrollHeight - END_PX;
    if (this.#isAtEnd) this.#newest.hidden = true;
  }

  #goToEnd(): void {
    this.#box.scrollTop = this.#box.scrollHeight;
    this.#isAtEnd = true;
    this.#newest.hidden = true;
  }
}

function rowOf({ seq_num, timestamp, headers = [], body = '' }: StreamRecord): HTMLElement {
  const command = commandOf(headers, body);
  const content = make('div', { className: 'body' });
  for (const [name, value] of command === null ? headers : []) {
    content.append(make('span', { className: 'header', text: `${name}: ${value}` }), document.createTextNode('\n'));
  }
  content.append(...bodyNodes(command ?? body));
  const row = make('div', {
    className: 'record',
    children: [make('span', { className: 'seq', text: String(seq_num) }), timeOf(timestamp), content],
  });
  if (command !== null) row.dataset['command'] = '';
  return row;
}

function bodyNodes(body: string): Node[] {
  const text = document.createTextNode(body.slice(0, BODY_CHARS));
  if (body.length <= BODY_CHARS) return [text];
  const button = make('button', { text: `… ${(body.length - BODY_CHARS).toLocaleString('en')} characters more` });
  button.type = 'button';
  button.addEventListener('click', () => {
    text.data = body;
    button.remove();
  });
  return [text, button];
}

/** What a command record does; null for a record of people. A trim point is a number in eight bytes. */
function commandOf(headers: readonly [string, string][], body: string): string | null {
  const [name, value] = headers[0] ?? [];
  if (headers.length !== 1 || name !== '') return null;
  if (value === 'fence') return body === '' ? 'fence: no token any more' : `fence: new token "${body}"`;
  return String(value);
}

function timeOf(timestamp: number): HTMLElement {
  const made = make('time', { text: timeText(timestamp) ?? String(timestamp) });
  made.title = `${new Date(timestamp).toLocaleString()} here; ${timestamp}`;
  return made;
}
