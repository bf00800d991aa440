/** Wrong engines that are unavailable wrongly: too late, without a reason, or not when they have to be; or give a store no rest. */

import type { Plant } from './plants.ts';

export const AVAILABILITY_PLANTS: readonly Plant[] = [
  {
    name: 'hangs-in-the-dark',
    lie: 'patience with an append never ends: who has no store waits until it is back',
    edits: [{ file: 'engine/stream/appends.ts', find: '      this.#deadlines.add(append);\n', replace: '' }],
    says: /did not answer "append" within its patience.*\n(.*\n)*.*-append waits for POST/,
    seedsMax: 1_000,
  },
  {
    name: 'sure-in-the-dark',
    lie: 'an owner that the store does not answer for a while takes itself for the owner',
    edits: [
      {
        file: 'engine/log/ownership-proof.ts',
        find: "this.#ports.telemetry.event('log.proof.retried', slot);",
        replace:
          "this.#ports.telemetry.event('log.proof.retried', slot);\n" +
          '      if (attempt >= 20) {\n' +
          '        for (const waiter of covered) waiter.byProbeAt = this.#log.committed();\n' +
          '        return;\n' +
          '      }',
      },
    ],
    says: /answered "(read|check-tail)" with success, which it can not know/,
    seedsMax: 1_000,
  },
  {
    name: 'unavailable-for-nothing',
    lie: 'one check-tail in sixteen is told that the store did not answer, though it did',
    edits: [
      {
        file: 'engine/stream/reads.ts',
        find: "return this.#observe<CheckTailOutcome>(basin, name, 'read', (stream) => ({ kind: 'tail', tail: stream.tail }));",
        replace:
          "return this.#observe<CheckTailOutcome>(basin, name, 'read', (stream) =>\n" +
          "      stream.tail.seqNum % 16 === 15 ? rejected(UNAVAILABLE) : { kind: 'tail', tail: stream.tail },\n    );",
      },
    ],
    says: /answered checkTail with "unavailable" after \d+ ms without a reason/,
    seedsMax: 1_000,
  },
  {
    name: 'no-rest-granted',
    lie: 'a store that asks for a rest is asked again as soon as any other',
    edits: [
      {
        file: 'engine/log/backoff.ts',
        find: 'Math.max(ours, Math.min(retryAfterMs, RETRY_AFTER_MS_MAX))',
        replace: 'Math.max(ours, Math.min(retryAfterMs, 0))',
      },
    ],
    says: /was put again \d+ ms before the store wanted to be asked/,
    seedsMax: 1_000,
  },
];
