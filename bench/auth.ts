/**
 * What asking for access tokens costs: unary appends to a server that does, beside one that does not. Both are the product on a
 * store in memory; they take turns in one run, and the ratio is the median of the pairs of turns.
 *
 * Counted is what appends take of a server's processor time, which is what bounds it, and which a busy machine changes less
 * than the time of a clock.
 */

import { BENCH_TOKEN } from './messages.ts';
import { STREAM, withPeer } from './server.ts';
import { median, type Row } from './table.ts';
import { unaryAppend, unaryLoad } from './wire-clients.ts';

/** Many and short: what the machine does beside falls on both turns of a pair alike. */
const PAIRS = 41;
const TURN_APPENDS = 3_000;
const CONNECTIONS = 64;
/** Of both, before anything is measured. */
const WARM_TURNS = 8;

export async function auth(): Promise<Row[]> {
  const bare = unaryAppend(STREAM);
  const signed = unaryAppend(STREAM, BENCH_TOKEN);
  const turn = async (port: number, request: Buffer): Promise<number> => {
    const before = await processorS(port);
    await unaryLoad(port, request, { count: TURN_APPENDS, connections: CONNECTIONS });
    return TURN_APPENDS / ((await processorS(port)) - before);
  };
  return withPeer('memory', (open) =>
    withPeer('guarded', async (guarded) => {
      const pairs: { guarded: number; ratio: number }[] = [];
      for (let i = -WARM_TURNS; i < PAIRS; i += 1) {
        // Who goes first alternates.
        const early = i % 2 === 0 ? await turn(open, bare) : null;
        const asked = await turn(guarded, signed);
        const unasked = early ?? (await turn(open, bare));
        if (i >= 0) pairs.push({ guarded: asked, ratio: asked / unasked });
      }
      const value = median(pairs.map((pair) => pair.guarded));
      return [
        {
          what: 'unary appends of 100 bytes with an access token, 64 connections, store in memory',
          value,
          unit: '/s of CPU',
          floor: {
            what: 'the same server, which asks for none, in pairs',
            value: value / median(pairs.map((p) => p.ratio)),
          },
          goal: { of: 'ratio', bound: 'at least', than: 0.95 },
        },
      ];
    }),
  );
}

/** What a server has taken so far. */
async function processorS(port: number): Promise<number> {
  const headers = { authorization: `Bearer ${BENCH_TOKEN}` };
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
}
