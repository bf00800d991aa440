/**
 * The history page without a mouse, without eyes and without a screen: names and roles of everything, the focus, live
 * regions, and what comes out on paper.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderRun } from './index.ts';
import { launchBrowser, openPage } from './testing/browser.ts';
import { buildPages } from './testing/built-pages.ts';
import { fakeRun } from './testing/fake-run.ts';

/** Where the focus is, among all elements, and whether that can be seen. */
const FOCUS = `(() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const place = [...document.querySelectorAll('*')].indexOf(element);
  return { place, name: element.outerHTML.slice(0, 80), isSeen: outlineStyle !== 'none' && outlineWidth !== '0px' };
})()`;
const INK_AND_WIDTH = `[
  getComputedStyle(document.body).color,
  document.querySelector('.time-axis').getAttribute('width') === String(document.querySelector('[data-panel=tail]').clientWidth),
]`;

describe.skipIf(process.env['TAILRACE_NO_BROWSER'] === '1')('the history page', () => {
  let browser: Browser;
  let directory: string;
  let page: Page;
  let address: string;

  beforeAll(async () => {
    buildPages();
    directory = mkdtempSync(join(tmpdir(), 'tailrace-access-'));
    const { run, history } = fakeRun();
    const explained = { causes: ['node-1: when it crashes → 3'], sceneryCount: 0 };
    const caseFile = { simcase: '{}', fileName: 'case.simcase', repro: 'repro case.simcase', explained };
    const path = join(directory, 'run.html');
    writeFileSync(path, renderRun({ ...run, caseFile, sideLines: ['s r 1..2 ms: read 1 → tail 0'] }, history));
    address = pathToFileURL(path).href;
    browser = await launchBrowser();
    ({ page } = await openPage(browser, address, { colorScheme: 'dark' }));
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a screen reader finds the verdict, the card, its operations, every control and every chart by name', async () => {
    const heard = await page.locator('body').ariaSnapshot();
    for (const line of [
      /heading "Not linearizable" \[level=1\]/,
      /region "A check-tail answered/,
      /link "Client \d+ .*\(op \d+\)"/,
      /heading "What it takes" \[level=3\]/,
      /button "Download case.simcase"/,
      /button "Copy: npx tailrace sim repro --seed 1729/,
      /button "Zoom in"/,
      /button "Zoom out"/,
      /button "(Time|Warped)" \[pressed\]/,
      /searchbox "Find operations/,
      /checkbox "durable" \[checked\]/,
      /slider "Time travel"/,
      /application "Tail over time/,
      /application "The log by sequence number/,
      /list "Legend"/,
    ]) {
      expect(heard).toMatch(line);
    }
    expect(heard).not.toMatch(/^\s*- (button|link|checkbox|searchbox|slider|application)(:| \[|$)/m);
  });

  test('what is pinned, found and travelled to is read out by itself', async () => {
    const live = (id: string): Promise<string | null> =>
      page.locator(id).evaluate((element) => element.getAttribute('aria-live') ?? element.getAttribute('role'));
    expect([await live('#inspector'), await live('#found'), await live('#moment-state')]).toEqual([
      'status',
      'polite',
      'polite',
    ]);
    await page.locator('[data-panel=lanes]').focus();
    await page.keyboard.press(']');
    expect(await page.locator('#inspector').innerText()).toMatch(/\(op \d+\)[^]*outcome/);
    await page.keyboard.press('Escape');
  });

  test('Tab reaches everything that can be clicked, in the order of the page, and shows where it is', async () => {
    await page.goto(address);
    const wanted = await page.evaluate<number>(
      `[...document.querySelectorAll('a[href], button, input, summary, canvas[tabindex]')].filter((e) => e.checkVisibility()).length`,
    );
    const unseen: string[] = [];
    let reached = 0;
    let last = -1;
    for (let i = 0; i < wanted; i++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate<{ place: number; name: string; isSeen: boolean } | null>(FOCUS);
      if (at === null) break;
      reached++;
      if (!at.isSeen) unseen.push(at.name);
      expect(at.place, at.name).toBeGreaterThan(last);
      last = at.place;
    }
    expect(reached).toBe(wanted);
    expect(unseen).toEqual([]);
  });

  test('on paper a dark page is light, and its charts are as wide as the sheet', async () => {
    await page.goto(address);
    const inkAndWidth = (): Promise<unknown> => page.evaluate(INK_AND_WIDTH);
    const picture = (): Promise<string> => page.evaluate(`document.querySelector('[data-panel=log]').toDataURL()`);
    const settled = (): Promise<unknown> =>
      page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    await settled();
    const dark = await picture();
    await page.emulateMedia({ media: 'print' });
    await settled();
    expect(await inkAndWidth()).toEqual(['rgb(27, 31, 36)', true]);
    expect(await picture()).not.toBe(dark);
    await page.emulateMedia({ media: 'screen' });
    await settled();
    expect(await picture()).toBe(dark);
    expect((await page.pdf({ preferCSSPageSize: true })).length).toBeGreaterThan(20_000);
  });
});
