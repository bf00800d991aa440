/** What can be asked of a server in the specification: one object per operation. Texts of records are Latin-1: a char a byte. */

import type { BasinConfig, BasinPatch, ListQuery, StreamPatch, StreamWish } from '../../engine/index.ts';

export interface AppendCommand {
  do: 'append';
  basin: string;
  stream: string;
  records: readonly { timestamp: number | null; headers: readonly (readonly [string, string])[]; body: string }[];
  matchSeqNum: number | null;
  fencingToken: string | null;
}

export interface ReadCommand {
  do: 'read';
  basin: string;
  stream: string;
  /** Of the three numbers, `kind` says which one counts. */
  start: { kind: 'seq-num' | 'tail-offset' | 'timestamp'; seqNum: number; offset: number; timestamp: number };
  clamp: boolean;
  count: number | null;
  bytes: number | null;
  until: number | null;
}

export type Command =
  | { do: 'create-basin'; basin: string; token: string | null; config: BasinConfig }
  | { do: 'ensure-basin'; basin: string; config: BasinConfig }
  | { do: 'reconfigure-basin'; basin: string; patch: BasinPatch }
  | { do: 'basin-config'; basin: string }
  | { do: 'list-basins'; query: ListQuery }
  | { do: 'delete-basin'; basin: string }
  | { do: 'create-stream'; basin: string; stream: string; token: string | null; wish: StreamWish }
  | { do: 'ensure-stream'; basin: string; stream: string; wish: StreamWish }
  | { do: 'reconfigure-stream'; basin: string; stream: string; patch: StreamPatch }
  | { do: 'stream-config'; basin: string; stream: string }
  | { do: 'list-streams'; basin: string; query: ListQuery }
  | { do: 'delete-stream'; basin: string; stream: string }
  | { do: 'check-tail'; basin: string; stream: string }
  | AppendCommand
  | ReadCommand
  /** Time passes. */
  | { do: 'wait'; ms: number }
  /** Everything in memory goes to segments and a checkpoint: nobody may notice. */
  | { do: 'flush' }
  /** Another server takes over: nobody may notice, but that tombstones are to be seen for as long again. */
  | { do: 'restart' };
