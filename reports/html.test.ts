import { expect, test } from 'vitest';
import { html, jsonForScript, trusted } from './html.ts';

test('values are text unless they were made as markup', () => {
  const name = `<img src=x onerror="alert('&')">`;
  expect(html`<b title="${name}">${name}</b>`.markup).toBe(
    '<b title="&lt;img src=x onerror=&quot;alert(&#39;&amp;&#39;)&quot;&gt;">&lt;img src=x onerror=&quot;alert(&#39;&amp;&#39;)&quot;&gt;</b>',
  );
  expect(html`${html`<i>${'<'}</i>`}${trusted('<hr>')}`.markup).toBe('<i>&lt;</i><hr>');
});

test('lists are joined, null and false leave nothing, zero stays', () => {
  expect(html`${[1, 2].map((n) => html`<li>${n}</li>`)}${null}${false}${0}`.markup).toBe('<li>1</li><li>2</li>0');
});

test('no string can end a data block, and parsing gives it back', () => {
  const value = { note: '</script><script>alert(1)</script><!-- ]]> \u2028' };
  const { markup } = jsonForScript(value);
  expect(markup).not.toMatch(/[<\u2028]/);
  expect(JSON.parse(markup)).toEqual(value);
});
