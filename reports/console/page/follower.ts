/**
 * Follows one stream until it is stopped: reads from a start, and whenever the connection ends goes on after the last
 * record it saw, with longer pauses the longer the server is away. No record is shown twice, none is left out.
 */

import { eventsOf } from './events.ts';
import {
  type KeyedTarget,
  openEvents,
  type Position,
  type ReadBatch,
  RequestFailed,
  type StreamRecord,
} from './server.ts';

/** The last so many records, or all from a number. */
export type Start = { tailOffset: number } | { seqNum: number };

export interface FollowerView {
  onRecords(records: readonly StreamRecord[]): void;
  onTail(tail: Position): void;
  /** Null when it follows; else why it does not right now. */
  onTrouble(why: string | null): void;
  /** It has stopped for good, because the server said no. */
  onRefused(why: RequestFailed): void;
}

const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 10_000;

/** Server answers that another attempt can not change. */
const FINAL_STATUSES = new Set([400, 401, 403, 404, 409, 422]);

export class Follower {
  readonly #target: KeyedTarget;
  readonly #view: FollowerView;
  readonly #stopping = new AbortController();
  #start: Start;
  #pauseMs = PAUSE_MS_MIN;

  /** Begins at once. */
  constructor(target: KeyedTarget, start: Start, view: FollowerView) {
    this.#target = target;
    this.#start = start;
    this.#view = view;
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#readOnce(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof RequestFailed && (error.isAboutKey || FINAL_STATUSES.has(error.status))) {
          return this.#view.onRefused(error);
        }
        this.#view.onTrouble(error instanceof Error ? error.message : String(error));
      }
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
      this.#pauseMs = Math.min(PAUSE_MS_MAX, this.#pauseMs * 2);
    }
  }

  async #readOnce(signal: AbortSignal): Promise<void> {
    const start = this.#start;
    const from = 'seqNum' in start ? `seq_num=${start.seqNum}` : `tail_offset=${start.tailOffset}`;
    for await (const { name, data } of eventsOf(await openEvents(this.#target, `${from}&clamp=true`, signal))) {
      if (signal.aborted) return;
      this.#pauseMs = PAUSE_MS_MIN;
      if (name === 'batch' || name === 'ping') this.#take(JSON.parse(data) as Partial<ReadBatch>);
      if (name === 'error') throw new RequestFailed((JSON.parse(data) as { message?: string }).message ?? data, 200);
    }
    throw new Error('the server ended the connection');
  }

  #take({ records = [], tail }: Partial<ReadBatch>): void {
    this.#view.onTrouble(null);
    const last = records.at(-1);
    if (last !== undefined) {
      this.#start = { seqNum: last.seq_num + 1 };
      this.#view.onRecords(records);
    }
    if (tail === undefined) return;
    // From here on a number is known even if no record ever came.
    if (!('seqNum' in this.#start)) this.#start = { seqNum: tail.seq_num };
    this.#view.onTail(tail);
  }
}
