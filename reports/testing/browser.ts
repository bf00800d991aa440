/**
 * A real browser for the tests of the pages, and what they need to know about a page that opened.
 */

import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Throws with the remedy when there is no browser. Close it when done. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((place) => existsSync(place));
  if (executablePath === undefined) {
    throw new Error(
      'the tests of the report pages need Chromium: `apt-get install chromium`, or set TAILRACE_NO_BROWSER=1 to do without',
    );
  }
  return chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
}

export interface OpenedPage {
  page: Page;
  /** Console errors and warnings, uncaught exceptions, and every address asked for. Grows while the page lives. */
  troubles: string[];
  requests: string[];
}

export interface OpenOptions {
  width?: number;
  colorScheme?: 'light' | 'dark';
}

/** Opens an address in a window of its own, 900 pixels high, of somebody who wants nothing to move by itself. */
export async function openPage(browser: Browser, address: string, options: OpenOptions = {}): Promise<OpenedPage> {
  const { width = 1280, colorScheme = 'light' } = options;
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' });
  const troubles: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(address);
  return { page, troubles, requests };
}
