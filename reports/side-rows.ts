/**
 * What happened beside the judged stream, from a line per operation to tables: one for each stream, and one for what was
 * about none. Pure.
 */

interface SideRow {
  /** `203–218`, in milliseconds; open behind the dash when it never returned. */
  when: string;
  client: string;
  what: string;
  outcome: string;
}

export interface SideTable {
  /** The stream; null of operations that are about basins, listings and the like. */
  stream: string | null;
  rows: readonly SideRow[];
}

/** `side-1.1 writer 203..218 ms: append a, b → numbers 4..5`; of the control plane without a stream in front. */
const LINE = /^(?:(\S+) )?(\S+) (\d+)\.\.(\d*) ms: (.*) → (.*)$/s;

/** Tables in the order in which their streams come first; rows as they came. */
export function sideTablesOf(lines: readonly string[]): SideTable[] {
  const tables = new Map<string | null, SideRow[]>();
  for (const line of lines) {
    const [, stream = null, client = '', from = '', until = '', what = line, outcome = ''] = LINE.exec(line) ?? [];
    const rows = tables.get(stream) ?? [];
    tables.set(stream, rows);
    rows.push({ when: from === '' ? '' : whenWords(from, until), client, what, outcome });
  }
  return [...tables].map(([stream, rows]) => ({ stream, rows }));
}

function whenWords(from: string, until: string): string {
  return from === until ? from : `${from}–${until}`;
}
