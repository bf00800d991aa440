/**
 * The executable specification: what a server of S2 answers when nothing fails and one asks after the other. Pure: a world
 * and a command make a world and an answer. It is the contract (s2 API §1.9-§1.11, §3, §4, §5) read literally, with the
 * outcomes' names of `engine/core/outcome.ts`.
 *
 * Left out: what only the API knows (bodies, headers, locations: `engine/api`), and numbers above 2^53.
 */

import type { ListQuery } from '../../engine/index.ts';
import { afterRestart, afterWaiting, TOMBSTONE_MS } from './ages.ts';
import { type Command, MOMENT_MS, type RecordCommand, takesAMoment } from './commands.ts';
import { firstWord, patchedBasin, patchedStream, sameWords } from './configs.ts';
import { append, appendAll, follow, read } from './records.ts';
import { type Basin, commandOf, type Stream, tailOf, withBasin, withStream, type World } from './world.ts';

export type Answer = Record<string, unknown> | null;

const rejected = (reason: object): Answer => ({ kind: 'rejected', reason });
const PENDING = rejected({ kind: 'stream-deletion-pending' });

export function step(world: World, command: Command): [World, Answer] {
  const [after, answer] = stepAtOnce(world, command);
  return [takesAMoment(command) ? afterWaiting(after, MOMENT_MS) : after, answer];
}

function stepAtOnce(world: World, command: Command): [World, Answer] {
  switch (command.do) {
    case 'wait':
      return [afterWaiting(world, command.ms), null];
    case 'flush':
      return [world, null];
    case 'restart':
      return [afterRestart(world), null];
    case 'list-basins':
      return [world, { kind: 'page', page: page(world.basins, command.query) }];
    case 'create-basin':
    case 'ensure-basin':
    case 'reconfigure-basin':
    case 'basin-config':
    case 'delete-basin':
      return stepBasin(world, command, world.basins.get(command.basin));
    default:
      return stepInBasin(world, command);
  }
}

// --- basins ------------------------------------------------------------------------------------------------

type BasinCommand = Extract<
  Command,
  { do: 'create-basin' | 'ensure-basin' | 'reconfigure-basin' | 'basin-config' | 'delete-basin' }
>;

function stepBasin(world: World, command: BasinCommand, basin: Basin | undefined): [World, Answer] {
  const { basin: name } = command;
  const told = (answer: Answer): [World, Answer] => [world, answer];
  const put = (after: Basin): World => withBasin(world, name, after);
  const missing = told(rejected({ kind: 'basin-not-found', basin: name }));
  const pending = told(rejected({ kind: 'basin-deletion-pending', basin: name }));

  if (command.do === 'create-basin' || command.do === 'ensure-basin') {
    const token = command.do === 'create-basin' ? command.token : null;
    const { config } = command;
    if (basin === undefined) {
      const created = { ...born(world, token), requested: config, config, streams: new Map() };
      return [put(created), { kind: 'created', row: shown(name, created) }];
    }
    if (basin.deletedAtMs !== null) return pending;
    const row = shown(name, basin);
    if (command.do === 'create-basin') return told({ kind: repeats(basin, token, config) ? 'noop' : 'exists', row });
    return sameWords(basin.config, config)
      ? told({ kind: 'noop', row })
      : [put({ ...basin, config }), { kind: 'updated', row }];
  }
  if (basin === undefined) return missing;
  if (command.do === 'basin-config') return told({ kind: 'config', config: basin.config });
  if (command.do === 'delete-basin') {
    // The streams of a deleted basin go at once.
    return basin.deletedAtMs === null
      ? [put({ ...doomed(world, basin), streams: new Map() }), { kind: 'deleted' }]
      : told({ kind: 'deleted' });
  }
  if (basin.deletedAtMs !== null) return pending;
  const config = patchedBasin(basin.config, command.patch);
  return [put({ ...basin, config }), { kind: 'config', config }];
}

// --- streams -----------------------------------------------------------------------------------------------

type StreamCommand = Exclude<Command, BasinCommand | { do: 'list-basins' | 'wait' | 'flush' | 'restart' }>;

function stepInBasin(world: World, command: StreamCommand): [World, Answer] {
  const basin = world.basins.get(command.basin);
  const told = (answer: Answer): [World, Answer] => [world, answer];
  const noBasin = told(rejected({ kind: 'basin-not-found', basin: command.basin }));
  const goes = told(rejected({ kind: 'basin-deletion-pending', basin: command.basin }));

  if (command.do === 'list-streams') {
    return basin === undefined ? noBasin : told({ kind: 'page', page: page(basin.streams, command.query) });
  }
  const { stream: name } = command;
  const stream = basin?.streams.get(name);
  const missing = told(rejected({ kind: 'stream-not-found', basin: command.basin, stream: name }));
  const put = (after: Stream): World => withStream(world, command.basin, name, after);

  switch (command.do) {
    case 'create-stream':
    case 'ensure-stream': {
      if (basin === undefined) return noBasin;
      if (basin.deletedAtMs !== null) return goes;
      const token = command.do === 'create-stream' ? command.token : null;
      const config = firstWord(command.wish, basin.config.defaultStreamConfig);
      if (stream === undefined) {
        const created = newStream(world, basin, token, command.wish, config);
        return [put(created), { kind: 'created', row: shown(name, created) }];
      }
      if (stream.deletedAtMs !== null) return told(PENDING);
      const row = shown(name, stream);
      if (command.do === 'create-stream')
        return told({ kind: repeats(stream, token, command.wish) ? 'noop' : 'exists', row });
      return sameWords(stream.config, config)
        ? told({ kind: 'noop', row })
        : [put(reconfigured(world, stream, config)), { kind: 'updated', row }];
    }
    case 'reconfigure-stream': {
      if (basin === undefined) return noBasin;
      if (basin.deletedAtMs !== null) return goes;
      if (stream === undefined) return missing;
      if (stream.deletedAtMs !== null) return told(PENDING);
      const config = patchedStream(stream.config, command.patch, basin.config.defaultStreamConfig);
      return [put(reconfigured(world, stream, config)), { kind: 'config', config }];
    }
    case 'stream-config':
      if (stream === undefined) return missing;
      return told(stream.deletedAtMs === null ? { kind: 'config', config: stream.config } : PENDING);
    case 'delete-stream':
      if (stream === undefined) return missing;
      return stream.deletedAtMs === null
        ? [put(doomed(world, stream)), { kind: 'deleted' }]
        : told({ kind: 'deleted' });
    default:
      return stepRecords(world, command, basin, stream);
  }
}

/** A stream that is not there is created if the basin does that, also when the command then fails. */
function stepRecords(
  world: World,
  command: RecordCommand,
  basin: Basin | undefined,
  stream: Stream | undefined,
): [World, Answer] {
  const { basin: home, stream: name } = command;
  if (basin === undefined) return [world, rejected({ kind: 'basin-not-found', basin: home })];
  if (stream === undefined) {
    const { createStreamOnAppend, createStreamOnRead, defaultStreamConfig } = basin.config;
    const appends = command.do === 'append' || command.do === 'append-session';
    if (!(appends ? createStreamOnAppend : createStreamOnRead)) {
      return [world, rejected({ kind: 'stream-not-found', basin: home, stream: name })];
    }
    if (basin.deletedAtMs !== null) return [world, rejected({ kind: 'basin-deletion-pending', basin: home })];
    const config = firstWord(defaultStreamConfig);
    const created = newStream(world, basin, null, defaultStreamConfig, config);
    return stepRecords(withStream(world, home, name, created), command, basin, created);
  }
  if (stream.deletedAtMs !== null) return [world, PENDING];
  if (stream.cipher !== null && needsKey(command) && !command.hasKey) {
    return [world, rejected({ kind: 'key-missing', cipher: stream.cipher })];
  }
  const put = (after: Stream): World => {
    const lastArrivalMs = after.records.length > stream.records.length ? world.nowMs : world.lastArrivalMs;
    return withStream({ ...world, lastArrivalMs }, home, name, after);
  };
  switch (command.do) {
    case 'check-tail':
      return [world, { kind: 'tail', tail: tailOf(stream) }];
    case 'append': {
      const [after, answer] = append(stream, command, world.nowMs);
      return [put(after), answer];
    }
    case 'append-session': {
      const [after, answers] = appendAll(stream, command.batches, world.nowMs);
      return [put(after), { kind: 'open', answers }];
    }
    case 'read': {
      const [answer, waitedMs] = read(stream, command);
      return [waitedMs === 0 ? world : afterWaiting(world, waitedMs), answer];
    }
    case 'follow': {
      const [after, answer, waitedMs] = follow(stream, command, world.nowMs);
      return [waitedMs === 0 ? put(after) : afterWaiting(put(after), waitedMs), answer];
    }
  }
}

/** Commands are stored as they are, and a tail is no secret. */
function needsKey(command: RecordCommand): command is Exclude<RecordCommand, { do: 'check-tail' }> {
  if (command.do === 'check-tail') return false;
  return command.do !== 'append' || command.records.some((record) => commandOf(record) === null);
}

// --- both --------------------------------------------------------------------------------------------------

function born(world: World, token: string | null) {
  return { createdAtMs: world.nowMs, token, deletedAtMs: null, goesAtMs: Infinity };
}

function newStream(
  world: World,
  { config: { streamCipher: cipher } }: Basin,
  token: string | null,
  requested: Stream['requested'],
  config: Stream['config'],
): Stream {
  const empty = { fencingToken: '', records: [], trimPoint: 0, idleSinceMs: world.nowMs };
  return { ...born(world, token), requested, config, cipher, ...empty };
}

/** Deletion on empty that is switched on counts from now; another age of it does not count anew. */
function reconfigured({ nowMs }: World, stream: Stream, config: Stream['config']): Stream {
  const isSwitchedOn = stream.config.deleteOnEmptyMinAgeS === 0 && config.deleteOnEmptyMinAgeS > 0;
  return { ...stream, config, idleSinceMs: isSwitchedOn ? nowMs : stream.idleSinceMs };
}

function doomed<Row extends Basin | Stream>(world: World, row: Row): Row {
  return { ...row, deletedAtMs: world.nowMs, goesAtMs: world.nowMs + TOMBSTONE_MS };
}

/** It is the request that created the row, asking for the same. */
function repeats(row: Basin | Stream, token: string | null, asked: object): boolean {
  return token !== null && token === row.token && sameWords(row.requested, asked);
}

function shown(name: string, row: Basin | Stream) {
  const { createdAtMs, deletedAtMs } = row;
  return { name, createdAtMs, deletedAtMs, ...('cipher' in row && { cipher: row.cipher }) };
}

function page(rows: ReadonlyMap<string, Basin | Stream>, { prefix, startAfter, limit }: ListQuery) {
  const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const matches = [...rows.keys()]
    .filter((name) => name.startsWith(prefix) && (startAfter === '' || order(name, startAfter) > 0))
    .toSorted(order);
  const first = matches.slice(0, limit).map((name) => shown(name, rows.get(name) as Basin | Stream));
  return { rows: first, hasMore: matches.length > limit };
}
