/**
 * Collects a concurrent history from a live server: N clients through the official SDK, everything written down
 * in S2's format. What `tailrace record` does.
 */

import { createBodyHasher, type HistoryEvent } from '../checker/index.ts';
import { BodyHashes } from './body-hashes.ts';
import { ProtocolViolation } from './client.ts';
import { RecordedClient } from './recorded-client.ts';
import { Recorder } from './recorder.ts';
import { connect, provision, SdkClient, type SdkTarget } from './sdk-client.ts';
import { type Workflow, runWorkflow } from './workflow.ts';

export interface RecordOptions extends SdkTarget {
  clients: number;
  operationsPerClient: number;
  workflow: Workflow;
  /** Longest pause of a client between two operations, in milliseconds. */
  thinkMsMax: number;
  /** Called twice a second with the number of operations begun. */
  onProgress: (done: number) => void;
}

const INITIAL_READ_ATTEMPTS = 30;
const REST_MS = 1_000;

export interface Recording {
  history: HistoryEvent[];
  /** What no server may answer, in words; the client that saw it stopped there. A history can not say such things. */
  violations: string[];
}

/** Rejects when the stream can not be provisioned or read at the start. */
export async function recordHistory(options: RecordOptions): Promise<Recording> {
  const s2 = connect(options);
  await provision(s2, options);
  const hashes = new BodyHashes(await createBodyHasher());
  const startedMs = performance.now();
  const recorder = new Recorder(() => Math.round(performance.now() - startedMs));
  const opening = await openingOf(new SdkClient(s2, options), hashes);
  const violations: string[] = [];
  const ticker = setInterval(() => options.onProgress(recorder.operationCount), 500);

  const work = Promise.all(
    Array.from({ length: options.clients }, (_, i) => {
      const client = new RecordedClient(new SdkClient(s2, options), recorder, hashes);
      return runWorkflow(
        client,
        {
          workflow: options.workflow,
          name: `c${i + 1}`,
          operations: options.operationsPerClient,
          batchRecordsMax: 10,
          bodyBytesMax: 64,
          fenceEvery: 100,
          retriesUnknown: false,
          thinkMsMax: options.thinkMsMax,
          restMs: REST_MS,
        },
        {
          below: (bound) => Math.floor(Math.random() * bound),
          sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          noted: () => {},
        },
      ).catch((error: unknown) => {
        if (!(error instanceof ProtocolViolation)) throw error;
        violations.push(error.message);
      });
    }),
  );
  await work.finally(() => clearInterval(ticker));
  return { history: [...opening, ...recorder.history()], violations };
}

/** A stream that is not empty at the start: one append by client 0 that stands for all it holds, token included. */
async function openingOf(client: SdkClient, hashes: BodyHashes): Promise<HistoryEvent[]> {
  for (let attempt = 1; ; attempt++) {
    const read = await client.read();
    if (read.kind === 'failed') {
      if (attempt === INITIAL_READ_ATTEMPTS) throw new Error(`the stream can not be read: ${read.code}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
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
