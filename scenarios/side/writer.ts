/**
 * The writer of one side stream: creates it, appends, trims forward and backward, deletes it and creates it again, mostly
 * one operation after the other. It is the only writer, so few operations are ever open at once and the judge can be
 * complete. When too much about a name is in doubt, it is left alone and the writer goes on under another name.
 */

import { ProtocolViolation } from '../client.ts';
import type { SideAppendSession } from './append-session.ts';
import type { SideClient } from './client.ts';
import type { SideConfig, SideOutcome, SideRecord } from './history.ts';
import { atPace, type PaceWorld } from './pace.ts';
import type { SidePlan } from './plan.ts';
import type { SideProbe } from './probes.ts';

export interface SideWorld extends PaceWorld {
  /** The client's wall clock. */
  wallMs: () => number;
  noted: (probe: SideProbe) => void;
}

/** A name, shared by its writer and its reader; every life of it has the same configuration. */
export interface SideName extends SideConfig {
  stream: string;
}

/** Operations of unknown outcome under one name; each may still happen and doubles what is possible. */
const IN_DOUBT_MAX = 3;
const CLAIMS = ['nothing', 'anything', 'the past'] as const;
const EVERYTHING = 2 ** 40;
const HOUR_MS = 3_600_000;
/** Large enough for segments of its own where those are small. */
const LARGE_BATCH_RECORDS = 12;
const CREATE_TRIES = 8;
const CREATE_REST_MS = 400;
/** What an append session is told whose stream is gone. */
const GONE: ReadonlySet<string> = new Set(['stream_not_found', 'stream_deletion_pending']);

export class SideWriter {
  readonly #client: SideClient;
  readonly #openSession: (stream: string) => SideAppendSession;
  readonly #base: string;
  readonly #plan: SidePlan;
  readonly #world: SideWorld;
  /** Every name it ever had, the present one last. */
  readonly names: SideName[] = [];
  /** What timestamps the records of this name come with. */
  #claims: (typeof CLAIMS)[number] = 'nothing';
  #exists = false;
  #wasDeleted = false;
  /** Bodies say in which life they were written; two lives may share a number, one life never has two. */
  #life = 0;
  #tail = 0;
  #trimmedTo = 0;
  #inDoubt = 0;
  /** Of appends in doubt that can only happen at one number: that number. */
  #inDoubtAt: number[] = [];
  #bodies = 0;
  /** A creation of unknown outcome that is sent again with the same token. */
  #token: string | null = null;

  constructor(
    client: SideClient,
    openSession: (stream: string) => SideAppendSession,
    base: string,
    plan: SidePlan,
    world: SideWorld,
  ) {
    this.#client = client;
    this.#openSession = openSession;
    this.#base = base;
    this.#plan = plan;
    this.#world = world;
    this.#takeName();
  }

  get name(): SideName {
    return this.names.at(-1) as SideName;
  }

  run(): Promise<void> {
    return atPace(this.#plan, this.#world, () => {
      if (this.#inDoubt + this.#inDoubtAt.length > IN_DOUBT_MAX) {
        this.#world.noted('side.retired');
        this.#takeName();
      }
      return this.#operation();
    });
  }

  #takeName(): void {
    const { below } = this.#world;
    const retentionAgeMs = below(3) === 2 ? this.#plan.retentionAgeMs : null;
    const emptyAgeMs = below(3) === 2 ? this.#plan.emptyAgeMs : null;
    this.#claims = CLAIMS[below(CLAIMS.length)] as (typeof CLAIMS)[number];
    this.names.push({ stream: `${this.#base}.${this.names.length + 1}`, retentionAgeMs, emptyAgeMs });
    this.#exists = false;
    this.#wasDeleted = false;
    this.#tail = 0;
    this.#trimmedTo = 0;
    this.#inDoubt = 0;
    this.#inDoubtAt = [];
    this.#token = null;
  }

  /** False when the stream did not answer. */
  async #operation(): Promise<boolean> {
    if (!this.#exists) return this.#create();
    const { emptyAgeMs } = this.name;
    if (emptyAgeMs !== null && this.#world.below(4) === 0) return this.#emptyAndAppend(emptyAgeMs);
    switch (this.#world.below(15)) {
      case 14:
        return this.#outliveInSession();
      case 0:
        return this.#append([...this.#data(), this.#forwardTrim(), ...this.#data()]);
      case 1:
      case 2:
        return this.#append([this.#forwardTrim()]);
      case 3:
        return this.#append([this.#trimTo(this.#world.below(Math.min(this.#trimmedTo, this.#tail) + 1))]);
      case 4:
        return this.#append(this.#data(LARGE_BATCH_RECORDS));
      case 5:
        return this.#checkTail();
      case 6:
        return this.#delete();
      case 7:
        return this.#appendMeetsDeletion();
      default:
        return this.#append(this.#data());
    }
  }

  // --- life ------------------------------------------------------------------------------------------------

  async #create(): Promise<boolean> {
    const { stream } = this.name;
    const token = this.#token ?? `${stream}/${this.#bodies++}`;
    this.#token = null;
    const outcome = await this.#client.create(stream, token, this.name);
    switch (outcome.kind) {
      case 'created':
        if (this.#wasDeleted) this.#world.noted('side.recreated');
        this.#life++;
        break;
      case 'noop':
        this.#life++;
        break;
      // The life before, perhaps: a deletion in doubt did not happen.
      case 'exists':
        break;
      default:
        if (outcome.kind === 'unknown' && this.#world.below(2) === 0) this.#token = token;
        return this.#answered(outcome);
    }
    this.#exists = true;
    this.#tail = 0;
    this.#trimmedTo = 0;
    return true;
  }

  async #delete(): Promise<boolean> {
    const outcome = await this.#client.delete(this.name.stream);
    return this.#deleted(outcome);
  }

  #deleted(outcome: SideOutcome): boolean {
    if (outcome.kind === 'unknown') this.#world.noted('side.deletion-in-doubt');
    if (outcome.kind === 'deleted') this.#wasDeleted = true;
    if (outcome.kind !== 'refused') this.#exists = false;
    return this.#answered(outcome);
  }

  /** An append session stays open while its stream goes and comes again: of what it sends then nothing may arrive. */
  async #outliveInSession(): Promise<boolean> {
    const session = this.#openSession(this.name.stream);
    try {
      const first = this.#bodiesOfLife();
      const before = await session.append(first);
      if (before.kind !== 'appended') return this.#answered(before);
      this.#sawTail(before.end.seqNum);
      if (!(await this.#delete()) || !(await this.#createPatiently())) return false;
      const after = await session.append(this.#bodiesOfLife());
      if (after.kind === 'appended')
        throw new ProtocolViolation('an append session reached the next life of its stream');
      if (after.kind === 'refused' && GONE.has(after.code)) this.#world.noted('side.session-outlived');
      return this.#answered(after);
    } finally {
      session.close();
    }
  }

  /** A name may be taken for a while by what is being deleted. */
  async #createPatiently(): Promise<boolean> {
    for (let tries = 0; tries < CREATE_TRIES; tries++) {
      if (!(await this.#create())) return false;
      if (this.#exists) return true;
      await this.#world.sleep(CREATE_REST_MS);
    }
    return false;
  }

  #bodiesOfLife(): string[] {
    return this.#data().flatMap((record) => (record.kind === 'data' ? [record.body] : []));
  }

  async #appendMeetsDeletion(): Promise<boolean> {
    const { stream } = this.name;
    const [records, guard] = [this.#data(), this.#guard()];
    const [appended, deleted] = await Promise.all([
      this.#client.append(stream, records, guard),
      this.#client.delete(stream),
    ]);
    if (deleted.kind === 'deleted' && ['appended', 'absent', 'pending'].includes(appended.kind)) {
      this.#world.noted('side.append-met-deletion');
    }
    this.#appended(records, guard, appended);
    return this.#deleted(deleted);
  }

  // --- records ---------------------------------------------------------------------------------------------

  async #append(records: readonly SideRecord[]): Promise<boolean> {
    const guard = this.#guard();
    return this.#appended(records, guard, await this.#client.append(this.name.stream, records, guard));
  }

  #appended(records: readonly SideRecord[], guard: number | null, outcome: SideOutcome): boolean {
    const trims = records.flatMap((record) => (record.kind === 'trim' ? [record.point] : []));
    if (outcome.kind === 'appended') {
      this.#world.noted('side.written');
      this.#sawTail(outcome.end.seqNum);
      const point = Math.min(Math.max(0, ...trims), this.#tail);
      if (trims.length > 0 && point < this.#trimmedTo) this.#world.noted('side.trim-backwards');
      this.#trimmedTo = Math.max(this.#trimmedTo, point);
    }
    if (outcome.kind === 'mismatch') this.#sawTail(outcome.actual);
    const isLost = outcome.kind === 'unknown' || (outcome.kind === 'refused' && outcome.code === 'hot_server');
    if (trims.length > 0 && isLost) this.#world.noted('side.trim-in-doubt');
    if (outcome.kind !== 'unknown' || guard === null) return this.#answered(outcome);
    this.#inDoubtAt.push(guard);
    return false;
  }

  /** Leaves the stream empty for about as long as it takes to be deleted for it, then writes again. */
  async #emptyAndAppend(emptyAgeMs: number): Promise<boolean> {
    if (!(await this.#append([this.#trimTo(EVERYTHING)]))) return false;
    const stays = this.#world.below(2) === 0;
    if (stays && !(await this.#keepEmpty())) return false;
    await this.#world.sleep(emptyAgeMs + this.#world.below(emptyAgeMs));
    const served = await this.#append(this.#data());
    if (served) this.#world.noted(stays && this.#exists ? 'side.empty-kept' : 'side.append-after-empty');
    return served;
  }

  async #keepEmpty(): Promise<boolean> {
    return this.#answered(await this.#client.keepEmpty(this.name.stream));
  }

  async #checkTail(): Promise<boolean> {
    const outcome = await this.#client.checkTail(this.name.stream);
    if (outcome.kind === 'tail') this.#sawTail(outcome.tail.seqNum);
    // Nothing it could have changed is in doubt.
    return this.#answered(outcome.kind === 'unknown' ? { ...outcome, kind: 'refused' } : outcome);
  }

  /** An append that could only happen below can not happen any more, in this life. */
  #sawTail(tail: number): void {
    this.#tail = tail;
    this.#inDoubtAt = this.#inDoubtAt.filter((seqNum) => seqNum >= tail);
  }

  #answered(outcome: SideOutcome): boolean {
    if (outcome.kind === 'unknown') this.#inDoubt++;
    if (outcome.kind === 'absent' || outcome.kind === 'pending') this.#exists = false;
    return outcome.kind !== 'unknown' && outcome.kind !== 'refused';
  }

  /** Two of three appends say where they belong. */
  #guard(): number | null {
    return this.#world.below(3) === 0 ? null : this.#tail;
  }

  #data(recordsMax = this.#plan.batchRecordsMax): SideRecord[] {
    const { below } = this.#world;
    return Array.from({ length: 1 + below(recordsMax) }, () => {
      const padding = '.'.repeat(below(this.#plan.bodyBytesMax + 1));
      const body = `${this.name.stream}/life ${this.#life}/${this.#bodies++}${padding}`;
      return { kind: 'data', body, timestamp: this.#timestamp() };
    });
  }

  /** What clients claim is never what retention goes by: some claim nothing, some a little of everything, some the past. */
  #timestamp(): number | null {
    const { below, wallMs } = this.#world;
    switch (this.#claims) {
      case 'nothing':
        return null;
      case 'anything':
        return [null, wallMs() - below(2_000), wallMs() + HOUR_MS][below(3)] ?? null;
      case 'the past':
        return wallMs() - HOUR_MS + below(2_000);
    }
  }

  /** Somewhere between nothing and everything, now and then beyond the tail. */
  #forwardTrim(): SideRecord {
    const { below } = this.#world;
    const point = this.#trimmedTo + below(Math.max(1, this.#tail - this.#trimmedTo) + 2);
    return this.#trimTo(below(8) === 0 ? EVERYTHING : point);
  }

  #trimTo(point: number): SideRecord {
    return { kind: 'trim', point, timestamp: this.#timestamp() };
  }
}
