/**
 * How many reads have to be in the figures: all that an owner answered, as soon as it had the time to log them (`usageFlushMs`),
 * if it is the owner still. What an owner counted and did not log before it was fenced is lost, and nothing is to be said of it.
 */

import type { Clock } from '../../engine/index.ts';
import { ProtocolViolation } from '../client.ts';
import { Rests } from '../rests.ts';
import { bytesOf, type UsageClient } from './client.ts';
import type { Sums } from './figures.ts';

const READS = 3;
const RETRY_MS = 500;
const RETRY_MS_MAX = 4_000;
/** Rivals may take the store from each other for ever: then there is nothing to be seen. */
const ROUNDS = 3;
/** What an entry of the log takes at most where nothing goes wrong. */
const COMMIT_MS_MAX = 30_000;

export interface Owners {
  usageFlushMs: number;
  /** How many engines began to serve so far. */
  served: () => number;
}

/** True when reads were counted while one owner lasted, false when none did. Throws ProtocolViolation when they were not. */
export async function readsAreCounted(client: UsageClient, clock: Clock, owners: Owners): Promise<boolean> {
  for (let round = 1; round <= ROUNDS; round++) {
    if (await countedByOne(client, clock, owners)) return true;
    await clock.sleep(RETRY_MS);
  }
  return false;
}

/** False when the owner changed meanwhile, or nobody answered. */
async function countedByOne(client: UsageClient, clock: Clock, { usageFlushMs, served }: Owners): Promise<boolean> {
  const servedBefore = served();
  const before = await told(client, clock);
  let [reads, bytes] = [0, 0];
  for (let i = 0; i < READS; i++) {
    const records = await client.read();
    if (records === null) continue;
    reads++;
    bytes += bytesOf(records);
  }
  if (reads === 0) return false;
  const rests = new Rests(RETRY_MS, RETRY_MS_MAX);
  for (const untilMs = clock.monoMs() + usageFlushMs + COMMIT_MS_MAX; ;) {
    const after = await told(client, clock);
    const due = [before.reads + reads - after.reads, before.readBytes + bytes - after.readBytes];
    const missing = due.map((count) => Math.max(0, count));
    if (missing.every((count) => count === 0)) return true;
    if (served() !== servedBefore) return false;
    if (clock.monoMs() > untilMs) {
      throw new ProtocolViolation(
        `of ${reads} reads of ${bytes} bytes that were answered, ${missing[0]} and ${missing[1]} bytes are not counted`,
      );
    }
    await clock.sleep(rests.nextMs());
  }
}

async function told(client: UsageClient, clock: Clock): Promise<Sums> {
  const rests = new Rests(RETRY_MS, RETRY_MS_MAX);
  for (;;) {
    const sums = await client.compare();
    if (sums !== null) return sums;
    await clock.sleep(rests.nextMs());
  }
}
