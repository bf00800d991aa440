/**
 * A client that keeps its own account of what it appended to a stream that nobody else writes to, and holds the server's
 * figures to it: what is acknowledged is counted, what certainly was not is not, and no sum that was told ever falls.
 */

import { ProtocolViolation } from '../client.ts';
import { errorCode, type Exchange, field, NO_EFFECT, streamPath, type Wire } from '../wire.ts';

export const STREAM = 'metered';
/** Figures are asked for from here on: before any run begins. */
const RANGE_S = 86_400;
/** What the clocks of client and server may differ by, in seconds. */
const AHEAD_S = 120;
const TRIM_METERED_BYTES = 22;

export interface UsageClientWorld {
  below: (bound: number) => number;
  wallMs: () => number;
}

/** Appends and their metered bytes. */
interface Account {
  appends: number;
  bytes: number;
}

export class UsageClient {
  readonly #wire: Wire;
  readonly #basin: string;
  readonly #world: UsageClientWorld;
  readonly #startS: number;
  readonly #durable: Account = { appends: 0, bytes: 0 };
  /** May have taken effect, or may still. */
  readonly #doubtful: Account = { appends: 0, bytes: 0 };
  /** The largest sum that was ever told of a series. */
  readonly #told = new Map<string, number>();
  /** Reads that were asked for. */
  #reads = 0;
  #tail = 0;

  constructor(wire: Wire, basin: string, world: UsageClientWorld) {
    this.#wire = wire;
    this.#basin = basin;
    this.#world = world;
    this.#startS = Math.floor(world.wallMs() / 1000) - RANGE_S;
  }

  async append(bodyBytes: number): Promise<void> {
    const body = Buffer.alloc(bodyBytes, 'metered ').toString('base64');
    await this.#append([{ body }], 8 + bodyBytes);
  }

  /** Trims to somewhere in what is known to be there. */
  async trim(): Promise<void> {
    const point = Buffer.alloc(8);
    point.writeUInt32BE(this.#world.below(this.#tail + 2), 4);
    const body = point.toString('base64');
    await this.#append([{ headers: [['', Buffer.from('trim').toString('base64')]], body }], TRIM_METERED_BYTES);
  }

  async #append(records: unknown, bytes: number): Promise<void> {
    this.#wire.roam();
    const format: [string, string][] = [['s2-format', 'base64']];
    const exchange = await this.#wire.exchange('POST', streamPath(STREAM, '/records'), { records }, format);
    const account = this.#accountFor(exchange);
    if (account === null) return;
    account.appends++;
    account.bytes += bytes;
    if (exchange.kind === 'answer') this.#tail = Number(field(field(exchange.body, 'tail'), 'seq_num') ?? this.#tail);
  }

  /** Null: it certainly has no effect. */
  #accountFor(exchange: Exchange): Account | null {
    if (exchange.kind === 'none') return exchange.sent ? this.#doubtful : null;
    if (exchange.status === 200) return this.#durable;
    return NO_EFFECT.has(errorCode(exchange.body)) ? null : this.#doubtful;
  }

  /** Compares what the server says was appended and read. Throws ProtocolViolation. False when it did not say. */
  async compare(): Promise<boolean> {
    const [durable, doubtful] = [{ ...this.#durable }, this.#doubtful];
    const appends = await this.#sum('append-ops', 'express');
    const bytes = await this.#sum('append-throughput', 'append-throughput');
    const reads = await this.#sum('read-ops', 'unary');
    if (appends === null || bytes === null || reads === null) return false;
    within('appends', appends, durable.appends, durable.appends + doubtful.appends);
    within('appended bytes', bytes, durable.bytes, durable.bytes + doubtful.bytes);
    within('reads', reads, 0, this.#reads);
    return true;
  }

  /** Whether the server says that it stores what a read of everything returns. Null when it did not say both. */
  async storesWhatIsThere(): Promise<boolean | null> {
    const there = await this.#readAll();
    const values = await this.#values(`/v1/metrics/${this.#basin}/${STREAM}?set=storage`);
    if (there === null || values === null) return null;
    const points = field(field(values[0], 'gauge'), 'values') as [number, number][] | undefined;
    return points?.at(-1)?.[1] === there;
  }

  /** Metered bytes of all records that are there. */
  async #readAll(): Promise<number | null> {
    let bytes = 0;
    for (let next = 0; ;) {
      this.#reads++;
      const target = streamPath(STREAM, `/records?seq_num=${next}`);
      const exchange = await this.#wire.exchange('GET', target, null, [['s2-format', 'base64']]);
      if (exchange.kind === 'none') return null;
      if (exchange.status === 416) return bytes;
      if (exchange.status !== 200) return null;
      const records = field(exchange.body, 'records') as unknown[];
      // Below the tail, and nothing is left of it.
      if (records.length === 0) return bytes;
      for (const record of records) {
        bytes += meteredBytes(record);
        next = Number(field(record, 'seq_num')) + 1;
      }
    }
  }

  /** The sum of a series over the whole run. */
  async #sum(set: string, series: string): Promise<number | null> {
    const values = await this.#values(`/v1/metrics/${this.#basin}?set=${set}&interval=hour`);
    if (values === null) return null;
    const found = values.map((value) => field(value, 'accumulation')).find((value) => field(value, 'name') === series);
    if (found === undefined) throw new ProtocolViolation(`the set ${set} has no series ${series}`);
    const sum = (field(found, 'values') as [number, number][]).reduce((total, [, value]) => total + value, 0);
    const told = this.#told.get(series) ?? 0;
    if (sum < told) throw new ProtocolViolation(`${series} fell from ${told} to ${sum}`);
    this.#told.set(series, sum);
    return sum;
  }

  async #values(target: string): Promise<unknown[] | null> {
    this.#wire.roam();
    const endS = Math.floor(this.#world.wallMs() / 1000) + AHEAD_S;
    const exchange = await this.#wire.exchange('GET', `${target}&start=${this.#startS}&end=${endS}`, null);
    if (exchange.kind === 'none' || exchange.status >= 500) return null;
    const values = field(exchange.body, 'values');
    if (exchange.status === 200 && Array.isArray(values)) return values as unknown[];
    throw new ProtocolViolation(`${target} was answered with ${exchange.status} ${JSON.stringify(exchange.body)}`);
  }
}

function within(what: string, told: number, least: number, most: number): void {
  if (told >= least && told <= most) return;
  throw new ProtocolViolation(`the server counts ${told} ${what}, which are ${least} to ${most}`);
}

/** Of a record in base64 (API contract §2.3). */
function meteredBytes(record: unknown): number {
  const length = (text: unknown) => (typeof text === 'string' ? Buffer.from(text, 'base64').length : 0);
  const headers = (field(record, 'headers') as [string, string][] | undefined) ?? [];
  const inHeaders = headers.reduce((sum, [name, value]) => sum + 2 + length(name) + length(value), 0);
  return 8 + inHeaders + length(field(record, 'body'));
}
