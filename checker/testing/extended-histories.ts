/**
 * Small random histories with all that the extended format can say. Made by letting clients, pipelined sessions and
 * followers loose on a pretended stream, then perhaps falsified. What goes together in one history is drawn first, so
 * that each subject gets histories small enough for the permutation search.
 */

import type { CreatesOn, ExtendedEvent, ExtendedReturn, StreamConfig } from '../extended/history.ts';
import {
  clients,
  type Draft,
  drawConfig,
  follower,
  session,
  STAMPS,
  type Subjects,
  unanswered,
} from './extended-drafts.ts';
import { falsify } from './extended-lies.ts';
import { answer, pretendedStream } from './pretended-stream.ts';
import type { Dice } from './random.ts';

const KEEPS_ALL: StreamConfig = { retentionAgeMs: null, emptyAgeMs: null };
const LATE = 1_000;
/** Each further one is a branch for the permutation search. */
const STAMPS_FROM_0 = [0, 1, 2];

export interface SmallExtended {
  events: ExtendedEvent[];
  initially: 'present' | 'absent';
  config: StreamConfig;
  createsOn: readonly CreatesOn[];
}

const SUBJECTS = [
  'plain',
  'trims',
  'stamps',
  'lives',
  'pipelined',
  'followed',
  'followed trims',
  'followed lives',
  'stamps and trims',
  'stamps and lives',
  'stamps and ages',
  'stamps, ages and lives',
  'trims and lives',
  'ages',
  'ages and lives',
  'followed ages',
  'creating lives',
  'ages and creating lives',
  'alike',
  'alike trims',
  'alike lives',
  'unanswered',
  'pipelined lives',
  'pipelined creating lives',
] as const;

export function extendedHistory(dice: Dice, operationsMax: number): SmallExtended {
  const subject = dice.pick(SUBJECTS);
  const subjects: Subjects = {
    trims: subject.includes('trims'),
    stamps: subject.includes('stamps') ? dice.pick([STAMPS, STAMPS, STAMPS_FROM_0]) : [],
    lives: subject.includes('lives'),
    contents: dice.chance(1, 3),
    alike: subject.includes('alike'),
    ages: subject.includes('ages'),
  };
  const config = subjects.ages ? drawConfig(dice) : KEEPS_ALL;
  const createsOn = subject.includes('creating') ? dice.pick(CREATING) : [];
  const initially = subjects.lives && dice.chance(1, 2) ? 'absent' : 'present';
  const most = Math.min(operationsMax, operationsMaxOf(subjects, createsOn));
  let drafts: Draft[] = [];
  if (subject.startsWith('pipelined')) drafts = session(dice, subjects);
  if (subject === 'unanswered') drafts = unanswered(dice);
  if (subject.startsWith('followed')) drafts = follower(dice);
  drafts.push(...clients(dice, subjects, Math.max(1, most - drafts.length)));
  const stream = pretendedStream({
    initially,
    config,
    createsOn,
    creation: subjects.lives ? dice.pick([null, 'r']) : null,
  });
  for (const draft of drafts.toSorted((a, b) => a.effectAt - b.effectAt)) answer(dice, stream, subjects, draft);
  const told = drafts.filter(({ isLost }) => isLost !== true);
  for (let lies = dice.pick([0, 0, 0, 1, 1]); lies > 0; lies--) falsify(dice, dice.pick(told));
  return { events: eventsOf(dice, drafts, subjects), initially, config, createsOn };
}

/** Each stamp of a record is a branch for the permutation search, and each request that may create its stream two operations. */
function operationsMaxOf({ trims, ages, stamps }: Subjects, createsOn: readonly CreatesOn[]): number {
  const hasMoments = trims || ages;
  if (createsOn.length > 0) return ages ? 3 : 4;
  if (stamps.length > 0) return hasMoments ? 4 : 5;
  return hasMoments ? 6 : Number.POSITIVE_INFINITY;
}

const CREATING: readonly (readonly CreatesOn[])[] = [['append'], ['read'], ['append', 'read']];

/** Some answers are lost. Those of a session come in order, so with one all behind it are. */
function eventsOf(dice: Dice, drafts: readonly Draft[], { ages, alike }: Subjects): ExtendedEvent[] {
  const brokenFrom = dice.chance(1, 2) ? dice.below(4) : Number.POSITIVE_INFINITY;
  const stamped = drafts.flatMap((draft, opId) => {
    const { clientId, call, calledAt, returnedAt, answer: told, tailTimestamp, isLost: isUntold = false } = draft;
    const begun: ExtendedEvent = { type: 'call', clientId, opId, call };
    const isLost =
      isUntold ||
      (call.kind === 'append'
        ? call.turn === undefined
          ? dice.chance(alike ? 2 : 1, 4)
          : call.turn.index >= brokenFrom
        : (call.kind === 'create' || call.kind === 'delete' || call.kind === 'configure') && dice.chance(1, 8));
    const isEarly = call.kind === 'append' && call.turn === undefined && dice.chance(1, isUntold ? 3 : 5);
    const lost: ExtendedReturn = { kind: call.kind === 'append' ? 'append-indefinite-failure' : 'change-unknown' };
    const ended: ExtendedEvent = {
      type: 'return',
      clientId,
      opId,
      return: isLost ? lost : told!,
      ...(!isLost && tailTimestamp !== undefined && { tailTimestamp }),
    };
    return [
      { at: calledAt, event: begun },
      { at: isLost && !isEarly ? LATE : returnedAt + 0.5, event: ended },
    ];
  });
  const inOrder = stamped.toSorted((a, b) => a.at - b.at);
  return inOrder.map(({ at, event }) => (ages ? { ...event, atMs: Math.floor(at) } : event));
}
