/**
 * A reader of one side stream: goes through it page by page with a cursor that knows nothing of deletions, looks up old
 * records by number and by timestamp, and asks for the tail.
 */

import type { SideClient } from './client.ts';
import type { ReadFrom, SideOutcome } from './history.ts';
import { atPace } from './pace.ts';
import type { SidePlan } from './plan.ts';
import type { SideName, SideWorld } from './writer.ts';

const PAGE_RECORDS = [3, 1, 10, 100];
/** Of a long poll; the API counts in seconds. */
const POLL_S = 1;

export class SideReader {
  readonly #client: SideClient;
  readonly #name: () => SideName;
  readonly #plan: SidePlan;
  readonly #world: SideWorld;
  #stream = '';
  #cursor = 0;
  /** Its limit ended the last read. */
  #wasCut = false;
  /** Timestamps it has seen. */
  #timestamps: number[] = [];

  constructor(client: SideClient, name: () => SideName, plan: SidePlan, world: SideWorld) {
    this.#client = client;
    this.#name = name;
    this.#plan = plan;
    this.#world = world;
  }

  run(): Promise<void> {
    return atPace(this.#plan, this.#world, () => this.#operation());
  }

  async #operation(): Promise<boolean> {
    const { stream } = this.#name();
    if (stream !== this.#stream) {
      this.#stream = stream;
      this.#cursor = 0;
      this.#timestamps = [];
    }
    const outcome = await this.#ask(stream);
    this.#heard(outcome);
    return outcome.kind !== 'refused' && outcome.kind !== 'unknown';
  }

  async #ask(stream: string): Promise<SideOutcome> {
    const { below } = this.#world;
    const count = PAGE_RECORDS[below(PAGE_RECORDS.length)] as number;
    switch (below(7)) {
      case 6:
        return this.#poll(stream);
      case 0:
        return this.#client.checkTail(stream);
      case 1:
        return this.#client.read(stream, { kind: 'seq-num', seqNum: below(this.#cursor + 1) }, count);
      case 2:
        return this.#byTimestamp(stream, count);
      default:
        return this.#onward(stream, count);
    }
  }

  /** Waits where it is, which is at the tail as often as not. */
  async #poll(stream: string): Promise<SideOutcome> {
    const outcome = await this.#client.poll(stream, this.#cursor, POLL_S);
    if (outcome.kind === 'nothing') this.#world.noted('side.poll-empty');
    if (outcome.kind === 'page') this.#world.noted('side.poll-answered');
    this.#wasCut = false;
    this.#passed(outcome);
    return outcome;
  }

  #passed(outcome: SideOutcome): void {
    const last = outcome.kind === 'page' ? outcome.records.at(-1) : undefined;
    if (last !== undefined) this.#cursor = last.seqNum + 1;
  }

  async #onward(stream: string, count: number): Promise<SideOutcome> {
    const from = this.#cursor;
    const outcome = await this.#client.read(stream, { kind: 'seq-num', seqNum: from }, count);
    if (outcome.kind === 'page') {
      if (this.#wasCut && outcome.records[0]?.seqNum === from) this.#world.noted('side.read-went-on');
      this.#wasCut = outcome.records.length === count;
    }
    this.#passed(outcome);
    if (outcome.kind !== 'at-tail') return outcome;
    if (outcome.tail.seqNum < this.#cursor) this.#world.noted('side.cursor-outlived');
    if (outcome.tail.seqNum < this.#cursor || this.#world.below(2) === 0) this.#cursor = 0;
    return outcome;
  }

  /** A time that some record has, or one beside it. */
  async #byTimestamp(stream: string, count: number): Promise<SideOutcome> {
    const { below, noted } = this.#world;
    const known = this.#timestamps.length === 0 ? 0 : (this.#timestamps[below(this.#timestamps.length)] as number);
    const from: ReadFrom = { kind: 'timestamp', timestamp: Math.max(0, known + below(3) - 1) };
    const outcome = await this.#client.read(stream, from, count);
    if (outcome.kind === 'page' && (outcome.records[0]?.seqNum ?? 0) > 0) noted('side.read-by-timestamp');
    return outcome;
  }

  #heard(outcome: SideOutcome): void {
    if (outcome.kind !== 'page') return;
    this.#timestamps.push(...outcome.records.map(({ timestamp }) => timestamp));
    if (this.#timestamps.length > 200) this.#timestamps = this.#timestamps.slice(-100);
  }
}
