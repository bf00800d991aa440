/**
 * The pages in a real browser, opened from disk: real wheel, clicks and keys.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderHistory, renderRun, renderSweep } from './index.ts';
import { launchBrowser, openPage, type OpenOptions } from './testing/browser.ts';
import { buildPages } from './testing/built-pages.ts';
import { append, called, returned, timed } from './testing/events.ts';
import { fakeRun, fakeSweep } from './testing/fake-run.ts';

const GUTTER_PX = 132;
/** Looked at by people: kept with every run of the tests, never committed. */
const SCREENSHOTS = fileURLToPath(new URL('../.runs/screenshots', import.meta.url));

if (process.env['TAILRACE_NO_BROWSER'] === '1') {
  test('the pages were not opened in a browser, because TAILRACE_NO_BROWSER is set', () => {
    console.warn('WARNING: TAILRACE_NO_BROWSER=1, so nothing has checked that the report pages work');
  });
} else describe('in a browser', browserTests);

function browserTests(): void {
  let browser: Browser;
  let directory: string;

  beforeAll(async () => {
    buildPages();
    directory = mkdtempSync(join(tmpdir(), 'tailrace-pages-'));
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function open(name: string, text: string, options: OpenOptions & { hash?: string } = {}) {
    const path = join(directory, `${name}.html`);
    writeFileSync(path, text);
    const opened = await openPage(browser, pathToFileURL(path).href + (options.hash ?? ''), options);
    await settled(opened.page);
    return opened;
  }

  async function openRun(options: OpenOptions & { operations?: number; stale?: boolean; hash?: string } = {}) {
    const { run, history } = fakeRun(options);
    return open('run', renderRun(run, history), options);
  }

  describe('the history page', () => {
    test('opens from disk in light and dark, at 1280, 1920 and 3840, without errors, requests or sideways scrolling', async () => {
      const backgrounds = new Set<unknown>();
      const sizes = [
        [1280, 'light'],
        [1280, 'dark'],
        [1920, 'dark'],
        [3840, 'light'],
      ] as const;
      for (const [width, colorScheme] of sizes) {
        const { page, troubles, requests } = await openRun({ operations: 300, width, colorScheme });
        expect(troubles).toEqual([]);
        expect(requests.filter((address) => !/^(file|data):/.test(address))).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
        for (const panel of ['minimap', 'tail', 'lanes', 'tracks', 'messages', 'log']) {
          expect(await coloursOn(page, panel), panel).toBeGreaterThan(3);
        }
        backgrounds.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
        await page.screenshot({ path: join(SCREENSHOTS, `history-${width}-${colorScheme}.png`), fullPage: true });
        await page.close();
      }
      expect(backgrounds.size).toBe(2);
    });

    test('zooms by wheel, button and key, pans by drag and key, and shows all again', async () => {
      const { page, troubles } = await openRun();
      const whole = await shownTicks(page);
      const middle = await pointOn(page, 'tail', 0.5, 0.5);
      await page.mouse.move(middle.x, middle.y);
      await page.mouse.wheel(0, -400);
      await settled(page);
      const wheeled = await shownTicks(page);
      expect(wheeled.span).toBeLessThan(whole.span * 0.8);

      await page.mouse.down();
      await page.mouse.move(middle.x - 200, middle.y, { steps: 4 });
      await page.mouse.up();
      await settled(page);
      const dragged = await shownTicks(page);
      expect(dragged.first).toBeGreaterThan(wheeled.first);

      await page.keyboard.press('ArrowLeft');
      await settled(page);
      expect((await shownTicks(page)).first).toBeLessThan(dragged.first);

      await page.getByRole('button', { name: 'Zoom in' }).click();
      await page.keyboard.press('+');
      await settled(page);
      expect((await shownTicks(page)).span).toBeLessThan(dragged.span);
      await page.keyboard.press('-');
      await page.keyboard.press('0');
      await settled(page);
      expect(await shownTicks(page)).toEqual(whole);
      expect(troubles).toEqual([]);
    });

    test('a link on the violation card selects the operation, zooms to it and brings it into view', async () => {
      const { page } = await openRun();
      const whole = await shownTicks(page);
      const link = page.locator('.guilty a').first();
      const opId = /\(op (\d+)\)/.exec(await link.innerText())?.[1];
      await link.click();
      await settled(page);
      await expectVisible(page, '#inspector');
      expect(await page.locator('#inspector strong').innerText()).toContain(`(op ${opId})`);
      expect((await shownTicks(page)).span).toBeLessThan(whole.span / 4);
      const box = await page.locator('[data-panel=tail]').boundingBox();
      expect(box?.y).toBeGreaterThanOrEqual(0);
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(900);

      await page.keyboard.press('0');
      await page.evaluate('scrollTo(0, 0)');
      await link.click();
      await settled(page);
      expect((await shownTicks(page)).span).toBeLessThan(whole.span / 4);
    });

    test('an address that names an operation opens with it selected', async () => {
      const { page } = await openRun({ hash: '#op-42' });
      expect(await page.locator('#inspector strong').innerText()).toContain('(op 42)');
      await page.keyboard.press(']');
      const next = await page.locator('#inspector strong').innerText();
      expect(next).not.toContain('(op 42)');
      expect(await page.evaluate('location.hash')).toMatch(new RegExp(`^#op-${/\(op (\d+)\)/.exec(next)?.[1]}&view=`));
      await page.keyboard.press('[');
      expect(await page.locator('#inspector strong').innerText()).toContain('(op 42)');
    });

    test('the trim point is drawn over time and on the log, and told of what lies below it', async () => {
      const history = timed([
        called(1, append(8)),
        returned(1, { kind: 'append-success', tail: 8 }),
        { ...called(2, append(2), 2), trim: 6 },
        returned(2, { kind: 'append-success', tail: 10 }, 2),
      ]);
      const judged = { name: 'trims', history, verdict: 'ok', failure: null, linearization: [1, 2] } as const;
      const { page, troubles } = await open('trims', renderHistory(judged));
      const picture = (): Promise<string> => page.evaluate(`document.querySelector('[data-panel=log]').toDataURL()`);
      const point = await pointOn(page, 'log', 0.2, 0.5);
      await page.mouse.click(point.x, point.y);
      await settled(page);
      expect(await page.locator('#tooltip').innerText()).toMatch(/trimmed\s+below 6, by op 2, since 30 ms/);
      const whole = await picture();
      await page.locator('#moment').fill('1');
      await settled(page);
      expect(await picture()).not.toBe(whole);
      await page.locator('#moment').fill('3');
      expect(await page.locator('#moment-state').innerText()).toContain('trimmed below 6');
      expect(troubles).toEqual([]);
    });

    test('hovering an operation tells about it, clicking pins it, Escape lets go', async () => {
      const { page } = await openRun();
      const point = await firstMark(page, 'lanes', 0.2);
      expect(await page.locator('#tooltip').innerText()).toMatch(/^op \d+ · client \d+/);
      await page.mouse.click(point.x, point.y);
      await expectVisible(page, '#inspector');
      await page.keyboard.press('Escape');
      expect(await page.locator('#inspector').isHidden()).toBe(true);
    });

    test('hovering a fault tells when it was', async () => {
      const { page } = await openRun();
      await firstMark(page, 'tracks', 0.06);
      expect(await page.locator('#tooltip').innerText()).toMatch(/partition node-1[^]*ms/);
    });

    test('markup in notes and labels stays text', async () => {
      const { run, history } = fakeRun();
      const evil = '<img src=x onerror="document.title=1">';
      const tracks = run.tracks.map((span) => ({ ...span, label: evil, detail: evil }));
      const noted = history.map((event) => ({ ...event, note: evil }));
      const { page, troubles } = await open('evil', renderRun({ ...run, tracks }, noted), { hash: '#op-9' });
      expect(await page.locator('#inspector').innerText()).toContain(evil);
      await page.keyboard.press('0');
      await firstMark(page, 'tracks', 0.04);
      expect(await page.locator('#tooltip').innerText()).toContain(evil);
      expect(await page.locator('img').count()).toBe(0);
      expect(troubles).toEqual([]);
    });

    test('switches between time and events and shows the linearization order on demand', async () => {
      const { page } = await openRun({ stale: false, operations: 60 });
      const withOrder = await picture(page, 'lanes');
      await page.getByLabel('Linearization order').uncheck();
      await settled(page);
      expect(await picture(page, 'lanes')).not.toBe(withOrder);
      await page.getByRole('button', { name: 'Events' }).click();
      await settled(page);
      expect(await page.locator('.time-axis .unit').textContent()).toBe('event');
      expect((await shownTicks(page)).span).toBeLessThan(120);
    });

    test('of a bare history has an event axis and no switches that make no sense', async () => {
      const { history } = fakeRun({ operations: 60 });
      const untimed = history.map((event) => {
        const { atMs, ...rest } = event;
        return atMs === undefined ? event : rest;
      });
      const judged = {
        name: 'h.jsonl',
        history: untimed,
        verdict: 'illegal' as const,
        failure: null,
        linearization: null,
      };
      const { page, troubles } = await open('bare', renderHistory(judged));
      expect(await page.locator('.time-axis .unit').textContent()).toBe('event');
      expect(await page.getByRole('button', { name: 'Time' }).count()).toBe(0);
      expect(await page.getByLabel('Linearization order').isHidden()).toBe(true);
      expect(await coloursOn(page, 'lanes')).toBeGreaterThan(3);
      expect(troubles).toEqual([]);
    });

    test('of a history too long to be carried whole is small and shows what is around the violation', async () => {
      const { run, history } = fakeRun({ operations: 121_000, clients: 6 });
      const judged = {
        name: 'h.jsonl',
        history,
        verdict: 'illegal' as const,
        failure: run.failure,
        linearization: null,
      };
      const text = renderHistory(judged);
      expect(text.length / 121_000).toBeLessThan(25);
      const { page, troubles } = await open('long', text);
      await page.getByRole('button', { name: 'First violation' }).click();
      expect(await page.locator('#inspector strong').innerText()).toContain(`(op ${run.failure?.opIds[0]})`);
      await page.locator('#find').fill('op 5');
      expect(await page.locator('#found').innerText()).toBe('nothing found');
      expect(troubles).toEqual([]);
    });

    test('of an empty history still opens', async () => {
      const judged = { name: 'h', history: [], verdict: 'ok' as const, failure: null, linearization: [] };
      expect((await open('empty', renderHistory(judged))).troubles).toEqual([]);
    });
  });

  describe('the sweep page', () => {
    test('opens without errors or requests, copies a repro line, filters probes and links to histories', async () => {
      const runLinks = { '3/ambiguous': 'run.html', '8/crash': 'run.html' };
      const text = renderSweep(fakeSweep({ failing: 12 }), { runLinks });
      for (const width of [1280, 2560]) {
        const { page, troubles, requests } = await open('sweep', text, { width });
        expect(troubles).toEqual([]);
        expect(requests.filter((address) => !/^(file|data):/.test(address))).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
        expect(await page.locator('.histogram rect').count()).toBeGreaterThan(10);
        await page.locator('.violation .copy').first().click();
        await page.getByText('Copied', { exact: true }).waitFor();
        await page.locator('#probe-filter').fill('takeover own');
        expect(await page.locator('#probes tbody tr:visible').count()).toBe(1);
        await page.locator('#probe-filter').fill('append.durable');
        expect(await page.locator('#probes tbody tr:visible').count()).toBe(1);
        await page.locator('#probe-filter').fill('');
        expect(await page.locator('[data-fold="probes lit"] tbody tr:visible').count()).toBe(0);
        expect(await page.locator('[data-fold="probes dark"] tbody tr:visible').count()).toBeGreaterThan(0);
        expect(await page.getByText('open the history').count()).toBeGreaterThan(0);
        await page.close();
      }
    });

    test('is a few screens long, however many probes there are', async () => {
      const sweep = fakeSweep({ seeds: 70 });
      const many = Array.from({ length: 360 }, (_, i) => ({
        ...{ name: `probe.number-${i}`, sentence: 'something happened', required: i % 2 === 0, row: null },
      }));
      const text = renderSweep({ ...sweep, probes: [...sweep.probes, ...many], judgesProbes: false });
      const { page } = await open('many', text);
      expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(3000);
      const slowest = await page.locator('#slowest-title').boundingBox();
      const probes = await page.locator('#probes-title').boundingBox();
      expect(slowest?.y).toBeLessThan(probes?.y ?? 0);
      await page.screenshot({ path: join(SCREENSHOTS, 'sweep-1280-light.png'), fullPage: true });
    });

    test('says at a glance whether to worry', async () => {
      const { page } = await open('good', renderSweep(fakeSweep({ seeds: 70 })));
      const heading = page.locator('h1');
      expect(await heading.innerText()).toContain('All 70 runs passed');
      expect((await heading.boundingBox())?.y).toBeLessThan(120);
    });
  });
}

/** Lets what was asked for be drawn: pages are opened without motion. */
async function settled(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

async function shownTicks(page: Page): Promise<{ first: number; span: number }> {
  const labels = await page.locator('.time-axis .tick text').allTextContents();
  const ticks = labels.map((label) => Number(label.replaceAll(',', '').replace('−', '-')));
  const [first, last] = [Math.min(...ticks), Math.max(...ticks)];
  return { first, span: last - first };
}

/** A point given by shares of a panel's plot. */
async function pointOn(page: Page, panel: string, right: number, down: number): Promise<{ x: number; y: number }> {
  const box = await page.locator(`[data-panel=${panel}]`).boundingBox();
  if (box === null) throw new Error(`the panel ${panel} is not on the page`);
  return { x: box.x + GUTTER_PX + right * (box.width - GUTTER_PX - 16), y: box.y + down * box.height };
}

/** Moves along a panel at the given height until a tooltip shows, and returns where that was. */
async function firstMark(page: Page, panel: string, down: number): Promise<{ x: number; y: number }> {
  await page.locator(`[data-panel=${panel}]`).scrollIntoViewIfNeeded();
  for (let share = 0.02; share < 1; share += 0.01) {
    const point = await pointOn(page, panel, share, down);
    await page.mouse.move(point.x, point.y);
    if (await page.locator('#tooltip').isVisible()) return point;
  }
  throw new Error(`nothing to hover on ${panel}`);
}

async function expectVisible(page: Page, selector: string): Promise<void> {
  await page.locator(selector).waitFor({ state: 'visible', timeout: 2000 });
}

/** How many different colours a panel shows: an empty or broken one has one or two. */
async function coloursOn(page: Page, panel: string): Promise<number> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector('[data-panel=${panel}]');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  })()`);
}

async function picture(page: Page, panel: string): Promise<string> {
  return page.evaluate(`document.querySelector('[data-panel=${panel}]').toDataURL()`);
}
