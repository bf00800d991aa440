/** What each operation on a basin does and answers (API contract §1.9, §3.3-§3.5): pure, one answer for one state. */

import { basinOf, type BasinWish, patchedBasin, sameConfig } from './config.ts';
import type { BasinCall, ControlAnswer } from './history.ts';
import type { BasinLife } from './state.ts';

/** What is to be answered; of what is shown only the life knows more. */
export type Due = Exclude<ControlAnswer, { kind: 'provisioned' | 'listed' | 'page' | 'appended' | 'tail' }> | Told;
/** Answers that show something of the life as the operation left it. */
type Told = { kind: 'provisioned'; result: 'created' | 'updated' | 'noop' } | { kind: 'page' | 'appended' | 'tail' };

/** `life` is what the operation leaves, the very same value when it changes nothing. */
export interface Ruling<Life> {
  life: Life | null;
  due: Due;
}

/** `basin` null: there is none. */
export function ruleBasin(basin: BasinLife | null, call: BasinCall): Ruling<BasinLife> {
  switch (call.kind) {
    case 'create-basin':
      return created(basin, call);
    case 'ensure-basin':
      return ensured(basin, call.wish);
    case 'reconfigure-basin': {
      if (basin === null || basin.isDoomed) return refused(basin);
      const life = configured(basin, patchedBasin(basin.config, call.patch));
      return { life, due: { kind: 'config', config: life.config } };
    }
    case 'get-basin':
      return basin === null ? refused(basin) : { life: basin, due: { kind: 'config', config: basin.config } };
    case 'delete-basin':
      return basin === null ? refused(basin) : { life: doomed(basin), due: { kind: 'deleted' } };
  }
}

function created(
  basin: BasinLife | null,
  { token, wish }: Extract<BasinCall, { kind: 'create-basin' }>,
): Ruling<BasinLife> {
  if (basin === null) return { life: newBasin(wish, token), due: { kind: 'provisioned', result: 'created' } };
  if (basin.isDoomed) return refused(basin);
  const { request } = basin;
  const isRepeated = request !== null && request.token === token && sameConfig(basinOf(request.wish), basinOf(wish));
  return { life: basin, due: isRepeated ? { kind: 'provisioned', result: 'noop' } : { kind: 'exists' } };
}

function ensured(basin: BasinLife | null, wish: BasinWish): Ruling<BasinLife> {
  if (basin === null) return { life: newBasin(wish, null), due: { kind: 'provisioned', result: 'created' } };
  if (basin.isDoomed) return refused(basin);
  const life = configured(basin, basinOf(wish));
  return { life, due: { kind: 'provisioned', result: life === basin ? 'noop' : 'updated' } };
}

function refused(basin: BasinLife | null): Ruling<BasinLife> {
  return { life: basin, due: { kind: basin === null ? 'no-basin' : 'basin-pending' } };
}

function newBasin(wish: BasinWish, token: string | null): BasinLife {
  const request = token === null ? null : { token, wish };
  return { request, config: basinOf(wish), createdAt: null, isDoomed: false, deletedAt: null, streams: new Map() };
}

/** The very same life when nothing changes. */
export function configured<Life extends { config: object }>(life: Life, config: Life['config']): Life {
  return sameConfig(life.config, config) ? life : { ...life, config };
}

export function doomed<Life extends { isDoomed: boolean }>(life: Life): Life {
  return life.isDoomed ? life : { ...life, isDoomed: true };
}
