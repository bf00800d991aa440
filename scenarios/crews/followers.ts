/**
 * Clients that follow the judged stream from the beginning to the end of the run, some of them the official SDK. After
 * healing each must come to hold every record.
 */

import type { Engine } from '../../engine/index.ts';
import { defineSite, type HostOptions, type HostPorts } from '../../sim/index.ts';
import type { SeenRecord } from '../client.ts';
import { readSuccess } from '../recorded-client.ts';
import { SdkRoute } from '../sdk/sdk-route.ts';
import { Follower } from '../sessions/follower.ts';
import { witnessed } from '../sessions/witness.ts';
import type { Crew, Goal, Stage } from './crew.ts';
import type { JudgedStream } from './judged-stream.ts';

/** A reader takes so long with each event, if it is slow: a checkpoint may be made meanwhile, or several. */
const SLOW_MS = [250, 1_000, 100];
/** Less than one event. */
const SLOW_WINDOW_BYTES = 64;
const MANY = 30;
/** How often a follower that is the official SDK looks whether it is over. */
const SDK_LOOK_MS = 5_000;
const FOLLOWER = defineSite('client.follower', 'how a follower goes on after a session');
const PACE = defineSite('client.follower-pace', 'how long a slow follower takes over what it is shown');

export class Followers implements Crew {
  readonly #stage: Stage;
  readonly #judged: JudgedStream;
  /** Records of the stream at the end; null while nobody knows. */
  readonly #finalTail: () => number | null;
  readonly #followers: { readonly tail: number }[] = [];
  /** By number, how many followers a batch that ends there was shown to. */
  readonly #shownTo: number[] = [];
  /** Those that have not gone. */
  #left = 0;
  #isHealed = false;
  #isOver = false;

  constructor(stage: Stage, judged: JudgedStream, finalTail: () => number | null) {
    this.#stage = stage;
    this.#judged = judged;
    this.#finalTail = finalTail;
  }

  async start(): Promise<void> {
    const { followers, crowd, sdkFollowers } = this.#stage.plan;
    for (let i = 1; i <= followers + crowd; i++) this.#startFollower(`f${i}`);
    for (let i = 1; i <= sdkFollowers; i++) await this.#startSdkFollower(`s${i}`);
  }

  afterHealing(): readonly Goal[] {
    // Who takes its time has none left.
    this.#isHealed = true;
    const isReached = (): boolean => {
      const tail = this.#finalTail();
      return tail !== null && this.#followers.every((follower) => follower.tail >= tail);
    };
    return [
      { name: 'every follower has every record', isReached },
      {
        name: 'every follower has gone',
        begin: () => {
          this.#isOver = true;
        },
        isReached: () => this.#left === 0,
      },
    ];
  }

  /** What read sessions say of the tail is judged where it is said. */
  seen(engine: Engine): Engine {
    return witnessed(engine, this.#stage.stream, this.#judged.recorder);
  }

  /** Judged by what it saw of the stream. */
  #startFollower(name: string): void {
    const { basin, stream, plan, servers, noted } = this.#stage;
    const { recorder, oracle, hashes } = this.#judged;
    const below = this.#stage.below(FOLLOWER, name);
    const slowMs = below(4) === 0 ? this.#stage.world.choices.pick(PACE, name, SLOW_MS) : 0;
    const work = async (ports: HostPorts): Promise<void> => {
      const clientId = recorder.newClientId();
      let sessions = 0;
      const options = {
        addresses: servers,
        basin,
        stream,
        timeoutMs: plan.requestTimeoutMs,
        restMs: plan.restMs,
        resumesById: () => below(2) === 1,
        slowMs: () => (this.#isHealed ? 0 : slowMs),
        isOver: () => this.#isOver,
      };
      const follower = new Follower(this.#stage.transport(ports), ports.clock, options, {
        asked: () => {
          const since = recorder.moment();
          const session = `${name}/${++sessions}`;
          return (records) => {
            if (records === null) return;
            const outcome = readSuccess(records, records.length, hashes);
            const note = `followed ${records.length} records`;
            recorder.happened(since, clientId, { kind: 'read' }, outcome, note, { session });
          };
        },
        heard: (records) => {
          oracle.saw(records);
          this.#count(records);
        },
        noted,
      });
      this.#followers.push(follower);
      await follower.run();
    };
    // What the network holds for a slow one would keep the server from noticing that it is.
    this.#follow(name, work, slowMs > 0 ? { windowBytes: SLOW_WINDOW_BYTES } : {});
  }

  /** How many were shown the last of them. */
  #count(records: readonly SeenRecord[]): void {
    const last = records.at(-1)?.seqNum ?? 0;
    this.#shownTo[last] = (this.#shownTo[last] ?? 0) + 1;
    if (this.#shownTo[last] === MANY) this.#stage.noted('follower.crowd');
  }

  async #startSdkFollower(name: string): Promise<void> {
    const { SdkFollower } = await import('../sdk/sdk-follower.ts');
    const { connect, sessionsOf } = await import('../sdk-client.ts');
    const { basin, stream, plan, servers, noted } = this.#stage;
    const route = new SdkRoute({ servers, roam: null });
    const target = { endpoint: route.endpoint, basin, stream, accessToken: 'none' };
    const ears = { heard: (record: SeenRecord) => this.#judged.oracle.saw([record]) };
    const work = async (): Promise<void> => {
      const follower = new SdkFollower({
        route,
        restMs: plan.restMs,
        lookMs: SDK_LOOK_MS,
        isOver: () => this.#isOver,
        isNetworkReal: false,
        asked: () => ears,
        noted,
      });
      this.#followers.push(follower);
      await follower.run(sessionsOf(connect(target), target));
    };
    this.#follow(name, work, { ambient: { resolve: route.resolve } });
  }

  #follow(name: string, work: (ports: HostPorts) => Promise<void>, options: HostOptions = {}): void {
    this.#left++;
    const following = async (ports: HostPorts): Promise<void> => {
      await work(ports);
      this.#left--;
    };
    this.#stage.startApart(name, following, options);
  }
}
