/**
 * The control plane of a group of basins for the checker's search: the state an operation leaves, given its answer.
 *
 * Rules give one answer for one state (`basin-rules.ts`, `stream-rules.ts`); here is what nobody is told. A deletion ends
 * at some time after it was answered, so whatever is doomed is tried as being there and as being gone. As long as it is
 * there it may go later, so where both explain an answer, being there stands for both.
 */

import type { Model } from '../../checker/index.ts';
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
import { dueWords, stateWords } from './words.ts';

/** One thing that takes place in one moment. */
export type Happening =
  | { kind: 'served'; call: ControlCall }
  /** The stream an append or a read is about is made for it. */
  | { kind: 'birth'; call: StreamCall };

/** What was said of it; null when it is in doubt. */
export type Said = ControlAnswer | null;

/** What is in doubt need not have happened, nor need a stream have been made for whoever wanted it. */
export const CONTROL_MODEL: Model<GroupState, Happening, Said> = {
  init: () => EMPTY_GROUP,
  step: (state, happening, said) => {
    const after = stateAfter(state, happening, said);
    if (after !== null) return { legal: true, state: after };
    return {
      legal: false,
      // Most steps that fail are never explained to anybody.
      get reason() {
        return reasonIn(state, happening.call);
      },
    };
  },
  isOptional: ({ kind }, said) => said === null || kind === 'birth',
  equal: (a, b) => a.key === b.key,
  hash: ({ key }) => hashOf(key),
};

/** Null when it can not have happened so. What is optional changes something wherever it is legal. */
function stateAfter(state: GroupState, { kind, call }: Happening, said: Said): GroupState | null {
  if (call.kind === 'list-basins' || call.kind === 'list-streams') return listed(state, call, said);
  if (!('stream' in call)) return ruled(state, call, said);
  return kind === 'birth' ? born(state, call) : served(state, call, said);
}

/** What was due, and on a line of its own what there was. */
function reasonIn(state: GroupState, call: ControlCall): string {
  const due = [...new Set(answersDue(state, call).map(dueWords))].map((answer) => `\`${answer}\``).join(' or ');
  return `${due === '' ? 'there is no moment that it shows' : `due was ${due}`}\n${stateWords(state, call)}`;
}

function answersDue(state: GroupState, call: ControlCall): Due[] {
  if (call.kind === 'list-basins' || call.kind === 'list-streams') return [];
  if (!('stream' in call)) return basinsThatMayBe(state, call.basin).map((basin) => ruleBasin(basin, call).due);
  return basinsThatMayBe(state, call.basin).flatMap((basin) =>
    streamsThatMayBe(basin, call.stream).flatMap((stream) => ruleStream(basin, stream, call)?.due ?? []),
  );
}

function ruled(state: GroupState, call: BasinCall, said: Said): GroupState | null {
  for (const basin of basinsThatMayBe(state, call.basin)) {
    const after = settled(ruleBasin(basin, call), basin, said);
    if (after !== undefined) return withBasin(state, call.basin, after);
  }
  return null;
}

function served(state: GroupState, call: StreamCall, said: Said): GroupState | null {
  for (const basin of basinsThatMayBe(state, call.basin)) {
    for (const stream of streamsThatMayBe(basin, call.stream)) {
      const ruling = ruleStream(basin, stream, call);
      const after = ruling === null ? undefined : settled(ruling, stream, said);
      if (after !== undefined) return withBasin(state, call.basin, basin && withStream(basin, call.stream, after));
    }
  }
  return null;
}

function born(state: GroupState, call: StreamCall): GroupState | null {
  const basin = state.basins.get(call.basin);
  const demand = demandOf(call);
  if (basin === undefined || demand === null) return null;
  for (const stream of streamsThatMayBe(basin, call.stream)) {
    const life = ruleBirth(basin, stream, demand);
    if (life !== null) return withBasin(state, call.basin, withStream(basin, call.stream, life));
  }
  return null;
}

function listed(state: GroupState, call: ListCall, said: Said): GroupState | null {
  if (call.kind === 'list-basins') {
    const basins = said?.kind === 'listed' ? afterPage(state.basins, call, said, mayBeGone) : null;
    return basins && groupState(basins);
  }
  const basin = state.basins.get(call.basin) ?? null;
  if (said?.kind === 'no-basin') return basin === null || mayBeGone(basin) ? withBasin(state, call.basin, null) : null;
  if (said?.kind !== 'listed' || basin === null) return null;
  const streams = afterPage(basin.streams, call, said, (stream: StreamLife) => mayBeGone(stream, basin));
  return streams && withBasin(state, call.basin, { ...basin, streams });
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
    case 'key-missing':
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
