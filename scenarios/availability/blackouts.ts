/**
 * Ways in which no server can have anything from the store, for as long as somebody wants it so: the proof that nobody can
 * answer is that the harness itself took the store away.
 */

import { STORE, type World } from '../../sim/index.ts';

export const BLACKOUTS = ['out-of-service', 'silent', 'cut-off', 'expired', 'denied', 'full'] as const;
export type Blackout = (typeof BLACKOUTS)[number];

/** In words, for failures. */
export const BLACKOUT_WORDS: Readonly<Record<Blackout, string>> = {
  'out-of-service': 'the store turned everybody away',
  silent: 'the store answered nobody',
  'cut-off': 'no server reached the store',
  expired: 'the credentials of the servers had expired',
  denied: 'the store permitted nothing',
  full: 'the store had no room',
};

/** A full store still tells what it has, which is all that a proof of ownership and a read take. */
export function allowsReads(blackout: Blackout): boolean {
  return blackout === 'full';
}

/** It gets dark now; returns what makes it light again. Of a healed world, in which nothing of it goes on already. */
export function darken(world: World, blackout: Blackout): () => void {
  const { store, network } = world;
  const servers = world.hosts.filter(({ role }) => role === 'server');
  switch (blackout) {
    case 'out-of-service':
      store.setOutage(true);
      return () => store.setOutage(false);
    case 'silent':
      for (const server of servers) store.stall(server, 'all');
      return () => servers.forEach((server) => store.endStall(server));
    case 'cut-off': {
      const ways = servers.flatMap(({ name }) => [[name, STORE] as const, [STORE, name] as const]);
      for (const [from, to] of ways) network.cut(from, to);
      return () => ways.forEach(([from, to]) => network.mend(from, to));
    }
    default:
      store.setRefusal(blackout);
      return () => store.setRefusal(null);
  }
}
