/**
 * Finding operations by what people know of them: `op 42`, `client 3`, `seq 17`, `hash 0f3c`, `token a`, or just a word.
 *
 * Pure. A number without a word is an operation, else a sequence number; anything else is looked for in tokens, hashes
 * and notes. Sequence numbers find whatever covers them: the append that wrote the record, every read that returned it last.
 */

import type { Operation } from './operations.ts';
import type { RecordHashes } from './record-hashes.ts';
import { hexOf } from './record-hashes.ts';

export interface Query {
  kind: 'op' | 'client' | 'seq' | 'hash' | 'token' | 'any';
  text: string;
}

const KINDS: Readonly<Record<string, Query['kind']>> = {
  op: 'op',
  operation: 'op',
  client: 'client',
  c: 'client',
  seq: 'seq',
  hash: 'hash',
  token: 'token',
};
/** Fewer hex digits than this find too much. */
const HASH_DIGITS_MIN = 4;

/** Null when there is nothing to look for. */
export function parseQuery(text: string): Query | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const [, word = '', rest = ''] = /^([a-z]+)\s*[:= ]\s*(.+)$/i.exec(trimmed) ?? [];
  const kind = KINDS[word.toLowerCase()];
  return kind === undefined ? { kind: 'any', text: trimmed } : { kind, text: rest.trim() };
}

/** Indexes, ascending. */
export function findOperations(
  operations: readonly Operation[],
  records: RecordHashes | null,
  { kind, text }: Query,
): number[] {
  const number = /^\d+$/.test(text.replaceAll(',', '')) ? Number(text.replaceAll(',', '')) : null;
  switch (kind) {
    case 'op':
      return indexesWhere(operations, ({ opId }) => opId === number);
    case 'client':
      return indexesWhere(operations, ({ clientId }) => clientId === number);
    case 'seq':
      return indexesWhere(operations, (operation) => number !== null && covers(operation, number));
    case 'hash':
      return byHash(operations, records, text);
    case 'token':
      return indexesWhere(operations, (operation) => hasToken(operation, text));
    case 'any':
      return byAnything(operations, records, { text, number });
  }
}

function byAnything(
  operations: readonly Operation[],
  records: RecordHashes | null,
  { text, number }: { text: string; number: number | null },
): number[] {
  if (number !== null) {
    const named = indexesWhere(operations, ({ opId }) => opId === number);
    if (named.length > 0) return named;
    const covering = indexesWhere(operations, (operation) => covers(operation, number));
    if (covering.length > 0) return covering;
  }
  const lower = text.toLowerCase();
  const hashed = new Set(byHash(operations, records, text));
  return [...operations.entries()]
    .filter(
      ([index, operation]) =>
        hashed.has(index) ||
        hasToken(operation, text) ||
        operation.callNote?.toLowerCase().includes(lower) === true ||
        operation.returnNote?.toLowerCase().includes(lower) === true,
    )
    .map(([index]) => index);
}

/** Streams by the beginning of their hash, appends by that of a record. */
function byHash(operations: readonly Operation[], records: RecordHashes | null, text: string): number[] {
  const wanted = text.toLowerCase().replace(/^0x/, '');
  if (wanted.length < HASH_DIGITS_MIN || !/^[0-9a-f]+$/.test(wanted)) return [];
  return [...operations.entries()]
    .filter(([index, operation]) => operation.streamHash?.startsWith(wanted) === true || wrote(records, index, wanted))
    .map(([index]) => index);
}

function wrote(records: RecordHashes | null, index: number, wanted: string): boolean {
  if (records === null) return false;
  const { hi, lo, starts } = records;
  for (let record = starts[index] ?? 0; record < (starts[index + 1] ?? 0); record++) {
    if (hexOf(hi[record] ?? 0, lo[record] ?? 0).startsWith(wanted)) return true;
  }
  return false;
}

function covers({ kind, startSeqNum, endSeqNum, matchSeqNum }: Operation, seqNum: number): boolean {
  if (startSeqNum === null || endSeqNum === null) return matchSeqNum === seqNum;
  return kind === 'append' ? startSeqNum <= seqNum && seqNum < endSeqNum : endSeqNum - 1 === seqNum;
}

function hasToken({ fencingToken, setFencingToken }: Operation, text: string): boolean {
  return fencingToken === text || setFencingToken === text;
}

function indexesWhere(operations: readonly Operation[], holds: (operation: Operation) => boolean): number[] {
  const found: number[] = [];
  for (let index = 0; index < operations.length; index++) {
    const operation = operations[index];
    if (operation !== undefined && holds(operation)) found.push(index);
  }
  return found;
}
