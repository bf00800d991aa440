/** What a checkpoint's turn takes for the history of usage: 1,500 basins that were busy in every hour of a month. */

import { S2_BASIN_CONFIG } from '../engine/core/config.ts';
import { basinFigure } from '../engine/core/usage.ts';
import { LogState } from '../engine/state/log-state.ts';
import { median, type Row } from './table.ts';

const BASINS = 1_500;
const HOURS = 744;
const HOUR_MS = 3_600_000;
const TURNS = 25;

export async function usageFreeze(): Promise<Row[]> {
  const state = new LogState();
  const names = Array.from({ length: BASINS }, (_, i) => `basin-${i}`);
  for (const name of names) {
    const basin = { type: 'create-basin', name, createdAtMs: 1, requestToken: null, config: S2_BASIN_CONFIG } as const;
    state.apply(basin, 0);
  }
  const basins = names.map((name) => ({ name, counts: [[basinFigure('reads-unary'), 1] as const] }));
  const count = (atMs: number) => state.apply({ type: 'usage', atMs, account: [[0, 1]], basins }, 0);
  for (let hour = 1; hour <= HOURS; hour++) count(hour * HOUR_MS);
  const turnsMs = Array.from({ length: TURNS }, (_, turn) => {
    // Every ledger has changed since the turn before.
    count(HOURS * HOUR_MS + turn);
    const startedMs = performance.now();
    state.usage.frozen();
    return performance.now() - startedMs;
  });
  const goal = { of: 'value', bound: 'at most', than: 5 } as const;
  return [
    { what: `usage of ${BASINS} basins frozen in a checkpoint's turn`, value: median(turnsMs), unit: 'ms', goal },
  ];
}
