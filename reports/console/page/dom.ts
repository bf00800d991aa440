/** Small helpers for the document. Text goes in as text only, so nothing a record holds can become markup. */

/** Throws when the page has no such element of that type, which only a bug can cause. */
export function element<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${type.name} #${id}`);
}

export interface Make {
  className?: string;
  text?: string;
  children?: readonly Node[];
}

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { className, text, children = [] }: Make = {},
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className !== undefined) made.className = className;
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** UTC to the millisecond, as logs have it; null for a number that is no time, which clients may write too. */
export function timeText(timestamp: number): string | null {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace('T', ' ').replace('Z', '');
}

/** Shows `problem` in an element that is hidden while there is none. */
export function showProblem(place: HTMLElement, problem: unknown): void {
  place.hidden = problem === null;
  place.textContent = problem instanceof Error ? problem.message : typeof problem === 'string' ? problem : '';
}
