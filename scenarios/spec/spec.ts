/**
 * The executable specification: what a server of S2 answers when nothing fails and one asks after the other. Pure: a world
 * and a command make a world and an answer. It is the contract (s2 API §1.9-§1.11, §3, §4, §5) read literally, with the
 * outcomes' names of `engine/core/outcome.ts`.
 *
 * Left out: what happens by age (retention, deletion on empty), which has tests of its own.
 */

import type { ListQuery } from '../../engine/index.ts';
import type { Command } from './commands.ts';
import { firstWord, patchedBasin, patchedStream, sameWords } from './configs.ts';
import { append, read } from './records.ts';
import { type Basin, type Stream, tailOf, without, withBasin, withStream, type World } from './world.ts';

export type Answer = Record<string, unknown> | null;

/** How long a deletion is to be seen. */
export const TOMBSTONE_MS = 5_000;

const rejected = (reason: object): Answer => ({ kind: 'rejected', reason });
const PENDING = rejected({ kind: 'stream-deletion-pending' });

export function step(world: World, command: Command): [World, Answer] {
  switch (command.do) {
    case 'wait':
      return [afterWaiting({ ...world, nowMs: world.nowMs + command.ms }), null];
    case 'flush':
      return [world, null];
    case 'restart':
      return [seenAnew(world), null];
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

/** Streams that were shown as deleted for long enough are gone; of a deleted basin, all at once and then itself. */
function afterWaiting(world: World): World {
  const isOver = (row: Basin | Stream) => row.deletedAtMs !== null && row.goesAtMs <= world.nowMs;
  const left = [...without(world.basins, isOver)].map(([name, basin]): [string, Basin] => [
    name,
    { ...basin, streams: without(basin.streams, isOver) },
  ]);
  return { ...world, basins: new Map(left) };
}

function seenAnew(world: World): World {
  const goesAtMs = world.nowMs + TOMBSTONE_MS;
  const basins = [...world.basins].map(([name, basin]): [string, Basin] => {
    const streams = [...basin.streams].map(([key, stream]): [string, Stream] => [key, { ...stream, goesAtMs }]);
    return [name, { ...basin, goesAtMs, streams: new Map(streams) }];
  });
  return { ...world, basins: new Map(basins) };
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
        const created = newStream(world, token, command.wish, config);
        return [put(created), { kind: 'created', row: shown(name, created) }];
      }
      if (stream.deletedAtMs !== null) return told(PENDING);
      const row = shown(name, stream);
      if (command.do === 'create-stream')
        return told({ kind: repeats(stream, token, command.wish) ? 'noop' : 'exists', row });
      return sameWords(stream.config, config)
        ? told({ kind: 'noop', row })
        : [put({ ...stream, config }), { kind: 'updated', row }];
    }
    case 'reconfigure-stream': {
      if (basin === undefined) return noBasin;
      if (basin.deletedAtMs !== null) return goes;
      if (stream === undefined) return missing;
      if (stream.deletedAtMs !== null) return told(PENDING);
      const config = patchedStream(stream.config, command.patch, basin.config.defaultStreamConfig);
      return [put({ ...stream, config }), { kind: 'config', config }];
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

type RecordCommand = Extract<Command, { do: 'append' | 'read' | 'check-tail' }>;

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
    if (!(command.do === 'append' ? createStreamOnAppend : createStreamOnRead)) {
      return [world, rejected({ kind: 'stream-not-found', basin: home, stream: name })];
    }
    if (basin.deletedAtMs !== null) return [world, rejected({ kind: 'basin-deletion-pending', basin: home })];
    const config = firstWord(defaultStreamConfig);
    const created = newStream(world, null, defaultStreamConfig, config);
    return stepRecords(withStream(world, home, name, created), command, basin, created);
  }
  if (stream.deletedAtMs !== null) return [world, PENDING];
  if (command.do === 'check-tail') return [world, { kind: 'tail', tail: tailOf(stream) }];
  if (command.do === 'read') return [world, read(stream, command)];
  const [after, answer] = append(stream, command, world.nowMs);
  return [withStream(world, home, name, after), answer];
}

// --- both --------------------------------------------------------------------------------------------------

function born(world: World, token: string | null) {
  return { createdAtMs: world.nowMs, token, deletedAtMs: null, goesAtMs: Infinity };
}

function newStream(
  world: World,
  token: string | null,
  requested: Stream['requested'],
  config: Stream['config'],
): Stream {
  return { ...born(world, token), requested, config, fencingToken: '', records: [], trimPoint: 0 };
}

function doomed<Row extends Basin | Stream>(world: World, row: Row): Row {
  return { ...row, deletedAtMs: world.nowMs, goesAtMs: world.nowMs + TOMBSTONE_MS };
}

/** It is the request that created the row, asking for the same. */
function repeats(row: Basin | Stream, token: string | null, asked: object): boolean {
  return token !== null && token === row.token && sameWords(row.requested, asked);
}

function shown(name: string, { createdAtMs, deletedAtMs }: Basin | Stream) {
  return { name, createdAtMs, deletedAtMs };
}

function page(rows: ReadonlyMap<string, Basin | Stream>, { prefix, startAfter, limit }: ListQuery) {
  const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const matches = [...rows.keys()]
    .filter((name) => name.startsWith(prefix) && (startAfter === '' || order(name, startAfter) > 0))
    .toSorted(order);
  const first = matches.slice(0, limit).map((name) => shown(name, rows.get(name) as Basin | Stream));
  return { rows: first, hasMore: matches.length > limit };
}
