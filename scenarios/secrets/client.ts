/**
 * A client that writes an encrypted stream with two keys and keeps account of which record it sealed with which. A record
 * opens with its own key and no other, without a key nothing does, and what comes is what was sent.
 *
 * Every operation ends in bounded time; what no server may answer is a ProtocolViolation.
 */

import { ProtocolViolation } from '../client.ts';
import { errorCode, type Exchange, field, NO_EFFECT, streamPath, type Wire } from '../wire.ts';

export const STREAM = 'secrets';
/** In every plaintext, and nowhere else in a run. */
export const MARK = 'plain words of a secret';

const TRIES = 20;
/** Makes the second creation one that can be repeated. */
const ANEW = ['s2-request-token', 'secrets-anew'] as const;

/** Which of the two keys; null is none. */
export type KeyName = 0 | 1 | null;

export interface SecretsWorld {
  /** Two, in base64. */
  keys: readonly [string, string];
  noted: (probe: 'secret.other-key' | 'secret.no-key' | 'secret.keys-mixed') => void;
  /** Of every record it writes; null: whenever it arrives. */
  timestamp: number | null;
}

interface Record {
  seqNum: number;
  body: string;
}

export class SecretsClient {
  readonly #wire: Wire;
  readonly #world: SecretsWorld;
  /** Every body that was ever sent, and the key it was sent with. */
  readonly #sent = new Map<string, 0 | 1>();
  /** Bodies of the records that were acknowledged, by number. */
  readonly #known = new Map<number, string>();

  constructor(wire: Wire, world: SecretsWorld) {
    this.#wire = wire;
    this.#world = world;
  }

  /** True when it was acknowledged. */
  async append(key: 0 | 1, lengths: readonly number[]): Promise<boolean> {
    this.#wire.roam();
    // As long for the hundredth record as for the first, so that who moves records about finds others of their length.
    const number = String(this.#sent.size + 1).padStart(4, '0');
    const time = this.#world.timestamp === null ? {} : { timestamp: this.#world.timestamp };
    // One more for each record, so that no two bodies are equal.
    const records = lengths.map((length, i) => ({ ...time, body: `${MARK} ${number}${'.'.repeat(length)}/${i}` }));
    for (const { body } of records) this.#sent.set(body, key);
    const exchange = await this.#wire.exchange('POST', streamPath(STREAM, '/records'), { records }, this.#headers(key));
    if (exchange.kind === 'none' || exchange.status !== 200) return false;
    const start = Number(field(field(exchange.body, 'start'), 'seq_num'));
    for (const [i, { body }] of records.entries()) this.#known.set(start + i, body);
    return true;
  }

  /**
   * The stream is deleted and created again: numbers begin anew. Nobody knows when what was sent before comes, so it may be in
   * this life as well. False when it is in doubt which life there is.
   */
  async beginAnew(sleep: () => Promise<void>): Promise<boolean> {
    for (let tries = 1; ; tries++, await sleep()) {
      const exchange = await this.#wire.exchange('DELETE', streamPath(STREAM, ''), null);
      if (exchange.kind === 'answer' && exchange.status === 202) break;
      // A deletion that may come later would be one of the stream that is about to be created.
      const hadNone = exchange.kind === 'none' ? !exchange.sent : NO_EFFECT.has(errorCode(exchange.body));
      if (!hadNone || tries === TRIES) return false;
    }
    this.#known.clear();
    const config = { retention_policy: { infinite: {} } };
    for (let tries = 1; tries <= TRIES; tries++, await sleep()) {
      const exchange = await this.#wire.exchange('POST', '/v1/streams', { stream: STREAM, config }, [ANEW]);
      if (exchange.kind === 'answer' && exchange.status === 201) return true;
    }
    return false;
  }

  /** An append that has no key is refused, and certainly has no effect: its body is never known. */
  async appendWithoutKey(): Promise<void> {
    this.#wire.roam();
    const body = { records: [{ body: 'without a key' }] };
    const exchange = await this.#wire.exchange('POST', streamPath(STREAM, '/records'), body);
    this.#refusedForItsKey('an append without a key', exchange);
  }

  /** Everything from the beginning, with one key: all of it, or the error that one of the records does not open. */
  async read(key: KeyName): Promise<void> {
    this.#wire.roam();
    const exchange = await this.#get('?seq_num=0', key);
    if (key === null) return this.#refusedForItsKey('a read without a key', exchange);
    if (exchange.kind === 'none') return;
    if (exchange.status === 200) for (const record of recordsIn(exchange.body)) this.#shown(record, key);
    const isWrongKey = errorCode(exchange.body) === 'decryption_failed';
    if (isWrongKey && ![...this.#sent.values()].some((sealed) => sealed !== key)) {
      throw new ProtocolViolation('a read with the only key there is was told that it is the wrong one');
    }
  }

  /**
   * Record by record, to the tail: each opens with one of the two keys and not with the other. False when a server did not
   * answer as asked for.
   */
  async opensAll(): Promise<boolean> {
    const met = new Set<KeyName>();
    for (let seqNum = 0; ; seqNum++) {
      const answers: Exchange[] = [];
      for (const key of [0, 1] as const) {
        const exchange = await this.#get(`?seq_num=${seqNum}&count=1`, key);
        if (exchange.kind === 'none') return false;
        const isWrongKey = exchange.status === 400 && errorCode(exchange.body) === 'decryption_failed';
        if (![200, 416].includes(exchange.status) && !isWrongKey) return false;
        answers.push(exchange);
      }
      const opened = answers.map((answer) => answer.kind === 'answer' && answer.status === 200);
      if (answers.every((answer) => answer.kind === 'answer' && answer.status === 416)) {
        if (met.size === 2) this.#world.noted('secret.keys-mixed');
        return this.#reachedTail(seqNum);
      }
      if (opened[0] === opened[1]) {
        const what = opened[0] === true ? 'both keys' : 'neither key';
        throw new ProtocolViolation(`record ${seqNum} of an encrypted stream opens with ${what}`);
      }
      this.#world.noted('secret.other-key');
      const key = opened[0] === true ? 0 : 1;
      met.add(key);
      for (const record of recordsIn((answers[key] as Exchange & { kind: 'answer' }).body)) this.#shown(record, key);
    }
  }

  #reachedTail(tail: number): true {
    const missing = [...this.#known.keys()].find((seqNum) => seqNum >= tail);
    if (missing === undefined) return true;
    throw new ProtocolViolation(`record ${missing} of an encrypted stream was acknowledged, and the tail is ${tail}`);
  }

  #shown({ seqNum, body }: Record, key: 0 | 1): void {
    const known = this.#known.get(seqNum);
    if (known !== undefined && known !== body) {
      throw new ProtocolViolation(`record ${seqNum} of an encrypted stream reads as "${body}", not as "${known}"`);
    }
    if (this.#sent.get(body) === key) return;
    throw new ProtocolViolation(
      `record ${seqNum} of an encrypted stream, "${body}", was not sealed with the key it opens with`,
    );
  }

  /** Servers may have other reasons to refuse, but none to serve. */
  #refusedForItsKey(what: string, exchange: Exchange): void {
    if (exchange.kind === 'none') return;
    if (exchange.status === 200) throw new ProtocolViolation(`${what} of an encrypted stream was served`);
    if (errorCode(exchange.body) === 'bad_header') this.#world.noted('secret.no-key');
  }

  #get(query: string, key: KeyName): Promise<Exchange> {
    return this.#wire.exchange('GET', streamPath(STREAM, `/records${query}`), null, this.#headers(key));
  }

  #headers(key: KeyName): [string, string][] {
    return key === null ? [] : [['s2-encryption-key', this.#world.keys[key]]];
  }
}

function recordsIn(body: unknown): Record[] {
  const records = (field(body, 'records') ?? []) as unknown[];
  return records.map((record) => ({
    seqNum: Number(field(record, 'seq_num')),
    body: (field(record, 'body') as string | undefined) ?? '',
  }));
}
