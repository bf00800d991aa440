/**
 * Failing runs of a sweep, grouped by signature: the most frequent group first, in each group the smallest
 * case first, because the smallest is the one to look at.
 *
 * Pure. Long lists of seeds are cut and say how many are left out.
 */

import type { RunFailure, SeedResult } from '../scenarios/run.ts';
import { bySeed, compareText, distinctSorted } from './seed-order.ts';

export interface FailingSeed {
  seed: string;
  profile: string;
  operations: number;
  simulatedMs: number;
  message: string;
  repro: string;
  /** History page of the run, if one was written. */
  href: string | null;
}

export interface FailureGroup {
  kind: RunFailure['kind'];
  signature: string;
  count: number;
  profiles: readonly string[];
  plants: readonly string[];
  /** Smallest first. */
  seeds: readonly FailingSeed[];
  /** Failing seeds of this signature that are not listed. */
  omitted: number;
}

/**
 * What stands over a group and below it. Most signatures are a message with its values blanked: then the message of the
 * smallest case says it all, and is said once. A code is explained by the message below it.
 */
export function wordsOf({ signature, seeds }: FailureGroup): { heading: string; text: string } {
  const message = seeds[0]?.message ?? '';
  const [first = '', ...rest] = message.split('\n');
  return blanksTo(first, signature) ? { heading: first, text: rest.join('\n') } : { heading: signature, text: message };
}

/** `slot 14 was issued twice (on node-1 at 3 ms)` to `slot # was issued twice`. */
function blanksTo(message: string, signature: string): boolean {
  const pattern = signature
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll('#', '\\d+')
    .replaceAll('…', '.+?');
  return signature !== '' && new RegExp(`^${pattern}(?: \\(.*\\))?\\.?$`, 'i').test(message);
}

const SEEDS_PER_GROUP_MAX = 10;

export function failureGroupsOf(
  results: readonly SeedResult[],
  runLinks: Readonly<Record<string, string>>,
): FailureGroup[] {
  const bySignature = new Map<string, (SeedResult & { failure: RunFailure })[]>();
  for (const result of results) {
    if (result.failure === null) continue;
    const failing = { ...result, failure: result.failure };
    const key = `${result.failure.kind} ${result.failure.signature}`;
    const group = bySignature.get(key);
    if (group === undefined) bySignature.set(key, [failing]);
    else group.push(failing);
  }
  return [...bySignature.values()]
    .map((group): FailureGroup => {
      const smallestFirst = group.toSorted(
        (a, b) => a.counts.operations - b.counts.operations || a.events - b.events || bySeed(a, b),
      );
      const { kind = 'unknown', signature = '' } = smallestFirst[0]?.failure ?? {};
      return {
        kind,
        signature,
        count: group.length,
        profiles: distinctSorted(group.map(({ profile }) => profile)),
        plants: distinctSorted(group.flatMap(({ plant }) => plant ?? [])),
        seeds: smallestFirst.slice(0, SEEDS_PER_GROUP_MAX).map((result) => ({
          seed: result.seed,
          profile: result.profile,
          operations: result.counts.operations,
          simulatedMs: result.simulatedMs,
          message: result.failure.message,
          repro: result.repro,
          href: safeHref(runLinks[`${result.seed}/${result.profile}`]),
        })),
        omitted: Math.max(0, group.length - SEEDS_PER_GROUP_MAX),
      };
    })
    .sort((a, b) => b.count - a.count || compareText(a.signature, b.signature));
}

/**
 * Only addresses that cannot run a script: relative ones, files and the web. Judged as browsers do, which skip
 * blanks before the scheme and line breaks inside it.
 */
function safeHref(href: string | undefined): string | null {
  if (href === undefined || !URL.canParse(href, 'file:///')) return null;
  return ['file:', 'http:', 'https:'].includes(new URL(href, 'file:///').protocol) ? href : null;
}
