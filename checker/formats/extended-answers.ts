/**
 * Finishes of our own format, read and written: `{"AppendAcked": {"start": n, "end": n, "tail": n}}`, with `timestamps` of
 * the first and last record; `{"AppendRejected": {"tail": n}}` or by `fencing_token`; `{"ReadPartSuccess": {"start": n,
 * "record_hashes": [n, …], "tail": n or null}}`, with `content_hashes` and `timestamps` where they are known;
 * `{"ReadUnwritten": {"tail": n}}`; and words for what becomes of a name.
 */

import type { ExtendedReturn } from '../extended/history.ts';
import { hashesOf, only, textOf, variantOf } from './extended-fields.ts';
import type { Json } from './json-scanner.ts';
import { position, RefusedLine } from './line-fields.ts';

const WORDS = {
  Created: 'created',
  CreateNoop: 'create-noop',
  StreamExists: 'stream-exists',
  Deleted: 'deleted',
  Configured: 'configured',
  ReadNothing: 'read-nothing',
  StreamAbsent: 'stream-absent',
  StreamDeletionPending: 'stream-pending',
  ChangeDefiniteFailure: 'change-failure',
  ChangeIndefiniteFailure: 'change-unknown',
} as const;

/** Null for a finish of S2's. */
export function ownReturn(json: Json | undefined): ExtendedReturn | null {
  if (typeof json === 'string') return Object.hasOwn(WORDS, json) ? { kind: WORDS[json as keyof typeof WORDS] } : null;
  return variantOf(json, 'the finish', BODIES);
}

const BODIES: Readonly<Record<string, (body: Json) => ExtendedReturn>> = {
  AppendAcked: (body) => {
    const told = only(body, ['start', 'end', 'tail', 'timestamps']);
    const timestamps = stampsOf(told.get('timestamps'), 2);
    return {
      kind: 'append-acked',
      start: position(told.get('start'), 'start'),
      end: position(told.get('end'), 'end'),
      tail: position(told.get('tail'), 'tail'),
      ...(timestamps !== undefined && { timestamps: [timestamps[0]!, timestamps[1]!] as const }),
    };
  },
  AppendRejected: (body) => {
    const told = only(body, ['tail', 'fencing_token']);
    const token = textOf(told.get('fencing_token'), 'fencing_token');
    if ((token === undefined) === (told.get('tail') === undefined))
      throw new RefusedLine('"AppendRejected" tells either "tail" or "fencing_token"');
    const actual = token === undefined ? { tail: position(told.get('tail'), 'tail') } : { fencingToken: token };
    return { kind: 'append-rejected', actual };
  },
  ReadPartSuccess: (body) => {
    const told = only(body, ['start', 'record_hashes', 'content_hashes', 'timestamps', 'tail']);
    const recordHashes = hashesOf(told.get('record_hashes'), 'record_hashes');
    const contents = told.get('content_hashes');
    const timestamps = stampsOf(told.get('timestamps'), recordHashes.length);
    const tail = told.get('tail') ?? null;
    return {
      kind: 'read-part-success',
      start: position(told.get('start'), 'start'),
      recordHashes,
      ...(contents !== undefined && { contentHashes: hashesOf(contents, 'content_hashes') }),
      ...(timestamps !== undefined && { timestamps }),
      tail: tail === null ? null : position(tail, 'tail'),
    };
  },
  ReadUnwritten: (body) => ({ kind: 'read-unwritten', tail: position(only(body, ['tail']).get('tail'), 'tail') }),
};

function stampsOf(json: Json | undefined, count: number): readonly number[] | undefined {
  if (json === undefined) return undefined;
  if (!Array.isArray(json) || json.length !== count)
    throw new RefusedLine(
      `timestamps must be a list of ${count}, not of ${Array.isArray(json) ? json.length : 'none'}`,
    );
  return (json as readonly Json[]).map((stamp) => position(stamp, 'a timestamp'));
}

/** `"event"` of a finish of ours; null for one of S2's. */
export function formatReturn(outcome: ExtendedReturn): string | null {
  switch (outcome.kind) {
    case 'append-acked': {
      const { start, end, tail, timestamps } = outcome;
      return `{"Finish":{"AppendAcked":${JSON.stringify({ start, end, tail, timestamps })}}}`;
    }
    case 'append-rejected': {
      const { actual } = outcome;
      const told = 'tail' in actual ? actual : { fencing_token: actual.fencingToken };
      return `{"Finish":{"AppendRejected":${JSON.stringify(told)}}}`;
    }
    case 'read-part-success': {
      const { start, recordHashes, contentHashes, timestamps, tail } = outcome;
      return (
        `{"Finish":{"ReadPartSuccess":{"start":${start},"record_hashes":[${recordHashes.join(',')}],` +
        (contentHashes === undefined ? '' : `"content_hashes":[${contentHashes.join(',')}],`) +
        `${timestamps === undefined ? '' : `"timestamps":[${timestamps.join(',')}],`}"tail":${tail}}}}`
      );
    }
    case 'read-unwritten':
      return `{"Finish":{"ReadUnwritten":{"tail":${outcome.tail}}}}`;
    default: {
      const word = Object.entries(WORDS).find(([, kind]) => kind === outcome.kind);
      return word === undefined ? null : `{"Finish":"${word[0]}"}`;
    }
  }
}
