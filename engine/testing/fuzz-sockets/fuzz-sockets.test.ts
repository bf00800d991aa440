/** A slice of the nightly fuzzing over sockets, and what its judge holds against a server. */

import { afterAll, expect, test } from 'vitest';

import { findingIn, fuzzSockets } from './fuzz-sockets.ts';
import { ServerProgram } from '../server-program.ts';
import type { Look } from './server.ts';

const program = ServerProgram.build();
afterAll(async () => (await program).remove());

test('a thousand malformed requests leave a server well, and somebody who means well served', async () => {
  const { requests, ends, statuses } = await fuzzSockets(await program, 1, 1_000);
  expect(requests).toBeGreaterThanOrEqual(1_000);
  // Fuzzing that is always refused, or never, tests nothing. How a connection of one kind ends is up to who is faster.
  for (const status of [200, 400, 403, 404]) expect(statuses.get(status), String(status)).toBeGreaterThan(0);
  for (const kind of ['http/1.1', 'http/1.1 bytes', 'h2', 'h2 frames', 'h2 bytes']) {
    expect([...ends.keys()].filter((end) => end.startsWith(`${kind}: `)).length, kind).toBeGreaterThan(0);
  }
});

const WELL: Look = {
  isAlive: true,
  complaints: '',
  statuses: new Map([
    [200, 5],
    [501, 1],
    [505, 1],
  ]),
  residentMib: 150,
  requestsActive: 1,
  connections: 1,
  disservice: null,
};

test.each<[Partial<Look>, string]>([
  [{ isAlive: false, complaints: 'Error: x' }, 'the server ended: Error: x'],
  [{ complaints: 'tailrace: error while answering' }, 'the server complained: tailrace: error while answering'],
  [{ disservice: 'an append was answered 429' }, 'somebody who means well was not served: an append was answered 429'],
  [{ statuses: new Map([[500, 1]]) }, 'requests were answered 500'],
  [{ statuses: new Map([[502, 1]]) }, 'requests were answered 502'],
  [{ requestsActive: 2 }, '1 requests are under way whose clients are gone'],
  [{ connections: 9 }, '9 connections are open whose clients are gone'],
  [{ residentMib: 2000 }, 'the server holds 2000 MiB'],
])('%j is a finding', (wrong, finding) => {
  expect(findingIn(WELL)).toBeNull();
  expect(findingIn({ ...WELL, ...wrong })).toBe(finding);
});
