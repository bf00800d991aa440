/** Command records as the contract has them (§2.4), read here and not with the engine's code. */

import type { AppendRecord } from '../../engine/index.ts';
import type { RecordCommand } from '../spec/invariants.ts';

const utf8 = new TextDecoder();

/** Null of a record that is none. */
export function commandOf({ headers, body }: Pick<AppendRecord, 'headers' | 'body'>): RecordCommand | null {
  const [only, ...more] = headers;
  if (only === undefined || more.length > 0 || only.name.length > 0) return null;
  if (utf8.decode(only.value) === 'fence') return { op: 'fence', token: utf8.decode(body) };
  return { op: 'trim', to: body.reduce((sum, byte) => sum * 256 + byte, 0) };
}
