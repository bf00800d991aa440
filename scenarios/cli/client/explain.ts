/**
 * What the server or the way to it said, in one line for a person: what was wrong, where, and what to do about it.
 *
 * Nothing but the SDK's own errors is explained; everything else is a bug or bad input and goes up as it is.
 */

import type * as Sdk from '@s2-dev/streamstore';
import { InputError } from '../input-error.ts';
import type { Endpoints } from './connection.ts';

/** As in the `s2` command: the operation did not happen, or nobody knows whether it did. */
const EXIT_FAILED = 1;

const NOT_REACHED = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'NETWORK_ERROR',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** What helps against an error code, where the server's words do not say it already. */
const REMEDIES: Readonly<Record<string, string>> = {
  authn: 'set S2_ACCESS_TOKEN to a valid token',
  basin_not_found: '`tailrace ls` lists basins, `tailrace create-basin NAME` makes one',
  basin_deletion_pending: 'wait until it is gone, or choose another name',
  decryption_failed: 'give the key the records were written with (S2_ENCRYPTION_KEY or -k)',
  not_implemented: 'this server does not have it',
  permission_denied: 'the access token does not allow it',
  server_draining: 'it is stopping; try again when it is back',
  stream_deletion_pending: 'wait until it is gone, or choose another name',
  stream_not_found: '`tailrace ls BASIN` lists streams, `tailrace create-stream s2://BASIN/STREAM` makes one',
  unavailable: 'try again',
};

export class OperationFailed extends InputError {
  override name = 'OperationFailed';

  constructor(message: string) {
    super(message, EXIT_FAILED);
  }
}

/** Rejects with an OperationFailed where the SDK reports an S2Error. */
export async function explained<Result>(endpoints: Endpoints, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const sdk = await import('@s2-dev/streamstore');
    if (!(error instanceof sdk.S2Error)) throw error;
    if (error instanceof sdk.SeqNumMismatchError) {
      throw new OperationFailed(
        `not appended: the next record gets number ${error.expectedSeqNum}, which is not what --match-seq-num said`,
      );
    }
    if (error instanceof sdk.FencingTokenMismatchError) {
      const token = error.expectedFencingToken;
      throw new OperationFailed(
        token === ''
          ? 'not appended: the stream has no fencing token; append without --fencing-token, or `tailrace fence` it'
          : `not appended: the stream is fenced by "${token}"; append with that in --fencing-token, or \`tailrace fence\` it anew`,
      );
    }
    throw new OperationFailed(isUnreached(error) ? unreached(error, endpoints) : inWords(error));
  }
}

/** Certificates nobody vouches for, of another name, or too old, as OpenSSL and Node call them. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/;

/** Whether the server certainly did nothing: a condition did not hold, it refused, or it was never asked. */
export function isDefinite(error: Sdk.S2Error, sdk: typeof Sdk): boolean {
  const isCondition = error instanceof sdk.SeqNumMismatchError || error instanceof sdk.FencingTokenMismatchError;
  const { origin, status, code } = error;
  const isRefused = origin === 'server' && status >= 400 && status < 500 && status !== 408 && status !== 499;
  return isCondition || isRefused || code === 'connection_failed' || error.hasNoSideEffects();
}

function isUnreached({ code, origin, message }: Sdk.S2Error): boolean {
  return origin === 'sdk' && (NOT_REACHED.has(code ?? '') || /connect/i.test(message) || UNTRUSTED.test(code ?? ''));
}

function unreached({ code, message }: Sdk.S2Error, { account, basin }: Endpoints): string {
  const where = account === basin ? account : `${account} or ${basin}`;
  if (UNTRUSTED.test(code ?? '')) {
    return `the certificate of ${where} is not trusted (${code}): NODE_EXTRA_CA_CERTS=FILE names who vouches for it, S2_SSL_NO_VERIFY=1 trusts anybody`;
  }
  if (code?.startsWith('ERR_SSL') === true) return `${where} does not speak TLS (${code}): try http://`;
  const { hostname, port, protocol } = new URL(account);
  if (code === 'UND_ERR_SOCKET' && protocol === 'http:') {
    return `${where} hung up: does it want https://, or is it no stream server?`;
  }
  const isHere = hostname === 'localhost' || hostname.startsWith('127.');
  const remedy = isHere
    ? `start it again as it was, or a new one with \`npx tailrace serve --port ${port === '' ? 80 : port} --store file:./data\`; if it is elsewhere, say so with --endpoint`
    : 'is the address right, and is there a way to it from here? (--endpoint, S2_ACCOUNT_ENDPOINT, S2_BASIN_ENDPOINT)';
  return `no server answers at ${where} (${code ?? message}): ${remedy}`;
}

/** What helps where the code alone does not say it, by how the server's words begin. */
const REMEDIES_BY_WORDS: readonly (readonly [string, string])[] = [
  ['missing encryption key', 'give it in S2_ENCRYPTION_KEY, -k or --encryption-key-file'],
  ['invalid encryption key', 'a key is 32 bytes in base64: `openssl rand -base64 32` makes one'],
];

/** How the SDK says that a session ended while it waited for an answer. */
const HUNG_UP = /pending acks|stream is not open|^Request timeout|^Stream ended/;

function inWords({ code, message, status, origin }: Sdk.S2Error): string {
  if (origin === 'sdk' && HUNG_UP.test(message)) return 'the server went away, or was silent, before it answered';
  const byWords = REMEDIES_BY_WORDS.find(([words]) => message.startsWith(words))?.[1];
  const remedy = byWords ?? (code === undefined ? undefined : REMEDIES[code]);
  const said = message === '' ? 'no reason was given' : message;
  const source = origin === 'server' ? ` (${[code, `HTTP ${status}`].filter(Boolean).join(', ')})` : '';
  return `${said}${source}${remedy === undefined ? '' : `: ${remedy}`}`;
}
