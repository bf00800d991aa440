/**
 * What S3 and the way to it can do to a request, as outcomes of the BlobStore port (storage reference §3.1).
 *
 * The question that matters is whether the request may have had its effect. The answer `none` needs a reason: the
 * store refused it before looking at the object, or no byte of it left this machine. Everything else is `possible`.
 */

import type { StoreFault } from '../ports.ts';

/** `refused`: the precondition was false. `absent`: no such object. `none`, `possible`: the effect of a mutation. */
type Effect = 'refused' | 'absent' | 'none' | 'possible';

export interface Misfortune {
  effect: Effect;
  fault: StoreFault;
}

interface Meaning {
  effect: Effect;
  code: string;
  says: string;
  remedy: string;
  retryable: boolean;
}

const NO_BUCKET: Meaning = {
  effect: 'none',
  code: 'no-bucket',
  says: 'there is no such bucket',
  remedy: 'create it, or correct its name, the endpoint or the region',
  retryable: false,
};
const DENIED: Meaning = {
  effect: 'none',
  code: 'denied',
  says: 'permission is missing',
  remedy:
    'allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket (without the last one S3 answers 403 for missing objects), or use a bucket of your own',
  retryable: false,
};
const BAD_CREDENTIALS: Meaning = {
  effect: 'none',
  code: 'bad-credentials',
  says: 'the credentials are not valid here',
  remedy: 'check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile in AWS_PROFILE, and the endpoint',
  retryable: false,
};
const EXPIRED: Meaning = {
  effect: 'none',
  code: 'expired-credentials',
  says: 'the credentials have expired',
  remedy:
    'renew them (role, profile or token); it is tried again with what is there then. Keys in environment variables need a restart',
  retryable: true,
};
const NO_CREDENTIALS: Meaning = {
  effect: 'none',
  code: 'no-credentials',
  says: 'no credentials were found',
  remedy: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give this machine a role',
  retryable: false,
};
const CLOCK_SKEW: Meaning = {
  effect: 'none',
  code: 'clock-skew',
  says: "this machine's clock and the store's differ too much",
  remedy: 'set the clock (NTP)',
  retryable: true,
};
const WRONG_REGION: Meaning = {
  effect: 'none',
  code: 'wrong-region',
  says: 'the bucket is in another region or at another endpoint',
  remedy: 'set AWS_REGION, or ?region= in the URL of the store',
  retryable: false,
};
const NO_REGION: Meaning = { ...WRONG_REGION, code: 'no-region', says: 'no region is set' };
const SLOW_DOWN: Meaning = {
  effect: 'possible',
  code: 'slow-down',
  says: 'the store asks for fewer requests',
  remedy: 'nothing is lost; if it lasts, write larger batches or ask for a higher rate',
  retryable: true,
};
const CONFLICT: Meaning = {
  effect: 'possible',
  code: 'conflict',
  says: 'another request for the same object interfered',
  remedy: 'it is tried again',
  retryable: true,
};
const SERVER_ERROR: Meaning = {
  effect: 'possible',
  code: 'server-error',
  says: 'the store failed',
  remedy: "it is tried again; if it lasts, look at the store's health",
  retryable: true,
};
const GARBLED: Meaning = {
  effect: 'none',
  code: 'garbled',
  says: 'the store did not receive what was sent',
  remedy: 'it is tried again; if it lasts, look at proxies on the way',
  retryable: true,
};
const UNSUPPORTED: Meaning = {
  effect: 'none',
  code: 'unsupported',
  says: 'the store does not know this kind of request',
  remedy: 'use a store that has conditional writes (docs/STORES.md)',
  retryable: false,
};
const ARCHIVED: Meaning = {
  effect: 'none',
  code: 'archived',
  says: 'the object was moved to an archive',
  remedy: 'restore it, and take the lifecycle rule that moves objects off this prefix',
  retryable: false,
};
const REJECTED: Meaning = {
  effect: 'none',
  code: 'rejected',
  says: 'the store rejected the request',
  remedy: 'compare the URL of the store with docs/STORES.md',
  retryable: false,
};
const REFUSED: Meaning = {
  effect: 'refused',
  code: 'exists',
  says: 'the name is taken',
  remedy: 'read it',
  retryable: false,
};
const ABSENT: Meaning = {
  effect: 'absent',
  code: 'absent',
  says: 'there is no such object',
  remedy: 'check the bucket and the prefix',
  retryable: false,
};
const UNREACHABLE: Meaning = {
  effect: 'none',
  code: 'unreachable',
  says: 'there is no connection',
  remedy: 'check the endpoint, the network, DNS and certificates',
  retryable: true,
};
const TIMEOUT: Meaning = {
  effect: 'possible',
  code: 'timeout',
  says: 'there was no answer in time',
  remedy: 'it is tried again; if it lasts, look at the network and the store',
  retryable: true,
};
const RESET: Meaning = {
  effect: 'possible',
  code: 'reset',
  says: 'the connection broke',
  remedy: 'it is tried again; if it lasts, look at the network and at proxies on the way',
  retryable: true,
};

/** Error codes of S3's XML, and names the SDK gives to its own errors. They say more than the status does. */
const BY_NAME: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: NO_BUCKET,
  InvalidBucketName: NO_BUCKET,
  NoSuchKey: ABSENT,
  AccessDenied: DENIED,
  AllAccessDisabled: DENIED,
  AccountProblem: DENIED,
  InvalidAccessKeyId: BAD_CREDENTIALS,
  SignatureDoesNotMatch: BAD_CREDENTIALS,
  InvalidToken: BAD_CREDENTIALS,
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  RequestExpired: EXPIRED,
  CredentialsProviderError: NO_CREDENTIALS,
  TokenProviderError: NO_CREDENTIALS,
  RequestTimeTooSkewed: CLOCK_SKEW,
  PermanentRedirect: WRONG_REGION,
  AuthorizationHeaderMalformed: WRONG_REGION,
  IllegalLocationConstraintException: WRONG_REGION,
  SlowDown: SLOW_DOWN,
  ServiceUnavailable: SLOW_DOWN,
  RequestTimeout: GARBLED,
  IncompleteBody: GARBLED,
  BadDigest: GARBLED,
  XAmzContentSHA256Mismatch: GARBLED,
  NotImplemented: UNSUPPORTED,
  InvalidObjectState: ARCHIVED,
};

const BY_STATUS: Readonly<Record<number, Meaning>> = {
  301: WRONG_REGION,
  307: { ...WRONG_REGION, retryable: true },
  403: DENIED,
  408: TIMEOUT,
  409: CONFLICT,
  412: REFUSED,
  429: SLOW_DOWN,
  501: UNSUPPORTED,
  503: SLOW_DOWN,
};

/** System calls before the first byte of a request. */
const BEFORE_SENDING = new Set(['connect', 'getaddrinfo']);

/** A certificate is looked at before any request is sent. Other errors of TLS may come later. */
const BAD_CERTIFICATE = /^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** The other side answered the first message of TLS with something else. */
const NO_TLS = 'wrong version number';

/** Errors of the SDK as much of them as counts here. */
interface SdkError extends Error {
  code?: string;
  syscall?: string;
  $metadata?: { httpStatusCode?: number };
  $response?: { statusCode?: number; headers?: Record<string, string> };
}

/** `action` is such as `read wal/7`, `where` names the store. */
export function misfortuneOf(error: unknown, action: string, where: string): Misfortune {
  return told(meaningOf(error as SdkError), error as SdkError, action, where);
}

/** The outcome of one key of a deletion, of which S3 reports a code and words. */
export function misfortuneOfKey(
  failure: { Code?: string | undefined; Message?: string | undefined },
  action: string,
  where: string,
): Misfortune {
  const name = failure.Code ?? 'InternalError';
  const error: SdkError = Object.assign(new Error(failure.Message ?? ''), { name });
  return told(meaningOfName(name) ?? SERVER_ERROR, error, action, where);
}

function told(
  { effect, code, says, remedy, retryable }: Meaning,
  error: SdkError,
  action: string,
  where: string,
): Misfortune {
  const message = `cannot ${action} in ${where}: ${says}${wordsOf(error)}; ${remedy}`;
  const retryAfterMs = retryAfterMsOf(error);
  return { effect, fault: { code, message, retryable, ...(retryAfterMs !== null && { retryAfterMs }) } };
}

/** `Retry-After` (RFC 9110, §10.2.3) is seconds, or a date by the clock of whoever answered; null without one that can be read. */
function retryAfterMsOf(error: SdkError): number | null {
  const value = headerOf(error, 'retry-after')?.trim();
  if (value === undefined) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const spanMs = Date.parse(value) - Date.parse(headerOf(error, 'date') ?? '');
  return spanMs > 0 ? spanMs : null;
}

export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = error as SdkError;
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** A header of the answer that was an error. */
export function headerOf(error: unknown, name: string): string | undefined {
  return (error as SdkError).$response?.headers?.[name];
}

function meaningOf(error: SdkError): Meaning {
  const status = statusOf(error);
  const named = meaningOfName(error.name);
  if (named !== undefined) return named;
  if (status === undefined) return withoutAnswer(error);
  const meaning = BY_STATUS[status];
  if (meaning !== undefined) return meaning;
  if (status === 404) return NO_BUCKET;
  if (status >= 400 && status < 500) return REJECTED;
  // Also an answer that says yes and could not be understood.
  return SERVER_ERROR;
}

function meaningOfName(name: string): Meaning | undefined {
  return Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
}

function withoutAnswer(error: SdkError): Meaning {
  const { name, code = '', syscall = '', message } = error;
  if (BEFORE_SENDING.has(syscall) || wereAllBeforeSending(error)) return UNREACHABLE;
  if (BAD_CERTIFICATE.test(code) || message.includes(NO_TLS)) return UNREACHABLE;
  if (message === 'Region is missing') return NO_REGION;
  if (name === 'TimeoutError' && code === '' && message.includes('did not establish a connection')) return UNREACHABLE;
  if (name === 'AbortError' || (name === 'TimeoutError' && code !== 'ECONNRESET' && code !== 'EPIPE')) return TIMEOUT;
  return { ...RESET, says: code === '' ? message || RESET.says : RESET.says };
}

/** A host with several addresses was tried at each of them. */
function wereAllBeforeSending(error: SdkError): boolean {
  return (
    error instanceof AggregateError && error.errors.every(({ syscall }: SdkError) => BEFORE_SENDING.has(syscall ?? ''))
  );
}

/** What the other side said, for whoever has to mend it: ` (AccessDenied, 403: …)`. */
function wordsOf(error: SdkError): string {
  const { name, code, message } = error;
  const status = statusOf(error);
  const label = [status === undefined ? (code ?? name) : name, status].filter((part) => part !== undefined).join(', ');
  const words = message.replaceAll(/\s+/g, ' ').trim().slice(0, 200).replace(/[.;]$/, '');
  return words === '' || words === name || words.includes('UnknownError') ? ` (${label})` : ` (${label}: ${words})`;
}
