/** Does a case still show what it was kept for? Its verdict, its probes and its trace, against what this build makes of it. */

import { type CaseRun, runCase, signatureOfRun } from './case.ts';
import { caseOf, flatOf, type Simcase } from './simcase.ts';

export interface ReplayReport {
  run: CaseRun;
  verdict: string;
  /** The trace is the one that was recorded, byte for byte. */
  isSameTrace: boolean;
  /** Probes that lit when it was recorded and did not now. */
  dark: readonly string[];
  /** Of these the faults: without them the case is stale, whatever its verdict. */
  stale: readonly string[];
  /** The first choice that this build asks for elsewhere; null when all line up. */
  moved: string | null;
}

/** Replays by key; when the trace differs, once more by order, to name the site that moved. */
export async function replay(simcase: Simcase, options: Parameters<typeof runCase>[1] = {}): Promise<ReplayReport> {
  const run = await runCase(caseOf(simcase), options);
  const { record } = run;
  const isSameTrace = record.traceHash === simcase.expect.traceHash;
  const dark = simcase.expect.probes.filter((probe) => !(probe in record.probes));
  return {
    run,
    verdict: signatureOfRun(record.failure) ?? 'pass',
    isSameTrace,
    dark,
    stale: dark.filter((probe) => probe.startsWith('fault.')),
    moved: isSameTrace ? null : await movedSite(simcase),
  };
}

async function movedSite(simcase: Simcase): Promise<string | null> {
  const choices = { kind: 'flat', recording: flatOf(simcase) } as const;
  const { misalignment } = await runCase({ ...caseOf(simcase), choices });
  if (misalignment === null) return null;
  const { index, recorded, asked } = misalignment;
  return `choice ${index} was recorded at ${recorded} and is now asked for at ${asked}`;
}
