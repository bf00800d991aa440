/**
 * Processes on one store: each is down, taking over, an owner, or a former owner that does not know yet. A process
 * starts by taking over and ends by crash or by the fence it finds; then it may start again, as somebody new.
 */

import { collectOrphans, compact, dropDead } from './compaction.ts';
import { checkpoint, sweepLitter } from './checkpoint.ts';
import { Ghost } from './checks.ts';
import type { Dice } from './dice.ts';
import type { MutantName } from './mutants.ts';
import { type Life, Network, type Task, type Weather } from './network.ts';
import { type Owner, type World } from './owner.ts';
import type { Listing } from './publications.ts';
import { checkTail, readSegment, reject } from './reads.ts';
import { Store } from './store.ts';
import type { Deed } from './swarm.ts';
import { takeOver } from './takeover.ts';
import { Upkeep } from './upkeep.ts';

export interface Node {
  life: Life;
  owner: Owner | undefined;
  upkeep: Upkeep | undefined;
}

export interface ClusterOptions {
  window: number;
  weather: Weather;
  mutant: MutantName | undefined;
  listing: Listing;
  milestoneEvery: number;
}

export class Cluster {
  readonly ghost: Ghost;
  readonly network: Network;
  readonly nodes: Node[] = [];
  private readonly world: World;
  private readonly dice: Dice;
  private nextOp = 1;

  constructor(dice: Dice, { window, weather, mutant, listing, milestoneEvery }: ClusterOptions) {
    this.dice = dice;
    this.ghost = new Ghost(mutant !== 'noInstall');
    this.network = new Network(new Store(this.ghost), dice, weather);
    let identities = 0;
    const fresh = (): number => ++identities;
    this.world = { network: this.network, ghost: this.ghost, window, mutant, listing, milestoneEvery, fresh };
  }

  addNode(): Node {
    const node: Node = { life: this.newLife(), owner: undefined, upkeep: undefined };
    node.life.alive = false;
    this.nodes.push(node);
    return node;
  }

  /** A new life of a process that is down; it takes over. */
  boot(node: Node): void {
    node.life = this.newLife();
    this.network.start(node.life, this.serve(node));
  }

  crash({ life, owner }: Node): void {
    life.alive = false;
    owner?.abandon();
  }

  isServing({ life, owner }: Node): boolean {
    return life.alive && owner !== undefined;
  }

  /** Starts one deed of an owner. */
  act({ life, owner, upkeep }: Node, deed: Deed): void {
    if (owner === undefined || upkeep === undefined || !life.alive || owner.isFenced) return;
    const start = (task: Task): void => this.network.start(life, task);
    switch (deed) {
      case 'append':
        return owner.append(this.ghost.invoke(this.nextOp++));
      case 'issue':
        return owner.issue();
      case 'read':
        return start(checkTail(owner, this.proof()));
      case 'reject':
        return start(reject(owner, this.proof()));
      case 'readSegment':
        return start(readSegment(upkeep));
      case 'trim':
        owner.propose({ type: 'trim', to: this.dice.between(owner.state.trim, owner.state.count) });
        return;
      case 'compact':
        return start(compact(upkeep));
      case 'dropDead':
        return start(dropDead(upkeep));
      case 'checkpoint':
        return start(checkpoint(upkeep));
      case 'orphans':
        return start(collectOrphans(upkeep));
      case 'sweep':
        return start(sweepLitter(upkeep));
    }
  }

  private proof(): 'later slot' | 'probe' {
    return this.dice.chance(0.5) ? 'later slot' : 'probe';
  }

  private newLife(): Life {
    return { node: this.nodes.length, alive: true, stalledUntil: 0, waiting: [] };
  }

  private *serve(node: Node): Task {
    node.owner = undefined;
    node.upkeep = undefined;
    const owner = yield* takeOver(this.world, node.life);
    node.owner = owner;
    node.upkeep = new Upkeep(owner);
  }
}
