/**
 * The stream whose history the checker judges, as all who write, read and follow it share it: one recorder, one oracle,
 * the hashes of its bodies.
 */

import { type BodyHasher, StreamMonitor, type Violation } from '../../checker/index.ts';
import { BodyHashes } from '../body-hashes.ts';
import type { AppendResult, Batch, StreamClient } from '../client.ts';
import { Oracle } from '../oracle.ts';
import { pipelinedAppends, RecordedClient } from '../recorded-client.ts';
import type { Turn } from '../recorded-event.ts';
import { Recorder } from '../recorder.ts';

export class JudgedStream {
  readonly recorder: Recorder;
  readonly hashes: BodyHashes;
  readonly oracle = new Oracle();

  /** `judged` is told at every event of the history; of a violation at the very event that proves it, once. */
  constructor(nowMs: () => number, hashBody: BodyHasher, judged: (violation: Violation | null) => void) {
    const monitor = new StreamMonitor();
    let isConvicted = false;
    this.recorder = new Recorder(nowMs, (event) => {
      if (isConvicted) return;
      const violation = monitor.next(event);
      isConvicted = violation !== null;
      judged(violation);
    });
    this.hashes = new BodyHashes(hashBody);
  }

  /** A client whose operations are written down and compared. */
  recorded(client: StreamClient): RecordedClient {
    return new RecordedClient(this.oracle.watch(client), this.recorder, this.hashes);
  }

  /** Records the appends of one client that has several under way. */
  pipelined(): (batch: Batch, turn: Turn) => (result: AppendResult) => void {
    return pipelinedAppends(this.recorder, this.hashes, (batch, result) => this.oracle.heardAppend(batch, result));
  }
}
