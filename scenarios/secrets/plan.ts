/** Whether a run has a client that encrypts, and how much it does. Ciphers in JavaScript cost, so it is in few runs and short. */

import { type Draw, SITES } from '../plan-draw.ts';

export interface SecretsPlan {
  cipher: 'aegis-256' | 'aes-256-gcm';
  appends: number;
  batchRecordsMax: number;
  bodyBytesMax: number;
  /** Of the appends, about one in so many is with the other key. */
  otherKeyEvery: number;
  thinkMsMax: number;
  /** Whether the stream was written once before, deleted and created again, and is written anew from the start. */
  isWrittenAnew: boolean;
  /** Whether the client says of what time its records are: all of one. */
  givesTime: boolean;
  /** At the end, about one in so many of its records has another one in its place, in a copy of the store. */
  movedEvery: number;
}

/** In one run of `oneIn`. */
export function drawSecrets(draw: Draw, oneIn: number): SecretsPlan | null {
  const has = draw.pick(
    SITES.secrets,
    'has',
    Array.from({ length: oneIn }, (_, i) => i === oneIn - 1),
  );
  if (!has) return null;
  return {
    cipher: draw.pick(SITES.secrets, 'cipher', ['aegis-256', 'aes-256-gcm'] as const),
    appends: draw.pick(SITES.secrets, 'appends', [8, 4, 16]),
    batchRecordsMax: draw.pick(SITES.secrets, 'batch', [2, 1, 5]),
    bodyBytesMax: draw.pick(SITES.secrets, 'body', [20, 0, 300]),
    otherKeyEvery: draw.pick(SITES.secrets, 'other', [3, 2, 8]),
    thinkMsMax: draw.pick(SITES.secrets, 'think', [50, 0, 500, 4_000]),
    isWrittenAnew: draw.pick(SITES.secrets, 'anew', [false, true]),
    givesTime: draw.pick(SITES.secrets, 'time', [false, true]),
    movedEvery: draw.pick(SITES.secrets, 'moved', [2, 1, 4]),
  };
}
