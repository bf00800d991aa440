/**
 * Starts of our own format, read and written: `{"ReadPart": {"seq_num": n}}` or by `timestamp`; `{"Follow": {"session":
 * "s"}}` with `seq_num`, `timestamp` or `after` (another session) where it is opened; `{"Create": {"token": "s" or null}}`,
 * with a `config` where it says one; `{"Configure": {"empty_ms": n or null}}`; `"Delete"`. And what may stand beside an append.
 */

import type { ExtendedAppend, ExtendedCall, From, StreamConfig } from '../extended/history.ts';
import { hashesOf, only, textOf, variantOf } from './extended-fields.ts';
import type { Json, JsonObject } from './json-scanner.ts';
import { position, RefusedLine } from './line-fields.ts';

/** Null for a start of S2's. */
export function ownCall(json: Json | undefined): ExtendedCall | null {
  return json === 'Delete' ? { kind: 'delete' } : variantOf(json, 'the start', STARTS);
}

const STARTS: Readonly<Record<string, (body: Json) => ExtendedCall>> = {
  ReadPart: (body) => {
    const from = fromOf(only(body, ['seq_num', 'timestamp']));
    if (from === null) throw new RefusedLine('"ReadPart" asks from either "seq_num" or "timestamp"');
    return { kind: 'read-part', from };
  },
  Follow: (body) => followOf(only(body, ['session', 'seq_num', 'timestamp', 'after'])),
  Configure: (body) => ({ kind: 'configure', emptyAgeMs: ageOf(only(body, ['empty_ms']), 'empty_ms') }),
  Create: (body) => {
    const asked = only(body, ['token', 'config']);
    const [token, config] = [asked.get('token') ?? null, asked.get('config')];
    return {
      kind: 'create',
      token: token === null ? null : textOf(token, 'token')!,
      ...(config !== undefined && { config: configOf(config) }),
    };
  },
};

/** What becomes of a stream and its records by itself: both ages are told, null for never. */
export function configOf(json: Json | undefined): StreamConfig {
  const config = only(json as Json, ['retention_ms', 'empty_ms']);
  return { retentionAgeMs: ageOf(config, 'retention_ms'), emptyAgeMs: ageOf(config, 'empty_ms') };
}

function ageOf(from: JsonObject, key: string): number | null {
  const age = from.get(key);
  return age === null ? null : position(age, key);
}

export function formatConfig({ retentionAgeMs, emptyAgeMs }: StreamConfig): object {
  return { retention_ms: retentionAgeMs, empty_ms: emptyAgeMs };
}

function followOf(asked: JsonObject): ExtendedCall {
  const session = textOf(asked.get('session'), 'session');
  if (session === undefined) throw new RefusedLine('"Follow" names its "session"');
  const after = textOf(asked.get('after'), 'after');
  const place = fromOf(asked);
  if (after !== undefined && place !== null) throw new RefusedLine('"Follow" begins at a place or "after" a session');
  return { kind: 'follow', session, from: after === undefined ? place : { after } };
}

/** Null when neither is asked for; both are refused. */
function fromOf(asked: JsonObject): From | null {
  const [seqNum, timestamp] = [asked.get('seq_num'), asked.get('timestamp')];
  if (seqNum !== undefined && timestamp !== undefined)
    throw new RefusedLine('a read begins at either "seq_num" or "timestamp"');
  if (timestamp !== undefined) return { timestamp: position(timestamp, 'timestamp') };
  return seqNum === undefined ? null : { seqNum: position(seqNum, 'seq_num') };
}

export const BESIDE_APPEND = ['trim', 'content_hashes', 'turn'] as const;

/** The append with what stands beside it on its line. */
export function withBeside(append: ExtendedAppend, line: JsonObject): ExtendedAppend {
  const [trim, hashes, turn] = [line.get('trim'), line.get('content_hashes'), line.get('turn')];
  if (trim !== undefined) append.trim = position(trim, 'trim');
  if (hashes !== undefined) append.contentHashes = hashesOf(hashes, 'content_hashes');
  if (turn !== undefined) append.turn = turnOf(only(turn, ['session', 'index']));
  return append;
}

function turnOf(turn: JsonObject): { session: string; index: number } {
  const session = textOf(turn.get('session'), 'session');
  if (session === undefined) throw new RefusedLine('a "turn" names its "session"');
  return { session, index: position(turn.get('index'), 'index') };
}

/** `"event"` of a start of ours; null for one of S2's. */
export function formatCall(call: ExtendedCall): string | null {
  switch (call.kind) {
    case 'read-part':
      return `{"Start":{"ReadPart":${JSON.stringify(placed(call.from))}}}`;
    case 'follow': {
      const from = call.from === null || 'after' in call.from ? call.from : placed(call.from);
      return `{"Start":{"Follow":${JSON.stringify({ session: call.session, ...from })}}}`;
    }
    case 'create':
      return `{"Start":{"Create":${JSON.stringify({ token: call.token, ...(call.config && { config: formatConfig(call.config) }) })}}}`;
    case 'configure':
      return `{"Start":{"Configure":${JSON.stringify({ empty_ms: call.emptyAgeMs })}}}`;
    case 'delete':
      return '{"Start":"Delete"}';
    default:
      return null;
  }
}

function placed(from: From): object {
  return 'seqNum' in from ? { seq_num: from.seqNum } : from;
}

/** What stands beside an append, as text behind its event. */
export function formatBesideAppend({ trim, contentHashes, turn }: ExtendedAppend): string {
  return (
    (trim === undefined ? '' : `,"trim":${trim}`) +
    (contentHashes === undefined ? '' : `,"content_hashes":[${contentHashes.join(',')}]`) +
    (turn === undefined ? '' : `,"turn":${JSON.stringify(turn)}`)
  );
}
