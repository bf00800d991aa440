/**
 * Collects a concurrent history from a live server: N clients through the official SDK, everything written down. What
 * `tailrace record` does. It ends by itself whatever the server does: no wait of a client is without a limit.
 */

import { createBodyHasher } from '../checker/index.ts';
import { BodyHashes } from './body-hashes.ts';
import { ProtocolViolation, type StreamClient } from './client.ts';
import { ImpatientClient } from './impatient-client.ts';
import { RecordedClient } from './recorded-client.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { Recorder } from './recorder.ts';
import { connect, provision, SdkClient, type SdkTarget, type SdkTransport, sessionsOf } from './sdk-client.ts';
import { inTime, SessionClient } from './session-client.ts';
import { type Workflow, runWorkflow } from './workflow.ts';

export interface RecordOptions extends SdkTarget {
  clients: number;
  operationsPerClient: number;
  workflow: Workflow;
  transport: SdkTransport;
  /** Whether clients append and follow in sessions, or do one request after the other. */
  inSessions: boolean;
  /** Longest pause of a client between two operations, in milliseconds. */
  thinkMsMax: number;
  /** Called twice a second with the number of operations begun. */
  onProgress: (done: number) => void;
}

const INITIAL_READ_ATTEMPTS = 30;
const REST_MS = 1_000;

/** Of an operation, retries included; the SDK has no limit of its own for a single request. */
const ANSWER_MS_MAX = 30_000;

/** A follower that has not been shown everything so long after the last append is not served. */
const FOLLOWED_MS_MAX = 30_000;

export interface Recording {
  /** With all that our own format can say; `plainHistory` makes S2's of it. */
  history: RecordedEvent[];
  /** What no server may answer, in words; the client that saw it stopped there. A history can not say such things. */
  violations: string[];
}

/** Rejects when the stream can not be provisioned or read at the start. */
export async function recordHistory(options: RecordOptions): Promise<Recording> {
  const s2 = connect(options);
  await provision(s2, options, ANSWER_MS_MAX);
  const hashes = new BodyHashes(await createBodyHasher());
  const startedMs = performance.now();
  const recorder = new Recorder(() => Math.round(performance.now() - startedMs));
  const opening = await openingOf(new ImpatientClient(new SdkClient(s2, options), ANSWER_MS_MAX), hashes);
  const stage: Stage = { options, recorder, hashes, violations: [] };
  const ticker = setInterval(() => options.onProgress(recorder.operationCount), 500);
  try {
    await (options.inSessions ? workInSessions(stage) : workByRequests(stage));
  } finally {
    clearInterval(ticker);
  }
  return { history: [...opening, ...recorder.wholeHistory()], violations: stage.violations };
}

interface Stage {
  options: RecordOptions;
  recorder: Recorder;
  hashes: BodyHashes;
  violations: string[];
}

const below = (bound: number): number => Math.floor(Math.random() * bound);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function workByRequests(stage: Stage): Promise<void> {
  const { clients, operationsPerClient: operations, workflow, thinkMsMax } = stage.options;
  const shape = { workflow, operations, thinkMsMax, batchRecordsMax: 10, bodyBytesMax: 64, fenceEvery: 100 };
  const work = (number: number): Promise<void> =>
    runWorkflow(
      asker(stage, number),
      { ...shape, name: `c${number}`, retriesUnknown: false, restMs: REST_MS },
      { below, sleep, noted: () => {} },
    );
  await Promise.all(numbers(clients).map((number) => noting(stage, work(number))));
}

async function workInSessions(stage: Stage): Promise<void> {
  const { options, recorder, hashes } = stage;
  const { clients: count, operationsPerClient: operations, workflow, thinkMsMax } = options;
  const handles = numbers(count).map((number) => sessionsOf(connect(options, number), options, options.transport));
  const clients = handles.map((handle, i) => {
    const world = { handle, asker: asker(stage, i + 1), recorder, hashes, below, sleep };
    return new SessionClient({ name: `c${i + 1}`, workflow, operations, thinkMsMax, restMs: REST_MS }, world);
  });
  const followed = Promise.all(clients.map((client) => noting(stage, client.follow())));
  try {
    await Promise.all(clients.map((client) => noting(stage, client.work())));
    await untilFollowed(stage, clients);
  } finally {
    for (const client of clients) client.leave();
    await inTime(followed);
    await Promise.all(handles.map((handle) => inTime(handle.close())));
  }
}

/** Everything that is in the stream at the end must come to all who follow it. */
async function untilFollowed(stage: Stage, clients: readonly SessionClient[]): Promise<void> {
  const deadline = performance.now() + FOLLOWED_MS_MAX;
  const client = asker(stage, clients.length + 1);
  let tail: number | null = null;
  while (stage.violations.length === 0) {
    if (tail === null) {
      const answer = await client.checkTail();
      if (answer.kind === 'tail') tail = answer.tail;
    }
    const shown = Math.min(...clients.map((other) => other.shown));
    if (tail !== null && shown >= tail) return;
    if (performance.now() > deadline) {
      stage.violations.push(`a follower was shown ${shown} records of ${tail ?? 'a stream that does not answer'}`);
    }
    await sleep(50);
  }
}

/** One request after the other, each written down. */
function asker({ options, recorder, hashes }: Stage, number: number): RecordedClient {
  const client = new SdkClient(connect(options, number), options, null, options.transport);
  return new RecordedClient(new ImpatientClient(client, ANSWER_MS_MAX), recorder, hashes);
}

/** What no server may do ends the client that saw it, and is kept. */
async function noting({ violations }: Stage, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error;
    violations.push(error.message);
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** A stream that is not empty at the start: one append by client 0 that stands for all it holds, token included. */
async function openingOf(client: StreamClient, hashes: BodyHashes): Promise<RecordedEvent[]> {
  for (let attempt = 1; ; attempt++) {
    const read = await client.read();
    if (read.kind === 'failed') {
      if (attempt === INITIAL_READ_ATTEMPTS) throw new Error(`the stream can not be read: ${read.code}`);
      await sleep(200);
      continue;
    }
    if (read.tail === 0) return [];
    const operation = { clientId: 0, opId: 0 };
    const recordHashes = read.records.map(({ body }) => hashes.of(body));
    const setFencingToken = read.records.findLast(({ isFence }) => isFence)?.body ?? null;
    return [
      {
        type: 'call',
        ...operation,
        call: { kind: 'append', recordHashes, setFencingToken, fencingToken: null, matchSeqNum: null },
        note: 'what the stream held at the start',
      },
      { type: 'return', ...operation, return: { kind: 'append-success', tail: read.tail } },
    ];
  }
}
