/**
 * Takes the whole store away from a healed world and asks every server for everything: who can not know has to say so, in
 * time. "Unavailable" is right exactly then, because the harness knows that there is no store; a success would be a lie, and
 * no answer within the patience a hang. When the store is back, all else that has to work after healing has to work.
 *
 * The requests are of the judged stream and written down: what became of them is for the checker, too.
 */

import type { HostPorts } from '../../sim/index.ts';
import type { Crew, Goal, Stage } from '../crews/crew.ts';
import type { JudgedStream } from '../crews/judged-stream.ts';
import type { RecordedClient } from '../recorded-client.ts';
import { whoWaits } from '../who-waits.ts';
import { WireClient } from '../wire-client.ts';
import { allowsReads, type Blackout, BLACKOUT_WORDS, darken } from './blackouts.ts';

export const BLACKOUT_PROBES = {
  'blackout.out-of-service':
    'while the store turned everybody away, every server said in time that it could not answer',
  'blackout.silent': 'while the store answered nobody, every server said in time that it could not answer',
  'blackout.cut-off': 'while no server reached the store, every one said in time that it could not answer',
  'blackout.expired': 'while credentials had expired, every server said in time that it could not answer',
  'blackout.denied': 'while the store permitted nothing, every server said so in time or was gone',
  'blackout.full': 'while the store had no room, every append was refused in time',
  'blackout.owner-gave-up': 'an owner without a store said in time of an append that it may have happened',
} as const;

/** What a request asks for. */
const DEEDS = ['append', 'read', 'check-tail'] as const;
type Deed = (typeof DEEDS)[number];

/** Each client asks so often: a server's first patience says little of its second. */
const ROUNDS = 2;
const PAUSE_MS = 300;
const RETRY_MS = 200;
/** Beyond the server's own patience: the way there and back. */
const GRACE_MS = 2_000;
/** The client's own word for a request that nobody answered in time. */
const NOT_ANSWERED = 'timeout';
/** The answer to an append that may have happened, or may happen yet. */
const IN_DOUBT = 'storage';
/** Codes that say nothing of the stream; whoever has no store may say nothing else. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['hot_server', 'server_draining', IN_DOUBT, 'refused', 'reset']);

export class BlackoutCrew implements Crew {
  readonly #blackouts: readonly Blackout[];
  readonly #stage: Stage;
  readonly #judged: JudgedStream;

  constructor(blackouts: readonly Blackout[], stage: Stage, judged: JudgedStream) {
    this.#blackouts = blackouts;
    this.#stage = stage;
    this.#judged = judged;
  }

  /** Its clients come when the world is healed. */
  start(): void {}

  afterHealing(): readonly Goal[] {
    return this.#blackouts.flatMap((blackout, index) => [
      {
        name: `a server answers before ${BLACKOUT_WORDS[blackout]}`,
        begin: () => this.#stage.start(`light-${index + 1}`, (ports) => this.#awaitLight(`light-${index + 1}`, ports)),
      },
      { name: `every request is answered while ${BLACKOUT_WORDS[blackout]}`, begin: () => this.#ask(blackout, index) },
    ]);
  }

  async #awaitLight(name: string, ports: HostPorts): Promise<void> {
    const client = this.#client(name, ports, this.#stage.servers);
    while ((await client.checkTail()).kind === 'failed') await ports.clock.sleep(RETRY_MS);
  }

  /** Everybody at once, and the light comes back when the last has been answered. */
  #ask(blackout: Blackout, index: number): void {
    const { servers, world, noted } = this.#stage;
    const lighten = darken(world, blackout);
    const asked = servers.flatMap((server) => DEEDS.map((deed) => ({ server, deed })));
    let left = asked.length;
    for (const { server, deed } of asked) {
      const name = `dark-${index + 1}-${server}-${deed}`;
      this.#stage.start(name, async (ports) => {
        const client = this.#client(name, ports, [server]);
        for (let round = 1; round <= ROUNDS; round++) {
          const body = `dark/${index}/${server}/${round}`;
          this.#judge(blackout, server, deed, await toldOf(deed, client, body));
          await ports.clock.sleep(PAUSE_MS);
        }
        if (--left > 0) return;
        lighten();
        noted(`blackout.${blackout}`);
      });
    }
  }

  #client(name: string, ports: HostPorts, addresses: readonly string[]): RecordedClient {
    const { plan, stream } = this.#stage;
    const options = {
      ...this.#stage.wireOptions(name, true),
      addresses,
      timeoutMs: plan.tunables.patienceMs + GRACE_MS,
      stream,
      pageRecords: null,
    };
    return this.#judged.recorded(new WireClient(this.#stage.transport(ports), ports.clock, options));
  }

  /** `told` is the code of the refusal; null of a success. */
  #judge(blackout: Blackout, server: string, deed: Deed, told: string | null): void {
    const { world, noted } = this.#stage;
    const when = `while ${BLACKOUT_WORDS[blackout]}`;
    if (told === NOT_ANSWERED) {
      world.fail('liveness', `${when} ${server} did not answer "${deed}" within its patience\n${whoWaits(world)}`);
    } else if (told === null || !SAYS_NOTHING.has(told)) {
      if (deed !== 'append' && allowsReads(blackout)) return;
      const words = `${when} ${server} answered "${deed}" with ${told ?? 'success'}, which it can not know`;
      world.probes.always('always.silent-in-the-dark', words);
    } else {
      world.probes.always('always.silent-in-the-dark', null);
      if (told === IN_DOUBT) noted('blackout.owner-gave-up');
    }
  }
}

async function toldOf(deed: Deed, client: RecordedClient, body: string): Promise<string | null> {
  switch (deed) {
    case 'append': {
      const batch = { bodies: [body], setFencingToken: null, fencingToken: null, matchSeqNum: null };
      const appended = await client.append(batch);
      return appended.kind === 'durable' ? null : appended.code;
    }
    case 'read': {
      const read = await client.read();
      return read.kind === 'failed' ? read.code : null;
    }
    case 'check-tail': {
      const tail = await client.checkTail();
      return tail.kind === 'failed' ? tail.code : null;
    }
  }
}
