/**
 * One random walk: a swarm of processes under bad weather for some thousand steps, then everybody dies, the weather
 * clears, and a fresh process must recover what the ghost remembers; once more after the last late request has landed.
 * A run is a function of seed, mutant and options.
 */

import type { Violation } from './checks.ts';
import { Cluster, type Node } from './cluster.ts';
import { Dice } from './dice.ts';
import type { MutantName } from './mutants.ts';
import { FAIR, type Flight, UNKNOWN } from './network.ts';
import type { Situation } from './situations.ts';
import { drawSwarm, type Swarm } from './swarm.ts';

export interface WalkOptions {
  seed: number;
  steps: number;
  mutant?: MutantName | undefined;
}

export interface WalkOutcome {
  violation: Violation | undefined;
  acknowledged: number;
  definite: number;
  reads: number;
  fencesWon: number;
  reached: ReadonlyMap<Situation, number>;
}

/** A recovery in fair weather that needs more events than this never ends. */
const RECOVERY_EVENTS_MAX = 20_000;

export function walk({ seed, steps, mutant }: WalkOptions): WalkOutcome {
  const dice = new Dice(seed);
  const swarm = drawSwarm(dice, steps);
  const cluster = new Cluster(dice, { ...swarm, mutant });
  const { ghost } = cluster;
  for (let count = 0; count < swarm.processes; count++) cluster.addNode();
  new Walker(cluster, dice, swarm).run();
  if (ghost.violation === undefined) recover(cluster, dice);
  if (ghost.violation === undefined) {
    const survivor = recover(cluster, dice);
    // Leftovers are no danger, so only the sound protocol must leave none: a mutant has to show a real one.
    if (ghost.violation === undefined && mutant === undefined) leaveNothing(cluster, survivor);
  }
  const { violation, acknowledged, definite, reads, fencesWon, reached } = ghost;
  return { violation, acknowledged, definite, reads, fencesWon, reached };
}

class Walker {
  private readonly cluster: Cluster;
  private readonly dice: Dice;
  private readonly swarm: Swarm;

  constructor(cluster: Cluster, dice: Dice, swarm: Swarm) {
    this.cluster = cluster;
    this.dice = dice;
    this.swarm = swarm;
  }

  run(): void {
    const { cluster, dice, swarm } = this;
    const { network, ghost } = cluster;
    for (network.step = 0; network.step < swarm.steps && ghost.violation === undefined; network.step++) {
      if (network.flights.length === 0 || dice.chance(swarm.initiative)) this.stir(dice.pick(cluster.nodes));
      else this.move(dice.below(network.flights.length));
    }
  }

  private stir(node: Node): void {
    const { cluster, dice, swarm } = this;
    if (!node.life.alive) {
      if (dice.chance(swarm.takeover)) cluster.boot(node);
      return;
    }
    if (dice.chance(swarm.crash)) return cluster.crash(node);
    if (node.life.stalledUntil > cluster.network.step) return;
    if (dice.chance(swarm.stall)) {
      node.life.stalledUntil = cluster.network.step + dice.between(...swarm.stallSteps);
      return;
    }
    cluster.act(node, dice.pick(swarm.deeds));
  }

  /** One event of one request: its effect, its reply, or that its client gives up. */
  private move(index: number): void {
    const { network } = this.cluster;
    const flight = network.flights[index];
    if (flight === undefined) return;
    const isAwake = flight.life.stalledUntil <= network.step;
    if (isAwake && flight.task !== undefined && this.dice.chance(network.weather.timeout)) {
      network.answer(flight, UNKNOWN);
    } else if (!flight.hasHappened) {
      if (flight.earliestStep <= network.step) network.happen(flight);
    } else if (isAwake) {
      network.answer(flight, flight.isReplyLost ? UNKNOWN : flight.reply);
    }
    // The reply may have started other requests, never removed one: the index still stands.
    if (network.isOver(flight)) network.removeAt(index);
  }
}

/**
 * Everybody dies, the weather is fair, a fresh process takes over while late requests of the dead still land now and
 * then. Ownership itself compares the state with the ghost's.
 */
function recover(cluster: Cluster, dice: Dice): Node {
  const { network, ghost } = cluster;
  for (const node of cluster.nodes) if (node.life.alive) cluster.crash(node);
  network.weather = FAIR;
  network.step = Infinity;
  const survivor = cluster.addNode();
  cluster.boot(survivor);
  for (let events = 0; !cluster.isServing(survivor); events++) {
    if (events > RECOVERY_EVENTS_MAX || network.flights.length === 0) {
      ghost.violate('recovery ends', 'a lone process in fair weather never becomes the owner');
      return survivor;
    }
    const own = network.flights.findIndex(({ life }) => life === survivor.life);
    carry(cluster, own >= 0 && dice.chance(0.8) ? own : dice.below(network.flights.length));
    if (ghost.violation !== undefined) return survivor;
  }
  settle(cluster);
  ghost.checkPublications(network.store);
  return survivor;
}

/** Effect and reply of one request at once. */
function carry({ network }: Cluster, index: number): void {
  const flight: Flight | undefined = network.flights[index];
  if (flight === undefined) return;
  network.removeAt(index);
  if (!flight.hasHappened) network.happen(flight);
  network.answer(flight, flight.reply);
}

/** Until nothing is under way, oldest first. */
function settle(cluster: Cluster): void {
  while (cluster.network.flights.length > 0) carry(cluster, 0);
}

/** A quiet owner that keeps house leaves fences, publications, one checkpoint, what it names, and nothing else. */
function leaveNothing(cluster: Cluster, survivor: Node): void {
  for (const deed of ['append', 'issue', 'checkpoint', 'issue', 'orphans', 'sweep'] as const) {
    cluster.act(survivor, deed);
    settle(cluster);
  }
  const { wal, publications, checkpoints, segments, pages } = cluster.network.store;
  const newest = cluster.network.store.listPublications().at(-1);
  const named = newest === undefined ? undefined : checkpoints.get(newest.checkpoint);
  const below = [...wal.values()].filter(({ slot, kind }) => kind === 'data' && slot <= (newest?.frozenAt ?? -1));
  const milestone = cluster.network.store.listPublications().findLast(({ isMilestone }) => isMilestone);
  const passed = [...publications.values()].filter(
    ({ isMilestone, frozenAt }) => !isMilestone && frozenAt < (milestone?.frozenAt ?? -1),
  );
  const leftovers = below.length + passed.length + checkpoints.size - 1;
  const isNamed = segments.size === named?.state.segments.length && pages.size === named.pages.length;
  const isTidy = leftovers === 0 && isNamed;
  const found =
    `${below.length} slots, ${passed.length} pub, ${checkpoints.size} ckpt, ${segments.size} seg, ` +
    `${pages.size} meta`;
  if (!isTidy) cluster.ghost.violate('nothing but fences is left behind', found);
}
