/**
 * What one client does, after S2's own collector: a sequence of operations, each an append, a full read or a
 * check-tail. Three workflows: `regular`; `match-seq-num` (every append guarded by the last tail the client
 * knows); `fencing` (every client has a token, tries to set it now and then, and sends it with every append).
 */

import type { AppendResult, Batch, StreamClient } from './client.ts';
import { Rests } from './rests.ts';

export const WORKFLOWS = ['regular', 'match-seq-num', 'fencing'] as const;
export type Workflow = (typeof WORKFLOWS)[number];

export interface WorkflowOptions {
  workflow: Workflow;
  /** In bodies, and the client's fencing token: `c1`. */
  name: string;
  operations: number;
  /** Largest batch, in records. */
  batchRecordsMax: number;
  /** Padding of bodies, in bytes, drawn for each record up to this. */
  bodyBytesMax: number;
  /** In the fencing workflow a client tries to set its token before every n-th operation. */
  fenceEvery: number;
  /** Whether an append without a known outcome is sometimes sent again, as an operation of its own. */
  retriesUnknown: boolean;
  /** Longest pause between two operations, in milliseconds. */
  thinkMsMax: number;
  /** Rest after an operation that the stream did not answer, in milliseconds; doubles while that goes on. */
  restMs: number;
}

export interface WorkflowWorld {
  /** A uniform integer in [0, bound); `means` says in words what follows from it. */
  below: (bound: number, means?: (outcome: number) => string) => number;
  sleep: (ms: number) => Promise<void>;
  /** Counts an observation worth knowing. */
  noted: (probe: ClientProbe) => void;
}

/** What clients can tell has happened, with the sentence of the probe. */
export const CLIENT_PROBES = {
  'client.retried-unknown': 'an append without a known outcome was sent again with the same condition',
  'client.fence-set': 'a client took the stream over with its fencing token',
  'client.fence-not-set': 'a client lost the race to set its fencing token',
  'client.seq-num-mismatch': 'an append of data was refused because the tail was elsewhere',
  'client.fenced-off': "an append was refused because another client's token is in force",
  'client.append-on-zombie': 'an append reached a server that is not the owner',
  'client.moved': 'a client was answered by another server than the time before',
  'client.append-unknown': 'an append ended without a known outcome',
} as const;
type ClientProbe = keyof typeof CLIENT_PROBES;

/** No rest grows longer than this by doubling. */
const REST_MS_MAX = 2_000;

/** Runs to the end of the client's operations. */
export async function runWorkflow(client: StreamClient, options: WorkflowOptions, world: WorkflowWorld): Promise<void> {
  const worker = new Worker(client, options, world);
  for (let index = 0; index < options.operations; index++) {
    await worker.operation(index);
    if (options.thinkMsMax > 0) await world.sleep(world.below(options.thinkMsMax + 1, (ms) => `thinks for ${ms} ms`));
  }
}

class Worker {
  readonly #client: StreamClient;
  readonly #options: WorkflowOptions;
  readonly #world: WorkflowWorld;
  /** The last tail this client saw. */
  #tail = 0;
  /** An append with an unknown outcome that is to be sent again. */
  #retry: Batch | null = null;
  readonly #rests: Rests;

  constructor(client: StreamClient, options: WorkflowOptions, world: WorkflowWorld) {
    this.#client = client;
    this.#options = options;
    this.#world = world;
    this.#rests = new Rests(options.restMs, REST_MS_MAX);
  }

  operation(index: number): Promise<void> {
    const { workflow, fenceEvery } = this.#options;
    if (this.#retry !== null) return this.#retryAppend(this.#retry);
    if (workflow === 'fencing' && index % fenceEvery === 0) return this.#append(this.#fenceBatch());
    switch (this.#world.below(3, (kind) => (kind === 1 ? 'reads the whole stream' : 'checks the tail'))) {
      case 0:
        return this.#append(this.#dataBatch(index));
      case 1:
        return this.#read();
      default:
        return this.#checkTail();
    }
  }

  /** Bodies are unique: client, operation and index are in each. */
  #dataBatch(index: number): Batch {
    const { workflow, name, batchRecordsMax, bodyBytesMax } = this.#options;
    const count = 1 + this.#world.below(batchRecordsMax, (more) => `appends ${1 + more} records`);
    const bodies = Array.from({ length: count }, (_, i) => {
      const padding =
        bodyBytesMax === 0
          ? 0
          : this.#world.below(bodyBytesMax + 1, (bytes) => `pads the body of record ${i + 1} by ${bytes} bytes`);
      return `${name}/${index}/${i}${'.'.repeat(padding)}`;
    });
    return {
      bodies,
      setFencingToken: null,
      fencingToken: workflow === 'fencing' ? name : null,
      matchSeqNum: workflow === 'match-seq-num' ? this.#tail : null,
    };
  }

  /** Takes the stream over from whoever has it: guarded by position, not by the other's token. */
  #fenceBatch(): Batch {
    const { name } = this.#options;
    return { bodies: [name], setFencingToken: name, fencingToken: null, matchSeqNum: this.#tail };
  }

  #retryAppend(batch: Batch): Promise<void> {
    this.#retry = null;
    this.#world.noted('client.retried-unknown');
    return this.#append(batch);
  }

  async #append(batch: Batch): Promise<void> {
    const result = await this.#client.append(batch);
    this.#note(batch, result);
    if (result.kind === 'durable') this.#tail = result.endSeqNum;
    if (isAnswer(result)) this.#rests.answered();
    else await this.#rest();
    if (result.kind !== 'unknown') return;
    if (
      this.#options.retriesUnknown &&
      this.#world.below(2, () => 'leaves an append of unknown outcome as it is') === 0
    )
      this.#retry = batch;
  }

  /** A client that asked on at once would spend all its operations on one server that is down for a moment. */
  #rest(): Promise<void> {
    return this.#world.sleep(this.#rests.nextMs());
  }

  async #read(): Promise<void> {
    const result = await this.#client.read();
    if (result.kind === 'failed') return this.#rest();
    this.#rests.answered();
    this.#tail = result.tail;
  }

  async #checkTail(): Promise<void> {
    const result = await this.#client.checkTail();
    if (result.kind === 'failed') return this.#rest();
    this.#rests.answered();
    this.#tail = result.tail;
  }

  #note(batch: Batch, result: AppendResult): void {
    const { noted } = this.#world;
    const isFence = batch.setFencingToken !== null;
    if (isFence && result.kind === 'durable') noted('client.fence-set');
    if (result.kind === 'unknown') noted('client.append-unknown');
    if (result.kind !== 'rejected') return;
    if (result.code === 'seq_num_mismatch') noted(isFence ? 'client.fence-not-set' : 'client.seq-num-mismatch');
    if (result.code === 'fencing_token_mismatch') noted('client.fenced-off');
    if (result.code === 'hot_server') noted('client.append-on-zombie');
  }
}

/** The stream itself decided: it took the batch, or a condition of the append did not hold. */
function isAnswer(result: AppendResult): boolean {
  if (result.kind === 'rejected') return result.code === 'seq_num_mismatch' || result.code === 'fencing_token_mismatch';
  return result.kind === 'durable';
}
