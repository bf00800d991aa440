/**
 * A client that follows one side stream through read sessions, across its trims, its deletion and its next lives, sometimes
 * with a limit that it takes along by the id of the last event.
 *
 * What any follower can check is checked at once: a session shows one life, its numbers only go up, it ends regularly only when
 * its limit is reached, and it is told why when its stream goes. What was shown and what heartbeats say is in the history,
 * event by event, as reads since the session began: events travel, so nobody here knows when they were true.
 */

import type { Clock } from '../../engine/index.ts';
import type { Moment } from '../call-log.ts';
import { ProtocolViolation } from '../client.ts';
import { isNetworkError, isNotServing, openEvents, parse, Silence, SILENCE_MS_MAX } from '../sessions/event-source.ts';
import type { ServerSentEvent } from '../sessions/server-sent.ts';
import { errorCode, field, streamPath, type Transport } from '../wire.ts';
import { BASE64, pageOf, position } from './client.ts';
import type { SideHistory, SideOutcome, SideSeen } from './history.ts';
import type { SideProbe } from './probes.ts';

/** More than a batch ever has. */
const PAGE_RECORDS = 1_000;
const LIMIT_RECORDS_MAX = 12;
/** Longer than anything lasts. */
const WAIT_S = 3_600;

export interface SideFollowerOptions {
  addresses: readonly string[];
  basin: string;
  /** Patience until the response begins, in milliseconds. */
  timeoutMs: number;
  /** Rest after a session that ended. */
  restMs: number;
}

export interface SideFollowerWorld {
  /** The name its writer has now. */
  present: () => string;
  /** A uniform integer in [0, bound). */
  below: (bound: number) => number;
  noted: (probe: SideProbe) => void;
}

/** A limit of records as it is asked for: the id says how much of it was shown by the response that it comes from. */
interface Limit {
  count: number;
  id: string | null;
  shownById: number;
}

export class SideFollower {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #options: SideFollowerOptions;
  readonly #history: SideHistory;
  readonly #name: string;
  readonly #world: SideFollowerWorld;
  #stream = '';
  /** The number of the next record. */
  #next = 0;
  #limit: Limit | null = null;
  /** Records that this session may show, and has shown. */
  #allowed = Infinity;
  #shown = 0;
  #server = 0;
  #session = new AbortController();
  #isOver = false;

  constructor(
    transport: Transport,
    clock: Clock,
    options: SideFollowerOptions,
    history: SideHistory,
    name: string,
    world: SideFollowerWorld,
  ) {
    this.#transport = transport;
    this.#clock = clock;
    this.#options = options;
    this.#history = history;
    this.#name = name;
    this.#world = world;
  }

  /** Follows until it is told to leave. Rejects with ProtocolViolation. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      await this.#follow();
      await this.#clock.sleep(this.#options.restMs);
    }
  }

  leave(): void {
    this.#isOver = true;
    this.#session.abort('the follower leaves');
  }

  /** One session, until it ends. */
  async #follow(): Promise<void> {
    const { below, present } = this.#world;
    if (present() !== this.#stream) this.#begin(present());
    if (this.#limit === null && below(3) === 0) {
      this.#limit = { count: 1 + below(LIMIT_RECORDS_MAX), id: null, shownById: 0 };
    }
    const silence = new Silence(this.#clock, this.#session, () => {});
    const since = this.#history.moment();
    try {
      silence.within(this.#options.timeoutMs);
      const events = await this.#open(since);
      if (events === null) return;
      silence.within(SILENCE_MS_MAX);
      let life: string | null = null;
      for await (const event of events) {
        silence.within(SILENCE_MS_MAX);
        if (event.name === 'error') return this.#ended(since, errorCode(parse(event.data)));
        if (event.name === '' && event.data === '[DONE]') return this.#done();
        const records = this.#takes(since, event);
        life = sameLife(life, records);
        if (records.length > 0) this.#world.noted(isLaterLife(life) ? 'side.followed-second-life' : 'side.followed');
        if (this.#isOver) return;
      }
    } catch (error) {
      if (!isNetworkError(error)) throw error;
      this.#server++;
    } finally {
      silence.over();
      this.#session.abort('the session is over');
      this.#session = new AbortController();
    }
  }

  #begin(stream: string): void {
    this.#stream = stream;
    this.#next = 0;
    this.#limit = null;
  }

  #told(since: Moment, outcome: SideOutcome): void {
    const from = { kind: 'seq-num', seqNum: this.#next } as const;
    const call = { kind: 'read', from, count: PAGE_RECORDS, follows: true } as const;
    this.#history.told(since, { stream: this.#stream, client: this.#name, call }, outcome);
  }

  /** Null when there is nothing to follow, or nobody who serves. */
  async #open(since: Moment): Promise<AsyncIterable<ServerSentEvent> | null> {
    const { addresses, basin } = this.#options;
    const { id = null, count = Infinity, shownById = 0 } = this.#limit ?? {};
    const headers = [BASE64, ...(id === null ? [] : [['last-event-id', id] as const])];
    this.#allowed = count - shownById;
    this.#shown = 0;
    // A limit alone would end the session at the tail.
    const limit = this.#limit === null ? '' : `&count=${count}&wait=${WAIT_S}`;
    const target = streamPath(this.#stream, `/records?seq_num=${this.#next}${limit}`);
    const address = addresses[this.#server % addresses.length] as string;
    const opened = await openEvents(this.#transport, address, { basin, target, headers, signal: this.#session.signal });
    if (opened.kind === 'open') {
      if (id !== null) this.#world.noted('side.limit-resumed');
      return opened.events;
    }
    const { status, body } = opened;
    if (status === 416) {
      const tail = position(field(body, 'tail'));
      this.#told(since, { kind: 'at-tail', tail });
      this.#begin(this.#stream);
    } else {
      this.#ended(since, errorCode(body));
    }
    return null;
  }

  /** The stream went, or whoever served it. */
  #ended(since: Moment, code: string): void {
    const gone: Record<string, SideOutcome> = {
      stream_not_found: { kind: 'absent' },
      stream_deletion_pending: { kind: 'pending' },
    };
    const outcome = gone[code];
    if (outcome === undefined) {
      if (!isNotServing(code)) throw new ProtocolViolation(`a read session was ended with ${code}`);
      this.#server++;
      return;
    }
    this.#told(since, outcome);
    if (this.#next > 0) this.#world.noted('side.follower-met-deletion');
    // The next life begins at 0, if it ever begins.
    this.#begin(this.#stream);
  }

  #done(): void {
    if (this.#shown !== this.#allowed) {
      throw new ProtocolViolation(`a session for ${this.#allowed} records came to a regular end after ${this.#shown}`);
    }
    this.#limit = null;
  }

  #takes(since: Moment, event: ServerSentEvent): readonly SideSeen[] {
    const data = parse(event.data);
    if (event.name === 'ping') {
      this.#told(since, { kind: 'tail', tail: position(field(data, 'tail')) });
      return [];
    }
    const outcome = pageOf(data);
    if (event.name !== 'batch' || outcome.kind !== 'page') throw new ProtocolViolation(`an event ${event.name}`);
    this.#told(since, outcome);
    const [first, last] = [outcome.records[0], outcome.records.at(-1)];
    if (first === undefined || last === undefined) throw new ProtocolViolation('a batch without records');
    if (first.seqNum < this.#next) throw new ProtocolViolation(`record ${first.seqNum} came behind ${this.#next - 1}`);
    this.#next = last.seqNum + 1;
    this.#shown += outcome.records.length;
    if (this.#shown > this.#allowed) {
      throw new ProtocolViolation(`a session for ${this.#allowed} records showed ${this.#shown}`);
    }
    if (this.#limit !== null) this.#limit = { count: this.#allowed, id: event.id, shownById: this.#shown };
    return outcome.records;
  }
}

/** Bodies of data name the life they were written in. */
function sameLife(life: string | null, records: readonly SideSeen[]): string | null {
  let known = life;
  for (const { content } of records) {
    const own = /\/life (\d+)\//.exec(content)?.[1];
    if (own === undefined) continue;
    if (known !== null && own !== known)
      throw new ProtocolViolation(`a session of life ${known} showed one of life ${own}`);
    known = own;
  }
  return known;
}

function isLaterLife(life: string | null): boolean {
  return life !== null && Number(life) > 1;
}
