/**
 * The course of one put or delete, with every fate it can have.
 *
 * Request, effect and reply are separate. What the caller is told is never more than its client could know:
 * `failed` only where nothing can reach the store any more, `unknown` wherever something might.
 */

import type { DeleteOutcome, PutOutcome } from '../../engine/ports.ts';
import type { Probes } from '../probes.ts';
import type { Attempt } from './attempt.ts';
import type { MutationPlan } from './attempt-plan.ts';
import { fault, throttled } from './outcomes.ts';

/** What the mutation does to the objects. */
export interface Change<Outcome> {
  /** Happens at the store; `isLate` if the caller does not wait any more, `isPartial` if only some names are done. */
  apply: (isLate: boolean, isPartial?: boolean) => Outcome;
  /** Nobody waits for the answer any more: the names concerned are not in flux. */
  settle: () => void;
}

export interface Course<Outcome extends PutOutcome | DeleteOutcome> {
  attempt: Attempt<Outcome>;
  verb: 'put' | 'delete';
  /** For messages: what it is about. */
  key: string;
  plan: MutationPlan;
  change: Change<Outcome>;
  probes: Probes;
}

export function runMutation<Outcome extends PutOutcome | DeleteOutcome>(course: Course<Outcome>): void {
  const { attempt, plan, change, verb, key } = course;
  const light = (what: string): void => course.probes.reachable(`fault.${verb}.${what}`);
  const unknown = (code: string, message: string): Outcome =>
    ({ kind: 'unknown', fault: fault(code, `${verb} ${key}: ${message}`) }) as Outcome;
  const failed = (code: string, message: string): Outcome =>
    ({ kind: 'failed', fault: fault(code, `${verb} ${key}: ${message}`) }) as Outcome;
  const apply = (): Outcome => {
    const isLate = attempt.isOver;
    const outcome = change.apply(isLate);
    if (isLate && outcome.kind === 'done') {
      light('late-effect');
      if (verb === 'put' && !attempt.isCallerAlive) light('late-effect-after-restart');
    }
    return outcome;
  };
  const applyLate = (): void => {
    apply();
    change.settle();
  };

  switch (plan.fate) {
    case 'normal':
      attempt.toStore(() => {
        const outcome = apply();
        attempt.settleWhenAnswered(change.settle);
        attempt.answer(outcome);
        if (plan.isDoubled && outcome.kind === 'done') {
          attempt.atStoreAfter(plan.lateUs, () => {
            light('duplicated');
            change.apply(true);
            change.settle();
          });
        }
      });
      break;
    case 'failed':
      light('failed-before');
      attempt.noticeLocally(failed('unreachable', 'no connection to the store'));
      break;
    case 'unknown-without-effect':
      light('unknown-without-effect');
      attempt.turnAway(unknown('internal', '500'));
      break;
    case 'throttled':
      light('throttled');
      attempt.turnAway({ kind: 'unknown', fault: throttled(`${verb} ${key}: 503, slow down`) } as Outcome);
      break;
    case 'conflict':
      light('conflict');
      attempt.turnAway(unknown('conflict', '409, try again'));
      break;
    case 'out-of-service':
      attempt.turnAway(unknown('slow-down', '503, out of service'));
      break;
    case 'lost-reply':
      attempt.toStore(() => {
        if (apply().kind === 'done') light('lost-reply');
        attempt.settleWhenAnswered(change.settle);
        attempt.answer(unknown('reset', 'the connection was reset'));
      });
      break;
    case 'late':
      attempt.noticeLocally(unknown('reset', 'the connection was reset'));
      attempt.atStoreLate(plan.lateUs, applyLate);
      break;
    case 'hang':
      light('hang');
      break;
    case 'hang-with-effect':
      light('hang');
      attempt.toStore(() => {
        apply();
        attempt.settleWhenAnswered(change.settle);
      });
      break;
    case 'hang-then-late':
      light('hang');
      attempt.atStoreAfter(attempt.timeoutUs + plan.lateUs, applyLate);
      break;
    case 'travels':
      light('travels');
      attempt.atStoreAfter(plan.lateUs, applyLate);
      break;
    case 'partial':
      light('partial');
      attempt.toStore(() => {
        change.apply(attempt.isOver, true);
        attempt.settleWhenAnswered(change.settle);
        attempt.answer(unknown('internal', '500'));
      });
      break;
    case 'swallowed':
      break;
    default:
      plan.fate satisfies never;
  }
}
