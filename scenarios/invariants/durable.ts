/**
 * What is durable at the end of a run, asked of an owner as any client asks: every stream with its configuration, tail, token
 * in force and records. The invariants of the specification hold for each, and it is what servers told before.
 */

import type { Engine, SequencedRecord } from '../../engine/index.ts';
import { brokenStream, type StreamFacts } from '../spec/invariants.ts';
import { commandOf } from './commands.ts';
import type { Broken, Overheard } from './overheard.ts';

const ALL = { prefix: '', startAfter: '', limit: 1_000 };
/** No client of a run has such a token. */
const NOBODYS_TOKEN = 'nobody has this token';

/** No run has 1,000 names. Nothing else may be under way; all is asked at once, for one proof of ownership. */
export async function inspectDurable(engine: Engine, overheard: Overheard, broken: Broken): Promise<void> {
  const basins = await names(engine.listBasins(ALL));
  const streams = await Promise.all(
    basins.map(async (basin) => (await names(engine.listStreams(basin, ALL))).map((stream) => ({ basin, stream }))),
  );
  const inspect = async ({ basin, stream }: { basin: string; stream: string }): Promise<void> => {
    const found = await durableStream(engine, basin, stream);
    if (found === null) return;
    const { facts, records } = found;
    const ledger = overheard.ledger(basin, stream);
    const words = brokenStream(facts) ?? ledger?.shown(records) ?? ledger?.final(facts) ?? null;
    if (words !== null) broken(`${basin}/${stream} at the end: ${words}`);
  };
  await Promise.all(streams.flat().map(inspect));
}

async function names(listing: ReturnType<Engine['listBasins'] | Engine['listStreams']>): Promise<string[]> {
  const listed = await listing;
  return listed.kind === 'page' ? listed.page.rows.map(({ name }) => name) : [];
}

/** Null of a stream that is gone, or being deleted. */
async function durableStream(
  engine: Engine,
  basin: string,
  stream: string,
): Promise<{ facts: StreamFacts; records: SequencedRecord[] } | null> {
  const [configured, told, fencingToken, records] = await Promise.all([
    engine.streamConfig(basin, stream),
    engine.checkTail(basin, stream),
    tokenInForce(engine, basin, stream),
    everything(engine, basin, stream),
  ]);
  if (configured.kind !== 'config' || told.kind !== 'tail' || fencingToken === null || records === null) return null;
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

/** Null when there is no such stream. */
async function everything(engine: Engine, basin: string, stream: string): Promise<SequencedRecord[] | null> {
  const start = { kind: 'seq-num', seqNum: 0 } as const;
  const limits = { clamp: false, count: null, meteredBytes: null, untilTimestamp: null, waitMs: 0 };
  const opened = await engine.readSession(basin, stream, { start, ...limits });
  if (opened.kind !== 'open') return null;
  const records: SequencedRecord[] = [];
  for await (const event of opened.events) {
    if (event.kind === 'failed') return null;
    if (event.kind === 'batch') records.push(...event.records);
  }
  return records;
}

/** An append that may not happen is told which token it lacks. */
async function tokenInForce(engine: Engine, basin: string, stream: string): Promise<string | null> {
  const records = [{ timestamp: null, headers: [], body: new Uint8Array() }];
  const outcome = await engine.append(basin, stream, { records, matchSeqNum: null, fencingToken: NOBODYS_TOKEN });
  const isMismatch = outcome.kind === 'rejected' && outcome.reason.kind === 'fencing-token-mismatch';
  return isMismatch ? (outcome.reason as { actual: string }).actual : null;
}
