/**
 * One client of the control plane: at the same few names as all others it creates, ensures, reconfigures, lists, deletes,
 * appends and reads. Every fourth operation has a rival of its own, at the same name in the same moment; a creation
 * whose outcome it does not know is mostly sent again with its token, as an SDK would.
 */

import { atPace, type PaceWorld } from '../side/pace.ts';
import type { ControlClient } from './client.ts';
import {
  type BasinPatch,
  type BasinWish,
  NO_BASIN_WISH,
  NO_WISH,
  type StreamConfig,
  type StreamPatch,
  type StreamWish,
} from './config.ts';
import type { Creation, Group } from './group.ts';
import type { Append, BasinCall, ControlCall, ListPage, StreamCall } from './history.ts';
import type { ControlPlan } from './plan.ts';
import { FAR_FUTURE_MS, LONG_PAST_MS } from './stamps.ts';

export interface WorkerWorld extends PaceWorld {
  /** The names to be at now. */
  group: () => Group;
}

type Verb = BasinCall['kind'] | StreamCall['kind'] | 'list-basins' | 'list-streams';

/** What is done to a basin that is there, as often as it is here. */
const AT_BASIN: readonly Verb[] = [
  'reconfigure-basin',
  'reconfigure-basin',
  'reconfigure-basin',
  'ensure-basin',
  'create-basin',
  'get-basin',
  'get-basin',
  'list-basins',
  'list-streams',
  'list-streams',
  'delete-basin',
];
/** What is done to a stream. */
const AT_STREAM: readonly Verb[] = [
  'append',
  'append',
  'append',
  'append',
  'append',
  'create-stream',
  'create-stream',
  'ensure-stream',
  'reconfigure-stream',
  'reconfigure-stream',
  'get-stream',
  'get-stream',
  'read',
  'read',
  'check-tail',
  'delete-stream',
  'delete-stream',
];

/** What parts of configurations are set to; ages are so long that nothing expires. */
const VALUES: { readonly [Part in keyof StreamConfig]: readonly StreamConfig[Part][] } = {
  storageClass: ['standard', 'express'],
  retentionAgeS: [4_000_000_000, 5_000_000_000, 'infinite'],
  mode: ['client-prefer', 'arrival', 'client-require'],
  uncapped: [true, false],
  emptyAgeS: [0, 4_000_000_000],
};
const PARTS = Object.keys(VALUES) as (keyof StreamConfig)[];
const CIPHERS = ['aegis-256', 'aes-256-gcm', null] as const;
/** Basins are in one place, whatever is asked for. */
const LOCATIONS = [null, null, 'local', 'aws:us-east-1'];
/** Pages are short, so that some of them end before the names do. */
const LIMITS = [1, 2, 10];

export class ControlWorker {
  readonly #client: ControlClient;
  readonly #name: string;
  readonly #plan: ControlPlan;
  readonly #world: WorkerWorld;
  /** A creation to be sent again. */
  #again: { group: Group; call: Creation } | null = null;
  /** Bodies and tokens handed out. */
  #made = 0;

  constructor(client: ControlClient, name: string, plan: ControlPlan, world: WorkerWorld) {
    this.#client = client;
    this.#name = name;
    this.#plan = plan;
    this.#world = world;
  }

  run(): Promise<void> {
    return atPace(this.#plan, this.#world, async () => {
      const group = this.#world.group();
      if (this.#again?.group === group && this.#world.below(4) > 0) return this.#do(group, this.#again.call);
      const basin = this.#one(group.basins);
      const stream = this.#one(group.streams);
      const first = this.#call(group, basin, stream);
      if (this.#world.below(4) > 0) return this.#do(group, first);
      const rival = this.#call(group, basin, stream);
      return (await Promise.all([this.#do(group, first), this.#do(group, rival)])).includes(true);
    });
  }

  /** False when it was not answered. */
  async #do(group: Group, call: ControlCall): Promise<boolean> {
    const outcome = await this.#client.do(group.id, call);
    group.learn(call, outcome);
    const isCreation = (call.kind === 'create-basin' || call.kind === 'create-stream') && call.token !== null;
    const isAnswered = outcome.kind !== 'unknown' && outcome.kind !== 'refused';
    if (isCreation) this.#again = isAnswered ? null : { group, call };
    return isAnswered;
  }

  #call(group: Group, basin: string, stream: string): ControlCall {
    const { below } = this.#world;
    if (!group.isThere(basin) && below(4) > 0)
      return this.#verb(group, basin, stream, this.#one(['create-basin', 'ensure-basin']));
    if (below(5) < 2) return this.#verb(group, basin, stream, this.#one(AT_BASIN));
    if (group.isThere(basin, stream) || below(2) === 0) return this.#verb(group, basin, stream, this.#one(AT_STREAM));
    return this.#verb(
      group,
      basin,
      stream,
      this.#one(['create-stream', 'create-stream', 'ensure-stream', 'append', 'read']),
    );
  }

  #verb(group: Group, basin: string, stream: string, kind: Verb): ControlCall {
    switch (kind) {
      case 'create-basin':
        return this.#creation(group, { kind, basin, token: this.#token(), ...this.#basin() });
      case 'ensure-basin':
        return { kind, basin, ...this.#basin() };
      case 'reconfigure-basin':
        return { kind, basin, patch: this.#basinPatch() };
      case 'list-basins':
        return { kind, ...this.#page(group.prefix, group.basins) };
      case 'list-streams':
        return { kind, basin, ...this.#page('', group.streams) };
      case 'create-stream':
        return this.#creation(group, { kind, basin, stream, token: this.#token(), wish: this.#streamWish() });
      case 'ensure-stream':
        return { kind, basin, stream, wish: this.#world.below(3) === 0 ? NO_WISH : this.#streamWish() };
      case 'reconfigure-stream':
        return { kind, basin, stream, patch: this.#streamPatch() };
      case 'append':
        return { basin, stream, ...this.#append(group.tailOf(basin, stream)) };
      case 'get-basin':
      case 'delete-basin':
        return { kind, basin };
      case 'read':
        return { kind, basin, stream, hasKey: this.#hasKey() };
      case 'get-stream':
      case 'delete-stream':
      case 'check-tail':
        return { kind, basin, stream };
    }
  }

  /** Often the same request as before, by whomever; now and then its token with something else. */
  #creation(group: Group, fresh: Creation): Creation {
    const of = (call: Creation) =>
      call.kind === fresh.kind && call.basin === fresh.basin && streamOf(call) === streamOf(fresh);
    const before = group.creations.findLast(of);
    const how = before === undefined ? 5 : this.#world.below(6);
    if (before !== undefined && how < 3) return before;
    const call: Creation = before !== undefined && how === 3 ? { ...fresh, token: before.token } : fresh;
    if (call.token !== null && call.token !== before?.token) group.creations.push(call);
    return call;
  }

  #append(tail: number): Append {
    const { below } = this.#world;
    const record: Append['record'] =
      below(5) === 0
        ? { kind: 'fence', token: this.#one(['red', 'blue', '']) }
        : { kind: 'data', body: `${this.#name}.${this.#made++}` };
    return {
      kind: 'append',
      record,
      timestamp: this.#one([null, null, LONG_PAST_MS + below(1_000), FAR_FUTURE_MS + below(1_000)]),
      fencingToken: below(4) === 0 ? this.#one(['', 'red', 'blue']) : null,
      matchSeqNum: below(4) === 0 ? tail : null,
      hasKey: this.#hasKey(),
    };
  }

  #hasKey(): boolean {
    return this.#world.below(6) > 0;
  }

  // --- configurations ----------------------------------------------------------------------------------------

  #streamWish(): StreamWish {
    return { ...NO_WISH, ...this.#parts(() => false) };
  }

  #streamPatch(): StreamPatch {
    return this.#parts(() => this.#world.below(2) === 0);
  }

  /** A third of the parts; null where it is `cleared`. */
  #parts(isCleared: () => boolean): StreamPatch {
    const said = PARTS.filter(() => this.#world.below(3) === 0);
    return Object.fromEntries(said.map((part) => [part, isCleared() ? null : this.#one<unknown>(VALUES[part])]));
  }

  #basin(): { wish: BasinWish; location: string | null } {
    return { wish: this.#basinWish(), location: this.#one(LOCATIONS) };
  }

  #basinWish(): BasinWish {
    return {
      ...NO_BASIN_WISH,
      defaults: this.#streamWish(),
      cipher: this.#world.below(3) === 0 ? this.#one(CIPHERS) : null,
      createsOnAppend: this.#one([null, false, true]),
      createsOnRead: this.#one([null, null, false, true]),
    };
  }

  #basinPatch(): BasinPatch {
    const { below } = this.#world;
    return {
      ...(below(4) > 0 && { defaults: below(6) === 0 ? null : this.#streamPatch() }),
      ...(below(3) === 0 && { cipher: this.#one(CIPHERS) }),
      ...(below(3) === 0 && { createsOnAppend: below(2) === 0 }),
      ...(below(4) === 0 && { createsOnRead: below(2) === 0 }),
    };
  }

  #page(prefix: string, names: readonly string[]): ListPage {
    const { below } = this.#world;
    return { prefix, startAfter: below(4) === 0 ? this.#one(names) : '', limit: this.#one(LIMITS) };
  }

  #token(): string | null {
    return this.#world.below(5) === 0 ? null : `${this.#name}.${this.#made++}`;
  }

  #one<Item>(items: readonly Item[]): Item {
    return items[this.#world.below(items.length)] as Item;
  }
}

function streamOf(call: Creation): string | null {
  return call.kind === 'create-stream' ? call.stream : null;
}
