/**
 * Outcomes and mistakes as HTTP status and body, in S2's codes (API contract §1.7). Every error a client can see
 * is made here.
 */

import type { ConditionFailure } from '../core/admission.ts';
import type { Rejection } from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import type { HttpResponse } from '../ports.ts';
import { jsonResponse } from './response.ts';

type ErrorCode =
  | 'bad_header'
  | 'bad_json'
  | 'bad_path'
  | 'bad_query'
  | 'basin_not_found'
  | 'stream_not_found'
  | 'resource_already_exists'
  | 'invalid'
  | 'not_implemented'
  | 'hot_server'
  | 'server_draining'
  | 'storage';

const STATUS: Record<ErrorCode, number> = {
  bad_header: 400,
  bad_json: 400,
  bad_path: 400,
  bad_query: 400,
  basin_not_found: 404,
  stream_not_found: 404,
  resource_already_exists: 409,
  invalid: 422,
  storage: 500,
  not_implemented: 501,
  hot_server: 502,
  server_draining: 503,
};

/** A request the API can not accept; thrown while parsing, answered at the top. */
export class BadRequest extends Error {
  override name = 'BadRequest';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function errorResponse(code: ErrorCode, message: string): HttpResponse {
  return jsonResponse(STATUS[code], { code, message });
}

/** 412, whose body is the state that contradicts the condition and nothing else. */
export function conditionFailed(failure: ConditionFailure): HttpResponse {
  return failure.kind === 'seq-num-mismatch'
    ? jsonResponse(412, { seq_num_mismatch: failure.actual })
    : jsonResponse(412, { fencing_token_mismatch: failure.actual });
}

/** 416, whose body shows the tail. */
export function unwritten(tail: StreamPosition): HttpResponse {
  return jsonResponse(416, { tail: { seq_num: tail.seqNum, timestamp: tail.timestamp } });
}

/**
 * A rejection certainly had no effect, so it is answered with a code that clients may retry without one
 * (`hot_server`, `server_draining`), never with one that leaves them in doubt.
 */
export function rejection(reason: Rejection): HttpResponse {
  switch (reason.kind) {
    case 'basin-not-found':
      return errorResponse('basin_not_found', `basin \`${reason.basin}\` not found`);
    case 'stream-not-found':
      return errorResponse('stream_not_found', `stream \`${reason.stream}\` in basin \`${reason.basin}\` not found`);
    case 'not-owner':
      return errorResponse(
        'hot_server',
        'this server is not the owner of the store any more; another one has taken over',
      );
    case 'draining':
      return errorResponse('server_draining', 'this server is stopping');
    case 'unavailable':
      return errorResponse('hot_server', reason.message);
  }
}

/** The effect is open: `storage` tells the client that it may have happened. */
export function unknownOutcome(message: string): HttpResponse {
  return errorResponse('storage', message);
}
