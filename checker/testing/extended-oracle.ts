/**
 * What an S2 stream may do, written a second time and as plainly as possible, for the permutation search: arrays, copies,
 * and every thing that the service may do by itself as a state of its own. Shares nothing with `extended/` but the types
 * of histories, so that what is wrong in the model is not wrong here too.
 *
 * Timestamps are chosen from 1 to 3 for each record, and from 0 where somebody tells 0 or asks for 1, which is enough as long as
 * nobody tells or asks for others.
 */

import { chainAll } from '../chain-hash.ts';
import type {
  ExtendedCall,
  ExtendedEvent,
  ExtendedHistory,
  ExtendedReturn,
  StreamConfig,
} from '../extended/history.ts';
import type { NondeterministicModel, Operation } from '../wgl/model.ts';

interface Stored {
  hash: bigint;
  content: bigint | null;
  stamp: number;
  calledMs: number;
}

interface World {
  phase: 'present' | 'doomed' | 'absent';
  /** Lives so far. */
  life: number;
  creation: string | null;
  config: StreamConfig;
  bornMs: number;
  records: readonly Stored[];
  token: string | null;
  trimPoint: number;
  trimAsked: number;
  /** It is at least as late. */
  nowMs: number;
  /** Appends of a session that took effect in this life, with which it ends. */
  turns: Readonly<Record<string, number>>;
  /** What sessions and other reads of several moments have come to. */
  reads: Readonly<Record<string, { next: number | null; moments: number; life: number | null }>>;
}

type Place = { seqNum: number } | { timestamp: number };

/** Moments are numbered within their read. */
interface Asked {
  call: ExtendedCall;
  read: string | null;
  /** Of a session: where it begins if nothing was shown in it, nor in those before it, which are named latest first. */
  opened: { at: Place; behind: readonly string[] } | null;
  number: number;
  /** Only where it begins, only what it shows, or both at once. */
  part: 'begin' | 'content' | 'both';
  tailTimestamp: number | undefined;
  calledMs: number;
  returnedMs: number;
}

export interface OracleRule {
  strictS2: boolean;
  initially: 'present' | 'absent';
  config: StreamConfig;
  createsOn: readonly ('append' | 'read')[];
}

const STAMPS = [0, 1, 2, 3];

export function oracleOf(
  history: ExtendedHistory,
  { strictS2, initially, config, createsOn }: OracleRule,
): { model: NondeterministicModel<World, Asked, ExtendedReturn>; operations: Operation<Asked, ExtendedReturn>[] } {
  const newToken = strictS2 ? null : '';
  const noRecords = { records: [], trimPoint: 0, trimAsked: 0, turns: {} };
  const empty = { creation: null, config, bornMs: -Infinity, token: newToken, ...noRecords };
  const tokens = history.flatMap((event) =>
    'call' in event && event.call.kind === 'create' ? [event.call.token] : [],
  );
  const creators = initially === 'present' ? [...new Set([null, ...tokens])] : [null];
  const stamps = history.some(hasStamps) ? STAMPS.slice(history.some(needsZero) ? 0 : 1) : [0];
  return {
    model: {
      // Who created the stream that was there at first nobody knows, but it was one request.
      init: () =>
        creators.map((creation) => ({ ...empty, creation, phase: initially, life: 0, nowMs: -Infinity, reads: {} })),
      step: (world, asked, outcome) =>
        byItself(world, empty)
          .filter(({ nowMs }) => nowMs <= asked.returnedMs)
          .flatMap((before): World[] => stepIn(before, asked, outcome, { empty, stamps })),
    },
    operations: operationsOf(history, config, createsOn),
  };
}

function hasStamps(event: ExtendedEvent): boolean {
  if (event.type === 'call')
    return (event.call.kind === 'read-part' || event.call.kind === 'follow') && 'timestamp' in (event.call.from ?? {});
  return event.tailTimestamp !== undefined || 'timestamps' in event.return;
}

/** Whether it makes a difference that a record may be of timestamp 0. */
function needsZero(event: ExtendedEvent): boolean {
  if (event.type === 'call')
    return (
      'from' in event.call &&
      event.call.from !== null &&
      'timestamp' in event.call.from &&
      event.call.from.timestamp === 1
    );
  // Of an empty stream it says nothing of records.
  const isOfRecord = event.tailTimestamp === 0 && !('tail' in event.return && event.return.tail === 0);
  return isOfRecord || ('timestamps' in event.return && event.return.timestamps?.includes(0) === true);
}

/** Somebody may have freed the name of a deleted stream, or removed one that was empty, and freed that. */
function byItself(world: World, empty: Fixed['empty']): World[] {
  const freed = (doomed: World): World[] => [doomed, { ...doomed, phase: 'absent' }];
  if (world.phase === 'doomed') return freed(world);
  const sinceMs = world.phase === 'present' ? vanishedSince(world) : null;
  if (sinceMs === null) return [world];
  return [world, ...freed({ ...world, ...empty, phase: 'doomed', nowMs: Math.max(world.nowMs, sinceMs) })];
}

/** When all records below `point` can have been gone; null for never. */
function goneSince({ trimPoint, trimAsked, config, records }: World, point: number): number | null {
  if (point <= Math.max(trimPoint, trimAsked)) return -Infinity;
  if (config.retentionAgeMs === null || point > records.length) return null;
  return Math.max(...records.slice(0, point).map(({ calledMs }) => calledMs)) + config.retentionAgeMs;
}

function vanishedSince(world: World): number | null {
  const { config, records, bornMs } = world;
  const sinceMs = goneSince(world, records.length);
  if (config.emptyAgeMs === null || sinceMs === null) return null;
  return Math.max(sinceMs, Math.max(bornMs, ...records.map(({ calledMs }) => calledMs)) + config.emptyAgeMs);
}

interface Fixed {
  empty: Pick<World, 'creation' | 'config' | 'bornMs' | 'records' | 'token' | 'trimPoint' | 'trimAsked' | 'turns'>;
  stamps: readonly number[];
}

function stepIn(world: World, asked: Asked, outcome: ExtendedReturn, fixed: Fixed): World[] {
  const { call, tailTimestamp } = asked;
  const { phase, records } = world;
  const tail = records.length;
  const isLastStamp = tailTimestamp === undefined || tailTimestamp === (tail === 0 ? 0 : records[tail - 1]!.stamp);
  const reborn = { ...world, ...fixed.empty };
  const born = (): World[] => {
    if (phase === 'present' || call.kind !== 'create') return [];
    const { token: creation, config = fixed.empty.config } = call;
    return [{ ...reborn, phase: 'present', life: world.life + 1, creation, config, bornMs: asked.calledMs }];
  };
  // What is true of the name, then what is true of a stream that is there.
  switch (outcome.kind) {
    case 'append-definite-failure':
    case 'read-failure':
    case 'check-tail-failure':
    case 'change-failure':
      return [world];
    case 'stream-absent':
      return phase === 'absent' ? seenGone(world, asked) : [];
    case 'stream-pending':
      return phase === 'doomed' ? seenGone(world, asked) : [];
    case 'deleted':
      return phase === 'absent' ? [] : [{ ...reborn, phase: 'doomed' }];
    case 'created':
      return born();
    case 'change-unknown':
      if (call.kind === 'delete') return phase === 'absent' ? [world] : [world, { ...reborn, phase: 'doomed' }];
      if (call.kind === 'configure') return phase === 'present' ? [world, configured(world, call)] : [world];
      return [world, ...born()];
    case 'create-noop':
    case 'stream-exists': {
      const isSame = call.kind === 'create' && call.token !== null && call.token === world.creation;
      return phase === 'present' && isSame === (outcome.kind === 'create-noop') ? [world] : [];
    }
    default:
      break;
  }
  if (outcome.kind === 'append-indefinite-failure')
    return [world, ...(phase === 'present' ? appended(world, asked, outcome, fixed.stamps) : [])];
  if (phase !== 'present') return [];
  switch (outcome.kind) {
    case 'configured':
      return call.kind === 'configure' ? [configured(world, call)] : [];
    case 'append-success':
    case 'append-acked':
      return appended(world, asked, outcome, fixed.stamps);
    case 'append-rejected': {
      if (call.kind !== 'append' || !isItsTurn(world, call) || !isLastStamp) return [];
      const { actual } = outcome;
      const isTrue =
        'tail' in actual
          ? actual.tail === tail &&
            call.matchSeqNum !== null &&
            call.matchSeqNum !== tail &&
            (call.fencingToken ?? world.token) === world.token
          : actual.fencingToken === (world.token ?? '') &&
            call.fencingToken !== null &&
            call.fencingToken !== world.token;
      return isTrue ? [world] : [];
    }
    case 'check-tail-success':
      return outcome.tail === tail && isLastStamp ? [world] : [];
    case 'read-unwritten': {
      const from = placeOf(world, asked);
      if (from === null) return [];
      if (asked.part !== 'begin' && (outcome.tail !== tail || !isLastStamp)) return [];
      if ('seqNum' in from) return from.seqNum < tail ? [] : seen(world, asked, from.seqNum);
      if (asked.part === 'content') return seen(world, asked, null);
      return beginnings(world, asked, from, outcome.tail, 0).flatMap((after) => seen(after, asked, null));
    }
    case 'read-nothing': {
      const from = placeOf(world, asked);
      if (from === null) return [];
      if ('timestamp' in from || from.seqNum >= tail) return seen(world, asked, null);
      return trimmed(world, asked, tail).flatMap((after) => seen(after, asked, null));
    }
    case 'read-part-success':
      return asked.part === 'begin' || isLastStamp ? shown(world, asked, outcome) : [];
    case 'read-success': {
      if (asked.part !== 'begin' && !(isLastStamp && isWhole(world, outcome))) return [];
      const begun = asked.part === 'content' ? [world] : beginnings(world, asked, { seqNum: 0 }, 0, 0);
      return begun.flatMap((after) => seen(after, asked, null));
    }
    default:
      return [];
  }
}

function configured(world: World, { emptyAgeMs }: ExtendedCall & { kind: 'configure' }): World {
  return { ...world, config: { ...world.config, emptyAgeMs } };
}

function isItsTurn(world: World, call: ExtendedCall & { kind: 'append' }): boolean {
  return call.turn === undefined || (world.turns[call.turn.session] ?? 0) === call.turn.index;
}

function appended(
  world: World,
  { call, calledMs, tailTimestamp }: Asked,
  outcome: ExtendedReturn,
  stamps: readonly number[],
): World[] {
  if (call.kind !== 'append' || !isItsTurn(world, call)) return [];
  if (call.fencingToken !== null && call.fencingToken !== world.token) return [];
  const start = world.records.length;
  const end = start + call.recordHashes.length;
  if (call.matchSeqNum !== null && call.matchSeqNum !== start) return [];
  if (outcome.kind === 'append-success' && outcome.tail !== end) return [];
  if (outcome.kind === 'append-acked' && (outcome.start !== start || outcome.end !== end || outcome.tail < end))
    return [];
  let logs: (readonly Stored[])[] = [world.records];
  for (const [i, hash] of call.recordHashes.entries()) {
    const content = call.contentHashes?.[i] ?? null;
    logs = logs.flatMap((log) =>
      stamps
        .filter((stamp) => stamp >= (log.at(-1)?.stamp ?? 0))
        .map((stamp) => [...log, { hash, content, stamp, calledMs }]),
    );
  }
  const told = outcome.kind === 'append-acked' ? outcome.timestamps : undefined;
  return logs
    .filter((log) => told === undefined || (log[start]!.stamp === told[0] && log[end - 1]!.stamp === told[1]))
    .filter((log) => tailTimestamp === undefined || log[end - 1]!.stamp === tailTimestamp)
    .map((records) => ({
      ...world,
      records,
      token: call.setFencingToken ?? world.token,
      trimAsked: Math.max(world.trimAsked, Math.min(call.trim ?? 0, end)),
      turns: call.turn === undefined ? world.turns : { ...world.turns, [call.turn.session]: call.turn.index + 1 },
    }));
}

/** Where the read begins; null when it is not the turn of this moment of it. */
function placeOf({ reads }: World, { call, read, number, opened }: Asked): Place | null {
  const known = read === null ? undefined : reads[read];
  if ((known?.moments ?? 0) !== number) return null;
  if (call.kind === 'read') return { seqNum: 0 };
  if (call.kind === 'read-part') return call.from;
  if (call.kind !== 'follow') return null;
  if (opened === null) return null;
  const next = [known, ...opened.behind.map((name) => reads[name])].find(
    (one) => one != null && one.next !== null,
  )?.next;
  return next == null ? opened.at : { seqNum: next };
}

/** One more moment of a read, all of which are of one life; those without a stream come behind it. */
function seen(world: World, { read, number }: Asked, next: number | null, isOfStream = true): World[] {
  if (read === null) return [world];
  const before = world.reads[read] ?? { next: null, moments: 0, life: null };
  if (before.moments !== number) return [];
  if (isOfStream && before.life !== null && before.life !== world.life) return [];
  const after = {
    next: next ?? before.next,
    moments: number + 1,
    life: isOfStream ? world.life : before.life,
  };
  return [{ ...world, reads: { ...world.reads, [read]: after } }];
}

/** A session that is told so goes on where it was. */
function seenGone(world: World, asked: Asked): World[] {
  const place = placeOf(world, asked);
  return seen(world, asked, place !== null && 'seqNum' in place ? place.seqNum : null, false);
}

/** Everything below `point` is gone, if it can be by then. */
function trimmed(world: World, { returnedMs }: Asked, point: number): World[] {
  const sinceMs = goneSince(world, point);
  if (sinceMs === null || sinceMs > returnedMs) return [];
  return [{ ...world, trimPoint: Math.max(point, world.trimPoint), nowMs: Math.max(world.nowMs, sinceMs) }];
}

/** Trimmed so that a read from there begins at `start`. */
function beginnings(
  world: World,
  asked: Asked,
  from: { seqNum: number } | { timestamp: number },
  start: number,
  shownCount: number,
): World[] {
  const worlds: World[] = [];
  if ('timestamp' in from && start > world.records.length) return [];
  for (
    let point = world.trimPoint;
    point <= Math.max(world.trimPoint, Math.min(start, world.records.length));
    point++
  ) {
    const isOlder = (from: number): boolean =>
      world.records.slice(point, start).every(({ stamp }) => stamp < from) &&
      (shownCount === 0 || (world.records[start]?.stamp ?? Infinity) >= from);
    const isDue = 'seqNum' in from ? start === Math.max(from.seqNum, point) : start >= point && isOlder(from.timestamp);
    if (isDue) worlds.push(...trimmed(world, asked, point));
  }
  return worlds;
}

function isWhole({ records }: World, outcome: ExtendedReturn & { kind: 'read-success' }): boolean {
  const hashes = records.map(({ hash }) => hash);
  const isTold = outcome.recordHashes?.every((hash, i) => hash === hashes[i]) ?? true;
  return outcome.tail === hashes.length && isTold && chainAll(hashes) === outcome.streamHash;
}

function shown(world: World, asked: Asked, outcome: ExtendedReturn & { kind: 'read-part-success' }): World[] {
  const { start, recordHashes, contentHashes, timestamps, tail } = outcome;
  const records = [...world.records];
  const from = placeOf(world, asked);
  if (from === null) return [];
  // A session that goes on where it was is shown what came meanwhile.
  const goesOn = asked.call.kind === 'follow' && asked.call.from === null && 'seqNum' in from && from.seqNum === start;
  if (asked.part === 'begin')
    return (goesOn ? [world] : beginnings(world, asked, from, start, recordHashes.length)).flatMap((after) =>
      seen(after, asked, null),
    );
  if ((tail !== null && tail !== records.length) || start + recordHashes.length > records.length) return [];
  for (const [i, hash] of recordHashes.entries()) {
    const record = records[start + i]!;
    if (record.hash !== hash) return [];
    const told = contentHashes?.[i];
    if (told !== undefined && record.content !== null && told !== record.content) return [];
    records[start + i] = { ...record, content: record.content ?? told ?? null };
    if (timestamps !== undefined && timestamps[i] !== record.stamp) return [];
  }
  const isTooOld = 'timestamp' in from && recordHashes.length > 0 && records[start]!.stamp < from.timestamp;
  const begun =
    asked.part === 'content' ? (isTooOld ? [] : [world]) : beginnings(world, asked, from, start, recordHashes.length);
  return begun.flatMap((after) => seen({ ...after, records }, asked, start + recordHashes.length));
}

function beginningOf(call: ExtendedCall, sessions: ReadonlyMap<string, Pick<Asked, 'opened'>>): Asked['opened'] {
  if (call.kind !== 'follow' || call.from === null) return null;
  if (!('after' in call.from)) return { at: call.from, behind: [] };
  const before = sessions.get(call.from.after)?.opened;
  return before == null ? null : { at: before.at, behind: [call.from.after, ...before.behind] };
}

/** Calls and returns paired; a follower's event may have been made at any moment since its session was opened. */
function operationsOf(
  history: ExtendedHistory,
  config: StreamConfig,
  createsOn: OracleRule['createsOn'],
): Operation<Asked, ExtendedReturn>[] {
  const opened = new Map<string, { at: number; moments: number; opened: Asked['opened'] }>();
  const mayTrim =
    config.retentionAgeMs !== null ||
    history.some(
      (event) =>
        event.type === 'call' &&
        ((event.call.kind === 'append' && (event.call.trim ?? 0) > 0) ||
          ('config' in event.call && event.call.config?.retentionAgeMs != null)),
    );
  return history.flatMap((event, at) => {
    if (event.type === 'return') return [];
    const { clientId, opId, call } = event;
    const isFirst =
      call.kind === 'append' ? (call.turn?.index ?? 0) === 0 : call.kind !== 'follow' || !opened.has(call.session);
    const isOwnRead = call.kind === 'read-part' || call.kind === 'read';
    const read = call.kind === 'follow' ? call.session : isOwnRead ? `op ${opId}` : null;
    const session = opened.get(read ?? '') ?? { at, moments: 0, opened: beginningOf(call, opened) };
    if (read !== null) opened.set(read, session);
    const returnedAt = history.findIndex((other) => other.type === 'return' && other.opId === opId);
    const answered = history[returnedAt];
    const base = {
      call,
      read,
      opened: session.opened,
      number: 0,
      part: 'both' as const,
      tailTimestamp: undefined,
      calledMs: event.atMs ?? -Infinity,
      returnedMs: answered?.atMs ?? Infinity,
    };
    const end = answered === undefined ? Infinity : returnedAt;
    const creation: Operation<Asked, ExtendedReturn> = {
      clientId,
      input: { ...base, call: { kind: 'create', token: null }, read: null },
      output: { kind: 'change-unknown' },
      call: at,
      return: end,
    };
    const told = answered?.type === 'return' ? answered.return.kind : null;
    const creates =
      isFirst &&
      told !== 'stream-absent' &&
      told !== 'stream-pending' &&
      (call.kind === 'append'
        ? createsOn.includes('append')
        : (read !== null || call.kind === 'check-tail') && createsOn.includes('read'));
    const created = creates ? [creation] : [];
    if (answered?.type !== 'return') {
      const kind = call.kind === 'append' ? 'append-indefinite-failure' : 'change-unknown';
      if (call.kind !== 'append' && call.kind !== 'create' && call.kind !== 'delete' && call.kind !== 'configure')
        return created;
      return [
        ...created,
        { clientId, input: base, output: { kind } as ExtendedReturn, call: at, return: Number.POSITIVE_INFINITY },
      ];
    }
    const { return: output, tailTimestamp } = answered;
    const operation = {
      clientId,
      input: { ...base, tailTimestamp: output.kind === 'append-acked' ? undefined : tailTimestamp },
      output,
      call: session.at,
      return: returnedAt,
    };
    if (read !== null) {
      const isSplit =
        mayTrim &&
        (output.kind === 'read-part-success' ||
          output.kind === 'read-success' ||
          (output.kind === 'read-unwritten' && call.kind === 'read-part' && 'timestamp' in call.from));
      const parts = isSplit ? (['begin', 'content'] as const) : (['both'] as const);
      const isSilent = output.kind === 'read-failure';
      return [
        ...created,
        ...parts.map((part) => {
          const number = isSilent ? 0 : session.moments++;
          return { ...operation, input: { ...operation.input, number, part } };
        }),
      ];
    }
    if (output.kind !== 'append-acked') return [...created, operation];
    const tailTold: ExtendedReturn = { kind: 'check-tail-success', tail: output.tail };
    return [
      ...created,
      operation,
      { ...operation, input: { ...base, call: { kind: 'check-tail' }, tailTimestamp }, output: tailTold },
    ];
  });
}
