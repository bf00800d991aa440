/**
 * What the client says: results on standard output, and what a person wants to know beside them on standard error, so
 * that a pipe carries data only. Colours only where a terminal shows them.
 */

import type { AppendAck, BasinConfig, StreamConfig, StreamPosition } from '@s2-dev/streamstore';
import { createColors } from 'picocolors';

const colors = createColors(process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined);

/** `7 @ 1763750000000`: number and timestamp. */
export function positionText({ seqNum, timestamp }: StreamPosition): string {
  return `${seqNum} @ ${timestamp.getTime()}`;
}

export function done(what: string): void {
  process.stderr.write(`${colors.green(`✓ ${what}`)}\n`);
}

export function note(what: string): void {
  process.stderr.write(`${colors.blue(what)}\n`);
}

export function appendedText({ start, end, tail }: AppendAck): string {
  return `[APPENDED] ${start.seqNum}..${end.seqNum} // tail: ${positionText(tail)}`;
}

export function printConfig(config: BasinConfig | StreamConfig): void {
  console.log(JSON.stringify(inWireWords(config), null, 2));
}

/** Keys as the API and the files of `--init-file` have them. */
function inWireWords(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(
    entries.map(([key, entry]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      inWireWords(entry),
    ]),
  );
}
