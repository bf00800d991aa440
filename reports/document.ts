/**
 * The shell of every page: one self-contained HTML file that opens from disk and asks nobody for anything.
 *
 * Style, script and data are inline. The content security policy admits exactly our script, by its hash, and
 * no network at all, or only the server the page came from: even markup that slipped through escaping could neither run nor report home.
 */

import { createHash } from 'node:crypto';
import { html, jsonForScript, type Markup, trusted } from './html.ts';
import type { PageAssets } from './page-assets.ts';

export interface PageContent {
  title: string;
  body: Markup;
  /** Handed to the page's script as JSON; nothing in it may be a bigint. */
  data: unknown;
  assets: PageAssets;
  /** A page that is served may ask the server it came from, and nobody else. */
  asksItsServer?: boolean;
}

export function renderDocument({ title, body, data, assets, asksItsServer = false }: PageContent): string {
  const { style, script } = assets;
  if (/<\/(script|style)/i.test(script) || /<\/style/i.test(style)) {
    throw new Error('a bundled page asset would end its own block');
  }
  const scriptHash = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'${asksItsServer ? "; connect-src 'self'" : ''}`;
  // Blocks are put together here, not in the template: one space more in the script and its hash is wrong.
  const styleBlock = trusted(`<style>${style}</style>`);
  const dataBlock = trusted(`<script type="application/json" id="page-data">${jsonForScript(data).markup}</script>`);
  const scriptBlock = trusted(`<script>${script}</script>`);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        ${styleBlock}
      </head>
      <body>
        ${body} ${dataBlock} ${scriptBlock}
      </body>
    </html> `.markup;
}
