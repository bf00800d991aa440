/**
 * What the log needs to know of its entries, given to it as a value: how they become bytes, how bytes become
 * entries, and where committed ones go. The log itself knows nothing of streams.
 */

import type { RawEntry } from './format.ts';

export interface LogFold<Entry> {
  encode(entry: Entry): RawEntry;
  /** Throws a RangeError when the bytes are no entry of a known type. */
  decode(raw: RawEntry): Entry;
  /** Called once per entry, in the one order of the log: first by replay, then as slots commit. */
  apply(entry: Entry): void;
}
