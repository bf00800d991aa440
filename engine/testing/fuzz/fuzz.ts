/**
 * Feeds targets with mutated inputs. Input `n` of seed `s` is the same for ever, whatever ran before it, so a finding is named
 * by two numbers and comes with its bytes.
 */

import { seededDice } from '../seeded-dice.ts';
import { mutate, pick } from './mutate.ts';
import { type FuzzTarget, TARGETS } from './targets.ts';

/** Time of this process, not of a busy machine, that one input may take before it counts as a hang. */
const HANG_MS = 2_000;

/** Inputs drawn from one throw of the dice: making dice costs more than most inputs. */
const ROUND = 100;

export interface FuzzFigures {
  inputs: number;
  /** How often each target ended in each way, as `target: word`. */
  ends: Map<string, number>;
  slowestMs: number;
}

/** Runs `inputs` of them, each target in its turn. Throws at the first finding. */
export async function fuzz(seed: number, inputs: number): Promise<FuzzFigures> {
  const figures: FuzzFigures = { inputs: 0, ends: new Map(), slowestMs: 0 };
  for (let round = 0; figures.inputs < inputs; round++) {
    const target = TARGETS[round % TARGETS.length] as FuzzTarget;
    await fuzzRound(target, seed, round, Math.min(ROUND, inputs - figures.inputs), figures);
  }
  return figures;
}

async function fuzzRound(target: FuzzTarget, seed: number, round: number, count: number, figures: FuzzFigures) {
  const dice = seededDice(seed, `${target.name} ${round}`);
  for (let i = 0; i < count; i++) {
    const bytes = mutate(pick(target.seeds, dice), pick(target.seeds, dice), dice);
    const start = process.cpuUsage();
    let end: string;
    try {
      end = await target.check(bytes, dice);
    } catch (error) {
      throw new Error(finding(target, seed, round, i, bytes), { cause: error });
    }
    const { user, system } = process.cpuUsage(start);
    const tookMs = (user + system) / 1000;
    if (tookMs > HANG_MS)
      throw new Error(`${finding(target, seed, round, i, bytes)}: it took ${Math.round(tookMs)} ms`);
    const key = `${target.name}: ${end}`;
    figures.ends.set(key, (figures.ends.get(key) ?? 0) + 1);
    figures.slowestMs = Math.max(figures.slowestMs, tookMs);
    figures.inputs++;
  }
}

function finding({ name }: FuzzTarget, seed: number, round: number, i: number, bytes: Uint8Array): string {
  return `${name}, seed ${seed}, round ${round}, input ${i}: ${Buffer.from(bytes).toString('hex')}`;
}
