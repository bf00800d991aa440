/**
 * What is durable at the end of a run, asked of an owner as any client asks: every stream with its configuration, tail, token
 * in force and records. The invariants of the specification hold for each, and it is what servers told before.
 *
 * Records that are sealed are opened with the keys their clients had. A stream that is there and does not show all it has is
 * a finding: nothing is passed over but what is gone or going.
 */

import { EncryptionKey, type Engine, type SequencedRecord } from '../../engine/index.ts';
import { brokenStream, type StreamFacts } from '../spec/invariants.ts';
import { commandOf } from './commands.ts';
import type { Broken, Overheard } from './overheard.ts';

const ALL = { prefix: '', startAfter: '', limit: 1_000 };
/** No client of a run has such a token. */
const NOBODYS_TOKEN = 'nobody has this token';
/** Opens nothing, and is a key: who reads commands of a stream with a cipher needs one. */
const NOBODYS_KEY = Buffer.alloc(32).toString('base64');
const UNOPENED = { kind: 'decryption-failed' };
const GONE = new Set(['basin-not-found', 'stream-not-found', 'basin-deletion-pending', 'stream-deletion-pending']);

export interface Inspection {
  engine: Engine;
  overheard: Overheard;
  broken: Broken;
  /** A stream showed records that were sealed. */
  opened: () => void;
}

interface Found {
  basin: string;
  name: string;
  /** In base64; none of a stream without a cipher. */
  keys: readonly string[] | null;
}

interface Durable {
  facts: StreamFacts;
  records: SequencedRecord[];
}

/** What is to be told in place of what was asked for. */
class Untold extends Error {
  /** It is gone, or being deleted: nothing is to be said of it. */
  readonly isGone: boolean;

  constructor(what: string, reason: { kind: string }) {
    super(`${what} is not told: ${wordsOf(reason)}`);
    this.isGone = GONE.has(reason.kind);
  }
}

/** An append went through that had to be refused. */
class Accepted extends Untold {
  constructor(seqNum: number) {
    super('', { kind: 'durable' });
    this.message =
      `an append with the fencing token "${NOBODYS_TOKEN}", which nobody ever set, was acknowledged as record ${seqNum} ` +
      'instead of refused: fencing tokens of appends are not looked at';
  }
}

/** No run has 1,000 names. Nothing else may be under way; all is asked at once, for one proof of ownership. */
export async function inspectDurable({ engine, overheard, broken, opened }: Inspection): Promise<void> {
  const inspect = async (stream: Found): Promise<void> => {
    const { basin, name, keys } = stream;
    const path = `${basin}/${name} at the end`;
    const found = await orUntold(durableStream(engine, stream));
    if (found instanceof Untold) return found.isGone ? undefined : broken(`${path}: ${found.message}`);
    const { facts, records } = found;
    if (keys !== null && facts.records.some(({ command }) => command === null)) opened();
    const ledger = overheard.ledger(basin, name);
    const words = brokenStream(facts) ?? ledger?.shown(records) ?? ledger?.final(facts) ?? null;
    if (words !== null) broken(`${path}: ${words}`);
  };
  const found = await orUntold(everyStream(engine, overheard));
  if (found instanceof Untold) return broken(`at the end: ${found.message}`);
  await Promise.all(found.map(inspect));
}

async function orUntold<Told>(answer: Promise<Told>): Promise<Told | Untold> {
  return answer.catch((error: unknown) => {
    if (error instanceof Untold) return error;
    throw error;
  });
}

async function everyStream(engine: Engine, overheard: Overheard): Promise<Found[]> {
  const basins = await allRows('the list of basins', engine.listBasins(ALL));
  const streamsOf = async (basin: string): Promise<Found[]> => {
    const rows = await orUntold(allRows(`the list of streams of ${basin}`, engine.listStreams(basin, ALL)));
    if (rows instanceof Untold && !rows.isGone) throw rows;
    return (rows instanceof Untold ? [] : rows).map(({ name, cipher }) => ({
      ...{ basin, name },
      keys: cipher === null ? null : overheard.keys(basin, name),
    }));
  };
  return (await Promise.all(basins.map(({ name }) => streamsOf(name)))).flat();
}

type Listing<Row> = { kind: 'page'; page: { rows: readonly Row[] } } | { kind: 'rejected'; reason: { kind: string } };

async function allRows<Row>(what: string, listing: Promise<Listing<Row>>): Promise<readonly Row[]> {
  const listed = await listing;
  if (listed.kind !== 'page') throw new Untold(what, listed.reason);
  return listed.page.rows;
}

/** Throws Untold. */
async function durableStream(engine: Engine, { basin, name, keys }: Found): Promise<Durable> {
  const [configured, told, fencingToken, records] = await Promise.all([
    engine.streamConfig(basin, name),
    engine.checkTail(basin, name),
    tokenInForce(engine, basin, name),
    everything(engine, { basin, name, keys }),
  ]);
  if (configured.kind !== 'config') throw new Untold('its configuration', reasonOf(configured));
  if (told.kind !== 'tail') throw new Untold('its tail', told.reason);
  const facts = {
    config: configured.config,
    tail: told.tail,
    trimPoint: records[0]?.seqNum ?? told.tail.seqNum,
    fencingToken,
    records: records.map(({ seqNum, timestamp, headers, body }) => ({
      ...{ seqNum, timestamp },
      command: commandOf({ headers, body }),
    })),
  };
  return { facts, records };
}

/** Each record with whichever key opens it: a read ends in front of the first that does not open. Throws Untold. */
async function everything(engine: Engine, { basin, name, keys }: Found): Promise<SequencedRecord[]> {
  const records: SequencedRecord[] = [];
  const tried = keys === null ? [null] : [...keys, NOBODYS_KEY];
  for (;;) {
    const before = records.length;
    for (const key of tried) {
      const failed = await readOn(engine, { basin, name, key }, records);
      if (failed === null) return records;
      if (failed.kind !== 'decryption-failed') throw new Untold('a record', failed);
    }
    if (records.length > before) continue;
    const where = records.length === 0 ? 'its first record' : `what follows record ${records.at(-1)?.seqNum}`;
    throw new Untold(`${where}, by any of the ${keys?.length ?? 0} keys it was appended to with,`, UNOPENED);
  }
}

/** Adds what follows `records`. Null once there is no more; else why there is. */
async function readOn(
  engine: Engine,
  { basin, name, key }: { basin: string; name: string; key: string | null },
  records: SequencedRecord[],
): Promise<{ kind: string } | null> {
  const start = { kind: 'seq-num', seqNum: (records.at(-1)?.seqNum ?? -1) + 1 } as const;
  const limits = { clamp: false, count: null, meteredBytes: null, untilTimestamp: null, waitMs: 0 };
  const sent = key === null ? null : new EncryptionKey(key);
  const opened = await engine.readSession(basin, name, { start, ...limits }, undefined, sent);
  if (opened.kind === 'unwritten') return null;
  if (opened.kind === 'rejected') return opened.reason;
  for await (const event of opened.events) {
    if (event.kind === 'failed') return event.reason;
    if (event.kind === 'batch') records.push(...event.records);
  }
  return null;
}

/** An append that may not happen is told which token it lacks. It is a command, which needs no key. Throws Untold. */
async function tokenInForce(engine: Engine, basin: string, name: string): Promise<string> {
  const headers = [{ name: new Uint8Array(), value: Buffer.from('fence') }];
  const records = [{ timestamp: null, headers, body: Buffer.from(NOBODYS_TOKEN) }];
  const outcome = await engine.append(basin, name, { records, matchSeqNum: null, fencingToken: NOBODYS_TOKEN });
  if (outcome.kind === 'durable') throw new Accepted(outcome.ack.start.seqNum);
  const reason = outcome.kind === 'rejected' ? outcome.reason : outcome;
  if (reason.kind === 'fencing-token-mismatch') return reason.actual;
  throw new Untold('its token in force', reason);
}

/** `stream-not-found`, and what the reason has to say beyond its kind: `corrupt (record 7)`. */
function wordsOf({ kind, ...rest }: { kind: string }): string {
  const values = Object.entries(rest).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return values.length === 0 ? kind : `${kind} (${values.join(', ')})`;
}

function reasonOf(outcome: { kind: string; reason?: { kind: string } }): { kind: string } {
  return outcome.reason ?? outcome;
}
