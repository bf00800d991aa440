/**
 * Markup from text, escaped by default.
 *
 * A template value is text unless it was itself made by `html` or `trusted`; nothing a client wrote (record
 * bodies, notes, tokens, host names) can become markup. Attribute values must stand in double quotes.
 */

/** A piece of HTML that is safe to put into a page as it stands. */
export interface Markup {
  readonly markup: string;
}

/** What a template takes: text and numbers are escaped, lists are joined, null and false leave nothing. */
export type MarkupValue = Markup | string | number | null | false | readonly MarkupValue[];

/** Tag for template literals: html`<b>${name}</b>`. */
export function html(parts: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  const markup = parts.map((part, i) => (i === 0 ? '' : markupOf(values[i - 1] ?? null)) + part).join('');
  return { markup };
}

/** Declares that `markup` needs no escaping: our own style, script and already escaped data only. */
export function trusted(markup: string): Markup {
  return { markup };
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/**
 * JSON for a `<script type="application/json">` block. No `<` survives, so neither `</script>` nor `<!--` in a
 * string can end the block; the two line separators are escaped for old readers of the JSON.
 */
export function jsonForScript(value: unknown): Markup {
  const text = JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
  return trusted(text);
}

function markupOf(value: MarkupValue): string {
  if (value === null || value === false) return '';
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  return value.map(markupOf).join('');
}
