/** The page of a history that comes without a run. */

import { basename } from 'node:path';
import type { History, Verdict } from '../checker/index.ts';
import { renderHistory } from '../reports/index.ts';
import { verdictFailure } from './judge.ts';
import { partialOrders } from './partial-orders.ts';

export function judgedPage(file: string, history: History, verdict: Verdict): string {
  return renderHistory({
    name: basename(file),
    history,
    verdict: verdict.verdict,
    failure: verdictFailure(verdict),
    linearization: verdict.verdict === 'ok' ? verdict.linearization : null,
    partialOrders: verdict.verdict === 'ok' ? [] : partialOrders(history),
  });
}
