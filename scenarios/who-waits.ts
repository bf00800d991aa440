/**
 * Who waits for what, for a run in which something does not end. Servers come first, with the last thing each reported: one
 * that waits for nothing that is scheduled shows nowhere else. Then what waits without an end in sight, then what is due.
 */

import type { World } from '../sim/index.ts';

const LINES_MAX = 12;

/** A line for each, indented. */
export function whoWaits(world: World): string {
  const servers = world.hosts.filter(({ role }) => role === 'server').map(serverLine);
  const waiting = world.waiting();
  const ordered = [...waiting.filter(({ dueMs }) => dueMs === null), ...waiting.filter(({ dueMs }) => dueMs !== null)];
  const others = ordered.map(({ host, what, sinceMs, dueMs }) => {
    const since = sinceMs === null ? '' : ` since ${sinceMs} ms`;
    return `${host} waits for ${what}${since}${dueMs === null ? '' : ` until ${dueMs} ms`}`;
  });
  const left = others.length - LINES_MAX;
  const lines = [...servers, ...others.slice(0, LINES_MAX), ...(left > 0 ? [`and ${left} more`] : [])];
  return lines.map((line) => `  ${line}`).join('\n');
}

function serverLine({ name, state, lastWord }: World['hosts'][number]): string {
  const word =
    lastWord === null ? 'nothing was heard of it' : `its last word was ${lastWord.event} at ${lastWord.atMs} ms`;
  return `${name} is ${state}: ${word}`;
}
