/** Two real processes on one store, the first without any traffic: it ends by itself, and its sessions with it. */

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ServerProcess } from './server-process.ts';
import { openKillStore } from './stores.ts';

const PRODUCT = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));
const FENCED = 4;
/** The interval of the watch, one round trip, and what a fenced server grants to requests under way. */
const ENDS_MS_MAX = 15_000;

const BASIN = 'idle-basin';
const JSON_TYPE = { 'content-type': 'application/json', 's2-basin': BASIN };

async function post(port: number, path: string, body: unknown): Promise<void> {
  const url = `http://127.0.0.1:${port}${path}`;
  const answer = await fetch(url, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) });
  expect(answer.ok, await answer.text()).toBe(true);
}

/** Follows the stream over server-sent events; resolves with everything it was sent when the session ends. */
async function follow(port: number, opened: () => void): Promise<string> {
  const url = `http://127.0.0.1:${port}/v1/streams/s/records?seq_num=0`;
  const answer = await fetch(url, { headers: { ...JSON_TYPE, accept: 'text/event-stream' } });
  let said = '';
  try {
    const body = answer.body as unknown as AsyncIterable<Uint8Array>;
    for await (const chunk of body) {
      said += new TextDecoder().decode(chunk);
      if (said.includes('first')) opened();
    }
  } catch {
    // Cut off by the end of the process.
  }
  return said;
}

async function expectIdleOwnerEnds(word: string): Promise<void> {
  const store = await openKillStore(word);
  const args = [PRODUCT, 'serve', '--port', '0', '--store', store.url];
  const first = new ServerProcess(args, store.env);
  let second: ServerProcess | null = null;
  try {
    const port = await first.ready();
    await post(port, '/v1/basins', { basin: BASIN });
    await post(port, '/v1/streams', { stream: 's' });
    await post(port, '/v1/streams/s/records', { records: [{ body: 'of the first' }] });
    let session = Promise.resolve('');
    await new Promise<void>((opened) => void (session = follow(port, opened)));
    second = new ServerProcess(args, store.env);
    const secondPort = await second.ready();
    await post(secondPort, '/v1/streams/s/records', { records: [{ body: 'of the second' }] });
    expect(await first.ended(ENDS_MS_MAX)).toBe(FENCED);
    expect(await session).not.toContain('of the second');
    await post(secondPort, '/v1/streams/s/records', { records: [{ body: 'of the second, later' }] });
  } finally {
    await first.kill();
    await second?.kill();
    await store.close();
  }
}

test.concurrent('a fenced server that nobody asks anything ends by itself, with its sessions, on a folder', async () => {
  await expectIdleOwnerEnds('file');
}, 40_000);

if (process.env['TAILRACE_NO_S3'] === '1') {
  test('no idle server was fenced on a real S3 server, because TAILRACE_NO_S3 is set', () => {
    console.warn('WARNING: TAILRACE_NO_S3=1, so nothing has checked that an idle server notices its end on S3');
  });
} else {
  test.concurrent('a fenced server that nobody asks anything ends by itself, with its sessions, on a real S3 server', async () => {
    await expectIdleOwnerEnds('s3');
  }, 90_000);
}
