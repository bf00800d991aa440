/**
 * A client whose every call and return is written down. After an append without a known outcome its id is
 * retired: the operation stays open for ever, and a client has one operation at a time.
 */

import type { BodyHashes } from './body-hashes.ts';
import type { AppendResult, Batch, CheckTailResult, ReadResult, SeenRecord, StreamClient } from './client.ts';
import type { Return } from '../checker/index.ts';
import type { RecordedReturn, Turn } from './recorded-event.ts';
import type { Labels, Recorder } from './recorder.ts';

export class RecordedClient implements StreamClient {
  readonly #client: StreamClient;
  readonly #recorder: Recorder;
  readonly #hashes: BodyHashes;
  #clientId: number;
  /** Of each batch: how often it was sent. One that is sent again is the same operation to whoever sends it. */
  readonly #attempts = new WeakMap<Batch, number>();

  constructor(client: StreamClient, recorder: Recorder, hashes: BodyHashes) {
    this.#client = client;
    this.#recorder = recorder;
    this.#hashes = hashes;
    this.#clientId = recorder.newClientId();
  }

  async append(batch: Batch): Promise<AppendResult> {
    const attempt = (this.#attempts.get(batch) ?? 0) + 1;
    this.#attempts.set(batch, attempt);
    const conclude = recordedAppend(this.#recorder, this.#clientId, this.#hashes, batch, { attempt });
    const result = await this.#client.append(batch);
    conclude(result, this.#client.asked);
    if (result.kind === 'unknown') this.#clientId = this.#recorder.newClientId();
    return result;
  }

  async read(): Promise<ReadResult> {
    const conclude = recordedRead(this.#recorder, this.#clientId, this.#hashes);
    const result = await this.#client.read();
    const labels = labelsOf(this.#client.asked);
    if (result.kind === 'failed') conclude(null, null, result.code, labels);
    else conclude(result.records, result.tail, `${result.records.length} records`, labels);
    return result;
  }

  async checkTail(): Promise<CheckTailResult> {
    const operation = this.#recorder.call(this.#clientId, { kind: 'check-tail' }, 'check-tail');
    const result = await this.#client.checkTail();
    const labels = labelsOf(this.#client.asked);
    if (result.kind === 'failed') this.#recorder.return(operation, { kind: 'check-tail-failure' }, result.code, labels);
    else {
      const { tail, timestamp: tailTimestamp } = result;
      const told = tailTimestamp === undefined ? labels : { ...labels, tailTimestamp };
      this.#recorder.return(operation, { kind: 'check-tail-success', tail }, `tail ${tail}`, told);
    }
    return result;
  }
}

/** Records the appends of one client that has several under way: each under an id that has no other open. */
export function pipelinedAppends(
  recorder: Recorder,
  hashes: BodyHashes,
  heard: (batch: Batch, result: AppendResult) => void = () => {},
): (batch: Batch, turn?: Turn) => (result: AppendResult) => void {
  const freeIds: number[] = [];
  return (batch, turn) => {
    const clientId = freeIds.pop() ?? recorder.newClientId();
    const conclude = recordedAppend(recorder, clientId, hashes, batch, turn === undefined ? {} : { turn });
    return (result) => {
      heard(batch, result);
      conclude(result);
      if (result.kind !== 'unknown') freeIds.push(clientId);
    };
  };
}

/** Writes down that an append is asked for now; how it ends is told to what is returned. */
function recordedAppend(
  recorder: Recorder,
  clientId: number,
  hashes: BodyHashes,
  batch: Batch,
  { turn, attempt }: { turn?: Turn; attempt?: number },
) {
  const { setFencingToken, fencingToken, matchSeqNum } = batch;
  const recordHashes = batch.bodies.map((body) => hashes.of(body));
  const conditions = { setFencingToken, fencingToken, matchSeqNum };
  const call = { kind: 'append' as const, recordHashes, ...conditions, ...(turn !== undefined && { turn }) };
  const own: Labels = {
    ...(turn !== undefined && { session: turn.session }),
    ...(attempt !== undefined && { attempt }),
  };
  const operation = recorder.call(clientId, call, describe(batch), own);
  return (result: AppendResult, node?: string): void => {
    const labels = { ...own, ...labelsOf(node) };
    switch (result.kind) {
      case 'durable':
        return recorder.return(operation, acknowledgement(result), 'durable', {
          ...labels,
          ...tailTimestampOf(result),
        });
      case 'rejected':
        return recorder.return(operation, rejection(result), `rejected: ${result.code}`, labels);
      case 'unknown':
        return recorder.return(operation, { kind: 'append-indefinite-failure' }, `unknown: ${result.code}`, labels);
    }
  };
}

function acknowledgement({ startSeqNum, endSeqNum, told }: AppendResult & { kind: 'durable' }): RecordedReturn {
  if (told === undefined) return { kind: 'append-success', tail: endSeqNum };
  const { tail, timestamps } = told;
  return { kind: 'append-acked', start: startSeqNum, end: endSeqNum, tail, timestamps };
}

function tailTimestampOf({ told }: AppendResult & { kind: 'durable' }): Labels {
  return told === undefined ? {} : { tailTimestamp: told.tailTimestamp };
}

function rejection({ actual }: AppendResult & { kind: 'rejected' }): RecordedReturn {
  return actual === undefined ? { kind: 'append-definite-failure' } : { kind: 'append-rejected', actual };
}

/** Writes down that a read of the whole stream is asked for now; how it ends is told to what is returned. */
function recordedRead(recorder: Recorder, clientId: number, hashes: BodyHashes) {
  const operation = recorder.call(clientId, { kind: 'read' }, 'read');
  return (records: readonly SeenRecord[] | null, tail: number | null, note: string, labels: Labels): void => {
    if (records === null || tail === null) return recorder.return(operation, { kind: 'read-failure' }, note, labels);
    recorder.return(operation, readSuccess(records, tail, hashes), note, labels);
  };
}

function labelsOf(node: string | undefined): Labels {
  return node === undefined ? {} : { node };
}

/** What a read of the whole stream saw, as the history has it. */
export function readSuccess(records: readonly SeenRecord[], tail: number, hashes: BodyHashes): Return {
  const { recordHashes, streamHash } = hashes.ofStream(records);
  // A server that returns other than what its tail promises is judged by the chain hash of what it returned.
  const content = records.length === tail ? { recordHashes } : {};
  return { kind: 'read-success', tail, streamHash, ...content };
}

function describe(batch: Batch): string {
  const what = batch.setFencingToken === null ? `append ${batch.bodies.length}` : `fence ${batch.setFencingToken}`;
  const guard = batch.matchSeqNum === null ? '' : ` if next is ${batch.matchSeqNum}`;
  const token = batch.fencingToken === null ? '' : ` as ${batch.fencingToken}`;
  return what + guard + token;
}
