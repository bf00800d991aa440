/**
 * The page in a real browser, served by a real server: real clicks and keys, and a look at what a stranger's records
 * could do to it.
 */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, openPage, type OpenOptions } from '../testing/browser.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));

/** Where screenshots go, for whoever wants to look. */
const SHOTS = process.env['TAILRACE_SCREENSHOTS'];

if (process.env['TAILRACE_NO_BROWSER'] === '1') {
  test('the page of the server was not opened in a browser, because TAILRACE_NO_BROWSER is set', () => {
    console.warn('WARNING: TAILRACE_NO_BROWSER=1, so nothing has checked that the page at / works');
  });
} else describe('in a browser', browserTests);

function browserTests(): void {
  let browser: Browser;
  let server: { child: ChildProcess; url: string };

  beforeAll(async () => {
    execFileSync(process.execPath, [fileURLToPath(new URL('../bundle.mjs', import.meta.url))], { stdio: 'pipe' });
    [browser, server] = await Promise.all([launchBrowser(), serve(0)]);
  });

  afterAll(async () => {
    await browser?.close();
    await Promise.all([...running].map(end));
  });

  async function open(hash = '', options: OpenOptions = {}) {
    const opened = await openPage(browser, `${server.url}/${hash}`, options);
    opened.page.setDefaultTimeout(10_000);
    return opened;
  }

  async function shot(page: Page, name: string): Promise<void> {
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}.png` });
  }

  async function api(method: string, path: string, basin: string, body: unknown): Promise<Response> {
    const headers = { 's2-basin': basin, 'content-type': 'application/json' };
    const response = await fetch(server.url + path, { method, headers, body: JSON.stringify(body) });
    expect(response.ok).toBe(true);
    return response;
  }

  async function stream(basin: string, name: string): Promise<void> {
    await api('PUT', `/v1/basins/${basin}`, basin, {});
    await api('POST', '/v1/streams', basin, { stream: name });
  }

  async function append(basin: string, name: string, ...records: unknown[]): Promise<void> {
    await api('POST', `/v1/streams/${encodeURIComponent(name)}/records`, basin, { records });
  }

  test('leads a newcomer from nothing to a followed stream, by mouse and keyboard alone', async () => {
    const { page, troubles, requests } = await open();
    await page.getByText('No basins yet').waitFor();
    await shot(page, 'empty');
    await page.getByLabel('Name of a new basin').fill('first-basin');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByLabel('Name of a new stream').fill('orders/eu 1');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 's2://first-basin/orders/eu 1' }).waitFor();
    await page.getByText('following', { exact: true }).waitFor();
    await page.getByLabel('Record to append').fill('hello');
    await page.keyboard.press('Enter');
    await page.getByText('appended as 0').waitFor();
    await page.locator('.record', { hasText: 'hello' }).waitFor();
    // Somebody else's record comes by itself.
    await append('first-basin', 'orders/eu 1', { body: 'from elsewhere', headers: [['kind', 'test']] });
    await page.locator('.record', { hasText: 'kind: test' }).waitFor();
    await page.getByText('next number 2').waitFor();
    // The policy of a new basin.
    await page.getByText('kept for 7 days').waitFor();
    expect(await page.locator('.record .seq').allTextContents()).toEqual(['0', '1']);
    expect(await page.locator('#health-text').textContent()).toBe('healthy');
    expect(decodeURIComponent(new URL(page.url()).hash)).toBe('#first-basin/orders/eu 1');
    await shot(page, 'stream-1280');
    expect(troubles).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(server.url) && !url.startsWith('data:'))).toEqual([]);
  });

  test('asks for an access token where the server does, and forgets it with the tab', async () => {
    const secret = 's'.repeat(40);
    const guarded = await serve(0, ['--auth', 'on'], { TAILRACE_ROOT_TOKEN: secret });
    const { page } = await openPage(browser, guarded.url);
    page.setDefaultTimeout(10_000);
    const field = page.getByLabel('Access token');
    await field.fill('w'.repeat(40));
    await page.keyboard.press('Enter');
    await page.getByText('that token does not count').waitFor();
    await field.fill(secret);
    await page.getByRole('button', { name: 'Use' }).click();
    await page.getByText('No basins yet').waitFor();
    expect(await field.isVisible()).toBe(false);
    await page.getByLabel('Name of a new basin').fill('guarded-basin');
    await page.keyboard.press('Enter');
    await page.getByLabel('Name of a new stream').fill('log');
    await page.keyboard.press('Enter');
    await page.getByText('following', { exact: true }).waitFor();
    await page.getByLabel('Record to append').fill('hello');
    await page.keyboard.press('Enter');
    await page.locator('.record', { hasText: 'hello' }).waitFor();
    expect(page.url()).not.toContain(secret);
    const other = await openPage(browser, guarded.url);
    await other.page.getByLabel('Access token').waitFor();
  });

  test('shows hostile names and records as what they are, text', async () => {
    const evil = '<img src=x onerror="document.title=\'owned\'">';
    await stream('evil-basin', evil);
    await append('evil-basin', evil, {
      body: `${evil}<script>document.title='owned'</script>`,
      headers: [[evil, evil]],
    });
    const { page, troubles } = await open(`#evil-basin/${encodeURIComponent(evil)}`);
    await page.locator('.record', { hasText: '<script>' }).waitFor();
    expect(await page.locator('main img, nav img, main script').count()).toBe(0);
    expect(await page.title()).toContain('<img');
    expect(troubles).toEqual([]);
  });

  test('asks for the key of an encrypted stream, and claims nothing about records it could not read', async () => {
    const basin = 'secret-basin';
    const [key, other] = ['A', 'B'].map((letter) => `${letter.repeat(42)}A=`) as [string, string];
    await api('POST', '/v1/basins', basin, { basin, config: { stream_cipher: 'aegis-256' } });
    await api('POST', '/v1/streams', basin, { stream: 's' });
    const { page } = await open(`#${basin}/s`);
    await page.getByRole('alert').filter({ hasText: 'missing encryption key' }).waitFor();
    expect(await page.locator('#records').textContent()).toBe('');
    const field = page.getByLabel('Key of the records');
    await field.fill(key);
    await page.keyboard.press('Enter');
    await page.getByText('No records yet.').waitFor();
    await page.getByLabel('Record to append').fill('for few eyes');
    await page.keyboard.press('Enter');
    await page.locator('.record', { hasText: 'for few eyes' }).waitFor();
    expect(await page.getByRole('alert').filter({ hasText: 'key' }).count()).toBe(0);
    await shot(page, 'encrypted');
    await field.fill(other);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'decrypt' }).waitFor();
    expect(await page.locator('.record').count()).toBe(0);
  });

  test('tells commands from records, refuses what conditions forbid, and says why', async () => {
    await stream('rules-basin', 's');
    await append('rules-basin', 's', { headers: [['', 'fence']], body: 'tok' });
    const { page } = await open('#rules-basin/s');
    await page.locator('.record[data-command]', { hasText: 'new token "tok"' }).waitFor();
    await page.getByText('Conditions').click();
    await page.getByLabel('Fencing token').fill('other');
    await page.getByLabel('Record to append').fill('no');
    await page.getByRole('button', { name: 'Append' }).click();
    await page.getByText('the stream is fenced by "tok"').waitFor();
    await page.getByLabel('Fencing token').fill('tok');
    await page.getByLabel('Only as number').fill('1');
    await page.getByRole('button', { name: 'Append' }).click();
    await page.getByText('appended as 1').waitFor();
    expect(await page.locator('#stream-problem').isVisible()).toBe(false);
  });

  test('pauses and goes on where it stopped, begins where it is told, filters by the keyboard', async () => {
    await stream('pause-basin', 'a/one');
    await stream('pause-basin', 'b/two');
    await append('pause-basin', 'a/one', { body: 'r0' }, { body: 'r1' }, { body: 'r2' });
    const { page } = await open('#pause-basin/a%2Fone');
    const numbers = () => page.locator('.record .seq').allTextContents();
    await page.locator('.record', { hasText: 'r2' }).waitFor();
    await page.keyboard.press('p');
    await page.getByText('paused').waitFor();
    await append('pause-basin', 'a/one', { body: 'r3' });
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.locator('.record', { hasText: 'r3' }).waitFor();
    expect(await numbers()).toEqual(['0', '1', '2', '3']);
    await page.getByLabel('From').selectOption('seq');
    await page.getByLabel('Number to begin at').fill('2');
    await page.keyboard.press('Enter');
    await expect.poll(numbers).toEqual(['2', '3']);
    await page.locator('h2#stream-title').click();
    await page.keyboard.press('/');
    await page.keyboard.type('b/');
    await expect.poll(() => page.locator('#streams a').allTextContents()).toEqual(['b/two']);
    await page.getByRole('link', { name: 'b/two' }).click();
    await page.getByText('No records yet.').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 's2://pause-basin/a/one' }).waitFor();
  });

  test('stays quick with many records: at most a thousand rows, the newest in view unless the reader looks back', async () => {
    await stream('many-basin', 's');
    const batch = (from: number) => Array.from({ length: 1000 }, (_, i) => ({ body: `line ${from + i}` }));
    await append('many-basin', 's', ...batch(0));
    const { page } = await open('#many-basin/s');
    await page.getByLabel('From').selectOption('first');
    await append('many-basin', 's', ...batch(1000));
    await page.locator('.record', { hasText: 'line 1999' }).waitFor();
    expect(await page.locator('.record').count()).toBe(1000);
    await page.getByText('1,000 earlier records are not shown').waitFor();
    const box = page.locator('#records');
    expect(await box.evaluate((b) => b.scrollHeight - b.scrollTop - b.clientHeight)).toBeLessThan(40);
    await box.hover();
    await page.mouse.wheel(0, -5000);
    await expect.poll(() => box.evaluate((b) => b.scrollHeight - b.scrollTop - b.clientHeight)).toBeGreaterThan(1000);
    await append('many-basin', 's', { body: 'line 2000' });
    await page.getByRole('button', { name: 'Newest records below' }).click();
    await expect.poll(() => box.evaluate((b) => b.scrollHeight - b.scrollTop - b.clientHeight)).toBeLessThan(40);
    await shot(page, 'many');
  });

  test('fits a narrow screen and a dark room', async () => {
    await stream('narrow-basin', 'a-rather-long-stream-name/with/parts');
    const body = 'x'.repeat(300);
    await append('narrow-basin', 'a-rather-long-stream-name/with/parts', { body }, { body: '{"json":true}' });
    const { page } = await open(`#narrow-basin/${encodeURIComponent('a-rather-long-stream-name/with/parts')}`, {
      width: 390,
      colorScheme: 'dark',
    });
    await page.locator('.record', { hasText: 'json' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await shot(page, 'narrow-dark');
  });

  test('says that the server is gone, and goes on without a gap when it is back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tailrace-console-'));
    const flags = ['--store', `file:${folder}`];
    const first = await serve(0, flags);
    const port = Number(new URL(first.url).port);
    const at = async (path: string, body: unknown) => {
      const headers = { 's2-basin': 'back-basin', 'content-type': 'application/json' };
      await fetch(first.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    };
    await at('/v1/basins', { basin: 'back-basin' });
    await at('/v1/streams', { stream: 's' });
    await at('/v1/streams/s/records', { records: [{ body: 'before' }] });
    const { page } = await openPage(browser, `${first.url}/#back-basin/s`);
    await page.locator('.record', { hasText: 'before' }).waitFor();
    await end(first.child);
    await page.locator('#state', { hasText: 'trying again' }).waitFor();
    await page.locator('#health-dot[data-state=bad]').waitFor();
    const second = await serve(port, flags);
    await at('/v1/streams/s/records', { records: [{ body: 'after' }] });
    await page.locator('.record', { hasText: 'after' }).waitFor();
    expect(await page.locator('.record .seq').allTextContents()).toEqual(['0', '1']);
    await page.close();
    await end(second.child);
    rmSync(folder, { recursive: true });
  });
}

/** Every server that lives, so that none outlives a test that failed. */
const running = new Set<ChildProcess>();

/** The built server, in memory unless `flags` say otherwise; it chooses port 0 itself. */
async function serve(
  port: number,
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--port', String(port), ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  running.add(child);
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => {
      running.delete(child);
      reject(new Error(output));
    });
    const onData = (chunk: Buffer) => {
      output += chunk.toString();
      if (/^ready$/m.test(output)) resolve();
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
  });
  return { child, url: /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? '' };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  child.kill('SIGTERM');
  await gone;
}
