/**
 * How far a log is known while its history is being made: the chain value and the token in force at a position.
 *
 * Goes from left to right over acknowledged batches and meets the reads that end where it stands. Behind a hole neither is
 * known until a read tells the chain value and a batch sets a token.
 */

import { ChainHash, highHalf, lowHalf } from '../chain-hash.ts';
import type { Hash64 } from '../history.ts';
import type { Operation } from './operations.ts';
import { claimOf, nameOf, range, type Violation, violation } from './violation.ts';

export interface Batch {
  readonly op: Operation;
  readonly recordHashes: readonly Hash64[];
}

export interface Frontier {
  readonly position: number;
  /** Null behind a hole that no read has closed. */
  readonly chain: { readonly hi: number; readonly lo: number } | null;
  /** Up to where a read agreed, or told the chain value, last; null where none did. */
  readonly lastRead: Operation | null;
  readonly lastBatch: Operation | null;
  /** Undefined behind a hole: what fills it may have set one. */
  readonly token: string | null | undefined;
  readonly tokenOp: Operation | null;
}

export function headOf(initialToken: string | null): Frontier {
  const chain = { hi: 0, lo: 0 };
  return { position: 0, chain, lastRead: null, lastBatch: null, token: initialToken, tokenOp: null };
}

export function overHole(position: number): Frontier {
  return { position, chain: null, lastRead: null, lastBatch: null, token: undefined, tokenOp: null };
}

/** Behind a batch that begins here. */
export function behind(frontier: Frontier, { op, recordHashes }: Batch): Frontier {
  const { chain, token, tokenOp } = frontier;
  const sets = op.setFencingToken !== null;
  return {
    ...frontier,
    position: frontier.position + op.recordCount,
    chain: chain && folded(chain, recordHashes),
    lastBatch: op,
    token: sets ? op.setFencingToken : token,
    tokenOp: sets ? op : tokenOp,
  };
}

/** What the token in force has against an append that was acknowledged here. */
export function refusalOfToken({ token, tokenOp }: Frontier, op: Operation): Violation | null {
  if (op.fencingToken === null || token === undefined || op.fencingToken === token) return null;
  return wrongToken(op, token, tokenOp);
}

/** An append that was acknowledged under another token than its own. */
export function wrongToken(op: Operation, token: string | null, setBy: Operation | null): Violation {
  const message =
    `${nameOf(op)} carried fencing token ${JSON.stringify(op.fencingToken)} and took effect at ` +
    `${range(op.tail - op.recordCount, op.tail)}, where ${inForce(token, setBy)}.`;
  return violation('fencing-token', message, [op, setBy]);
}

export function inForce(token: string | null, setBy: Operation | null): string {
  return setBy === null
    ? 'no token had been set'
    : `the token in force was ${JSON.stringify(token)}, set by ${nameOf(setBy)}`;
}

/** With what a read up to here told, which must be what is known. */
export function met(frontier: Frontier, read: Operation): Frontier | Violation {
  const { chain, position, lastRead, lastBatch } = frontier;
  const told = { hi: read.hashHi, lo: read.hashLo };
  if (chain === null || (chain.hi === told.hi && chain.lo === told.lo))
    return { ...frontier, chain: told, lastRead: read };
  const start = lastRead?.tail ?? 0;
  const since = lastRead === null ? '' : ` Up to ${start} ${nameOf(lastRead)} agrees with what was acknowledged.`;
  const message =
    `${nameOf(read)} reported tail ${read.tail}, but at ${range(start, position)} not the content that was ` +
    `acknowledged there${lastBatch === null ? '' : `, last that of ${claimOf(lastBatch)}`}.${since}`;
  return violation('wrong-content', message, [read, lastBatch, lastRead]);
}

/** Does the same follow from both? Whom to name is no matter. */
export function isAlike(a: Frontier, b: Frontier): boolean {
  if (a.position !== b.position || a.token !== b.token) return false;
  if (a.chain === null || b.chain === null) return a.chain === b.chain;
  return a.chain.hi === b.chain.hi && a.chain.lo === b.chain.lo;
}

function folded({ hi, lo }: { hi: number; lo: number }, recordHashes: readonly Hash64[]): { hi: number; lo: number } {
  const chain = new ChainHash(hi, lo);
  for (const hash of recordHashes) chain.append(highHalf(hash), lowHalf(hash));
  return { hi: chain.hi, lo: chain.lo };
}
