/**
 * What the extended model is asked: each a statement of the stream at one moment. `operations.ts` makes them of what a
 * history holds; a read is several moments where the stream can change between them.
 */

import type { ExtendedCall, From } from './history.ts';

/** What is known of the request beside what it asked for. */
interface Circumstances {
  /** Milliseconds on the clock of the recorder. */
  when?: { calledMs: number; returnedMs: number };
  /** Moments of one read come in this order, and in one life. */
  moment?: { read: string; index: number };
  /** When it returned may tell what a read from a timestamp found gone. */
  datesReads?: true;
  /** What it tells of contents is not all known from the writers. */
  tellsContent?: true;
  /** Of the last record, where the answer tells the tail. */
  tailTimestamp?: number;
}

export type StreamCall = (
  | Exclude<ExtendedCall, { kind: 'follow' | 'create' | 'read-part' }>
  /** `birth` tells lives apart, and is never `FIRST_LIFE`. */
  | (Extract<ExtendedCall, { kind: 'create' }> & { birth?: number })
  /** `isGathered`: where it begins was decided before, and what was there then is shown, be it gone by now. */
  | { kind: 'read-part'; from: From; isGathered?: true }
  /** It is decided where a read begins: at the `start` of its answer. */
  | { kind: 'begin'; from: From }
  /** The service removes the life for being empty. */
  | { kind: 'vanish'; birth: number }
) &
  Circumstances;

/** The life before the first creation, which has no id of an operation. */
export const FIRST_LIFE = -1;
