/**
 * One client that encrypts, under faults, and what must hold of its secrets: no object that ever came to the store has a word
 * of a plaintext or a key in it, and after healing every record opens with its own key alone. That no key ever meets a nonce
 * twice, over crashes and takeovers, the ciphers of the world watch. At the end records are moved about in a copy of the store,
 * and none may open where it does not belong.
 */

import { defineSite, type HostPorts } from '../../sim/index.ts';
import type { Engine } from '../../engine/index.ts';
import type { Crew, Goal, Stage } from '../crews/crew.ts';
import { provision } from '../crews/provision.ts';
import { Wire } from '../wire.ts';
import { MARK, SecretsClient, STREAM } from './client.ts';
import { MOVED_PROBES, Mover } from './moved.ts';
import type { SecretsPlan } from './plan.ts';

const SECRETS = defineSite('client.secrets', 'what the client that encrypts does next, and with which key');

export const SECRETS_PROBES = {
  'secret.no-key': 'an encrypted stream was asked for without a key, and refused',
  'secret.other-key': 'a record did not open with another key than its own, and opened with its own',
  'secret.keys-mixed': 'the key changed in the middle of a stream, and each record opened with its own',
  'secret.sealed-by-successor': 'records were sealed with one key by one server after another',
  'secret.written-anew':
    'an encrypted stream was deleted, created again and written from the start with the same keys and times',
  ...MOVED_PROBES,
} as const;

const BASIN = 'secret-basin';
const RETRY_MS = 500;
/** What is written once before, when the stream is written anew. */
const EARLIER_APPENDS = 3;
/** Long ago, wherever clocks are. */
const GIVEN_TIME = 1_000;

/** A key, and how long the bodies of some records are beside what all have. */
interface Batch {
  key: 0 | 1;
  lengths: readonly number[];
}

export class SecretsCrew implements Crew {
  readonly #plan: SecretsPlan;
  readonly #stage: Stage;
  #client: SecretsClient | null = null;
  readonly #mover: Mover;
  #keys: readonly string[] = [];
  /** What no object may have in it. */
  readonly #secrets: Buffer[] = [Buffer.from(MARK)];
  /** Engines that began to serve. */
  #served = 0;
  /** Those that an append was acknowledged under. */
  readonly #sealedUnder = new Set<number>();

  constructor(plan: SecretsPlan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
    this.#mover = new Mover(stage.world, `${BASIN}/${STREAM}`);
    const { store } = stage.world;
    store.onEffect(({ kind, key }) => {
      if (kind !== 'delete') this.#inspect(key, store.peek(key));
    });
  }

  seen(engine: Engine): Engine {
    this.#served++;
    return engine;
  }

  start(): void {
    const name = 'secrets-1';
    const options = { ...this.#stage.wireOptions(name), basin: BASIN };
    this.#stage.start(name, async (ports) => {
      const keys = [ports.entropy.bytes(32), ports.entropy.bytes(32)] as const;
      const texts = keys.map((key) => Buffer.from(key).toString('base64')) as [string, string];
      this.#secrets.push(...keys.map((key) => Buffer.from(key)), ...texts.map((text) => Buffer.from(text)));
      this.#keys = texts;
      const wire = new Wire(this.#stage.transport(ports), ports.clock, options);
      const timestamp = this.#plan.givesTime ? GIVEN_TIME : null;
      const client = new SecretsClient(wire, { keys: texts, noted: this.#stage.noted, timestamp });
      const basinConfig = { stream_cipher: this.#plan.cipher };
      const own = { basin: BASIN, basinConfig, stream: STREAM, token: 'secrets' };
      if (!(await provision(wire, ports.clock, own))) return;
      const earlier = this.#plan.isWrittenAnew ? await this.#writtenBefore(client, ports) : [];
      if (earlier === null) return;
      this.#client = client;
      await this.#work(client, ports, this.#stage.below(SECRETS, name), earlier);
    });
  }

  afterHealing(): readonly Goal[] {
    const begin = (): void => {
      const client = this.#client;
      if (client === null) return;
      this.#stage.start('secrets-audit', async (ports) => {
        while (!(await client.opensAll())) await ports.clock.sleep(RETRY_MS);
      });
    };
    return [{ name: 'every sealed record opens with its own key', begin }];
  }

  async atRest(): Promise<void> {
    if (this.#client === null || this.#stage.world.failure !== null) return;
    const wrong = await this.#mover.convicts(this.#plan.movedEvery, this.#keys, this.#stage.plan.tunables);
    const words = wrong === null ? null : `sealed records were moved about in a copy of the store: ${wrong}`;
    this.#stage.world.probes.always('always.moved-record-refused', words);
  }

  /** The first batches of an earlier life of the stream; null when it is in doubt which life there is. */
  async #writtenBefore(client: SecretsClient, ports: HostPorts): Promise<readonly Batch[] | null> {
    const below = this.#stage.below(SECRETS, 'secrets-1, earlier');
    const batches = Array.from({ length: EARLIER_APPENDS }, () => this.#batch(below));
    for (const { key, lengths } of batches) await client.append(key, lengths);
    if (!(await client.beginAnew(() => ports.clock.sleep(RETRY_MS)))) return null;
    this.#stage.noted('secret.written-anew');
    return batches;
  }

  #batch(below: (bound: number) => number): Batch {
    const { batchRecordsMax, bodyBytesMax, otherKeyEvery } = this.#plan;
    const key = below(otherKeyEvery) === 1 ? 1 : 0;
    return { key, lengths: Array.from({ length: 1 + below(batchRecordsMax) }, () => below(bodyBytesMax + 1)) };
  }

  async #work(
    client: SecretsClient,
    ports: HostPorts,
    below: (bound: number) => number,
    earlier: readonly Batch[],
  ): Promise<void> {
    const { appends, thinkMsMax } = this.#plan;
    for (let i = 0; i < appends; i++) {
      // Who writes a stream anew begins with what was in it.
      const { key, lengths } = earlier[i] ?? this.#batch(below);
      if (await client.append(key, lengths)) this.#sealedUnder.add(this.#served);
      if (this.#sealedUnder.size > 1) this.#stage.noted('secret.sealed-by-successor');
      const next = below(6);
      if (next === 1) await client.appendWithoutKey();
      else if (next < 4) await client.read(([null, 0, 1] as const)[below(3)] ?? null);
      await ports.clock.sleep(below(thinkMsMax + 1));
    }
  }

  #inspect(key: string, bytes: Uint8Array = new Uint8Array(0)): void {
    const object = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const shows = this.#secrets.some((secret) => object.includes(secret));
    const words = shows ? `${key} has a plaintext or a key of an encrypted stream in it` : null;
    this.#stage.world.probes.always('always.sealed-unreadable', words);
  }
}
