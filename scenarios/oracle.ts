/**
 * What the harness itself can hold against a run, besides the history checker: an acknowledged batch is at its
 * numbers, whole, in the read at the end (invariants 1 and 3), and every observer sees the same record under the same
 * number (invariant 2). It keeps real contents, so it needs no hashes and no search.
 */

import type { AppendResult, Batch, CheckTailResult, ReadResult, SeenRecord, StreamClient } from './client.ts';
import { ProtocolViolation } from './client.ts';

export class Oracle {
  readonly #seen: SeenRecord[] = [];
  readonly #acknowledged: { batch: Batch; startSeqNum: number }[] = [];

  /** A client whose answers the oracle hears. */
  watch(client: StreamClient): StreamClient {
    return {
      get asked() {
        return client.asked;
      },
      append: async (batch) => this.heardAppend(batch, await client.append(batch)),
      read: async () => this.#heardRead(await client.read()),
      checkTail: (): Promise<CheckTailResult> => client.checkTail(),
    };
  }

  /** Records somebody was shown. Throws ProtocolViolation when somebody else was shown others under their numbers. */
  saw(records: readonly SeenRecord[]): void {
    for (const record of records) {
      const before = this.#seen[record.seqNum];
      if (before === undefined) this.#seen[record.seqNum] = record;
      else if (before.body !== record.body || before.timestamp !== record.timestamp) {
        throw new ProtocolViolation(`record ${record.seqNum} changed between two reads`);
      }
    }
  }

  /** How many records of the stream somebody was shown. */
  get shown(): number {
    return this.#seen.length;
  }

  /**
   * Compares everything acknowledged with a read of the whole stream at the end, which was asked for when `shown` records
   * had been shown. Throws ProtocolViolation.
   */
  audit(records: readonly SeenRecord[], shown: number): void {
    if (shown > records.length) throw new ProtocolViolation(`record ${shown - 1} was shown and is not in the stream`);
    for (const { batch, startSeqNum } of this.#acknowledged) {
      for (const [index, body] of batch.bodies.entries()) {
        const found = records[startSeqNum + index];
        if (found === undefined) {
          throw new ProtocolViolation(`the acknowledged record ${startSeqNum + index} is not in the stream`);
        }
        if (found.body !== body) {
          throw new ProtocolViolation(`record ${startSeqNum + index} is not the one that was acknowledged there`);
        }
      }
    }
  }

  /** What became of an append. */
  heardAppend(batch: Batch, result: AppendResult): AppendResult {
    if (result.kind === 'durable') this.#acknowledged.push({ batch, startSeqNum: result.startSeqNum });
    return result;
  }

  #heardRead(result: ReadResult): ReadResult {
    if (result.kind !== 'failed') this.saw(result.records);
    return result;
  }
}
