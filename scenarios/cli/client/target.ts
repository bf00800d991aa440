/**
 * How basins and streams are named on the command line: `my-basin`, `s2://my-basin`, `s2://my-basin/any/stream/name`, as
 * the `s2` command has it. Everything after the first slash is the stream, slashes included.
 */

import { InvalidArgumentError } from 'commander';

export interface StreamTarget {
  basin: string;
  stream: string;
}

/** A basin, and the beginning of stream names when there is one. */
export interface ListTarget {
  basin: string;
  prefix: string | null;
}

const SCHEME = 's2://';

export function basinArgument(text: string): string {
  const { basin, prefix } = listTargetArgument(text);
  if (prefix === null) return basin;
  throw new InvalidArgumentError(`expected a basin such as ${basin}, without a stream.`);
}

/** Of a basin that is to be made: whether a name will do is known before anybody is asked. */
export function newBasinArgument(text: string): string {
  const basin = basinArgument(text);
  if (/^[a-z0-9][a-z0-9-]{6,46}[a-z0-9]$/.test(basin)) return basin;
  throw new InvalidArgumentError('a basin has 8 to 48 of a-z, 0-9 and -, which is neither first nor last.');
}

export function streamArgument(text: string): StreamTarget {
  const { basin, prefix } = text.startsWith(SCHEME) ? listTargetArgument(text) : { basin: text, prefix: null };
  if (prefix !== null) return { basin, stream: prefix };
  throw new InvalidArgumentError(`expected a stream such as ${SCHEME}my-basin/my-stream.`);
}

export function listTargetArgument(text: string): ListTarget {
  const match = /^([^/]+)(?:\/(.*))?$/s.exec(text.startsWith(SCHEME) ? text.slice(SCHEME.length) : text);
  const [, basin, rest = ''] = match ?? [];
  if (basin === undefined) throw new InvalidArgumentError(`expected my-basin or ${SCHEME}my-basin.`);
  return { basin, prefix: rest === '' ? null : rest };
}

export function uriOf({ basin, stream }: StreamTarget): string {
  return `${SCHEME}${basin}/${stream}`;
}
