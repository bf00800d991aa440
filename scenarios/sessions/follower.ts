/**
 * A client that follows the judged stream through read sessions (server-sent events), on another server whenever one
 * fails it, and holds every record from number 0 on.
 *
 * What any follower can check is checked at once: records come dense and once, a tail is where the last record left the
 * stream, a heartbeat comes only when everything is there, no server has less than another one showed. The first heartbeat
 * of a session is a read of the whole stream since the session was asked for, and goes into the judged history.
 */

import type { Clock } from '../../engine/index.ts';
import { ProtocolViolation, type SeenRecord } from '../client.ts';
import { Rests } from '../rests.ts';
import { errorCode, field, streamPath, type Transport } from '../wire.ts';
import { isNetworkError, isNotServing, openEvents, parse, Silence, SILENCE_MS_MAX } from './event-source.ts';
import type { ServerSentEvent } from './server-sent.ts';

export const FOLLOWER_PROBES = {
  'follower.resumed': 'a follower that had records went on in another session',
  'follower.resumed-by-id': 'a follower went on by the id of the last event it had',
  'follower.slow': 'a follower took its time over a batch before it took the next',
  'follower.crowd': 'thirty followers of one stream were shown one batch',
  'follower.silence': 'a follower heard nothing for too long and ended its session',
  'never.out-of-turn': 'a follower was shown a record out of turn, as one is whose buffer was overrun',
} as const;

export interface FollowerOptions {
  addresses: readonly string[];
  basin: string;
  stream: string;
  /** Patience until the response begins, in milliseconds. */
  timeoutMs: number;
  /** Rest after a session that ended; longer and longer while none begins. */
  restMs: number;
  /** Whether to go on by `last-event-id`, when there is one, or by number. */
  resumesById: () => boolean;
  /** How long it takes over an event before it takes the next, asked after each. */
  slowMs: () => number;
  /** Asked after every event: true lets the follower go. */
  isOver: () => boolean;
}

/** What a follower tells of what it saw. */
export interface FollowerEars {
  /** A session is asked for now. The answer is told how it went up to its first heartbeat. */
  asked(): (records: readonly SeenRecord[] | null) => void;
  heard(records: readonly SeenRecord[]): void;
  noted(probe: keyof typeof FOLLOWER_PROBES): void;
}

/** After healing a follower must get everything in bounded time. */
const REST_MS_MAX = 5_000;

export class Follower {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #options: FollowerOptions;
  readonly #ears: FollowerEars;
  readonly #rests: Rests;
  readonly #records: SeenRecord[] = [];
  #lastId: string | null = null;
  #server = 0;
  #session = new AbortController();

  constructor(transport: Transport, clock: Clock, options: FollowerOptions, ears: FollowerEars) {
    this.#transport = transport;
    this.#clock = clock;
    this.#options = options;
    this.#ears = ears;
    this.#rests = new Rests(options.restMs, REST_MS_MAX);
  }

  /** Number of records held. */
  get tail(): number {
    return this.#records.length;
  }

  /** Follows until it is over. Rejects with ProtocolViolation. */
  async run(): Promise<void> {
    while (!this.#options.isOver()) {
      await this.#follow();
      this.#server++;
      await this.#clock.sleep(this.#rests.nextMs());
    }
  }

  /** One session, until it ends. */
  async #follow(): Promise<void> {
    let concluded = this.#ears.asked();
    const conclude = (records: readonly SeenRecord[] | null) => {
      concluded(records);
      concluded = () => {};
    };
    const silence = new Silence(this.#clock, this.#session, () => this.#ears.noted('follower.silence'));
    try {
      silence.within(this.#options.timeoutMs);
      const events = await this.#open();
      if (events === null) return;
      this.#rests.answered();
      silence.within(SILENCE_MS_MAX);
      if (this.#records.length > 0) this.#ears.noted('follower.resumed');
      for await (const event of events) {
        silence.within(SILENCE_MS_MAX);
        if (event.name === 'error') return;
        if (this.#takes(event) === 'caught-up') conclude(this.#records);
        if (this.#options.isOver()) return;
        const slowMs = this.#options.slowMs();
        if (slowMs === 0) continue;
        if (event.name === 'batch') this.#ears.noted('follower.slow');
        await this.#clock.sleep(slowMs);
      }
    } catch (error) {
      if (!isNetworkError(error)) throw error;
    } finally {
      silence.over();
      conclude(null);
      this.#session.abort('the session is over');
      this.#session = new AbortController();
    }
  }

  /** Null when the server does not serve. */
  async #open(): Promise<AsyncIterable<ServerSentEvent> | null> {
    const { addresses, basin, stream } = this.#options;
    const headers: [string, string][] = [];
    if (this.#lastId !== null && this.#options.resumesById()) {
      headers.push(['last-event-id', this.#lastId]);
      this.#ears.noted('follower.resumed-by-id');
    }
    const target = streamPath(stream, `/records?seq_num=${this.#records.length}`);
    const address = addresses[this.#server % addresses.length] as string;
    const request = { basin, target, headers, signal: this.#session.signal };
    const opened = await openEvents(this.#transport, address, request);
    if (opened.kind === 'open') return opened.events;
    const { status, body } = opened;
    if (status === 416)
      throw new ProtocolViolation(`a server has less than the ${this.tail} records another one showed`);
    const code = errorCode(body);
    if (isNotServing(code)) return null;
    throw new ProtocolViolation(`a read session was answered with ${status} ${code}`);
  }

  #takes(event: ServerSentEvent): 'caught-up' | 'went-on' {
    if (event.name === '' && event.data === '[DONE]') {
      throw new ProtocolViolation('a read session without limits came to a regular end');
    }
    const data = parse(event.data);
    if (event.name === 'batch') this.#takeBatch(data);
    else if (event.name !== 'ping') throw new ProtocolViolation(`an event of the name \`${event.name}\``);
    if (event.id !== null) this.#lastId = event.id;
    const tail = field(data, 'tail');
    if (tail === undefined && event.name === 'batch') return 'went-on';
    if (field(tail, 'seq_num') !== this.#records.length) {
      const told = String(field(tail, 'seq_num'));
      throw new ProtocolViolation(
        `with ${this.tail} records shown the tail is ${told}: a follower was told that it has everything, and the tail says otherwise`,
      );
    }
    return event.name === 'ping' ? 'caught-up' : 'went-on';
  }

  #takeBatch(data: unknown): void {
    const items = field(data, 'records');
    if (!Array.isArray(items) || items.length === 0) throw new ProtocolViolation('a batch without records');
    const records = (items as unknown[]).map(seen);
    for (const record of records) {
      const last = this.#records.at(-1);
      if (record.seqNum !== this.#records.length) {
        this.#ears.noted('never.out-of-turn');
        throw new ProtocolViolation(`a follower of ${this.#records.length} records was shown record ${record.seqNum}`);
      }
      if (last !== undefined && record.timestamp < last.timestamp) {
        throw new ProtocolViolation(`timestamps run backwards at ${record.seqNum}`);
      }
      this.#records.push(record);
    }
    this.#ears.heard(records);
  }
}

function seen(item: unknown): SeenRecord {
  const [seqNum, timestamp, body = ''] = ['seq_num', 'timestamp', 'body'].map((name) => field(item, name));
  if (typeof seqNum !== 'number' || typeof timestamp !== 'number' || typeof body !== 'string') {
    throw new ProtocolViolation(`a record without position or text: ${JSON.stringify(item)}`);
  }
  return { seqNum, timestamp, body };
}
