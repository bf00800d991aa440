/**
 * Stopping a run in the inspector before event N, or at each choice of a site. To step backwards, run again up to an earlier
 * event: a run is repeated in milliseconds. Who asked for a place the run never comes to is told so, with the sites it has.
 */

export interface Stops {
  until?: number;
  break?: string;
}

const SITES_SHOWN_MAX = 12;

/** Hooks of a run; with somewhere to stop, waits for a debugger first. */
export async function stopping({ until, break: site, trace }: Stops & { trace?: boolean }) {
  const asked = new Set<string>();
  let hasStopped = false;
  if (until !== undefined || site !== undefined) {
    const inspector = await import('node:inspector');
    console.error(
      'waiting for a debugger: chrome://inspect, or `node inspect` with the address below; to step back, run again up to an earlier event',
    );
    inspector.open(0, '127.0.0.1', true);
    process.once('beforeExit', () => {
      if (!hasStopped)
        console.error(
          neverThere({ ...(until !== undefined && { until }), ...(site !== undefined && { break: site }) }, asked),
        );
    });
  }
  const onTraceLine = (line: string): void => {
    if (trace === true) console.log(line);
    if (until === undefined || !line.startsWith(`${until} `)) return;
    hasStopped = true;
    // oxlint-disable-next-line no-debugger -- what was asked for
    debugger;
  };
  const onChoice = (name: string): void => {
    asked.add(name);
    if (name !== site) return;
    hasStopped = true;
    // oxlint-disable-next-line no-debugger -- what was asked for
    debugger;
  };
  return {
    ...((trace === true || until !== undefined) && { onTraceLine }),
    ...(site !== undefined && { onChoice }),
  };
}

/** What to tell whoever asked for a place that the run did not come to; sites that have a word in common come first. */
export function neverThere({ until, break: site }: Stops, asked: ReadonlySet<string>): string {
  const lines = until === undefined ? [] : [`the run ended before event ${until}`];
  if (site === undefined) return lines.join('\n');
  const words = site.split(/[.-]/);
  const likeness = (name: string): number => name.split(/[.-]/).filter((word) => words.includes(word)).length;
  const sites = [...asked].toSorted((a, b) => likeness(b) - likeness(a) || (a < b ? -1 : 1));
  const rest = sites.length > SITES_SHOWN_MAX ? `, and ${sites.length - SITES_SHOWN_MAX} more` : '';
  lines.push(`no choice of this run is of site ${site}; it has ${sites.slice(0, SITES_SHOWN_MAX).join(', ')}${rest}`);
  return lines.join('\n');
}
