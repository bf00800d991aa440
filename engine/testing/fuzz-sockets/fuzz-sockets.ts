/**
 * Feeds a running server with requests that are wrong, over real sockets, and looks at it behind every round of them: it lives, it
 * complains of nothing, it answers no 5xx but the two that say what it does not do, its memory is bounded, and somebody who means
 * well is served as if nothing were. A round is drawn from a seed and a number; what is found is looked for in it one by one.
 */

import type { ServerProgram } from '../server-program.ts';
import { seededDice } from '../seeded-dice.ts';
import { anyInput, type Input } from './bytes.ts';
import { exchanged } from './exchange.ts';
import { FuzzedServer, type Look, OWN } from './server.ts';

/** Inputs between two looks, and connections at once. */
const ROUND = 400;
const LANES = 32;

/** 501: an endpoint or a coding that is not implemented. 505: a version of HTTP that is not spoken. */
const DOCUMENTED = new Set([501, 505]);

/** What the engine may hold in this configuration, with room (docs/OPERATIONS.md, Sizing). */
const RESIDENT_MIB_MAX = 1024;

export interface SocketFigures {
  requests: number;
  /** How often each kind of input ended in each way. */
  ends: Map<string, number>;
  /** What the server counted. */
  statuses: ReadonlyMap<number, number>;
  residentMibMax: number;
}

/** At least `requests` of them. Throws at the first finding, with the bytes that bring it about if one input does. */
export async function fuzzSockets(program: ServerProgram, seed: number, requests: number): Promise<SocketFigures> {
  const figures: SocketFigures = { requests: 0, ends: new Map(), statuses: new Map(), residentMibMax: 0 };
  const server = await FuzzedServer.start(program);
  try {
    for (let round = 0; figures.requests < requests; round += 1) {
      const inputs = roundOf(seed, round, server.tokens);
      for (const [end, times] of await sent(server.port, inputs)) {
        figures.ends.set(end, (figures.ends.get(end) ?? 0) + times);
      }
      const look = await server.look();
      const finding = findingIn(look);
      if (finding !== null)
        throw new Error(`seed ${seed}, round ${round}: ${finding}\n${await culprit(program, seed, round)}`);
      figures.requests += inputs.reduce((sum, input) => sum + input.requests, 0);
      figures.statuses = look.statuses;
      figures.residentMibMax = Math.max(figures.residentMibMax, look.residentMib);
    }
    return figures;
  } finally {
    await server.stop();
  }
}

/** What is wrong with a server that was looked at; null when nothing is. */
export function findingIn(look: Look): string | null {
  if (!look.isAlive) return `the server ended: ${look.complaints}`;
  if (look.complaints !== '') return `the server complained: ${look.complaints}`;
  if (look.disservice !== null) return `somebody who means well was not served: ${look.disservice}`;
  const wrong = [...look.statuses.keys()].filter((status) => status >= 500 && !DOCUMENTED.has(status));
  if (wrong.length > 0) return `requests were answered ${wrong.join(', ')}`;
  if (look.requestsActive > 1) return `${look.requestsActive - 1} requests are under way whose clients are gone`;
  if (look.connections > OWN) return `${look.connections} connections are open whose clients are gone`;
  if (look.residentMib > RESIDENT_MIB_MAX) return `the server holds ${Math.round(look.residentMib)} MiB`;
  return null;
}

function roundOf(seed: number, round: number, tokens: readonly string[]): Input[] {
  const dice = seededDice(seed, `sockets ${round}`);
  return Array.from({ length: ROUND }, () => anyInput(dice, tokens));
}

async function sent(port: number, inputs: readonly Input[]): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let input = inputs[next++]; input !== undefined; input = inputs[next++]) {
      const end = `${input.kind}: ${await exchanged(port, input)}`;
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return ends;
}

/** The first of the inputs that brings a fresh server to it alone. */
async function culprit(program: ServerProgram, seed: number, round: number): Promise<string> {
  const server = await FuzzedServer.start(program);
  try {
    for (const input of roundOf(seed, round, server.tokens)) {
      await exchanged(server.port, input);
      const finding = findingIn(await server.look());
      if (finding !== null) return `${finding}\nby ${input.kind}, ${Buffer.from(input.bytes).toString('hex')}`;
    }
    return 'no input of the round does it alone';
  } finally {
    await server.stop();
  }
}
