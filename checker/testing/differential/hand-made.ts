/**
 * The histories of testdata/extended, whose file name is the verdict. What no random history ever meets is noticed by
 * these: every engine must say of each what its name says. Read once, and handed to the hunts of all mutants.
 */

import { readdirSync, readFileSync } from 'node:fs';
import type { ExtendedHistory } from '../../extended/history.ts';
import { type HistoryHeader, parseExtended } from '../../formats/extended-jsonl.ts';

const FOLDER = new URL('../../testdata/extended/', import.meta.url);

export interface HandMade {
  name: string;
  verdict: 'ok' | 'illegal';
  header: HistoryHeader;
  history: ExtendedHistory;
}

/** Without those that are malformed on purpose. */
export function handMadeHistories(): HandMade[] {
  return readdirSync(FOLDER)
    .filter((name) => !name.startsWith('malformed-'))
    .sort()
    .flatMap((name) => {
      const parsed = parseExtended(readFileSync(new URL(name, FOLDER), 'utf8'));
      if (parsed.kind === 'malformed') throw new Error(`${name}:${parsed.line}: ${parsed.message}`);
      return [{ ...parsed, name, verdict: name.startsWith('ok-') ? ('ok' as const) : ('illegal' as const) }];
    });
}
