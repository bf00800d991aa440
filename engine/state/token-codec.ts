/** Access tokens as fields of log entries and checkpoints. Operations and groups are bits by their places in `core/operations.ts`. */

import type { NameSet, TokenState } from '../core/access.ts';
import { ALL_GROUPS, ALL_OPERATIONS } from '../core/operations.ts';
import { type PayloadReader, PayloadWriter } from './payload.ts';

const NONE = 0;
const EXACT = 1;
const PREFIX = 2;

const AUTO_PREFIX = 1;

const SECRET_HASH_BYTES = 32;

/** Written in one turn: some milliseconds. */
const TOKENS_PER_PART = 256;

/** How many there are and all of them, in parts that take a few milliseconds each. */
export function* writeTokens(rows: readonly TokenState[]): Generator<Uint8Array> {
  let out = new PayloadWriter().number(rows.length);
  for (const [at, row] of rows.entries()) {
    writeToken(out, row);
    if ((at + 1) % TOKENS_PER_PART !== 0) continue;
    yield out.finish();
    out = new PayloadWriter();
  }
  yield out.finish();
}

export function writeToken(out: PayloadWriter, row: TokenState): void {
  const { scope } = row;
  out.text(row.id).number(row.issuedAtMs).bytes(row.secretHash).optionalNumber(row.expiresAtMs);
  out.number(row.autoPrefixStreams ? AUTO_PREFIX : 0).text(row.namespace);
  for (const set of [scope.basins, scope.streams, scope.accessTokens]) writeNames(out, set);
  out.number(scope.groups).number(scope.operations);
}

/** What `writeTokens` wrote. */
export function readTokens(from: PayloadReader): TokenState[] {
  return Array.from({ length: from.number() }, () => readToken(from));
}

/** Throws a RangeError for what this build does not know: an operation that is not understood must not be left out. */
export function readToken(from: PayloadReader): TokenState {
  return {
    id: from.text(),
    issuedAtMs: from.number(),
    secretHash: readHash(from),
    expiresAtMs: from.optionalNumber(),
    autoPrefixStreams: bounded(from.number(), AUTO_PREFIX, 'flags') === AUTO_PREFIX,
    namespace: from.text(),
    scope: {
      basins: readNames(from),
      streams: readNames(from),
      accessTokens: readNames(from),
      groups: bounded(from.number(), ALL_GROUPS, 'groups'),
      operations: bounded(from.number(), ALL_OPERATIONS, 'operations'),
    },
  };
}

function writeNames(out: PayloadWriter, set: NameSet): void {
  if (set === null) out.number(NONE);
  else if ('exact' in set) out.number(EXACT).text(set.exact);
  else out.number(PREFIX).text(set.prefix);
}

function readNames(from: PayloadReader): NameSet {
  switch (bounded(from.number(), PREFIX, 'kind of names')) {
    case NONE:
      return null;
    case EXACT:
      return { exact: from.text() };
    default:
      return { prefix: from.text() };
  }
}

function readHash(from: PayloadReader): Uint8Array {
  const hash = from.bytes();
  if (hash.length !== SECRET_HASH_BYTES) throw new RangeError(`the hash of a token's secret has ${hash.length} bytes`);
  return hash.slice();
}

function bounded(value: number, max: number, what: string): number {
  if (value <= max) return value;
  throw new RangeError(`an access token has no ${what} ${value} in this version of the format`);
}
