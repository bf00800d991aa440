/**
 * The clients of the control plane in one run, from the first creation to the audit: after healing everything can be read,
 * and every deletion comes to its end.
 *
 * All of them share one group of names at a time. When too much of it is in doubt, they go on with another.
 */

import { defineSite, type HostPorts } from '../../sim/index.ts';
import type { Crew, Goal, Stage } from '../crews/crew.ts';
import type { RunFailure } from '../run.ts';
import { Wire } from '../wire.ts';
import { ControlClient } from './client.ts';
import { controlFacts } from './facts.ts';
import { Group } from './group.ts';
import { type ControlAnswer, type ControlCall, ControlHistory } from './history.ts';
import { judgeControl } from './judge.ts';
import type { ControlPlan } from './plan.ts';
import type { ControlProbe } from './probes.ts';
import { lineOf } from './words.ts';
import { ControlWorker } from './worker.ts';

const CONTROL = defineSite('client.control', 'what a client of the control plane does next, and with what');

const RETRY_MS = 200;
const LOOK_MS = 500;
const EVERYTHING = { startAfter: '', limit: 1_000 };

export class ControlCrew implements Crew {
  readonly #plan: ControlPlan;
  readonly #stage: Stage;
  readonly #history: ControlHistory;
  readonly #groups: Group[] = [];

  constructor(plan: ControlPlan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
    this.#history = new ControlHistory(() => stage.world.nowMs);
    this.#newGroup();
  }

  start(): void {
    for (let i = 1; i <= this.#plan.clients; i++) {
      const name = `control-${i}`;
      this.#start(name, false, (client, ports) => {
        const worker = new ControlWorker(client, `k${i}`, this.#plan, {
          below: this.#stage.below(CONTROL, name),
          sleep: (ms) => ports.clock.sleep(ms),
          group: () => this.#group(),
        });
        return worker.run();
      });
    }
  }

  /** Reads everything, and waits until nothing is being deleted any more. */
  afterHealing(): readonly Goal[] {
    const begin = (): void =>
      this.#start('control-audit', true, async (client, ports) => {
        for (const group of this.#groups) await new Audit(client, group, (ms) => ports.clock.sleep(ms)).run();
        this.#noted('control.audited');
      });
    return [{ name: 'basins and streams are read and deletions end after healing', begin }];
  }

  /** No operation of the judged history is to blame for what happened to other basins: it names none. */
  verdict(): RunFailure | null {
    const { operations } = this.#history;
    for (const probe of controlFacts(operations)) this.#noted(probe);
    const conviction = judgeControl(operations);
    if (conviction === null) return null;
    const { code, text, story } = conviction;
    const kind = code === 'undecided' ? 'unknown' : 'linearizability';
    return {
      kind,
      signature: `control: ${code}`,
      message: [`control plane: ${text}`, ...story].join('\n  '),
      opIds: [],
    };
  }

  lines(): readonly string[] {
    return this.#history.operations.map(lineOf);
  }

  /** Who `stays` asks one server as long as it answers. */
  #start(name: string, stays: boolean, work: (client: ControlClient, ports: HostPorts) => Promise<void>): void {
    const options = this.#stage.wireOptions(name, stays);
    this.#stage.start(name, (ports) => {
      const wire = new Wire(this.#stage.transport(ports), ports.clock, options);
      return work(new ControlClient(wire, this.#history, name), ports);
    });
  }

  #noted(probe: ControlProbe): void {
    this.#stage.noted(probe);
  }

  #group(): Group {
    const group = this.#groups.at(-1) as Group;
    if (!group.isWornOut) return group;
    this.#noted('control.retired');
    return this.#newGroup();
  }

  #newGroup(): Group {
    const group = new Group(this.#groups.length + 1, this.#plan.basins, this.#plan.streams);
    this.#groups.push(group);
    return group;
  }
}

class Audit {
  readonly #client: ControlClient;
  readonly #group: Group;
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(client: ControlClient, group: Group, sleep: (ms: number) => Promise<void>) {
    this.#client = client;
    this.#group = group;
    this.#sleep = sleep;
  }

  async run(): Promise<void> {
    const basins = await this.#settled({ kind: 'list-basins', prefix: this.#group.prefix, ...EVERYTHING });
    for (const basin of basins) {
      await this.#answer({ kind: 'get-basin', basin });
      const streams = await this.#settled({ kind: 'list-streams', basin, prefix: '', ...EVERYTHING });
      for (const stream of streams) {
        await this.#answer({ kind: 'get-stream', basin, stream });
        await this.#answer({ kind: 'read', basin, stream, hasKey: true });
      }
    }
  }

  /** The names that are there, once none of them is being deleted. */
  async #settled(call: ControlCall): Promise<string[]> {
    for (;;) {
      const answer = await this.#answer(call);
      if (answer.kind !== 'listed') return [];
      if (answer.rows.every(({ deletedAt }) => deletedAt === null)) return answer.rows.map(({ name }) => name);
      await this.#sleep(LOOK_MS);
    }
  }

  async #answer(call: ControlCall): Promise<ControlAnswer> {
    for (;;) {
      const outcome = await this.#client.do(this.#group.id, call);
      if (outcome.kind !== 'refused' && outcome.kind !== 'unknown') return outcome;
      await this.#sleep(RETRY_MS);
    }
  }
}
