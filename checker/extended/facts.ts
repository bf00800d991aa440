/**
 * What is wrong with a history whatever the order of its operations, and whatever became of those in doubt: found by what answers say
 * of their own requests, and by who was called and had returned when. Nothing is searched for.
 */

import type { Violation } from '../sweep/violation.ts';
import { unexplainedExistence } from './existence.ts';
import type { ExtendedRule } from './model.ts';
import type { StreamOperation } from './operations.ts';
import { unexplainedGap } from './passed-over.ts';
import { contradictionInItself } from './self-contradictions.ts';
import { unexplainedToken } from './tokens.ts';

/** The first such fact, or null. */
export function factAgainst(operations: readonly StreamOperation[], rule: ExtendedRule): Violation | null {
  return (
    contradictionInItself(operations, rule) ??
    unexplainedExistence(operations, rule) ??
    unexplainedToken(operations, rule) ??
    unexplainedGap(operations, rule)
  );
}
