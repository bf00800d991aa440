/** A sweep as JUnit XML, which every CI shows: a test case per profile, failed when a run of it did, and one per signature. */

import { counted } from '../counted.ts';
import type { SeedResult, SweepRecord } from '../run.ts';
import { signatureGroups } from './signatures.ts';
import { verdictOf } from './verdict.ts';

export function junitXml(record: SweepRecord): string {
  const profiles = [...new Set(record.results.map(({ profile }) => profile))].toSorted();
  const byProfile = profiles.map((profile) => {
    const runs = record.results.filter((result) => result.profile === profile);
    return profileCase(profile, runs);
  });
  const profilesFailed = new Set(
    record.results.filter(({ failure }) => failure !== null).map(({ profile }) => profile),
  );
  const failed = signatureGroups(record).map(
    ({ kind, signature, count, smallest }) =>
      `  <testcase classname="sweep" name="${escaped(`${kind}: ${signature}`)}">\n` +
      `    <failure message="${escaped(`${counted(count, 'run')}; smallest: ${smallest.repro}`)}">${escaped(smallest.failure.message)}</failure>\n` +
      '  </testcase>',
  );
  const broken = record.harnessErrors.map(
    ({ message, repro }) =>
      `  <testcase classname="harness" name="${escaped(repro)}">\n    <error>${escaped(message)}</error>\n  </testcase>`,
  );
  const dark =
    verdictOf(record) === 'probes dark'
      ? ['  <testcase classname="probes" name="required probes"><failure message="some stayed dark"/></testcase>']
      : [];
  const cases = [...byProfile, ...failed, ...broken, ...dark];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${escaped(record.scenario)}" tests="${cases.length}" failures="${profilesFailed.size + failed.length + dark.length}" errors="${broken.length}" time="${(record.wallMs / 1000).toFixed(3)}">`,
    ...cases,
    '</testsuite>',
    '',
  ].join('\n');
}

function profileCase(profile: string, runs: readonly SeedResult[]): string {
  const seconds = runs.reduce((sum, { wallMs }) => sum + wallMs, 0) / 1000;
  const failed = runs.filter(({ failure }) => failure !== null).length;
  const opening = `  <testcase classname="sweep" name="${escaped(`${counted(runs.length, 'seed')} under ${profile}`)}" time="${seconds.toFixed(3)}"`;
  if (failed === 0) return `${opening}/>`;
  return `${opening}>\n    <failure message="${failed} of ${counted(runs.length, 'run')} failed"/>\n  </testcase>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML has no words for most control characters, not even escaped. */
function escaped(text: string): string {
  return Array.from(text, (sign) => (isXml(sign) ? (ENTITIES[sign] ?? sign) : '?')).join('');
}

function isXml(sign: string): boolean {
  const code = sign.codePointAt(0) ?? 0;
  if (code < 32) return sign === '\t' || sign === '\n' || sign === '\r';
  return !(code >= 0xd800 && code < 0xe000) && code !== 0xfffe && code !== 0xffff;
}
