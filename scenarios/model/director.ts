/**
 * Runs a cluster by script instead of by chance: everything under way is carried out at once, oldest first, except
 * what the script holds back. A held request has no effect yet; a held reply has had its effect.
 */

import { Cluster, type Node } from './cluster.ts';
import { Dice } from './dice.ts';
import type { MutantName } from './mutants.ts';
import { FAIR, type Flight, UNKNOWN, type Verb } from './network.ts';
import type { Listing } from './publications.ts';
import type { Deed } from './swarm.ts';

interface Hold {
  node: Node;
  verb: Verb;
  name: string;
  before: 'effect' | 'reply';
}

/** One publication of so many is a milestone. */
const MILESTONE_EVERY = 3;
/** Events after which a schedule certainly goes in circles. */
const EVENTS_MAX = 10_000;

export class Director {
  readonly cluster: Cluster;
  private readonly holds = new Set<Hold>();

  constructor(window: number, mutant: MutantName | undefined, listing: Listing = 'snapshot') {
    this.cluster = new Cluster(new Dice(1), {
      window,
      weather: FAIR,
      mutant,
      listing,
      milestoneEvery: MILESTONE_EVERY,
    });
  }

  /** A process that starts and gets as far as the holds let it. */
  boot(...held: (readonly [Verb, string])[]): Node {
    const node = this.cluster.addNode();
    for (const [verb, name] of held) this.hold(node, verb, name, 'effect');
    this.cluster.boot(node);
    this.settle();
    return node;
  }

  /** From now on this request of this process stands still before its effect or before its reply. */
  hold(node: Node, verb: Verb, name: string, before: Hold['before']): void {
    this.holds.add({ node, verb, name, before });
  }

  /** Lets everything of a process go on that was held so far, except the requests named. */
  release(node: Node, ...held: (readonly [Verb, string])[]): void {
    for (const hold of this.holds) if (hold.node === node) this.holds.delete(hold);
    const standing = this.cluster.network.flights.filter(({ life }) => life === node.life);
    for (const flight of standing) this.carry(flight);
    for (const [verb, name] of held) this.hold(node, verb, name, 'effect');
    this.settle();
  }

  /** The held replies of a process never arrive: its clients time out. */
  loseReplies(node: Node): void {
    for (const hold of this.holds) if (hold.node === node) this.holds.delete(hold);
    const standing = this.cluster.network.flights.filter(({ life, hasHappened }) => life === node.life && hasHappened);
    for (const flight of standing) flight.reply = UNKNOWN;
    this.settle();
  }

  /** Deeds of an owner, one after the other, each with all that follows from it. */
  act(node: Node, ...deeds: Deed[]): void {
    for (const deed of deeds) {
      this.cluster.act(node, deed);
      this.settle();
    }
  }

  /** A whole checkpoint with its publication and everything it allows to delete. */
  checkpoint(node: Node): void {
    this.act(node, 'checkpoint', 'issue');
  }

  settle(): void {
    for (let events = 0; events < EVENTS_MAX; events++) {
      const flight = this.cluster.network.flights.find((candidate) => this.canMove(candidate));
      if (flight === undefined) return;
      this.carry(flight);
    }
    this.cluster.ghost.violate('recovery ends', 'the schedule goes in circles');
  }

  private canMove(flight: Flight): boolean {
    return !this.isHeld(flight, flight.hasHappened ? 'reply' : 'effect');
  }

  private isHeld({ life, call }: Flight, before: Hold['before']): boolean {
    return [...this.holds].some(
      (hold) => hold.node.life === life && hold.verb === call.verb && hold.name === call.name && hold.before === before,
    );
  }

  private carry(flight: Flight): void {
    const { network } = this.cluster;
    if (!flight.hasHappened) network.happen(flight);
    if (this.isHeld(flight, 'reply')) return;
    network.removeAt(network.flights.indexOf(flight));
    network.answer(flight, flight.reply);
  }
}
