/**
 * A case: everything that makes one run, spelled out. A name (seed and profile) makes a run through two generators, one for
 * the plan and one for the choices; a case needs neither, so it means the same in a build whose generators changed, and parts
 * of it can be taken away.
 */

import type { HistoryEvent } from '../../checker/index.ts';
import { type FlatRecording, FlatReplay, type KeyedChoice, KeyedReplay, type Misalignment } from '../../sim/index.ts';
import type { Plan } from '../plan.ts';
import type { RunFailure, RunRecord } from '../run.ts';
import { runSeed, type RunSeedOptions } from '../run-seed.ts';
import { ThinDice, type Thinness } from './thin-dice.ts';

/** A choice that was not dull, by its key. */
export type LivelyChoice = Pick<KeyedChoice, 'site' | 'entity' | 'ordinal' | 'outcome'>;

/** Where the choices of a case come from: the generator of its seed, all or few of it, a list by key, or a list in order. */
type CaseChoices =
  | { kind: 'generated' }
  | { kind: 'thinned'; thinness: Thinness }
  | { kind: 'keyed'; lively: readonly LivelyChoice[] }
  | { kind: 'flat'; recording: FlatRecording };

export interface Case {
  seed: string;
  plan: Plan;
  choices: CaseChoices;
}

export interface CaseRun {
  record: RunRecord;
  history: readonly HistoryEvent[];
  /** What was not dull in it, in order, with sentences. */
  lively: KeyedChoice[];
  flat: FlatRecording;
  /** Hashes of the trace after each 1,024 events. */
  checkpoints: string[];
  /** The first choice of a flat replay that was asked for elsewhere than it was recorded. */
  misalignment: Misalignment | null;
}

/** Runs it to the end. Rejects only when the harness itself can not (a plan that makes no sense). */
export async function runCase(
  { seed, plan, choices }: Case,
  options: Pick<RunSeedOptions, 'record' | 'onTraceLine'> & {
    onChoice?: (site: string) => void;
    eventsMax?: number;
    decisionsMax?: number;
  } = {},
): Promise<CaseRun> {
  let flatReplay: FlatReplay | null = null;
  let rest: Omit<CaseRun, 'record'> | null = null;
  const { onChoice, eventsMax, decisionsMax, ...runOptions } = options;
  const record = await runSeed({
    ...runOptions,
    seed,
    profile: plan.profile,
    plan,
    world: {
      ...(onChoice !== undefined && { onChoice }),
      ...(eventsMax !== undefined && { eventsMax }),
      ...(decisionsMax !== undefined && { decisionsMax }),
      choices: (generator) => {
        switch (choices.kind) {
          case 'generated':
            return generator;
          case 'thinned':
            return new ThinDice(generator, choices.thinness);
          case 'keyed':
            return new KeyedReplay(choices.lively, generator);
          case 'flat':
            return (flatReplay = new FlatReplay(choices.recording, generator));
        }
      },
    },
    onEnd: (world, history) => {
      rest = {
        history,
        lively: world.choices.keyed(),
        flat: world.choices.recording(),
        checkpoints: world.trace.checkpoints(),
        misalignment: flatReplay?.misalignment ?? null,
      };
    },
  });
  if (rest === null) throw new Error('assertion: a run ended without its world');
  return { record, ...(rest as Omit<CaseRun, 'record'>) };
}

/** What equal failures have in common; null for a run that passed. */
export function signatureOfRun(failure: RunFailure | null): string | null {
  return failure === null ? null : `${failure.kind}: ${failure.signature}`;
}
