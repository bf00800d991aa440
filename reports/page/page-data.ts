/**
 * Ways from the script to the document: the data block, elements that must exist, elements made on the fly.
 * Text always goes in as text, never as markup.
 */

/** The value in the page's JSON block. `T` is what the renderer of this very file put there. */
export function readPageData<T>(): T {
  return JSON.parse(requireElement('page-data').textContent ?? '') as T;
}

export function requireElement(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element #${id}`);
  return element;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: { className?: string; text?: string; parent?: Element } = {},
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (options.className !== undefined) element.className = options.className;
  if (options.text !== undefined) element.textContent = options.text;
  options.parent?.append(element);
  return element;
}
