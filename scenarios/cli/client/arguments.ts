/** Words on the command line of the client turned into values, with messages that say what was expected. */

import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `1h`, `90s`, `7d`, `7days`, `1d 12h`, in milliseconds. */
export function timeSpanArgument(text: string): number {
  const words = text.trim().split(/(?<=[a-z])\s*(?=\d)/);
  return words.reduce((sum, word) => sum + spanMs(word), 0);
}

function spanMs(word: string): number {
  const match = /^(\d{1,12})\s*(ms|s|m|h|d|w|secs?|seconds?|mins?|minutes?|hours?|days?|weeks?)$/.exec(word);
  if (match === null) throw new InvalidArgumentError('expected a time such as 5ms, 90s, 1h, 7d or "1d 12h".');
  const [, count, unit = ''] = match;
  return Number(count) * (UNIT_MS[unit === 'ms' ? unit : unit.slice(0, 1)] as number);
}

/** The same in whole seconds, which is what configurations are made of. */
export function secondsArgument(text: string): number {
  const ms = timeSpanArgument(text);
  if (ms % 1000 === 0) return ms / 1000;
  throw new InvalidArgumentError('expected whole seconds, such as 90s, 1h or 7d.');
}

/** `infinite`, or an age. */
export function retentionArgument(text: string): 'infinite' | number {
  if (text === 'infinite') return text;
  const seconds = secondsArgument(text);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError('expected an age such as 7d, or infinite.');
}

/** A whole number from 0 that a number can hold exactly. */
export function wholeArgument(text: string): number {
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('expected a whole number, 0 or more.');
}

/** Milliseconds since 1970, or a date as RFC 3339 writes it. */
export function timestampArgument(text: string): number {
  if (/^\d{1,16}$/.test(text)) return wholeArgument(text);
  const ms = /^\d{4}-\d{2}-\d{2}(T|$)/.test(text) ? Date.parse(text) : NaN;
  if (ms >= 0) return ms;
  throw new InvalidArgumentError('expected milliseconds since 1970, or a date such as 2025-06-30T08:00:00Z.');
}

export function booleanArgument(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidArgumentError('expected true or false.');
}

/** A share of MiB/s may be asked for too. */
export function rateArgument(text: string): number {
  if (/^\d{1,6}(\.\d{1,6})?$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('expected MiB/s above 0, such as 1, 0.5 or 200.');
}
