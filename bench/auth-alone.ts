/**
 * What `auth.ts` asks, without sockets: what the handler of the API takes for an append with a token and without one, in turns
 * of this process. It shows a tenth of a microsecond, because system calls, which cost more and vary by more than all of
 * the handler, are left out; it does not show what a request's place in the turns of the event loop does.
 */

import { MemoryBlobStore } from '../engine/adapters/memory-blob-store.ts';
import { systemClock } from '../engine/adapters/system-clock.ts';
import { systemCompression } from '../engine/adapters/system-compression.ts';
import { createApi } from '../engine/api/routes.ts';
import { AccessControl, type Engine } from '../engine/index.ts';
import type { HttpHandler, HttpRequest } from '../engine/ports.ts';
import { STORE_TUNABLES } from '../engine/tunables.ts';
import { BASIN, makeStreams, openOn } from './load.ts';
import { BENCH_TOKEN } from './messages.ts';
import type { Row } from './table.ts';
import { bounds, inRounds, middleOf } from './turns.ts';

const STREAM = 'bench';
const ROUNDS = { warm: 150, measured: 600 };
const TURN_APPENDS = 640;
const CONNECTIONS = 64;
const BODY = new TextEncoder().encode(JSON.stringify({ records: [{ body: 'x'.repeat(100) }] }));

export async function authAlone(): Promise<Row[]> {
  const compression = await systemCompression();
  const [open, guarded] = [await engineOf(), await engineOf()];
  await guarded.ensureRootToken(BENCH_TOKEN);
  const asking = createApi(() => guarded, { compression, access: new AccessControl(systemClock) });
  const bare = createApi(() => open, { compression });
  const turns = { guarded: turnOf(asking, BENCH_TOKEN), sent: turnOf(bare, BENCH_TOKEN), open: turnOf(bare, null) };
  const rounds = await inRounds(turns, ROUNDS);
  await Promise.all([open.stop(), guarded.stop()]);
  const { value } = middleOf(rounds.map((round) => round.guarded));
  const more = (other: 'open' | 'sent') => middleOf(rounds.map((round) => round.guarded - round[other]));
  const row = (what: string, other: 'open' | 'sent', floor: string): Row => ({
    what: `- ${what}: more by ${more(other).value.toFixed(2)} ${bounds(more(other), 2)}`,
    value,
    unit: 'us of CPU',
    floor: { what: floor, value: value - more(other).value },
  });
  return [
    row('the handler alone, without sockets', 'open', 'where none is asked for, and none sent'),
    row('the same', 'sent', 'where none is asked for, and one sent'),
  ];
}

async function engineOf(): Promise<Engine> {
  const engine = await openOn(new MemoryBlobStore(), STORE_TUNABLES.memory);
  await makeStreams(engine, [STREAM]);
  return engine;
}

/** Returns microseconds of this process for each append. */
function turnOf(handler: HttpHandler, token: string | null): () => Promise<number> {
  const credentials = token === null ? null : Buffer.from(`Bearer ${token}`);
  const connections = Array.from({ length: CONNECTIONS }, () => ({}));
  const ask = async (connection: object): Promise<void> => {
    const { status } = await handler(appendOf(connection, credentials));
    if (status !== 200) throw new Error(`an append was answered ${status}`);
  };
  return async () => {
    let issued = 0;
    const { user, system } = process.cpuUsage();
    await Promise.all(
      connections.map(async (connection) => {
        while (issued++ < TURN_APPENDS) await ask(connection);
      }),
    );
    const after = process.cpuUsage();
    return (after.user + after.system - user - system) / TURN_APPENDS;
  };
}

/** With headers of its own, as a server makes them. */
function appendOf(connection: object, credentials: Buffer | null): HttpRequest {
  const headers = new Map([
    ['host', '127.0.0.1'],
    ['s2-basin', BASIN],
    ['content-type', 'application/json'],
    ['content-length', String(BODY.length)],
  ]);
  // In one piece and new with every request, as a parser makes it.
  if (credentials !== null) headers.set('authorization', credentials.toString('latin1'));
  return { method: 'POST', target: `/v1/streams/${STREAM}/records`, headers, body: once(), connection };
}

async function* once(): AsyncGenerator<Uint8Array> {
  yield BODY;
}
