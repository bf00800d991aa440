/**
 * What asking for access tokens costs a unary append. Turns of three kinds alternate: a server that asks for a token and is
 * shown one, one that asks for none and is sent none, and one that asks for none and is sent the same one, which it does not
 * look at. The first beside the second is the whole price, which the goal is about; beside the third it is what is ours of
 * it, because the rest is one line more for the client to send and for Node to read.
 *
 * Counted is what an append takes of a server's processor time, which is what bounds it, and which a busy machine changes
 * less than the time of a clock. Processes of one program differ by some percent for as long as they live, so there are
 * several of each kind; and each kind has its own, so that none comes to its turn warmer than the others.
 */

import { authAlone } from './auth-alone.ts';
import { BENCH_TOKEN } from './messages.ts';
import { type Peer, STREAM, withPeer } from './peer-process.ts';
import type { Row } from './table.ts';
import { bounds, inRounds, middleOf } from './turns.ts';
import { connectUnary, unaryAppend, unaryLoad } from './wire-clients.ts';

/** Of fresh processes, one of each kind. */
const SETS = 6;
const ROUNDS = { warm: 20, measured: 60 };
const TURN_APPENDS = 640;
const CONNECTIONS = 64;

/** Of one append in one turn, microseconds. */
interface Cost {
  cpu: number;
  elapsed: number;
}

type Round = Record<'guarded' | 'sent' | 'open', Cost>;

export async function auth(): Promise<Row[]> {
  const rounds: Round[] = [];
  for (let i = 0; i < SETS; i += 1) rounds.push(...(await roundsOfFresh()));
  const all = (kind: keyof Round) => rounds.reduce((sum, round) => sum + round[kind].cpu, 0);
  const none = 'the same server, which asks for none and is sent none';
  return [
    {
      ...against('open', 'cpu', 'unary appends of 100 bytes with an access token, 64 connections, store in memory'),
      goal: { of: 'ratio', bound: 'at least', than: 0.95 },
    },
    {
      what: '- all turns as one, with collections and flushes wherever they fell',
      value: (1e6 * rounds.length) / all('guarded'),
      unit: '/s of CPU',
      floor: { what: none, value: (1e6 * rounds.length) / all('open') },
    },
    against('open', 'elapsed', '- by the clock, which counts the client as well'),
    against('sent', 'cpu', '- what is ours of it'),
    ...(await authAlone()),
  ];

  function against(other: 'open' | 'sent', by: keyof Cost, what: string): Row {
    const ratio = middleOf(rounds.map((round) => round[other][by] / round.guarded[by]));
    const value = 1e6 / middleOf(rounds.map((round) => round.guarded[by])).value;
    return {
      what: `${what} ${bounds(ratio, 3)}`,
      value,
      unit: by === 'cpu' ? '/s of CPU' : '/s',
      floor: {
        what: other === 'open' ? none : 'the same server, which asks for none and is sent one',
        value: value / ratio.value,
      },
    };
  }
}

function roundsOfFresh(): Promise<Round[]> {
  const signed = unaryAppend(STREAM, BENCH_TOKEN);
  return withPeer('guarded', (guarded) =>
    withPeer('memory', (sent) =>
      withPeer('memory', async (open) => {
        const turns = {
          guarded: await turnsOf(guarded, signed),
          sent: await turnsOf(sent, signed),
          open: await turnsOf(open, unaryAppend(STREAM)),
        };
        return inRounds(turns, ROUNDS);
      }),
    ),
  );
}

/** The connections end with the server. */
async function turnsOf(server: Peer, request: Buffer): Promise<() => Promise<Cost>> {
  const clients = await connectUnary(server.port, CONNECTIONS);
  return async () => {
    const beforeUs = await server.cpuUs();
    const elapsedMs = await unaryLoad(clients, request, TURN_APPENDS);
    const cpuUs = (await server.cpuUs()) - beforeUs;
    return { cpu: cpuUs / TURN_APPENDS, elapsed: (elapsedMs * 1000) / TURN_APPENDS };
  };
}
