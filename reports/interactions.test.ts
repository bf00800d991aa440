/**
 * Everything a person can do on the history page, in a real browser with real clicks, keys and touches. One page for all of it:
 * each test begins where `fresh` puts it.
 */

import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderRun } from './index.ts';
import { launchBrowser, openPage } from './testing/browser.ts';
import { buildPages } from './testing/built-pages.ts';
import { fakeRun } from './testing/fake-run.ts';

const GUTTER_PX = 132;
const MARGIN_PX = 16;
const SIMCASE = '{"format":"tailrace-simcase/1","notes":"</pre><b>not markup</b>"}\n';

if (process.env['TAILRACE_NO_BROWSER'] !== '1') describe('on the history page', interactions);

function interactions(): void {
  let browser: Browser;
  let directory: string;
  let page: Page;
  let address: string;
  let troubles: readonly string[] = [];

  beforeAll(async () => {
    buildPages();
    directory = mkdtempSync(join(tmpdir(), 'tailrace-history-'));
    const { run, history } = fakeRun();
    const caseFile = {
      ...{ simcase: SIMCASE, fileName: 'case.simcase', repro: 'npx tailrace sim repro case.simcase' },
      explained: {
        ...{ causes: ['node-1: when it crashes → 3', 'node-1 wal/7: whether the reply is lost → 1'], sceneryCount: 4 },
      },
    };
    // How far an order gets that ends before the stale check-tail, which does not fit there.
    const order = fakeRun({ stale: false }).run.linearization ?? [];
    const partialOrders = [order.slice(0, order.indexOf(run.failure?.opIds[0] ?? 0))];
    const path = join(directory, 'run.html');
    writeFileSync(path, renderRun({ ...run, caseFile }, history, partialOrders));
    address = pathToFileURL(path).href;
    browser = await launchBrowser();
    const opened = await openPage(browser, address);
    page = opened.page;
    troubles = opened.troubles;
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** As if the link had just been opened. */
  async function fresh(hash = ''): Promise<void> {
    await page.goto('about:blank');
    await page.goto(address + hash);
    await settled(page);
  }

  const hash = async (): Promise<string> => {
    await page.waitForTimeout(300);
    return (await page.evaluate('location.hash')) as string;
  };
  const pinned = (): Promise<string> => page.locator('#inspector strong').innerText();
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
    await settled(page);
  };

  test('three scales lay out time: by button, by key, and kept in the link', async () => {
    await fresh();
    const seen = new Set([await page.locator('.time-axis .unit').textContent()]);
    await page.getByRole('button', { name: 'Warped' }).click();
    await settled(page);
    seen.add(await page.locator('.time-axis .unit').textContent());
    await press('s');
    seen.add(await page.locator('.time-axis .unit').textContent());
    expect([...seen]).toEqual(['time (ms)', 'warped (ms)', 'event']);
    expect(await hash()).toBe('#scale=event');
  });

  test('search finds by operation, client, position and word, goes on by key, and pales the rest', async () => {
    await fresh();
    const before = await picture(page, 'lanes');
    await press('/');
    await page.keyboard.type('client 2');
    await settled(page);
    expect(await picture(page, 'lanes')).not.toBe(before);
    expect(Number.parseInt(await page.locator('#found').innerText(), 10)).toBeGreaterThan(10);
    await press('Enter');
    const first = await pinned();
    expect(first).toContain('Client 2 ');
    await page.locator('h1').click();
    await press('n');
    expect(await pinned()).not.toBe(first);
    await press('N');
    expect(await pinned()).toBe(first);
    expect(await hash()).toContain('find=client%202');
    await page.locator('#find').fill('seq 40');
    expect(await page.locator('#found').innerText()).toMatch(/^\d/);
    await page.locator('#find').fill('hash ffffffffffff');
    expect(await page.locator('#found').innerText()).toBe('nothing found');
  });

  test('filters hide kinds and outcomes, and what is hidden can not be hovered', async () => {
    await fresh();
    await page.locator('[data-filter=check-tail]').uncheck();
    await page.locator('[data-filter=read]').uncheck();
    await settled(page);
    for (const share of [0.1, 0.2, 0.3, 0.45, 0.6, 0.75]) {
      const { x, y } = await pointOn(page, 'lanes', share, 0.23);
      await page.mouse.move(x, y);
      expect(await page.locator('#tooltip').textContent()).not.toMatch(/^op \d+ · client \d+ · (tail|read)/);
    }
    expect(await hash()).toContain('hide=read,check-tail');
  });

  test('violations are reached by button and key, the most telling first', async () => {
    await fresh();
    await page.getByRole('button', { name: 'First violation' }).click();
    const opId = /\(op (\d+)\)/.exec(await page.locator('.guilty a').first().innerText())?.[1];
    expect(await pinned()).toContain(`(op ${opId})`);
    await press('v');
    expect(await pinned()).not.toContain(`(op ${opId})`);
    await press('V');
    expect(await pinned()).toContain(`(op ${opId})`);
  });

  test('an illegal next step says why it does not fit, a placed one the states around it', async () => {
    await fresh();
    expect(await page.locator('#order-name').innerText()).toBe('Partial orders');
    await page.locator('.guilty a').first().click();
    await settled(page);
    expect(await page.locator('#inspector').innerText()).toMatch(/does not fit\s+the tail is \d+, not \d+/);
    await page.locator('#find').fill('op 3');
    await page.locator('#find').press('Enter');
    expect(await page.locator('#inspector').innerText()).toMatch(/state before\s+tail \d[^]*state after\s+tail \d/);
    const withOrders = await picture(page, 'lanes');
    await page.locator('h1').click();
    await press('o');
    expect(await picture(page, 'lanes')).not.toBe(withOrders);
  });

  test('the minimap moves the charts, and shows what is on show', async () => {
    await fresh();
    await press('+', '+', '+', '+', '+');
    const before = await firstTick(page);
    const box = await page.locator('[data-panel=minimap]').boundingBox();
    if (box === null) throw new Error('there is a minimap');
    await page.mouse.move(box.x + box.width * 0.3, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + 20, { steps: 3 });
    await page.mouse.up();
    await settled(page);
    expect(await firstTick(page)).toBeGreaterThan(before);
  });

  test('everything on a track is reached by key, told in words, zoomed to and linked', async () => {
    await fresh();
    await page.locator('[data-panel=tracks]').focus();
    await press(']');
    expect(await pinned()).toContain('partition node-1');
    await press('ArrowDown', 'ArrowDown', ']');
    expect(await page.locator('#inspector').innerText()).toMatch(/track\s+(host|slots)/);
    expect(await hash()).toMatch(/pin=tracks%3A\d+\.\d+/);
    const link = (await page.evaluate('location.hash')) as string;
    const title = await pinned();
    await press('Enter');
    await fresh(link);
    expect(await pinned()).toBe(title);
    await press('Escape');
    expect(await page.locator('#inspector').isHidden()).toBe(true);
  });

  test('a late effect is a mark of its own behind the call it belongs to', async () => {
    await fresh();
    await page.locator('[data-panel=tracks]').focus();
    await press(']', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown');
    for (let i = 0; i < 40 && !/late effect/.test(await page.locator('#inspector').innerText()); i++) await press(']');
    expect(await page.locator('#inspector').innerText()).toContain('a late effect');
  });

  test('messages are arrows once one zooms in, each with its hosts and times', async () => {
    await fresh();
    const ticks = await picture(page, 'messages');
    await press('+', '+', '+', '+', '+', '+');
    expect(await picture(page, 'messages')).not.toBe(ticks);
    await page.locator('[data-panel=messages]').focus();
    await press(']');
    expect(await page.locator('#inspector').innerText()).toMatch(/from[^]*to[^]*sent[^]*arrived/);
    const first = await pinned();
    for (let i = 0; i < 5 && (await pinned()) === first; i++) await press(']');
    expect(await page.locator('#inspector').isVisible()).toBe(true);
  });

  test('the log strip tells who wrote what, which is the operation that is pinned, and who may have filled a hole', async () => {
    await fresh();
    await page.locator('[data-panel=log]').scrollIntoViewIfNeeded();
    const { x, y } = await pointOn(page, 'log', 0.02, 0.5);
    await page.mouse.move(x, y);
    expect(await page.locator('#tooltip').innerText()).toMatch(/positions[^]*written by/);
    await page.mouse.click(x, y);
    expect(await pinned()).toMatch(/appended/);
    await page.locator('[data-panel=log]').focus();
    await press('ArrowDown');
    expect(await page.locator('#inspector').innerText()).toMatch(/hole[^]*may be of/i);
  });

  test('the time slider tells the state of log, owner, windows and clients at every event', async () => {
    await fresh();
    expect(await page.locator('.moment-head').innerText()).not.toMatch(/off/i);
    await page.locator('#moment').focus();
    await page.locator('#moment').fill('60');
    const at = await page.locator('#moment-state').innerText();
    expect(at).toMatch(/Log\s+tail /);
    expect(at).toMatch(/owner, epoch \d/);
    expect(at).toMatch(/slots? in flight: slot \d/);
    expect(at).toMatch(/Clients at work: \d/);
    await page.locator('h1').click();
    await press('.');
    expect(await page.locator('#moment-at').innerText()).toContain('event 61');
    expect(await hash()).toContain('at=61');
    await page.locator('#moment-state button').first().click();
    expect(await page.locator('#inspector').isVisible()).toBe(true);
    await page.locator('#moment-off').click();
    expect(await page.locator('#moment-state').innerText()).toBe('');
    expect(await page.locator('#moment-off').isHidden()).toBe(true);
  });

  test('operations are stepped through along a client and across clients without a mouse', async () => {
    await fresh();
    await page.locator('[data-panel=lanes]').focus();
    const client = async (): Promise<string | undefined> => /^Client \d+/.exec(await pinned())?.[0];
    await press(']');
    const first = await client();
    await press('ArrowDown');
    expect(await client()).not.toBe(first);
    await press('ArrowUp');
    expect(await client()).toBe(first);
    const focusable = await page
      .locator('.panels canvas')
      .evaluateAll((all) =>
        all.every((canvas) => canvas.getAttribute('tabindex') === '0' && canvas.getAttribute('aria-label') !== null),
      );
    expect(focusable).toBe(true);
  });

  test('the card has the decisions that matter, a line to copy, and the case to download', async () => {
    await fresh();
    const card = page.locator('.violation');
    expect(await card.innerText()).toContain('whether the reply is lost');
    expect(await card.innerText()).toContain('npx tailrace sim repro --seed 1729');
    expect(await card.getByText('Run it again').count()).toBe(1);
    expect(await card.locator('.again .copy').count()).toBe(2);
    await card.locator('.copy').last().click();
    await page.getByText('Copied', { exact: true }).waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), card.locator('[data-download]').click()]);
    expect(download.suggestedFilename()).toBe('case.simcase');
    expect(readFileSync(await download.path(), 'utf8')).toBe(SIMCASE);
  });

  test('a whole outlook travels in a link', async () => {
    await fresh('#op-40&scale=warped&hide=read&find=client%202&at=50');
    expect(await pinned()).toContain('(op 40)');
    expect(await page.locator('.time-axis .unit').textContent()).toBe('warped (ms)');
    expect(await page.locator('[data-filter=read]').isChecked()).toBe(false);
    expect(await page.locator('#find').inputValue()).toBe('client 2');
    expect(await page.locator('#moment-at').innerText()).toContain('event 50');
  });

  test('fingers tap to pin, pinch to zoom and drag to pan', async () => {
    const touched = await browser.newPage({
      viewport: { width: 900, height: 900 },
      hasTouch: true,
      reducedMotion: 'reduce',
    });
    await touched.goto(address);
    await settled(touched);
    await touched.locator('[data-panel=lanes]').scrollIntoViewIfNeeded();
    for (let share = 0.05; share < 1 && !(await touched.locator('#inspector').isVisible()); share += 0.03) {
      const { x, y } = await pointOn(touched, 'lanes', share, 0.2);
      await touched.touchscreen.tap(x, y);
    }
    expect(await touched.locator('#inspector').isVisible()).toBe(true);
    const before = await firstTick(touched);
    const { x, y } = await pointOn(touched, 'tail', 0.7, 0.5);
    const devtools = await touched.context().newCDPSession(touched);
    const fingers = (apart: number) => [
      { x: x - apart, y, id: 1 },
      { x: x + apart, y, id: 2 },
    ];
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(40) });
    for (const apart of [60, 90, 120]) {
      await devtools.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(apart) });
    }
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await settled(touched);
    expect(await firstTick(touched)).toBeGreaterThan(before);

    const zoomed = await firstTick(touched);
    const finger = (moved: number) => [{ x: x - moved, y, id: 1 }];
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: finger(0) });
    for (const moved of [40, 80, 120]) {
      await devtools.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: finger(moved) });
    }
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await settled(touched);
    expect(await firstTick(touched)).toBeGreaterThan(zoomed);
    await touched.close();
  });

  test('printed it keeps what can be read and leaves out what can only be clicked', async () => {
    await fresh();
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.violation h2').isVisible()).toBe(true);
    expect(await page.locator('[data-panel=tail]').isVisible()).toBe(true);
    for (const control of ['[data-action=fit]', '#find', '.hint']) {
      expect(await page.locator(control).isVisible()).toBe(false);
    }
    await page.emulateMedia({ media: 'screen' });
  });

  test('nothing of all that made the page complain', () => {
    expect(troubles).toEqual([]);
  });
}

async function settled(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

/** A point given by shares of a panel's plot. */
async function pointOn(page: Page, panel: string, right: number, down: number): Promise<{ x: number; y: number }> {
  const box = await page.locator(`[data-panel=${panel}]`).boundingBox();
  if (box === null) throw new Error(`the panel ${panel} is not on the page`);
  return { x: box.x + GUTTER_PX + right * (box.width - GUTTER_PX - MARGIN_PX), y: box.y + down * box.height };
}

async function firstTick(page: Page): Promise<number> {
  const [label = ''] = await page.locator('.time-axis .tick text').allTextContents();
  return Number(label.replaceAll(',', ''));
}

async function picture(page: Page, panel: string): Promise<string> {
  return page.evaluate(`document.querySelector('[data-panel=${panel}]').toDataURL()`);
}
