/** The engine as the specification sees it: commands in, answers out, with what only the engine knows (ids) left out. */

import { type Engine, EncryptionKey } from '../../engine/index.ts';
import {
  type AppendSessionCommand,
  type Batch,
  type Command,
  type FollowCommand,
  MOMENT_MS,
  type ReadCommand,
  type ReadRange,
  takesAMoment,
} from './commands.ts';
import type { Answer } from './spec.ts';

/** Rounds of the event loop in which a deletion in the background has to come to its end. */
const ROUNDS_MAX = 50;
/** Waiting so long may bring records to their age, and only what is in segments is looked at for that. */
const AGES_MS_MIN = 86_400_000;

export interface Subject {
  engine: Engine;
  /** Lets time pass at once, and everything that is due happen at its end. */
  wait: (ms: number) => Promise<void>;
  /** Everything that can happen without time passing. */
  settle: () => Promise<void>;
}

/** Anything but a restart. */
export async function ask(subject: Subject, command: Exclude<Command, { do: 'restart' }>): Promise<Answer> {
  const answer = await askAtOnce(subject, command);
  if (takesAMoment(command)) await passMoment(subject);
  return answer;
}

/** What became due without time passing is done. */
export async function passMoment({ engine, wait }: Subject): Promise<void> {
  await engine.flush();
  await wait(MOMENT_MS);
}

async function askAtOnce(subject: Subject, command: Exclude<Command, { do: 'restart' }>): Promise<Answer> {
  const { engine, wait, settle } = subject;
  switch (command.do) {
    case 'wait':
      if (command.ms >= AGES_MS_MIN) await engine.flush();
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
      return shown(await engine.append(command.basin, command.stream, appendInput(command), keyOf(command)));
    case 'append-session':
      return appendThroughSession(engine, command);
    case 'read':
      return readPatiently(subject, command);
    case 'follow':
      return followed(subject, command);
  }
}

/** Where the tail is when an acknowledgement is released is left to the server, within bounds. */
async function appendThroughSession(engine: Engine, command: AppendSessionCommand): Promise<Answer> {
  const { basin, stream, batches } = command;
  const opened = await engine.appendSession(basin, stream, keyOf(command));
  if (opened.kind !== 'open') return shown({ ...opened });
  const { session } = opened;
  const sent = (async () => {
    for (const batch of batches) if (!(await session.submit(appendInput(batch)))) break;
    session.close();
  })();
  const answers: Answer[] = [];
  for await (const outcome of session.outcomes()) {
    if (outcome.kind !== 'durable') answers.push(shown(outcome));
    else {
      const { start, end, tail } = outcome.ack;
      if (tail.seqNum < end.seqNum) throw new Error(`the tail ${tail.seqNum} is before the end ${end.seqNum}`);
      answers.push({ kind: 'durable', ack: { start, end, tail: end } });
    }
  }
  await sent;
  return { kind: 'open', answers };
}

async function readPatiently({ engine, wait, settle }: Subject, command: ReadCommand): Promise<Answer> {
  let isOver = false;
  const { basin, stream } = command;
  const reading = engine.read(basin, stream, readInput(command), undefined, keyOf(command));
  const answer = reading.finally(() => (isOver = true));
  await settle();
  if (!isOver && command.waitMs !== null) await wait(command.waitMs);
  return shown(await answer);
}

async function followed({ engine, wait, settle }: Subject, command: FollowCommand): Promise<Answer> {
  const { basin, stream, appended, waitMs } = command;
  const left = new AbortController();
  const opened = await engine.readSession(basin, stream, readInput(command), left.signal, keyOf(command));
  if (opened.kind !== 'open') return shown(opened);
  const events: Answer[] = [];
  let isOver = false;
  const listening = (async () => {
    for await (const event of opened.events) events.push(shownEvent(event));
    isOver = true;
  })();
  await settle();
  const appends: Answer[] = [];
  for (const batch of appended) {
    appends.push(shown(await engine.append(basin, stream, appendInput(batch), keyOf({ hasKey: true }))));
    await settle();
  }
  if (!isOver && waitMs !== null) await wait(waitMs);
  if (waitMs === null) left.abort();
  await listening;
  return { kind: 'open', events, appends };
}

/** The specification lets streams of a deleted basin go at once: the engine is given the time it takes. */
async function emptied(engine: Engine, basin: string, settle: () => Promise<void>): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const listed = await engine.listStreams(basin, { prefix: '', startAfter: '', limit: 1 });
    if (listed.kind !== 'page' || listed.page.rows.length === 0) return;
    await settle();
  }
}

/** 32 bytes of zero; each request has its own. */
function keyOf({ hasKey }: { hasKey: boolean }): EncryptionKey | null {
  return hasKey ? new EncryptionKey(`${'A'.repeat(43)}=`) : null;
}

function appendInput({ records, matchSeqNum, fencingToken }: Batch) {
  const asBytes = records.map(({ timestamp, headers, body }) => ({
    timestamp,
    headers: headers.map(([name, value]) => ({ name: bytesOf(name), value: bytesOf(value) })),
    body: bytesOf(body),
  }));
  return { records: asBytes, matchSeqNum, fencingToken };
}

function readInput({ start, clamp, count, bytes, until, waitMs }: ReadRange) {
  const { kind, seqNum, offset, timestamp } = start;
  const starts = {
    'seq-num': { kind: 'seq-num', seqNum },
    'tail-offset': { kind: 'tail-offset', offset },
    timestamp: { kind: 'timestamp', timestamp },
  } as const;
  return { start: starts[kind], clamp, count, meteredBytes: bytes, untilTimestamp: until, waitMs };
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

function shownEvent(event: { kind: string } & Record<string, unknown>): Answer {
  const { kind, tail, records, reason } = event as {
    kind: string;
    tail?: unknown;
    reason?: unknown;
    records?: readonly EngineRecord[];
  };
  if (records !== undefined) return { kind, records: records.map(shownRecord), tail };
  return tail === undefined ? { kind, reason } : { kind, tail };
}

interface Row {
  name: string;
  createdAtMs: number;
  deletedAtMs: number | null;
  cipher?: unknown;
}

interface EngineRecord {
  seqNum: number;
  timestamp: number;
  headers: readonly { name: Uint8Array; value: Uint8Array }[];
  body: Uint8Array;
}

function shownRow({ name, createdAtMs, deletedAtMs, cipher }: Row): Row {
  return { name, createdAtMs, deletedAtMs, ...(cipher !== undefined && { cipher }) };
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
