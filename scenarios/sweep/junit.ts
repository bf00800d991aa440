/** A sweep as JUnit XML, which every CI shows: a test case per profile, and one per signature that failed. */

import type { SweepRecord } from '../run.ts';
import { signatureGroups } from './signatures.ts';
import { verdictOf } from './verdict.ts';

export function junitXml(record: SweepRecord): string {
  const profiles = [...new Set(record.results.map(({ profile }) => profile))].toSorted();
  const passed = profiles.map((profile) => {
    const runs = record.results.filter((result) => result.profile === profile);
    const seconds = runs.reduce((sum, { wallMs }) => sum + wallMs, 0) / 1000;
    return `  <testcase classname="sweep" name="${escaped(`${runs.length} seeds under ${profile}`)}" time="${seconds.toFixed(3)}"/>`;
  });
  const failed = signatureGroups(record).map(
    ({ kind, signature, count, smallest }) =>
      `  <testcase classname="sweep" name="${escaped(`${kind}: ${signature}`)}">\n` +
      `    <failure message="${escaped(`${count} runs; smallest: ${smallest.repro}`)}">${escaped(smallest.failure.message)}</failure>\n` +
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
  const cases = [...passed, ...failed, ...broken, ...dark];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${escaped(record.scenario)}" tests="${cases.length}" failures="${failed.length + dark.length}" errors="${broken.length}" time="${(record.wallMs / 1000).toFixed(3)}">`,
    ...cases,
    '</testsuite>',
    '',
  ].join('\n');
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
