/**
 * What a listing shows, and of which moment: it sees the store as it arrives there, long after that at a host that lists slowly,
 * or part by part at several moments, and may leave out what comes or show what goes meanwhile.
 */

import type { ListOutcome } from '../../engine/ports.ts';
import type { Attempt, StoreSetting } from './attempt.ts';
import { planList, planSlowLists } from './attempt-plan.ts';
import type { Objects } from './objects.ts';
import { fault } from './outcomes.ts';
import type { StoreDamage } from './store-damage.ts';
import { listUnsorted } from './unsorted-listing.ts';

export interface Wanted {
  prefix: string;
  after: string;
  limit: number;
}

export class Listings {
  readonly #setting: StoreSetting;
  readonly #objects: Objects;
  readonly #damage: StoreDamage;
  /** Hosts that listed, and whether their listings may be under way for long. */
  readonly #slowListers = new Map<string, boolean>();

  constructor(setting: StoreSetting, objects: Objects, damage: StoreDamage) {
    this.#setting = setting;
    this.#objects = objects;
    this.#damage = damage;
  }

  /** Draws how it goes, and answers it. */
  begin(attempt: Attempt<ListOutcome>, { prefix, after, limit }: Wanted): void {
    const { context, listing } = this.#setting;
    const host = attempt.host.name;
    const plan = planList(context, host, limit, this.#listsSlowly(host));
    const { probes } = context;
    if (plan.fate === 'hang') return probes.reachable('fault.list.hang');
    const page = (upTo: number) =>
      this.#objects.page({
        prefix,
        after,
        limit: upTo,
        sinceUs: attempt.startedUs,
        planted: this.#damage.plantedNames(),
        sizeOf: (key, bytes) => this.#damage.seen(key, bytes).length,
        isHidden: plan.hides,
        isShown: plan.shows,
      });
    const look = (): void => {
      if (listing === 'unsorted') {
        return listUnsorted({
          now: () => page(Infinity).blobs,
          limit: plan.limit,
          later: (delayUs, next) => attempt.atStoreAfter(delayUs, next),
          done: ({ blobs, next }, hasShifted) => {
            probes.sometimes('fault.list.shifted', hasShifted);
            attempt.answer({ kind: 'page', blobs, next });
          },
        });
      }
      const { blobs, next } = page(plan.limit);
      probes.sometimes('fault.list.short-page', plan.limit < limit && next !== null);
      attempt.answer({ kind: 'page', blobs, next });
    };
    attempt.toStore(() => {
      if (plan.fate === 'failed') {
        probes.reachable('fault.list.failed');
        return attempt.answer(listFailed(prefix, 'internal', '500'));
      }
      if (plan.lingersUs === 0) return look();
      probes.reachable('fault.list.lingered');
      attempt.atStoreAfter(plan.lingersUs, look);
    });
  }

  #listsSlowly(host: string): boolean {
    const known = this.#slowListers.get(host) ?? planSlowLists(this.#setting.context, host);
    this.#slowListers.set(host, known);
    return known;
  }
}

export function listFailed(prefix: string, code: string, message: string): ListOutcome {
  return { kind: 'failed', fault: fault(code, `list ${prefix}: ${message}`) };
}
