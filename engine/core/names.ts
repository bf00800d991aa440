/**
 * Names as S2 defines them (API contract §2.1): parsed once at the edge, trusted everywhere after. Lengths are
 * bytes of UTF-8. Each parser returns the reason a name is refused, or null when it is good.
 */

import {
  ACCESS_TOKEN_ID_BYTES_MAX,
  BASIN_NAME_BYTES_MAX,
  BASIN_NAME_BYTES_MIN,
  FENCING_TOKEN_BYTES_MAX,
  REQUEST_TOKEN_BYTES_MAX,
  STREAM_NAME_BYTES_MAX,
} from './limits.ts';

const utf8 = new TextEncoder();

function byteLength(text: string): number {
  return utf8.encode(text).length;
}

/** False for a string with half a surrogate pair, which no UTF-8 can carry. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

export function basinNameProblem(name: string): string | null {
  if (name.length < BASIN_NAME_BYTES_MIN || name.length > BASIN_NAME_BYTES_MAX) {
    return `basin name must be between ${BASIN_NAME_BYTES_MIN} and ${BASIN_NAME_BYTES_MAX} bytes in length`;
  }
  if (!/^[a-z0-9-]*$/.test(name)) {
    return 'basin name must comprise lowercase letters, numbers, and hyphens';
  }
  if (name.startsWith('-') || name.endsWith('-')) {
    return 'basin name must begin and end with a lowercase letter or number';
  }
  return null;
}

/** Of a `prefix` or `start_after`: a name that may be short, empty, or end with a hyphen. */
export function basinPrefixProblem(prefix: string): string | null {
  if (prefix.length > BASIN_NAME_BYTES_MAX) return `a basin name has at most ${BASIN_NAME_BYTES_MAX} bytes`;
  if (/^([a-z0-9][a-z0-9-]*)?$/.test(prefix)) return null;
  return 'a basin name must comprise lowercase letters, numbers, and hyphens, and not begin with a hyphen';
}

/** Of a `prefix` or `start_after`: a name that may be empty. */
export function streamPrefixProblem(prefix: string): string | null {
  if (byteLength(prefix) > STREAM_NAME_BYTES_MAX) return `a stream name has at most ${STREAM_NAME_BYTES_MAX} bytes`;
  return isWellFormed(prefix) ? null : 'a stream name must be valid Unicode';
}

export function locationProblem(name: string): string | null {
  return /^[A-Za-z0-9:.-]{1,64}$/.test(name)
    ? null
    : 'a location is 1 to 64 letters, numbers, colons, dots and hyphens';
}

export function streamNameProblem(name: string): string | null {
  const bytes = byteLength(name);
  if (bytes < 1 || bytes > STREAM_NAME_BYTES_MAX) {
    return `stream name must be between 1 and ${STREAM_NAME_BYTES_MAX} bytes in length`;
  }
  if (!isWellFormed(name)) return 'stream name must be valid Unicode';
  return name === '.' || name === '..' ? 'stream name must not be `.` or `..`' : null;
}

export function accessTokenIdProblem(id: string): string | null {
  const bytes = byteLength(id);
  if (bytes < 1 || bytes > ACCESS_TOKEN_ID_BYTES_MAX) {
    return `access token id must be between 1 and ${ACCESS_TOKEN_ID_BYTES_MAX} bytes in length`;
  }
  if (!isWellFormed(id)) return 'access token id must be valid Unicode';
  return id === '.' || id === '..' ? 'access token id must not be `.` or `..`' : null;
}

/** Of a `prefix` or `start_after`: an id that may be empty. */
export function accessTokenPrefixProblem(prefix: string): string | null {
  if (byteLength(prefix) > ACCESS_TOKEN_ID_BYTES_MAX) {
    return `an access token id has at most ${ACCESS_TOKEN_ID_BYTES_MAX} bytes`;
  }
  return isWellFormed(prefix) ? null : 'access token id must be valid Unicode';
}

export function fencingTokenProblem(token: string): string | null {
  return byteLength(token) > FENCING_TOKEN_BYTES_MAX
    ? `fencing token must not exceed ${FENCING_TOKEN_BYTES_MAX} bytes in length`
    : null;
}

export function requestTokenProblem(token: string): string | null {
  return byteLength(token) > REQUEST_TOKEN_BYTES_MAX
    ? `request token must not exceed ${REQUEST_TOKEN_BYTES_MAX} bytes in length`
    : null;
}
