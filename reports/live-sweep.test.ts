/** The page of a sweep that goes on, watched in a real browser: what changes shows, what a reader did stays. */

import { get } from 'node:http';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SweepRecord } from '../scenarios/run.ts';
import { type LiveSweep, serveSweep } from './live-sweep.ts';
import { launchBrowser, openPage } from './testing/browser.ts';
import { buildPages } from './testing/built-pages.ts';
import { fakeSweep } from './testing/fake-run.ts';

const WHOLE = fakeSweep({ seeds: 60, failing: 3 });

let served: LiveSweep;
let soFar: SweepRecord;
let isOver: boolean;

async function serve(): Promise<void> {
  soFar = partOf(0);
  isOver = false;
  served = await serveSweep(0, {
    sweep: () => soFar,
    isOver: () => isOver,
    historyPage: (seed, profile) => Promise.resolve(`<!doctype html><title>run ${seed} of ${profile}</title>`),
  });
}

function partOf(runs: number): SweepRecord {
  return { ...WHOLE, runsPlanned: 60, results: WHOLE.results.slice(0, runs), harnessErrors: [], judgesProbes: false };
}

/** `fetch` does not let its caller choose the name it asks for. */
function statusOf(path: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(new URL(path, served.url), { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}

afterEach(() => served.close());

describe('the server of a live sweep', () => {
  test('answers nobody whom another name sent here', async () => {
    await serve();
    expect(await statusOf('/', 'evil.example')).toBe(403);
    expect(await statusOf('/', 'localhost:80')).toBe(200);
  });

  test('makes the history page of a failing run, and of no other', async () => {
    await serve();
    soFar = partOf(60);
    const failing = soFar.results.find(({ failure }) => failure !== null);
    const passing = soFar.results.find(({ failure }) => failure === null);
    const of = (run: typeof failing) => fetch(new URL(`runs/${run?.profile}/${run?.seed}`, served.url));
    expect(await (await of(failing)).text()).toContain(`run ${failing?.seed} of ${failing?.profile}`);
    expect((await of(passing)).status).toBe(404);
  });

  test('does not end a sweep that nobody watches with an error, and can be told so', async () => {
    await serve();
    isOver = true;
    served.tell();
    expect(await (await fetch(served.url)).text()).toContain('Nothing ran');
  });
});

if (process.env['TAILRACE_NO_BROWSER'] === '1') {
  test('the live page was not opened in a browser, because TAILRACE_NO_BROWSER is set', () => {
    console.warn('WARNING: TAILRACE_NO_BROWSER=1, so nothing has checked that the live page follows its sweep');
  });
} else describe('in a browser', browserTests);

function browserTests(): void {
  let browser: Browser;

  beforeAll(async () => {
    buildPages();
    browser = await launchBrowser();
  });

  afterAll(() => browser?.close());

  test('follows the sweep to its end and keeps what a reader typed and opened', async () => {
    await serve();
    const { page, troubles } = await openPage(browser, served.url);
    expect(await page.locator('h1').textContent()).toBe('0 runs so far, none failed');

    soFar = partOf(40);
    await page.locator('h1', { hasText: 'of 40 runs failed' }).waitFor();
    expect(await page.locator('[role=progressbar]').getAttribute('aria-valuenow')).toBe('66');
    expect(await page.title()).toContain('of 40 runs failed');
    expect(await page.locator('svg.histogram').count()).toBe(4);

    await page.locator('#probe-filter').fill('fenced');
    await page.locator('summary').first().click();
    const shown = () => page.locator('#probes tbody tr:visible').count();
    expect(await shown()).toBe(1);

    soFar = partOf(60);
    await page.locator('h1', { hasText: 'of 60 runs failed' }).waitFor();
    expect(await page.locator('#probe-filter').inputValue()).toBe('fenced');
    expect(await shown()).toBe(1);
    expect(await page.locator('article details').first().getAttribute('open')).toBe('');

    const link = page.locator('a', { hasText: 'open the history' }).first();
    const history = await browser.newPage();
    await history.goto(new URL((await link.getAttribute('href')) ?? '', served.url).href);
    expect(await history.title()).toMatch(/^run \d+ of /);
    await history.close();

    soFar = { ...soFar, harnessErrors: WHOLE.harnessErrors };
    isOver = true;
    served.tell();
    await page.locator('[role=progressbar]').waitFor({ state: 'detached' });
    expect(await page.locator('#harness-title').count()).toBe(1);
    expect(troubles).toEqual([]);
    await page.close();
  });

  test('says so when the sweep can not be reached any more', async () => {
    await serve();
    const { page } = await openPage(browser, served.url);
    await served.close();
    await page.locator('.lost', { hasText: 'can not be reached' }).waitFor();
    await page.close();
  });
}
