/** Histories of the control plane made by hand: one operation after the other, or open while others happen. */

import { type Cipher, NO_BASIN_WISH, NO_WISH } from '../config.ts';
import {
  type Append,
  type BasinCall,
  type ControlAnswer,
  type ControlCall,
  ControlHistory,
  type ControlOperation,
  type ControlOutcome,
  type ListCall,
  type StreamCall,
} from '../history.ts';

export const B = 'control-1-a';
export const S = 's1';

/** When a basin or stream was made, and when another one of its name. */
export const THEN = '2026-01-01T00:00:00.000Z';
export const LATER = '2026-01-01T00:00:09.000Z';

export class Story {
  readonly #history: ControlHistory;
  #ms = 0;

  constructor() {
    this.#history = new ControlHistory(() => this.#ms++);
  }

  get operations(): readonly ControlOperation[] {
    return this.#history.operations;
  }

  does(call: ControlCall, outcome: ControlOutcome): this {
    this.#history.returned(this.#history.called({ group: 1, client: 'c', call }), outcome);
    return this;
  }

  /** `meanwhile` happens between its call and its return. */
  whileOpen(call: ControlCall, outcome: ControlOutcome, meanwhile: (story: this) => unknown): this {
    const operation = this.#history.called({ group: 1, client: 'd', call });
    meanwhile(this);
    this.#history.returned(operation, outcome);
    return this;
  }
}

// --- calls ---------------------------------------------------------------------------------------------------

export const createBasin = (token: string | null = 't', said: Partial<typeof NO_BASIN_WISH> = {}): BasinCall => ({
  kind: 'create-basin',
  basin: B,
  token,
  wish: { ...NO_BASIN_WISH, ...said },
  location: null,
});
export const ensureBasin = (said: Partial<typeof NO_BASIN_WISH> = {}): BasinCall => ({
  kind: 'ensure-basin',
  basin: B,
  wish: { ...NO_BASIN_WISH, ...said },
  location: null,
});
export const patchBasin = (patch: Extract<BasinCall, { kind: 'reconfigure-basin' }>['patch']): BasinCall => ({
  kind: 'reconfigure-basin',
  basin: B,
  patch,
});
export const getBasin: BasinCall = { kind: 'get-basin', basin: B };
export const deleteBasin: BasinCall = { kind: 'delete-basin', basin: B };

export const createStream = (token: string | null = 't', said: Partial<typeof NO_WISH> = {}): StreamCall => ({
  kind: 'create-stream',
  basin: B,
  stream: S,
  token,
  wish: { ...NO_WISH, ...said },
});
export const ensureStream = (said: Partial<typeof NO_WISH> = {}): StreamCall => ({
  kind: 'ensure-stream',
  basin: B,
  stream: S,
  wish: { ...NO_WISH, ...said },
});
export const patchStream = (patch: Extract<StreamCall, { kind: 'reconfigure-stream' }>['patch']): StreamCall => ({
  kind: 'reconfigure-stream',
  basin: B,
  stream: S,
  patch,
});
export const getStream: StreamCall = { kind: 'get-stream', basin: B, stream: S };
export const deleteStream: StreamCall = { kind: 'delete-stream', basin: B, stream: S };
export const read: StreamCall = { kind: 'read', basin: B, stream: S, hasKey: false };
export const readWithKey: StreamCall = { ...read, hasKey: true };
export const checkTail: StreamCall = { kind: 'check-tail', basin: B, stream: S };
export const append = (body: string, conditions: Partial<Append> = {}): StreamCall => ({
  kind: 'append',
  basin: B,
  stream: S,
  record: { kind: 'data', body },
  timestamp: null,
  fencingToken: null,
  matchSeqNum: null,
  hasKey: false,
  ...conditions,
});
export const listBasins = (limit = 10, startAfter = ''): ListCall => ({
  kind: 'list-basins',
  prefix: 'control-1-',
  startAfter,
  limit,
});
export const listStreams = (limit = 10): ListCall => ({
  kind: 'list-streams',
  basin: B,
  prefix: '',
  startAfter: '',
  limit,
});

// --- answers -------------------------------------------------------------------------------------------------

export const unknown: ControlOutcome = { kind: 'unknown', code: 'timeout' };
export const refused: ControlOutcome = { kind: 'refused', code: 'hot_server' };
export const deleted: ControlAnswer = { kind: 'deleted' };
export const basinIs = (result: 'created' | 'updated' | 'noop', createdAt = THEN): ControlAnswer => ({
  kind: 'provisioned',
  result,
  shown: { name: B, createdAt, deletedAt: null, cipher: null },
});
export const streamIs = (
  result: 'created' | 'updated' | 'noop',
  createdAt = THEN,
  cipher: Cipher | null = null,
): ControlAnswer => ({
  kind: 'provisioned',
  result,
  shown: { name: S, createdAt, deletedAt: null, cipher },
});
export const configIs = (config: Extract<ControlAnswer, { kind: 'config' }>['config']): ControlAnswer => ({
  kind: 'config',
  config,
});
export const appended = (seqNum: number, timestamp: number): ControlAnswer => ({ kind: 'appended', seqNum, timestamp });
export const tailIs = (seqNum: number, timestamp: number): ControlAnswer => ({ kind: 'tail', seqNum, timestamp });
export const page = (...records: readonly (readonly [string, number])[]): ControlAnswer => ({
  kind: 'page',
  records: records.map(([content, timestamp], seqNum) => ({ seqNum, timestamp, content })),
});
export const listed = (hasMore: boolean, ...rows: readonly (readonly [string, string | null])[]): ControlAnswer => ({
  kind: 'listed',
  rows: rows.map(([name, deletedAt]) => ({ name, createdAt: THEN, deletedAt, cipher: null })),
  hasMore,
});
