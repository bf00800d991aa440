/**
 * Outcomes and mistakes as HTTP status and body, in S2's codes (API contract §1.7). Every error a client can see
 * is made here. Status and body are also what a terminal frame of a session carries, and the body alone an `error` event.
 */

import type { AppendFailure, ConditionFailure } from '../core/admission.ts';
import type { Cipher } from '../core/config.ts';
import type { KeyFlaw } from '../core/encryption-key.ts';
import type { Rejection } from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import { type JsonResponse, jsonResponse } from './response.ts';

/** Every code S2 knows, also those this server has no reason for yet: clients decide by them whether to try again. */
const STATUS = {
  bad_frame: 400,
  bad_header: 400,
  bad_json: 400,
  bad_path: 400,
  bad_proto: 400,
  bad_query: 400,
  decryption_failed: 400,
  authn: 401,
  permission_denied: 403,
  quota_exhausted: 403,
  access_token_not_found: 404,
  basin_not_found: 404,
  stream_not_found: 404,
  request_timeout: 408,
  basin_deletion_pending: 409,
  stream_deletion_pending: 409,
  resource_already_exists: 409,
  transaction_conflict: 409,
  invalid: 422,
  rate_limited: 429,
  client_hangup: 499,
  other: 500,
  storage: 500,
  not_implemented: 501,
  hot_server: 502,
  server_draining: 503,
  unavailable: 503,
  upstream_timeout: 504,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** A request the API can not accept; thrown while parsing, answered at the top. */
export class BadRequest extends Error {
  override name = 'BadRequest';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function errorResponse(code: ErrorCode, message: string): JsonResponse {
  return jsonResponse(STATUS[code], { code, message });
}

/** 412, whose body is the state that contradicts the condition and nothing else. */
export function conditionFailed(failure: ConditionFailure): JsonResponse {
  return failure.kind === 'seq-num-mismatch'
    ? jsonResponse(412, { seq_num_mismatch: failure.actual })
    : jsonResponse(412, { fencing_token_mismatch: failure.actual });
}

/** 416, whose body shows the tail. */
export function unwritten(tail: StreamPosition): JsonResponse {
  return jsonResponse(416, { tail: { seq_num: tail.seqNum, timestamp: tail.timestamp } });
}

/**
 * A rejection certainly had no effect, so it is answered with a code that clients may retry without one
 * (`hot_server`, `server_draining`), never with one that leaves them in doubt; but where a read made its stream and does
 * not know what became of that, it leaves them in doubt (`unavailable`).
 */
export function rejection(reason: Rejection): JsonResponse {
  switch (reason.kind) {
    case 'basin-not-found':
      return errorResponse('basin_not_found', `basin \`${reason.basin}\` not found`);
    case 'stream-not-found':
      return errorResponse('stream_not_found', `stream \`${reason.stream}\` in basin \`${reason.basin}\` not found`);
    case 'basin-deletion-pending':
      return errorResponse('basin_deletion_pending', `basin \`${reason.basin}\` is being deleted`);
    case 'stream-deletion-pending':
      return errorResponse('stream_deletion_pending', 'stream deletion pending');
    case 'not-owner':
      return errorResponse(
        'hot_server',
        'this server is not the owner of the store any more; another one has taken over',
      );
    case 'draining':
      return errorResponse('server_draining', 'this server is stopping');
    case 'unavailable':
      return errorResponse('hot_server', reason.message);
    case 'key-missing':
      return errorResponse('bad_header', `missing encryption key for stream cipher '${reason.cipher}'`);
    case 'key-flawed':
      return errorResponse('bad_header', flawedKey(reason.cipher, reason.flaw));
    case 'decryption-failed':
      return errorResponse('decryption_failed', 'record decryption failed');
    case 'record-damaged':
      return errorResponse('storage', reason.message);
    case 'token-invalid':
      return unauthenticated('invalid access token');
    case 'not-permitted':
      return errorResponse('permission_denied', `the access token does not permit \`${reason.operation}\` here`);
    case 'token-not-found':
      return errorResponse('access_token_not_found', `access token \`${reason.id}\` not found`);
    case 'creation-in-doubt':
      return errorResponse('unavailable', 'the store did not confirm the creation of the stream; it may still happen');
  }
}

/** Who it is was not said, or not so that it counts (RFC 9110 asks for the challenge). */
export function unauthenticated(message: string): JsonResponse {
  const { status, body } = errorResponse('authn', message);
  return {
    status,
    body,
    headers: new Map([
      ['content-type', 'application/json'],
      ['www-authenticate', 'Bearer'],
    ]),
  };
}

function flawedKey(cipher: Cipher, flaw: KeyFlaw): string {
  return flaw === 'no-base64'
    ? `invalid encryption key for stream cipher '${cipher}': invalid base64`
    : `invalid encryption key length for stream cipher '${cipher}': ${flaw.length}`;
}

/** Why an append was refused: a condition that did not hold, or a reason that is the same for every operation. */
export function appendRejection(reason: Rejection | AppendFailure): JsonResponse {
  switch (reason.kind) {
    case 'seq-num-mismatch':
    case 'fencing-token-mismatch':
      return conditionFailed(reason);
    case 'timestamp-missing':
      return errorResponse('invalid', 'record timestamp was required but was missing');
    case 'timestamp-too-large':
      return errorResponse('invalid', `record timestamp must not exceed ${Number.MAX_SAFE_INTEGER}`);
    case 'nonces-spent':
      return errorResponse(
        'invalid',
        `max assignable sequence number is ${reason.seqNumMax}; attempted ${reason.attempted}`,
      );
    default:
      return rejection(reason);
  }
}

/** The effect is open: `storage` tells the client that it may have happened. */
export function unknownOutcome(message: string): JsonResponse {
  return errorResponse('storage', message);
}
