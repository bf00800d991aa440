/**
 * What an S2 stream may do, written a second time and as plainly as possible, for the permutation search: arrays, copies,
 * and every thing that the service may do by itself as a state of its own. Shares nothing with `extended/` but the types
 * of histories, so that what is wrong in the model is not wrong here too.
 *
 * Timestamps are chosen from 1 to 3 for each record, which is enough as long as nobody tells or asks for others.
 */

import type { ExtendedCall, ExtendedEvent, ExtendedHistory, ExtendedReturn } from '../extended/history.ts';
import type { NondeterministicModel, Operation } from '../wgl/model.ts';

interface Stored {
  hash: bigint;
  content: bigint | null;
  stamp: number;
}

interface World {
  phase: 'present' | 'doomed' | 'absent';
  creation: string | null;
  records: readonly Stored[];
  token: string | null;
  trimPoint: number;
  trimAsked: number;
  /** Appends of a session that took effect. */
  turns: Readonly<Record<string, number>>;
  /** Where followers are, and how many events they had. */
  followers: Readonly<Record<string, { next: number | null; events: number }>>;
}

/** `follow` events are numbered within their session. */
interface Asked {
  call: ExtendedCall;
  number: number;
  tailTimestamp: number | undefined;
}

export interface OracleRule {
  strictS2: boolean;
  initially: 'present' | 'absent';
}

const STAMPS = [1, 2, 3];

export function oracleOf(
  history: ExtendedHistory,
  { strictS2, initially }: OracleRule,
): { model: NondeterministicModel<World, Asked, ExtendedReturn>; operations: Operation<Asked, ExtendedReturn>[] } {
  const newToken = strictS2 ? null : '';
  const empty = { creation: null, records: [], token: newToken, trimPoint: 0, trimAsked: 0 };
  const stamps = history.some(hasStamps) ? STAMPS : [0];
  return {
    model: {
      init: () => [{ ...empty, phase: initially, turns: {}, followers: {} }],
      step: (world, asked, outcome) =>
        freed(world).flatMap((before): World[] => stepIn(before, asked, outcome, { empty, stamps })),
    },
    operations: operationsOf(history),
  };
}

function hasStamps(event: ExtendedEvent): boolean {
  if (event.type === 'call')
    return (event.call.kind === 'read-part' || event.call.kind === 'follow') && 'timestamp' in (event.call.from ?? {});
  return event.tailTimestamp !== undefined || 'timestamps' in event.return;
}

/** Somebody may have freed the name of a deleted stream. */
function freed(world: World): World[] {
  return world.phase === 'doomed' ? [world, { ...world, phase: 'absent' }] : [world];
}

interface Fixed {
  empty: Pick<World, 'creation' | 'records' | 'token' | 'trimPoint' | 'trimAsked'>;
  stamps: readonly number[];
}

function stepIn(world: World, { call, number, tailTimestamp }: Asked, outcome: ExtendedReturn, fixed: Fixed): World[] {
  const { phase, records } = world;
  const tail = records.length;
  const isLastStamp = tailTimestamp === undefined || tail === 0 || records[tail - 1]!.stamp === tailTimestamp;
  const reborn = { ...world, ...fixed.empty };
  // What is true of the name, then what is true of a stream that is there.
  switch (outcome.kind) {
    case 'append-definite-failure':
    case 'read-failure':
    case 'check-tail-failure':
    case 'change-failure':
      return [world];
    case 'stream-absent':
      return phase === 'absent' ? [world] : [];
    case 'stream-pending':
      return phase === 'doomed' ? [world] : [];
    case 'deleted':
      return phase === 'absent' ? [] : [{ ...reborn, phase: 'doomed' }];
    case 'created':
      return phase === 'absent' && call.kind === 'create'
        ? [{ ...reborn, phase: 'present', creation: call.token }]
        : [];
    case 'change-unknown':
      if (call.kind === 'delete') return phase === 'absent' ? [world] : [world, { ...reborn, phase: 'doomed' }];
      if (call.kind !== 'create' || phase !== 'absent') return [world];
      return [world, { ...reborn, phase: 'present', creation: call.token }];
    case 'create-noop':
    case 'stream-exists': {
      const isSame = call.kind === 'create' && call.token !== null && call.token === world.creation;
      return phase === 'present' && isSame === (outcome.kind === 'create-noop') ? [world] : [];
    }
    default:
      break;
  }
  if (outcome.kind === 'append-indefinite-failure')
    return [world, ...(phase === 'present' ? appended(world, call, outcome, fixed.stamps) : [])];
  if (phase !== 'present') return [];
  switch (outcome.kind) {
    case 'append-success':
    case 'append-acked':
      return appended(world, call, outcome, fixed.stamps);
    case 'append-rejected': {
      if (call.kind !== 'append' || !isItsTurn(world, call) || !isLastStamp) return [];
      const { actual } = outcome;
      const isTrue =
        'tail' in actual
          ? actual.tail === tail && call.matchSeqNum !== null && call.matchSeqNum !== tail
          : actual.fencingToken === (world.token ?? '') &&
            call.fencingToken !== null &&
            call.fencingToken !== world.token;
      return isTrue ? [world] : [];
    }
    case 'check-tail-success':
      return outcome.tail === tail && isLastStamp ? [world] : [];
    case 'read-unwritten': {
      const from = placeOf(world, call, number);
      if (from === null || outcome.tail !== tail || !isLastStamp) return [];
      const isThere = 'seqNum' in from ? from.seqNum < tail : records.some(({ stamp }) => stamp >= from.timestamp);
      return isThere ? [] : [followed(world, call, 'seqNum' in from ? from.seqNum : null)];
    }
    case 'read-part-success':
      return isLastStamp ? shown(world, call, number, outcome) : [];
    default:
      return [];
  }
}

function isItsTurn(world: World, call: ExtendedCall & { kind: 'append' }): boolean {
  return call.turn === undefined || (world.turns[call.turn.session] ?? 0) === call.turn.index;
}

function appended(world: World, call: ExtendedCall, outcome: ExtendedReturn, stamps: readonly number[]): World[] {
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
      stamps.filter((stamp) => stamp >= (log.at(-1)?.stamp ?? 0)).map((stamp) => [...log, { hash, content, stamp }]),
    );
  }
  const told = outcome.kind === 'append-acked' ? outcome.timestamps : undefined;
  return logs
    .filter((log) => told === undefined || (log[start]!.stamp === told[0] && log[end - 1]!.stamp === told[1]))
    .map((records) => ({
      ...world,
      records,
      token: call.setFencingToken ?? world.token,
      trimAsked: Math.max(world.trimAsked, Math.min(call.trim ?? 0, end)),
      turns: call.turn === undefined ? world.turns : { ...world.turns, [call.turn.session]: call.turn.index + 1 },
    }));
}

/** Where the read begins; null when it is not the turn of this event of a session. */
function placeOf(world: World, call: ExtendedCall, number: number): { seqNum: number } | { timestamp: number } | null {
  if (call.kind === 'read-part') return call.from;
  if (call.kind !== 'follow') return null;
  const follower = world.followers[call.session];
  if ((follower?.events ?? 0) !== number) return null;
  if (follower?.next !== undefined && follower.next !== null) return { seqNum: follower.next };
  if (call.from === null) return null;
  if (!('after' in call.from)) return call.from;
  const next = world.followers[call.from.after]?.next ?? null;
  return next === null ? null : { seqNum: next };
}

function followed(world: World, call: ExtendedCall, next: number | null): World {
  if (call.kind !== 'follow') return world;
  const before = world.followers[call.session];
  const follower = { next: next ?? before?.next ?? null, events: (before?.events ?? 0) + 1 };
  return { ...world, followers: { ...world.followers, [call.session]: follower } };
}

function shown(
  world: World,
  call: ExtendedCall,
  number: number,
  { start, recordHashes, contentHashes, timestamps, tail }: ExtendedReturn & { kind: 'read-part-success' },
): World[] {
  const { records } = world;
  const from = placeOf(world, call, number);
  if (from === null || (tail !== null && tail !== records.length) || start + recordHashes.length > records.length)
    return [];
  for (const [i, hash] of recordHashes.entries()) {
    const record = records[start + i]!;
    if (record.hash !== hash) return [];
    const told = contentHashes?.[i];
    if (told !== undefined && record.content !== null && told !== record.content) return [];
    if (timestamps !== undefined && timestamps[i] !== record.stamp) return [];
  }
  const worlds: World[] = [];
  for (let trimPoint = world.trimPoint; trimPoint <= Math.max(world.trimPoint, world.trimAsked); trimPoint++) {
    const due =
      'seqNum' in from
        ? Math.max(from.seqNum, trimPoint)
        : records.findIndex(({ stamp }, at) => at >= trimPoint && stamp >= from.timestamp);
    const isDue = 'timestamp' in from && recordHashes.length === 0 ? start >= trimPoint : start === due;
    if (isDue) worlds.push(followed({ ...world, trimPoint }, call, start + recordHashes.length));
  }
  return worlds;
}

/** Calls and returns paired; a follower's event may have been made at any moment since its session was opened. */
function operationsOf(history: ExtendedHistory): Operation<Asked, ExtendedReturn>[] {
  const opened = new Map<string, { at: number; events: number }>();
  return history.flatMap((event, at) => {
    if (event.type === 'return') return [];
    const { clientId, opId, call } = event;
    let number = 0;
    let calledAt = at;
    if (call.kind === 'follow') {
      const session = opened.get(call.session) ?? { at, events: 0 };
      opened.set(call.session, session);
      number = session.events++;
      calledAt = session.at;
    }
    const returnedAt = history.findIndex((other) => other.type === 'return' && other.opId === opId);
    const answered = history[returnedAt];
    if (answered?.type !== 'return') {
      const kind = call.kind === 'append' ? 'append-indefinite-failure' : 'change-unknown';
      if (call.kind !== 'append' && call.kind !== 'create' && call.kind !== 'delete') return [];
      const input = { call, number, tailTimestamp: undefined };
      return [{ clientId, input, output: { kind } as ExtendedReturn, call: at, return: Number.POSITIVE_INFINITY }];
    }
    const { return: output, tailTimestamp } = answered;
    const stamped = output.kind === 'append-acked' ? undefined : tailTimestamp;
    const operation = {
      clientId,
      input: { call, number, tailTimestamp: stamped },
      output,
      call: calledAt,
      return: returnedAt,
    };
    if (output.kind !== 'append-acked') return [operation];
    const tailTold: ExtendedReturn = { kind: 'check-tail-success', tail: output.tail };
    return [
      operation,
      { ...operation, input: { call: { kind: 'check-tail' }, number: 0, tailTimestamp }, output: tailTold },
    ];
  });
}
