/**
 * A client that keeps its own account of what it appended to a stream that nobody else uses, and read of it, and holds the
 * server's figures to it: what is acknowledged is counted, what certainly was not is not, no read is counted that nobody asked
 * for, and no sum that was told ever falls.
 *
 * Its basin may end and be made again: an account is of one life, and all that goes from one to the next is what may still
 * come: requests that were never answered.
 */

import { ProtocolViolation } from '../client.ts';
import { errorCode, type Exchange, field, NO_EFFECT, streamPath, type Wire } from '../wire.ts';
import { Figures, type ServerClocks, type Sums } from './figures.ts';

export const STREAM = 'metered';
const TRIM_METERED_BYTES = 22;
const BASE64: [string, string][] = [['s2-format', 'base64']];

/** Operations and their metered bytes. */
interface Account {
  count: number;
  bytes: number;
}

export class UsageClient {
  readonly #wire: Wire;
  readonly #below: (bound: number) => number;
  readonly #figures: Figures;
  readonly #deliveredTwice: () => number;
  /** Appends of this life that were acknowledged. */
  #durable: Account = { count: 0, bytes: 0 };
  /** Appends that may have taken effect, or may still, in this life or another. */
  readonly #doubtful: Account = { count: 0, bytes: 0 };
  /** Reads of this life, with what they returned. */
  #read: Account = { count: 0, bytes: 0 };
  /** Reads that were never answered, with all they may have returned, in this life or another. */
  readonly #unread: Account = { count: 0, bytes: 0 };
  /** The largest sum that was ever told of a series of this life. */
  #told: Sums = { appends: 0, appendedBytes: 0, reads: 0, readBytes: 0 };
  #tail = 0;

  /** `deliveredTwice`: how many requests that change nothing the network has given to a server once more than they were sent. */
  constructor(
    wire: Wire,
    basin: string,
    below: (bound: number) => number,
    clocks: ServerClocks,
    deliveredTwice: () => number,
  ) {
    this.#wire = wire;
    this.#deliveredTwice = deliveredTwice;
    this.#below = below;
    this.#figures = new Figures(wire, basin, clocks);
  }

  /** The basin was deleted and is made again, and so is its stream. */
  beginAnew(): void {
    this.#durable = { count: 0, bytes: 0 };
    this.#read = { count: 0, bytes: 0 };
    this.#told = { appends: 0, appendedBytes: 0, reads: 0, readBytes: 0 };
    this.#tail = 0;
  }

  async append(bodyBytes: number): Promise<void> {
    const body = Buffer.alloc(bodyBytes, 'metered ').toString('base64');
    await this.#append([{ body }], 8 + bodyBytes);
  }

  /** Trims to somewhere in what is known to be there. */
  async trim(): Promise<void> {
    const point = Buffer.alloc(8);
    point.writeUInt32BE(this.#below(this.#tail + 2), 4);
    const body = point.toString('base64');
    await this.#append([{ headers: [['', Buffer.from('trim').toString('base64')]], body }], TRIM_METERED_BYTES);
  }

  async #append(records: unknown, bytes: number): Promise<void> {
    this.#wire.roam();
    const exchange = await this.#wire.exchange('POST', streamPath(STREAM, '/records'), { records }, BASE64);
    const account = this.#accountFor(exchange);
    if (account === null) return;
    add(account, bytes);
    if (exchange.kind === 'answer') this.#tail = Number(field(field(exchange.body, 'tail'), 'seq_num') ?? this.#tail);
  }

  /** Null: it certainly has no effect. */
  #accountFor(exchange: Exchange): Account | null {
    if (exchange.kind === 'none') return exchange.sent ? this.#doubtful : null;
    if (exchange.status === 200) return this.#durable;
    return NO_EFFECT.has(errorCode(exchange.body)) ? null : this.#doubtful;
  }

  /** Reads from `seqNum` on. The records, none at the tail; null when an owner did not answer. */
  async read(seqNum = 0): Promise<unknown[] | null> {
    const target = streamPath(STREAM, `/records?seq_num=${seqNum}`);
    const exchange = await this.#wire.exchange('GET', target, null, BASE64);
    const isRead = exchange.kind === 'answer' && exchange.status === 200;
    const records = isRead ? (field(exchange.body, 'records') as unknown[]) : [];
    // A request that is refused counts, too.
    if (exchange.kind === 'answer') add(this.#read, bytesOf(records));
    else if (exchange.sent) add(this.#unread, this.#durable.bytes + this.#doubtful.bytes);
    return isRead || (exchange.kind === 'answer' && exchange.status === 416) ? records : null;
  }

  /** Compares what the server says was appended and read, which is returned. Null when it did not say. Throws ProtocolViolation. */
  async compare(): Promise<Sums | null> {
    const [durable, doubtful, read, unread] = [{ ...this.#durable }, this.#doubtful, this.#read, this.#unread];
    const sums = await this.#figures.sums();
    if (sums === null) return null;
    for (const [name, told] of Object.entries(this.#told)) {
      const sum = sums[name as keyof Sums];
      if (sum < told) throw new ProtocolViolation(`${name} fell from ${told} to ${sum}`);
    }
    this.#told = sums;
    within('appends', sums.appends, durable.count, durable.count + doubtful.count);
    within('appended bytes', sums.appendedBytes, durable.bytes, durable.bytes + doubtful.bytes);
    // How many have to be there is known where nobody dies (`reads-counted.ts`).
    const again = this.#deliveredTwice();
    within('reads', sums.reads, 0, read.count + unread.count + again);
    within(
      'bytes that were read',
      sums.readBytes,
      0,
      read.bytes + unread.bytes + again * (durable.bytes + doubtful.bytes),
    );
    return sums;
  }

  /** Whether the server says that it stores what a read of everything returns. Null when it did not say both. */
  async storesWhatIsThere(): Promise<boolean | null> {
    this.#wire.roam();
    const there = await this.#readAll();
    const stored = await this.#figures.storedNow(STREAM);
    return there === null || stored === null ? null : there === stored;
  }

  /** Metered bytes of all records that are there. */
  async #readAll(): Promise<number | null> {
    let bytes = 0;
    for (let next = 0; ;) {
      const records = await this.read(next);
      if (records === null) return null;
      // At the tail, or below it, and nothing is left of what was there.
      if (records.length === 0) return bytes;
      bytes += bytesOf(records);
      next = Number(field(records.at(-1), 'seq_num')) + 1;
    }
  }
}

function add(account: Account, bytes: number): void {
  account.count++;
  account.bytes += bytes;
}

function within(what: string, told: number, least: number, most: number): void {
  if (told >= least && told <= most) return;
  throw new ProtocolViolation(
    `the server counts ${told} ${what}, which are ${least} to ${most} by what their client was told`,
  );
}

/** Metered, of records in base64 (API contract §2.3). */
export function bytesOf(records: readonly unknown[]): number {
  return records.reduce<number>((sum, record) => sum + meteredBytes(record), 0);
}

function meteredBytes(record: unknown): number {
  const length = (text: unknown) => (typeof text === 'string' ? Buffer.from(text, 'base64').length : 0);
  const headers = (field(record, 'headers') as [string, string][] | undefined) ?? [];
  const inHeaders = headers.reduce((sum, [name, value]) => sum + 2 + length(name) + length(value), 0);
  return 8 + inHeaders + length(field(record, 'body'));
}
