/** The JSON records of runs and sweeps, as they were written by this program. */

import type { RunFailure, SeedResult, SweepRecord } from '../run.ts';
import { amount, type Check, count, flag, listOf, mapOf, objectOf, oneOf, orNull, text } from '../shape.ts';
import { InputError } from './input-error.ts';

const failure = objectOf<RunFailure>({
  kind: oneOf(['linearizability', 'invariant', 'liveness', 'unknown']),
  signature: text,
  message: text,
  opIds: listOf(count()),
});

const counts = objectOf<SeedResult['counts']>({
  operations: count(),
  appendsDurable: count(),
  appendsRejected: count(),
  appendsUnknown: count(),
  reads: count(),
  checkTails: count(),
  faults: count(),
});

const result = objectOf<SeedResult>(
  {
    scenario: text,
    seed: text,
    profile: text,
    plant: orNull(text),
    repro: text,
    failure: orNull(failure),
    traceHash: text,
    events: count(),
    simulatedMs: amount,
    counts,
    probes: mapOf(count()),
    watermarks: mapOf(amount),
    extendedHistory: text,
    wallMs: amount,
  },
  { optional: ['watermarks', 'extendedHistory'] },
);

const sweepShape: Check<Omit<SweepRecord, 'format'>> = objectOf<Omit<SweepRecord, 'format'>>(
  {
    scenario: text,
    build: text,
    nodeVersion: text,
    startedAt: text,
    wallMs: amount,
    jobs: count(),
    machines: listOf(text),
    interruptedBy: oneOf(['SIGINT', 'SIGTERM']),
    runsPlanned: orNull(count()),
    results: listOf(result),
    probes: listOf(objectOf({ name: text, sentence: text, required: flag, row: orNull(text) })),
    judgesProbes: flag,
    harnessErrors: listOf(objectOf({ seed: text, profile: text, message: text, repro: text })),
  },
  { optional: ['machines', 'interruptedBy'] },
);

/** The record of a sweep. Throws InputError with what does not fit, and where. */
export function parseSweep(file: string, json: string): SweepRecord {
  const sweep = parseRecord<SweepRecord>(file, json, 'tailrace-sweep/1');
  try {
    sweepShape(sweep, '');
  } catch (error) {
    throw new InputError(`${file}: ${(error as Error).message}`);
  }
  return sweep;
}

/** Throws InputError unless `json` is JSON with that `format`; the rest is trusted. */
export function parseRecord<Kind>(file: string, json: string, format: string): Kind {
  let record: unknown;
  try {
    record = JSON.parse(json);
  } catch (error) {
    throw new InputError(`${file}: not whole JSON: ${(error as Error).message}`);
  }
  const found = (record as { format?: unknown } | null)?.format;
  if (found !== format) throw new InputError(`${file}: expected a record of format ${format}`);
  return record as Kind;
}
