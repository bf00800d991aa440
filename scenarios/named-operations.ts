/**
 * The operations of the judged stream that the words of a failure are about: who was being answered, and who had been told
 * what the answer contradicts. The simulator's monitors hear servers, not clients, so they know positions and no operations.
 *
 * Pure. It names operations whose records or answers cover the very positions that were named, and nobody by a guess: words
 * about another stream name none.
 */

import type { HistoryEvent } from '../checker/index.ts';

const NAMED_MAX = 4;
/** What monitors hold against a stream says which one it is about. */
const MONITOR = /^the specification forbids it: (?<deed>.+?) (?:of|to) (?<stream>[^\s:]+):/;
/** What the oracle says, which hears the clients of the judged stream only. */
const ORACLE =
  /record \d+ (?:changed between two reads|was shown and is not in the stream|is not the one that was acknowledged there)|the acknowledged record \d+ is not in the stream/;
const POSITIONS: readonly RegExp[] = [
  /\brecords? (\d+)(?:\.\.(\d+))?/g,
  /\bthe number (\d+)/g,
  /\bthe append at (\d+)/g,
];
const TAILS: readonly RegExp[] = [/\bthe tail (?:was |is )?(\d+)/g, /\b(\d+) had been told/g];

interface Deed {
  opId: number;
  isAppend: boolean;
  /** Of a durable append its records, `[start, end)`; of another answer the tail it told, twice. */
  told: readonly [start: number, end: number] | null;
  hasReturned: boolean;
}

/** opIds, most telling first: the one that was being answered at the end of the history, then who is contradicted by it. */
export function operationsNamed(message: string, history: readonly HistoryEvent[], stream: string): number[] {
  const monitor = MONITOR.exec(message)?.groups;
  if (monitor === undefined ? !ORACLE.test(message) : monitor['stream'] !== stream) return [];
  const deeds = deedsOf(history);
  const known = contradicted(message, deeds);
  if (known.length === 0) return [];
  // The oracle compares when all is answered.
  const isAppend = monitor?.['deed']?.includes('append') ?? false;
  const asked = monitor && deeds.findLast((deed) => !deed.hasReturned && deed.isAppend === isAppend);
  const named = [...(asked === undefined ? [] : [asked]), ...known].map(({ opId }) => opId);
  return [...new Set(named)].slice(0, NAMED_MAX);
}

/** Appends that cover the positions first, then whoever first told a tail that was named. */
function contradicted(message: string, deeds: readonly Deed[]): Deed[] {
  const spans = POSITIONS.flatMap((pattern) =>
    [...message.matchAll(pattern)].map(([, first, last]) => [Number(first), Number(last ?? first)] as const),
  );
  const tails = TAILS.flatMap((pattern) => [...message.matchAll(pattern)].map(([, tail]) => Number(tail)));
  const covering = deeds.filter(
    ({ isAppend, told }) => isAppend && told !== null && spans.some(([a, b]) => told[0] <= b && told[1] > a),
  );
  const telling = tails
    .toSorted((a, b) => b - a)
    .flatMap((tail) => [
      ...deeds.filter(({ isAppend, told }) => isAppend && told?.[1] === tail).slice(0, 1),
      ...deeds.filter(({ isAppend, told }) => !isAppend && told?.[1] === tail).slice(0, 1),
    ]);
  return [...covering, ...telling];
}

function deedsOf(history: readonly HistoryEvent[]): Deed[] {
  const deeds = new Map<number, Deed & { count: number }>();
  for (const event of history) {
    if (event.type === 'call') {
      const { opId, call } = event;
      const isAppend = call.kind === 'append';
      const count = call.kind === 'append' ? call.recordHashes.length : 0;
      deeds.set(opId, { opId, isAppend, told: null, hasReturned: false, count });
      continue;
    }
    const deed = deeds.get(event.opId);
    if (deed === undefined) continue;
    deed.hasReturned = true;
    if ('tail' in event.return) deed.told = [event.return.tail - deed.count, event.return.tail];
  }
  return [...deeds.values()];
}
