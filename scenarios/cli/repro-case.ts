/**
 * `tailrace sim repro` of a case: replays it and says whether it does what it did. Exit 1 when it fails, 2 when what this build
 * makes of it says nothing about what was recorded.
 */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ReplayReport } from '../cases/replay-check.ts';
import type { Simcase } from '../cases/simcase.ts';
import { green, red } from '../colours.ts';
import { PLANT } from '../plant-name.ts';
import { programLine, shellWord } from '../repro-line.ts';
import type { RunRecord } from '../run.ts';
import { elsewhere, readSimcase } from './given-case.ts';
import { EXIT_FAILED, EXIT_NONDETERMINISM } from './sim-options.ts';
import { type Stops, stopping } from './stopping.ts';

export interface ReproCaseOptions extends Stops {
  /** Where the page of one that fails is written. */
  out?: string;
  force?: boolean;
  trace?: boolean;
}

export async function reproCase(file: string, options: ReproCaseOptions): Promise<void> {
  const { replay } = await import('../cases/replay-check.ts');
  const simcase = await readSimcase(file);
  const report = await replay(simcase, { ...(await stopping(options)), record: true });
  const { record } = report.run;
  const expected = expectedHere(simcase);
  console.log(`case     ${file}  made by build ${simcase.build}, Node ${simcase.nodeVersion}`);
  console.log(`expected ${expected}`);
  console.log(`verdict  ${record.failure === null ? green('ok') : red(`FAILED: ${record.failure.message}`)}`);
  console.log(
    `trace    ${record.traceHash}, ${report.isSameTrace ? 'as recorded' : `recorded was ${simcase.expect.traceHash}`}`,
  );
  if (record.failure !== null) {
    process.exitCode = EXIT_FAILED;
    console.log(`page     ${await writeCasePage(file, simcase, record, options.out ?? '.runs')}`);
  }
  const where = elsewhere(simcase, 'repro', file);
  if (where !== null) console.log(where);
  const doubt = doubtOf(simcase, report, expected);
  if (doubt === null || options.force === true) return;
  console.log(`${doubt}; --force takes the verdict as it is`);
  process.exitCode = EXIT_NONDETERMINISM;
}

/** A case that is kept expects of the wrong engine that it is for what that engine did then. */
function expectedHere({ catches, expect }: Simcase): string {
  return catches !== undefined && catches.plant === PLANT ? catches.verdict : expect.verdict;
}

/** Why the verdict says nothing about what was recorded; null when it does, which may be worth a line. */
function doubtOf(simcase: Simcase, report: ReplayReport, expected: string): string | null {
  const { isSameTrace, verdict, moved, dark } = report;
  if (isSameTrace) return null;
  if (simcase.plant !== PLANT && simcase.plant !== null) {
    return `what ${simcase.plant} did is not repeated by ${PLANT ?? 'the right engine'}`;
  }
  if (simcase.catches?.plant === PLANT) {
    return verdict === 'pass' ? `stale: ${PLANT} passes what it failed when this was kept` : null;
  }
  const how = moved ?? 'all choices line up, what follows from them differs';
  if (verdict !== expected) {
    return `this build goes another way: ${how}\nanother verdict says nothing about what was recorded then`;
  }
  console.log(`this build goes another way (${how}) and comes to the verdict that was expected`);
  if (dark.length > 0) console.log(`dark     ${dark.join(', ')}: lit when it was recorded`);
  // One that fails as it did shows what it was kept for, whatever else it visits.
  return dark.length === 0 || verdict !== 'pass' ? null : 'stale: what it was kept for does not take place any more';
}

/** The folder is named after the file: seed and profile name the run that it was made from. */
async function writeCasePage(file: string, simcase: Simcase, run: RunRecord, out: string): Promise<string> {
  const [{ givenCaseFile }, { writeBundle }] = await Promise.all([
    import('../cases/case-file.ts'),
    import('../bundle.ts'),
  ]);
  const fileName = basename(file);
  const caseFile = await givenCaseFile(readFileSync(file, 'utf8'), fileName, simcase);
  const repro = `${programLine()} sim repro ${shellWord(file)}`;
  return writeBundle(out, { ...run, repro, caseFile }, `case-${fileName.replace(/\.simcase$/, '')}`).page;
}
