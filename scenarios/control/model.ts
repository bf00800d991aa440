/**
 * The control plane of a group of basins for the checker's search: every state an operation may leave, given its answer.
 *
 * Rules give one answer for one state (`basin-rules.ts`, `stream-rules.ts`); here is what nobody is told. A deletion ends
 * at some time after it was answered, so whatever is doomed is tried as being there and as being gone. An operation in doubt
 * is placed only where it changes something; one that never took effect is placed behind the end of the history.
 */

import type { NondeterministicModel } from '../../checker/index.ts';
import { type Due, ruleBasin, type Ruling } from './basin-rules.ts';
import { sameConfig } from './config.ts';
import type { BasinCall, ControlAnswer, ControlCall, ListCall, StreamCall } from './history.ts';
import { afterPage } from './listing.ts';
import {
  type BasinLife,
  basinsThatMayBe,
  EMPTY_GROUP,
  groupState,
  type GroupState,
  learned,
  mayBeGone,
  type StreamLife,
  streamsThatMayBe,
  withBasin,
  withStream,
} from './state.ts';
import { toldStamp } from './stamps.ts';
import { demandOf, lastStamp, ruleBirth, ruleStream } from './stream-rules.ts';

/** One thing that takes place in one moment. */
export type Happening =
  | { kind: 'served'; call: ControlCall }
  /** The stream an append or a read is about is made for it, unless there is nothing to make. */
  | { kind: 'birth'; call: StreamCall }
  /** All that was answered has happened: what is left was never seen. */
  | { kind: 'end' };

/** What was said of it; null when it is in doubt. */
export type Said = ControlAnswer | null;

/** After the end nothing is looked at. */
export const ENDED: GroupState = { basins: new Map(), key: 'ended' };

export const CONTROL_MODEL: NondeterministicModel<GroupState, Happening, Said> = {
  init: () => [EMPTY_GROUP],
  step: statesAfter,
  equal: (a, b) => a.key === b.key,
  hash: ({ key }) => hashOf(key),
};

/** None when it can not have happened so. */
export function statesAfter(state: GroupState, happening: Happening, said: Said): GroupState[] {
  if (state === ENDED || happening.kind === 'end') return [ENDED];
  if (happening.kind === 'birth') return born(state, happening.call, said);
  const { call } = happening;
  if (call.kind === 'list-basins' || call.kind === 'list-streams') return listed(state, call, said);
  return 'stream' in call ? served(state, call, said) : ruled(state, call, said);
}

/** What may have been due in a state, for whoever explains why an answer was not. */
export function answersDue(state: GroupState, call: ControlCall): Due[] {
  if (call.kind === 'list-basins' || call.kind === 'list-streams') return [];
  if (!('stream' in call)) return basinsThatMayBe(state, call.basin).map((basin) => ruleBasin(basin, call).due);
  return basinsThatMayBe(state, call.basin).flatMap((basin) =>
    streamsThatMayBe(basin, call.stream).flatMap((stream) => ruleStream(basin, stream, call)?.due ?? []),
  );
}

function ruled(state: GroupState, call: BasinCall, said: Said): GroupState[] {
  return basinsThatMayBe(state, call.basin).flatMap((basin) => {
    const after = settled(ruleBasin(basin, call), basin, said);
    return after === undefined ? [] : [withBasin(state, call.basin, after)];
  });
}

function served(state: GroupState, call: StreamCall, said: Said): GroupState[] {
  return basinsThatMayBe(state, call.basin).flatMap((basin) =>
    streamsThatMayBe(basin, call.stream).flatMap((stream) => {
      const ruling = ruleStream(basin, stream, call);
      const after = ruling === null ? undefined : settled(ruling, stream, said);
      if (after === undefined) return [];
      return [withBasin(state, call.basin, basin && withStream(basin, call.stream, after))];
    }),
  );
}

function born(state: GroupState, call: StreamCall, said: Said): GroupState[] {
  const demand = demandOf(call);
  const made = basinsThatMayBe(state, call.basin).flatMap((basin) =>
    streamsThatMayBe(basin, call.stream).flatMap((stream) => {
      const life = demand === null ? null : ruleBirth(basin, stream, demand);
      return basin === null || life === null
        ? []
        : [withBasin(state, call.basin, withStream(basin, call.stream, life))];
    }),
  );
  return said === null ? made : [state, ...made];
}

function listed(state: GroupState, call: ListCall, said: Said): GroupState[] {
  if (call.kind === 'list-basins') {
    const basins = said?.kind === 'listed' ? afterPage(state.basins, call, said, mayBeGone) : null;
    return basins === null ? [] : [groupState(basins)];
  }
  return basinsThatMayBe(state, call.basin).flatMap((basin) => {
    if (basin === null) return said?.kind === 'no-basin' ? [withBasin(state, call.basin, null)] : [];
    const canGo = (stream: StreamLife): boolean => mayBeGone(stream, basin);
    const streams = said?.kind === 'listed' ? afterPage(basin.streams, call, said, canGo) : null;
    return streams === null ? [] : [withBasin(state, call.basin, { ...basin, streams })];
  });
}

/** The life that is left, null for none; undefined when `said` is not what was due. */
function settled<Life extends BasinLife | StreamLife>(
  { life, due }: Ruling<Life>,
  before: Life | null,
  said: Said,
): Life | null | undefined {
  if (said === null) return life === before ? undefined : life;
  if (said.kind !== due.kind) return undefined;
  switch (said.kind) {
    case 'provisioned':
      if (due.kind !== 'provisioned' || said.result !== due.result || life === null) return undefined;
      return learned(life, said.shown) ?? undefined;
    case 'config':
      return due.kind === 'config' && sameConfig(said.config, due.config) ? life : undefined;
    case 'token-mismatch':
    case 'seq-num-mismatch':
      return 'actual' in due && said.actual === due.actual ? life : undefined;
    case 'appended':
    case 'page':
    case 'tail':
      return life !== null && 'records' in life ? ((told(life, said) as Life | null) ?? undefined) : undefined;
    default:
      return life;
  }
}

/** The stream once its records were shown so; null when they are others. */
function told(
  stream: StreamLife,
  said: Extract<ControlAnswer, { kind: 'appended' | 'page' | 'tail' }>,
): StreamLife | null {
  const { length } = stream.records;
  switch (said.kind) {
    case 'appended':
      return said.seqNum === length - 1 ? toldAt(stream, said.seqNum, said.timestamp) : null;
    case 'tail':
      if (said.seqNum !== length) return null;
      return length === 0 ? (said.timestamp === 0 ? stream : null) : toldAt(stream, length - 1, said.timestamp);
    case 'page': {
      if (said.records.length !== length) return null;
      let known: StreamLife | null = stream;
      for (const [index, { seqNum, timestamp, content }] of said.records.entries()) {
        if (known === null || seqNum !== index || known.records[index]?.content !== content) return null;
        known = toldAt(known, index, timestamp);
      }
      return known;
    }
  }
}

function toldAt(stream: StreamLife, seqNum: number, timestamp: number): StreamLife | null {
  const record = stream.records[seqNum];
  if (record === undefined) return null;
  const stamp = toldStamp(record.stamp, timestamp, lastStamp(stream, seqNum));
  if (stamp === null) return null;
  return stamp === record.stamp ? stream : { ...stream, records: stream.records.with(seqNum, { ...record, stamp }) };
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
