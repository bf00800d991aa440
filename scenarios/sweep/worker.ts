/**
 * A worker process of a sweep: runs the seeds it is sent, one after another, and reports each. Many seeds share
 * a process, which is safe because a run leaves nothing behind; `sim meta` proves that.
 */

import { withBuild } from '../repro-line.ts';
import { runSeed } from '../run-seed.ts';
import type { RunRecord, SeedResult } from '../run.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

export function serveAsWorker(): void {
  const say = (message: FromWorker) => process.send?.(message);
  process.on('message', (message: ToWorker) => {
    void (async () => {
      for (const run of message.runs) {
        const startedMs = performance.now();
        try {
          const record = await runSeed({ ...run, size: message.size });
          say({ type: 'result', result: withBuild(seedResult(record, Math.round(performance.now() - startedMs))) });
        } catch (error) {
          say({
            type: 'broken',
            run,
            message: error instanceof Error ? (error.stack ?? error.message) : String(error),
          });
        }
      }
      say({ type: 'idle' });
    })();
  });
  // Ctrl-C, and what ends a container, may reach the whole group; the sweep decides when to stop.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  // The sweep is gone: so are we.
  process.on('disconnect', () => process.exit(0));
}

function seedResult(record: RunRecord, wallMs: number): SeedResult {
  const { scenario, seed, profile, plant, repro, failure, traceHash, events, simulatedMs, counts, probes } = record;
  const { watermarks = {} } = record;
  return {
    scenario,
    seed,
    profile,
    plant,
    repro,
    failure,
    traceHash,
    events,
    simulatedMs,
    counts,
    probes,
    watermarks,
    wallMs,
  };
}
