/** The engine as the specification sees it: commands in, answers out, with what only the engine knows (ids) left out. */

import type { Engine } from '../../engine/index.ts';
import type { AppendCommand, Command, ReadCommand } from './commands.ts';
import type { Answer } from './spec.ts';

/** Rounds of the event loop in which a deletion in the background has to come to its end. */
const ROUNDS_MAX = 50;

export interface Subject {
  engine: Engine;
  /** Lets time pass, and everything that is due happen. */
  wait: (ms: number) => Promise<void>;
  /** Everything that can happen without time passing. */
  settle: () => Promise<void>;
}

/** Anything but a restart. */
export async function ask(
  { engine, wait, settle }: Subject,
  command: Exclude<Command, { do: 'restart' }>,
): Promise<Answer> {
  switch (command.do) {
    case 'wait':
      await wait(command.ms);
      return null;
    case 'flush':
      await engine.flush();
      return null;
    case 'create-basin':
      return shown(await engine.createBasin(command.basin, command.token, command.config));
    case 'ensure-basin':
      return shown(await engine.ensureBasin(command.basin, command.config));
    case 'reconfigure-basin':
      return shown(await engine.reconfigureBasin(command.basin, command.patch));
    case 'basin-config':
      return shown(await engine.basinConfig(command.basin));
    case 'list-basins':
      return shown(await engine.listBasins(command.query));
    case 'delete-basin': {
      const outcome = await engine.deleteBasin(command.basin);
      await emptied(engine, command.basin, settle);
      return shown(outcome);
    }
    case 'create-stream':
      return shown(await engine.createStream(command.basin, command.stream, command.token, command.wish));
    case 'ensure-stream':
      return shown(await engine.ensureStream(command.basin, command.stream, command.wish));
    case 'reconfigure-stream':
      return shown(await engine.reconfigureStream(command.basin, command.stream, command.patch));
    case 'stream-config':
      return shown(await engine.streamConfig(command.basin, command.stream));
    case 'list-streams':
      return shown(await engine.listStreams(command.basin, command.query));
    case 'delete-stream':
      return shown(await engine.deleteStream(command.basin, command.stream));
    case 'check-tail':
      return shown(await engine.checkTail(command.basin, command.stream));
    case 'append':
      return shown(await engine.append(command.basin, command.stream, appendInput(command)));
    case 'read':
      return shown(await engine.read(command.basin, command.stream, readInput(command)));
  }
}

/** The specification lets streams of a deleted basin go at once: the engine is given the time it takes. */
async function emptied(engine: Engine, basin: string, settle: () => Promise<void>): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const listed = await engine.listStreams(basin, { prefix: '', startAfter: '', limit: 1 });
    if (listed.kind !== 'page' || listed.page.rows.length === 0) return;
    await settle();
  }
}

function appendInput({ records, matchSeqNum, fencingToken }: AppendCommand) {
  const asBytes = records.map(({ timestamp, headers, body }) => ({
    timestamp,
    headers: headers.map(([name, value]) => ({ name: bytesOf(name), value: bytesOf(value) })),
    body: bytesOf(body),
  }));
  return { records: asBytes, matchSeqNum, fencingToken };
}

function readInput({ start, clamp, count, bytes, until }: ReadCommand) {
  const { kind, seqNum, offset, timestamp } = start;
  const starts = {
    'seq-num': { kind: 'seq-num', seqNum },
    'tail-offset': { kind: 'tail-offset', offset },
    timestamp: { kind: 'timestamp', timestamp },
  } as const;
  return { start: starts[kind], clamp, count, meteredBytes: bytes, untilTimestamp: until, waitMs: null };
}

/** An outcome in the words of the specification. */
function shown(outcome: { kind: string } & Record<string, unknown>): Answer {
  const { row, page, records, ...rest } = outcome as {
    kind: string;
    row?: Row;
    page?: { rows: readonly Row[]; hasMore: boolean };
    records?: readonly EngineRecord[];
  };
  if (row !== undefined) return { ...rest, row: shownRow(row) };
  if (page !== undefined) return { ...rest, page: { ...page, rows: page.rows.map(shownRow) } };
  return records === undefined ? rest : { kind: rest.kind, records: records.map(shownRecord) };
}

interface Row {
  name: string;
  createdAtMs: number;
  deletedAtMs: number | null;
}

interface EngineRecord {
  seqNum: number;
  timestamp: number;
  headers: readonly { name: Uint8Array; value: Uint8Array }[];
  body: Uint8Array;
}

function shownRow({ name, createdAtMs, deletedAtMs }: Row): Row {
  return { name, createdAtMs, deletedAtMs };
}

function shownRecord({ seqNum, timestamp, headers, body }: EngineRecord) {
  return {
    ...{ seqNum, timestamp, body: textOf(body) },
    headers: headers.map(({ name, value }) => [textOf(name), textOf(value)]),
  };
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
