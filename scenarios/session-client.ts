/**
 * A recording client that does everything in sessions, through the official SDK and over a real network: it appends in a
 * pipelined session, follows the stream from the beginning in a read session, and asks for the whole and for the tail beside
 * that. It opens new sessions all the time, because what a session says is only as recent as the moment it was asked for.
 *
 * Appends are written down with their turns in their session, what a follower is shown as what it waited for, and once in a
 * session that has everything as a read of the whole, which S2's own format can say as well.
 */

import type { S2Stream } from '@s2-dev/streamstore';
import type { BodyHashes } from './body-hashes.ts';
import type { AppendResult, Batch, SeenRecord, StreamClient } from './client.ts';
import { pipelinedAppends, readSuccess } from './recorded-client.ts';
import type { Recorder } from './recorder.ts';
import { SdkFollower, type SessionEars } from './sdk/sdk-follower.ts';
import { type SdkAppendSession, SdkSessionWriter } from './sdk/sdk-session-writer.ts';
import type { Workflow } from './workflow.ts';

export interface SessionClientOptions {
  /** In bodies, the client's fencing token, and the names of its sessions: `c1`. */
  name: string;
  workflow: Workflow;
  /** Half of them are batches, the others reads and check-tails. */
  operations: number;
  thinkMsMax: number;
  restMs: number;
}

export interface SessionClientWorld {
  /** Its sessions. */
  handle: S2Stream;
  /** Its single requests, recorded. */
  asker: StreamClient;
  recorder: Recorder;
  hashes: BodyHashes;
  below: (bound: number) => number;
  sleep: (ms: number) => Promise<void>;
}

const BATCH_RECORDS_MAX = 10;
const BATCHES_PER_SESSION_MAX = 40;
const UNDER_WAY_MAX = 8;
const PADDING_BYTES_MAX = 64;
/** In the fencing workflow every n-th batch sets the client's token. */
const FENCE_EVERY = 20;
/** What has lost its server, or waits for what a broken one never sends, may never end by itself in the SDK. */
const CLOSE_MS_MAX = 5_000;
const LOOK_MS = 100;
/** Records that a follower holds back until it knows the tail. */
const PART_RECORDS_MAX = 100;
const CONDITIONS: ReadonlySet<string> = new Set(['seq_num_mismatch', 'fencing_token_mismatch']);
const NO_ROUTE = { requests: 0, moveOn: () => {} };

export class SessionClient {
  readonly #options: SessionClientOptions;
  readonly #world: SessionClientWorld;
  readonly #follower: SdkFollower;
  readonly #shown: SeenRecord[] = [];
  #isOver = false;
  #sessions = 0;
  /** The latest tail it was told of. */
  #tail = 0;
  /** Where its latest batch ends, if nobody else appends. */
  #plannedEnd = 0;

  constructor(options: SessionClientOptions, world: SessionClientWorld) {
    this.#options = options;
    this.#world = world;
    this.#follower = new SdkFollower({
      route: NO_ROUTE,
      restMs: LOOK_MS,
      lookMs: LOOK_MS,
      isOver: () => this.#isOver,
      isEnough: () => world.below(10) === 0,
      isNetworkReal: true,
      asked: () => this.#followed(),
      noted: () => {},
    });
  }

  /** Records it was shown. */
  get shown(): number {
    return this.#shown.length;
  }

  /** Appends and asks until it has done its operations. Rejects with ProtocolViolation. */
  async work(): Promise<void> {
    const { operations } = this.#options;
    const batches = Math.ceil(operations / 2);
    await Promise.all([this.#write(batches), this.#ask(operations - batches)]);
  }

  /** Follows until it is told that it is over. Rejects with ProtocolViolation. */
  follow(): Promise<void> {
    return this.#follower.run(this.#world.handle);
  }

  /** Ends its read session. */
  leave(): void {
    this.#isOver = true;
  }

  // --- appends -------------------------------------------------------------------------------------------

  #write(batches: number): Promise<void> {
    const { recorder, hashes, below } = this.#world;
    const { name, thinkMsMax, restMs } = this.#options;
    const called = pipelinedAppends(recorder, hashes);
    let session = '';
    let index = 0;
    const writer = new SdkSessionWriter(
      NO_ROUTE,
      {
        batches,
        batchesPerSessionMax: BATCHES_PER_SESSION_MAX,
        underWayMax: UNDER_WAY_MAX,
        restMs: Math.min(restMs, thinkMsMax),
        isNetworkReal: true,
      },
      {
        below,
        open: async () => {
          session = `${name}/append/${++this.#sessions}`;
          index = 0;
          return endsInTime(await this.#world.handle.appendSession());
        },
        batch: (number, _acknowledged, ahead) => this.#batch(number, ahead),
        // Two of three come at once, so that batches are under way together.
        pauseMs: () => (below(3) === 0 ? below(3 * thinkMsMax + 1) : 0),
        called: (batch) => {
          const ended = called(batch, { session, index: index++ });
          return (result) => {
            ended(behindCondition(result));
            if (result.kind === 'durable') this.#tail = result.endSeqNum;
            if (result.kind === 'rejected' && result.actual !== undefined && 'tail' in result.actual) {
              this.#tail = result.actual.tail;
            }
          };
        },
        noted: () => {},
      },
    );
    return writer.run();
  }

  /** Bodies are unique: client, batch and index are in each. */
  #batch(number: number, ahead: number): Batch {
    const { name, workflow } = this.#options;
    const { below } = this.#world;
    const start = ahead === 0 ? this.#tail : this.#plannedEnd;
    const isFence = workflow === 'fencing' && number % FENCE_EVERY === 0;
    const bodies = isFence
      ? [name]
      : Array.from({ length: 1 + below(BATCH_RECORDS_MAX) }, (_, i) => this.#body(number, i));
    this.#plannedEnd = start + bodies.length;
    return {
      bodies,
      setFencingToken: isFence ? name : null,
      fencingToken: workflow === 'fencing' && !isFence ? name : null,
      matchSeqNum: workflow === 'match-seq-num' || isFence ? start : null,
    };
  }

  #body(number: number, index: number): string {
    return `${this.#options.name}/${number}/${index}${'.'.repeat(this.#world.below(PADDING_BYTES_MAX + 1))}`;
  }

  // --- single requests -----------------------------------------------------------------------------------

  async #ask(operations: number): Promise<void> {
    const { asker, below, sleep } = this.#world;
    for (let i = 0; i < operations; i++) {
      const result = below(2) === 0 ? await asker.read() : await asker.checkTail();
      if (result.kind === 'failed') await sleep(this.#options.restMs);
      else this.#tail = result.tail;
      await sleep(below(this.#options.thinkMsMax + 1));
    }
  }

  // --- what it is shown ----------------------------------------------------------------------------------

  #followed(): SessionEars {
    const { recorder, hashes } = this.#world;
    const session = `${this.#options.name}/follow/${++this.#sessions}`;
    const asked = recorder.moment();
    const clientId = recorder.newClientId();
    let from = this.#shown.length;
    const wait = (place: { seqNum: number } | null) =>
      recorder.call(clientId, { kind: 'follow', session, from: place }, 'follows', { session });
    let waiting = wait({ seqNum: from });
    let isFirst = true;
    const tell = (tail: number | null): void => {
      const records = this.#shown.slice(from);
      const part = {
        kind: 'read-part-success' as const,
        start: from,
        recordHashes: records.map(({ body }) => hashes.of(body)),
        timestamps: records.map(({ timestamp }) => timestamp),
        tail,
      };
      recorder.return(waiting, part, `shown ${records.length} records`, { session });
      from = this.#shown.length;
      waiting = wait(null);
    };
    return {
      heard: (record) => {
        this.#shown.push(record);
        if (this.#shown.length - from >= PART_RECORDS_MAX) tell(null);
      },
      caughtUp: (tail) => {
        tell(tail);
        if (!isFirst || tail !== this.#shown.length) return;
        isFirst = false;
        const whole = readSuccess(this.#shown, tail, hashes);
        const note = `followed ${tail} records`;
        recorder.happened(asked, recorder.newClientId(), { kind: 'read' }, whole, note, { session });
      },
      ended: () => {
        if (this.#shown.length > from) tell(null);
        recorder.return(waiting, { kind: 'read-failure' }, 'the session ended', { session });
      },
    };
  }
}

/**
 * A condition that did not hold ends a session, and of what is behind it the SDK says the same: nothing of that has an
 * effect, which is a promise of the protocol and held against the server here.
 */
function behindCondition(result: AppendResult): AppendResult {
  const isBehind = result.kind === 'unknown' && CONDITIONS.has(result.code);
  return isBehind ? { kind: 'rejected', code: `behind ${result.code}` } : result;
}

function endsInTime(session: SdkAppendSession): SdkAppendSession {
  return {
    submit: (input) => session.submit(input),
    close: () => inTime(session.close()),
  };
}

/** Waits for the end of something of the SDK, but not for ever. Rejects as it does. */
export async function inTime(ending: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS_MAX)));
  await Promise.race([ending, late]).finally(() => clearTimeout(timer));
}
