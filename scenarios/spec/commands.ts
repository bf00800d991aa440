/** What can be asked of a server in the specification: one object per operation. Texts of records are Latin-1: a char a byte. */

import type { BasinConfig, BasinPatch, ListQuery, StreamPatch, StreamWish } from '../../engine/index.ts';

export interface Batch {
  records: readonly { timestamp: number | null; headers: readonly (readonly [string, string])[]; body: string }[];
  matchSeqNum: number | null;
  fencingToken: string | null;
}

export interface ReadRange {
  /** Of the three numbers, `kind` says which one counts. */
  start: { kind: 'seq-num' | 'tail-offset' | 'timestamp'; seqNum: number; offset: number; timestamp: number };
  clamp: boolean;
  count: number | null;
  bytes: number | null;
  until: number | null;
  waitMs: number | null;
}

interface OnStream {
  basin: string;
  stream: string;
}

/** With the one key there is, which streams with a cipher need. */
interface WithKey extends OnStream {
  hasKey: boolean;
}

type AppendCommand = WithKey & { do: 'append' } & Batch;
/** All batches are sent before the first is answered, then the request ends. */
export type AppendSessionCommand = WithKey & { do: 'append-session'; batches: readonly Batch[] };
export type ReadCommand = WithKey & { do: 'read' } & ReadRange;
/** A read session. Once it has everything, somebody else appends; then nobody does until its wait is over, or it is left. */
export type FollowCommand = WithKey & { do: 'follow'; appended: readonly Batch[] } & ReadRange;

export type RecordCommand =
  | (OnStream & { do: 'check-tail' })
  | AppendCommand
  | AppendSessionCommand
  | ReadCommand
  | FollowCommand;

export type Command =
  | { do: 'create-basin'; basin: string; token: string | null; config: BasinConfig }
  | { do: 'ensure-basin'; basin: string; config: BasinConfig }
  | { do: 'reconfigure-basin'; basin: string; patch: BasinPatch }
  | { do: 'basin-config'; basin: string }
  | { do: 'list-basins'; query: ListQuery }
  | { do: 'delete-basin'; basin: string }
  | (OnStream & { do: 'create-stream'; token: string | null; wish: StreamWish })
  | (OnStream & { do: 'ensure-stream'; wish: StreamWish })
  | (OnStream & { do: 'reconfigure-stream'; patch: StreamPatch })
  | (OnStream & { do: 'stream-config' })
  | { do: 'list-streams'; basin: string; query: ListQuery }
  | (OnStream & { do: 'delete-stream' })
  | RecordCommand
  /** Time passes. */
  | { do: 'wait'; ms: number }
  /** Everything in memory goes to segments and a checkpoint: nobody may notice. */
  | { do: 'flush' }
  /** Another server takes over: nobody may notice, but that ages and tombstones may last longer. */
  | { do: 'restart' };

/** Time that passes with what can make something due at once, so that it is seen when the next command comes. */
export const MOMENT_MS = 200;

export function takesAMoment(command: Command): boolean {
  return command.do === 'ensure-stream' || command.do === 'reconfigure-stream' || command.do === 'restart';
}
