/**
 * The history page in a real browser: how large it is, how soon a hundred thousand and a million operations can be looked at,
 * and how smoothly they are panned, beside a bare canvas that draws a rectangle for each operation in sight.
 *
 * Frames are wanted in real time, so that a busy machine misses the goals; processor time a frame is what is left to compare
 * then. Needs Chromium. Run with `npm run bench -- page`.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { renderHistory } from '../reports/index.ts';
import { launchBrowser, openPage } from '../reports/testing/browser.ts';
import { fakeRun } from '../reports/testing/fake-run.ts';
import type { Row } from './table.ts';

const CLIENTS = 8;
const FRAMES = 120;
const BYTES_PER_OPERATION = 60;
const OPEN_MS = 2000;
const FRAMES_PER_SECOND = 50;

/** A drag back and forth over the tail, a step per frame, at a zoom of 1.6: nearly everything is in sight. */
const PAN = `(async () => {
  const canvas = document.querySelector('[data-panel=tail]');
  const { left, top } = canvas.getBoundingClientRect();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const mouse = (type, x, target) => target.dispatchEvent(
    new MouseEvent(type, { bubbles: true, clientX: x, clientY: top + 50, view: window, button: 0, buttons: 1 }));
  document.querySelector('[data-action=zoom-in]').click();
  await frame();
  mouse('mousedown', left + 600, canvas);
  const started = performance.now();
  for (let i = 0; i < ${FRAMES}; i++) {
    mouse('mousemove', left + 600 + (i % 2 === 0 ? 1 : -1) * i, window);
    await frame();
  }
  const elapsed = performance.now() - started;
  mouse('mouseup', left + 600, window);
  return ${FRAMES} * 1000 / elapsed;
})()`;

/** As many rectangles, on a canvas as large as the panels of the page together. */
const RAW = (marks: number): string => `(async () => {
  const panels = [...document.querySelectorAll('.panels canvas')];
  const [width, height] = [panels[0].width, panels.reduce((sum, panel) => sum + panel.height, 0)];
  const canvas = document.body.appendChild(Object.assign(document.createElement('canvas'), { width, height }));
  canvas.style.cssText = 'position: fixed; inset: 0';
  const brush = canvas.getContext('2d');
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const colours = ['#2369b3', '#0f8a6d', '#a04f9b'];
  const started = performance.now();
  for (let i = 0; i < ${FRAMES}; i++) {
    brush.clearRect(0, 0, width, height);
    for (let mark = 0; mark < ${marks}; mark++) {
      brush.fillStyle = colours[mark % 3];
      brush.fillRect((mark * width / ${marks} + i) % width, (mark * 7) % height, 2.5, 3);
    }
    await frame();
  }
  return ${FRAMES} * 1000 / (performance.now() - started);
})()`;

export async function historyPage(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tailrace-page-'));
  const browser = await launchBrowser();
  try {
    return [...(await measure(browser, directory, 100_000)), ...(await measure(browser, directory, 1_000_000))];
  } finally {
    await browser.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(browser: Browser, directory: string, operations: number): Promise<Row[]> {
  const file = join(directory, `${operations}.html`);
  const bytes = writePage(file, operations);
  const name = `${operations.toLocaleString('en')} operations`;
  const started = performance.now();
  const { page } = await openPage(browser, pathToFileURL(file).href);
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  const openMs = performance.now() - started;
  const pan = await withProcessorTime(browser, page, PAN);
  const raw = await withProcessorTime(browser, page, RAW(100_000));
  await page.close();
  const floor = 'a rectangle for each of 100,000 on a bare canvas';
  return [
    {
      ...{ what: `${name}: size`, value: bytes / operations, unit: 'bytes/operation' },
      goal: { of: 'value', bound: 'at most', than: BYTES_PER_OPERATION },
    },
    {
      ...{ what: `${name}: from opening to the first picture`, value: openMs, unit: 'ms' },
      goal: { of: 'value', bound: 'at most', than: OPEN_MS },
    },
    {
      ...{ what: `${name}: panning`, value: pan.result, unit: 'frames/s', floor: { what: floor, value: raw.result } },
      goal: { of: 'value', bound: 'at least', than: FRAMES_PER_SECOND },
    },
    {
      ...{ what: `${name}: panning, processor`, value: pan.msPerFrame, unit: 'ms/frame' },
      floor: { what: floor, value: raw.msPerFrame },
      goal: { of: 'ratio', bound: 'at most', than: 1 },
    },
  ];
}

/** Returns the size of the file. */
function writePage(file: string, operations: number): number {
  const { run, history } = fakeRun({ operations, clients: CLIENTS });
  const { failure } = run;
  const html = renderHistory({ name: 'bench', history, verdict: 'illegal', failure, linearization: null });
  writeFileSync(file, html);
  return Buffer.byteLength(html);
}

/** All processes of the browser together. */
async function withProcessorTime(
  browser: Browser,
  page: Page,
  script: string,
): Promise<{ result: number; msPerFrame: number }> {
  const devtools = await browser.newBrowserCDPSession();
  const processorMs = async (): Promise<number> => {
    const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime * 1000, 0);
  };
  const before = await processorMs();
  const result: number = await page.evaluate(script);
  return { result, msPerFrame: ((await processorMs()) - before) / FRAMES };
}
