/** Basins and the streams of one, as lists of links a page of names at a time, each with a box that makes a new one. */

import { element, make, showProblem } from './dom.ts';
import { createBasin, createStream, type Listing, listBasins, listStreams } from './server.ts';

const FILTER_PAUSE_MS = 150;

/** Where a name leads. */
function addressOf(basin: string, stream?: string): string {
  const words = stream === undefined ? [basin] : [basin, stream];
  return `#${words.map(encodeURIComponent).join('/')}`;
}

export class Lists {
  readonly #problem = element('list-problem', HTMLParagraphElement);
  readonly #filter = element('filter', HTMLInputElement);
  readonly #basins = new NameList('basins', 'more-basins', 'No basins yet: create one below.');
  readonly #streams = new NameList('streams', 'more-streams', 'No such streams.');
  #basin: string | null = null;
  #filterTimer = 0;

  constructor() {
    this.#basins.source = { fetch: listBasins, address: (name) => addressOf(name) };
    this.#basins.onProblem = this.#streams.onProblem = (problem) => showProblem(this.#problem, problem);
    this.#filter.addEventListener('input', () => {
      clearTimeout(this.#filterTimer);
      this.#filterTimer = window.setTimeout(() => void this.#reloadStreams(), FILTER_PAUSE_MS);
    });
    this.#onCreate('new-basin', async (name) => {
      await createBasin(name);
      await this.#basins.reload();
      location.hash = addressOf(name);
    });
    this.#onCreate('new-stream', async (name) => {
      const basin = this.#basin;
      if (basin === null) return;
      await createStream({ basin, stream: name });
      await this.#streams.reload();
      location.hash = addressOf(basin, name);
    });
  }

  async load(): Promise<void> {
    await this.#basins.reload();
  }

  async show(basin: string | null, stream: string | null): Promise<void> {
    this.#basins.setCurrent(basin);
    element('streams-section', HTMLElement).hidden = basin === null;
    if (basin !== this.#basin) {
      this.#basin = basin;
      this.#filter.value = '';
      await this.#reloadStreams();
    }
    this.#streams.setCurrent(stream);
  }

  focusFilter(): void {
    this.#filter.focus();
  }

  async #reloadStreams(): Promise<void> {
    const basin = this.#basin;
    if (basin === null) return;
    const prefix = this.#filter.value;
    this.#streams.source = {
      fetch: (after) => listStreams(basin, prefix, after),
      address: (name) => addressOf(basin, name),
    };
    await this.#streams.reload();
  }

  #onCreate(id: string, create: (name: string) => Promise<void>): void {
    const form = element(id, HTMLFormElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const input = form.elements.namedItem('name') as HTMLInputElement;
      create(input.value).then(
        () => {
          input.value = '';
          showProblem(this.#problem, null);
        },
        (error: unknown) => showProblem(this.#problem, error),
      );
    });
  }
}

interface Source {
  fetch: (after: string) => Promise<Listing>;
  address: (name: string) => string;
}

class NameList {
  source: Source | null = null;
  onProblem: (problem: unknown) => void = () => {};
  readonly #list: HTMLUListElement;
  readonly #more: HTMLButtonElement;
  readonly #emptyText: string;
  #last = '';
  #current: string | null = null;

  constructor(listId: string, moreId: string, emptyText: string) {
    this.#list = element(listId, HTMLUListElement);
    this.#more = element(moreId, HTMLButtonElement);
    this.#emptyText = emptyText;
    this.#more.addEventListener('click', () => void this.#load(false));
  }

  async reload(): Promise<void> {
    this.#last = '';
    await this.#load(true);
  }

  setCurrent(name: string | null): void {
    this.#current = name;
    for (const link of this.#list.querySelectorAll('a')) this.#mark(link);
  }

  async #load(isFresh: boolean): Promise<void> {
    const source = this.source;
    if (source === null) return;
    try {
      const { items, hasMore } = await source.fetch(this.#last);
      // Somebody chose another basin or filter meanwhile.
      if (this.source !== source) return;
      const rows = items.map(({ name, isDeleting }) => this.#row(name, isDeleting, source.address(name)));
      if (isFresh) this.#list.replaceChildren();
      if (isFresh && rows.length === 0) rows.push(make('li', { className: 'empty', text: this.#emptyText }));
      this.#list.append(...rows);
      this.#last = items.at(-1)?.name ?? '';
      this.#more.hidden = !hasMore;
      this.onProblem(null);
    } catch (error) {
      this.onProblem(error);
    }
  }

  #row(name: string, isDeleting: boolean, address: string): HTMLLIElement {
    const link = make('a', { text: name });
    link.href = address;
    link.dataset['name'] = name;
    if (isDeleting) link.append(make('small', { text: ' being deleted' }));
    this.#mark(link);
    return make('li', { children: [link] });
  }

  #mark(link: HTMLAnchorElement): void {
    if (link.dataset['name'] === this.#current) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
}
