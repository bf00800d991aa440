/** Operations on the control plane in words: for the reasons of a conviction and for the page of a run. */

import {
  type BasinConfig,
  basinPatchJson,
  basinWishJson,
  type StreamConfig,
  streamPatchJson,
  type StreamWish,
  streamWishJson,
} from './config.ts';
import type { Due } from './basin-rules.ts';
import {
  contentOf,
  type ControlAnswer,
  type ControlCall,
  type ControlOperation,
  type ControlOutcome,
} from './history.ts';
import type { BasinLife, GroupState, StreamLife } from './state.ts';

/** `c1 1203..1250 ms: create basin control-1-a → created`. */
export function lineOf(operation: ControlOperation): string {
  const { client, calledMs, returnedMs, call, outcome } = operation;
  const until = returnedMs === Infinity ? '' : String(returnedMs);
  return `${client} ${calledMs}..${until} ms: ${callWords(call)} → ${outcome === null ? 'open' : outcomeWords(outcome)}`;
}

export function callWords(call: ControlCall): string {
  switch (call.kind) {
    case 'create-basin':
      return `create basin ${call.basin}${tokenWords(call.token)}${asked(basinWishJson(call.wish))}${inLocation(call)}`;
    case 'ensure-basin':
      return `ensure basin ${call.basin}${asked(basinWishJson(call.wish))}${inLocation(call)}`;
    case 'reconfigure-basin':
      return `reconfigure basin ${call.basin} ${json(basinPatchJson(call.patch))}`;
    case 'get-basin':
      return `get basin ${call.basin}`;
    case 'delete-basin':
      return `delete basin ${call.basin}`;
    case 'create-stream':
      return `create ${place(call)}${tokenWords(call.token)}${asked(streamWishJson(call.wish))}`;
    case 'ensure-stream':
      return `ensure ${place(call)}${asked(streamWishJson(call.wish))}`;
    case 'reconfigure-stream':
      return `reconfigure ${place(call)} ${json(streamPatchJson(call.patch))}`;
    case 'get-stream':
      return `get ${place(call)}`;
    case 'delete-stream':
      return `delete ${place(call)}`;
    case 'append':
      return `append ${contentOf(call.record)} to ${place(call)}${conditionWords(call)}`;
    case 'read':
      return `read ${place(call)}${call.hasKey ? '' : ' without a key'}`;
    case 'check-tail':
      return `check-tail of ${place(call)}`;
    case 'list-basins':
      return `list basins${pageWords(call)}`;
    case 'list-streams':
      return `list streams of ${call.basin}${pageWords(call)}`;
  }
}

function outcomeWords(outcome: ControlOutcome): string {
  switch (outcome.kind) {
    case 'refused':
      return `refused (${outcome.code})`;
    case 'unknown':
      return `unknown (${outcome.code})`;
    default:
      return answerWords(outcome);
  }
}

export function answerWords(answer: ControlAnswer): string {
  switch (answer.kind) {
    case 'provisioned':
      return `${answer.result}, made at ${answer.shown.createdAt}${sealedWords(answer.shown.cipher)}`;
    case 'config':
      return configWords(answer.config);
    case 'listed': {
      const rows = answer.rows.map(({ name, deletedAt, cipher }) => {
        return `${name}${sealedWords(cipher)}${deletedAt === null ? '' : ' (being deleted)'}`;
      });
      return `${rows.length === 0 ? 'nothing' : rows.join(', ')}${answer.hasMore ? ', and more' : ''}`;
    }
    case 'appended':
      return `number ${answer.seqNum} at ${answer.timestamp}`;
    case 'page':
      return answer.records.map(({ seqNum, timestamp, content }) => `${seqNum} ${content} at ${timestamp}`).join(', ');
    case 'tail':
      return `tail ${answer.seqNum} at ${answer.timestamp}`;
    default:
      return dueWords(answer);
  }
}

/** What should have been answered, as far as the state says. */
export function dueWords(due: Due): string {
  switch (due.kind) {
    case 'provisioned':
      return due.result;
    case 'config':
      return configWords(due.config);
    case 'token-mismatch':
      return `the token is ${JSON.stringify(due.actual)}`;
    case 'seq-num-mismatch':
      return `the next number is ${due.actual}`;
    case 'key-missing':
      return `a key is missing for ${due.actual}`;
    case 'appended':
      return 'its number and timestamp';
    case 'page':
      return 'its records';
    case 'tail':
      return 'its tail';
    default:
      return PLAIN[due.kind];
  }
}

const PLAIN = {
  deleted: 'deleted',
  'no-basin': 'no such basin',
  'no-stream': 'no such stream',
  'basin-pending': 'the basin is being deleted',
  'stream-pending': 'the stream is being deleted',
  exists: 'exists',
  'timestamp-missing': 'a timestamp is required',
} as const;

/** What there is, as far as it concerns the call. */
export function stateWords(state: GroupState, call: ControlCall): string {
  const named =
    'basin' in call ? [call.basin] : [...state.basins.keys()].filter((name) => name.startsWith(call.prefix));
  const words = named.map((name) =>
    basinStateWords(name, state.basins.get(name), 'stream' in call ? call.stream : null),
  );
  return words.length === 0 ? 'there was no basin' : words.join(' and ');
}

function basinStateWords(name: string, basin: BasinLife | undefined, stream: string | null): string {
  if (basin === undefined) return `there was no basin ${name}`;
  const config = `basin ${name} ${basin.isDoomed ? 'was being deleted or gone, with' : 'had'} ${configWords(basin.config)}`;
  if (stream !== null) return `${config}, ${streamStateWords(stream, basin.streams.get(stream))}`;
  const streams = [...basin.streams].map(([other, { isDoomed }]) => (isDoomed ? `${other} (deleted)` : other));
  return `${config} and the streams ${streams.length === 0 ? 'none' : streams.join(', ')}`;
}

function streamStateWords(name: string, stream: StreamLife | undefined): string {
  if (stream === undefined) return `no stream ${name}`;
  if (stream.isDoomed) return `stream ${name} was being deleted or gone`;
  const records = stream.records.map(({ content, stamp }) => `${content} at ${stamp}`);
  return `stream ${name} had ${configWords(stream.config)}${sealedWords(stream.cipher)}, the token ${JSON.stringify(stream.fencingToken)} and the records ${records.length === 0 ? 'none' : records.join(', ')}`;
}

/** Every part that is said, in the order of the contract. */
function configWords(config: BasinConfig | StreamConfig): string {
  if ('mode' in config) return partsWords(config);
  const { defaults, cipher, createsOnAppend, createsOnRead } = config;
  const creates = [...(createsOnAppend ? ['append'] : []), ...(createsOnRead ? ['read'] : [])].join(' and ');
  return `(${partsWords(defaults)})${sealedWords(cipher)}${creates === '' ? '' : `, streams on ${creates}`}`;
}

function partsWords({ storageClass, retentionAgeS, mode, uncapped, emptyAgeS }: StreamWish): string {
  const kept = retentionAgeS === 'infinite' ? 'kept for ever' : `kept ${retentionAgeS} s`;
  const parts = [
    storageClass,
    retentionAgeS === null ? null : kept,
    mode,
    uncapped === null ? null : uncapped ? 'uncapped' : 'capped',
    emptyAgeS === null ? null : emptyAgeS === 0 ? 'kept when empty' : `gone when empty ${emptyAgeS} s`,
  ];
  return parts.filter((part) => part !== null).join(' ');
}

function sealedWords(cipher: string | null): string {
  return cipher === null ? '' : `, sealed with ${cipher}`;
}

function place({ basin, stream }: { basin: string; stream: string }): string {
  return `${basin}/${stream}`;
}

function tokenWords(token: string | null): string {
  return token === null ? '' : ` by token ${token}`;
}

function asked(config: Record<string, unknown>): string {
  return Object.keys(config).length === 0 ? '' : ` with ${json(config)}`;
}

function inLocation({ location }: { location: string | null }): string {
  return location === null ? '' : ` in ${location}`;
}

function conditionWords({
  timestamp,
  fencingToken,
  matchSeqNum,
  hasKey,
}: Extract<ControlCall, { kind: 'append' }>): string {
  const at = timestamp === null ? '' : ` at ${timestamp}`;
  const token = fencingToken === null ? '' : ` if the token is ${JSON.stringify(fencingToken)}`;
  const next = matchSeqNum === null ? '' : ` if next is ${matchSeqNum}`;
  return `${at}${token}${next}${hasKey ? '' : ' without a key'}`;
}

function pageWords({
  prefix,
  startAfter,
  limit,
}: Extract<ControlCall, { kind: 'list-basins' | 'list-streams' }>): string {
  const from = startAfter === '' ? '' : ` after ${startAfter}`;
  return ` ${prefix}*${from}, at most ${limit}`;
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
