/** Outcomes of operations on basins and streams as responses: the same words for both (API contract §1.9, §1.10). */

import type { BasinConfig, StreamConfig } from '../core/config.ts';
import type { ConfigOutcome, CreateOutcome, EnsureOutcome, ListOutcome, RemoveOutcome } from '../core/outcome.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import type { HttpResponse } from '../ports.ts';
import { errorResponse, rejection, unknownOutcome } from './errors.ts';
import { jsonResponse } from './response.ts';

/** 201, also for a request that is repeated. */
export function created<Row extends BasinState | StreamState>(
  outcome: CreateOutcome<Row>,
  existsMessage: string,
  info: (row: Row) => unknown,
): HttpResponse {
  if (outcome.kind === 'exists') return errorResponse('resource_already_exists', existsMessage);
  return outcome.kind === 'rejected' || outcome.kind === 'unknown'
    ? unserved(outcome)
    : provisioned(201, outcome, info);
}

/** 201 when it was created, 200 when it was there. */
export function ensured<Row extends BasinState | StreamState>(
  outcome: EnsureOutcome<Row>,
  info: (row: Row) => unknown,
): HttpResponse {
  if (outcome.kind === 'rejected' || outcome.kind === 'unknown') return unserved(outcome);
  return provisioned(outcome.kind === 'created' ? 201 : 200, outcome, info);
}

export function configured<Config extends BasinConfig | StreamConfig>(
  outcome: ConfigOutcome<Config>,
  json: (config: Config) => unknown,
): HttpResponse {
  return outcome.kind === 'config' ? jsonResponse(200, json(outcome.config)) : unserved(outcome);
}

export function listed<Row extends BasinState | StreamState>(
  name: 'basins' | 'streams',
  outcome: ListOutcome<Row>,
  info: (row: Row) => unknown,
): HttpResponse {
  if (outcome.kind === 'rejected') return rejection(outcome.reason);
  const { rows, hasMore } = outcome.page;
  return jsonResponse(200, { [name]: rows.map(info), has_more: hasMore });
}

/** 202, also while the deletion is under way. Clients rely on the length being said. */
export function deleted(outcome: RemoveOutcome): HttpResponse {
  if (outcome.kind !== 'deleted') return unserved(outcome);
  return { status: 202, headers: new Map([['content-length', '0']]), body: new Uint8Array() };
}

/** Reads no clock: the argument is a stored time. */
export function rfc3339(ms: number): string {
  // oxlint-disable-next-line no-restricted-globals -- formatting a given instant, not asking for the present
  return new Date(ms).toISOString();
}

/** `2024-02-29T12:00:00` */
const LOCAL_TIME_LENGTH = 19;

/** Milliseconds since 1970, or null for what is no time as RFC 3339 writes it. Finer parts are left out. */
export function parseRfc3339(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/.test(text)) return null;
  const instant = text.toUpperCase().replace(' ', 'T');
  const local = instant.slice(0, LOCAL_TIME_LENGTH);
  const [ms, localMs] = [instantMs(instant), instantMs(`${local}Z`)];
  // The 31st of February would be some day of March.
  return ms === null || localMs === null || !rfc3339(localMs).startsWith(local) ? null : ms;
}

function instantMs(text: string): number | null {
  // oxlint-disable-next-line no-restricted-globals -- parsing a given instant, not asking for the present
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function provisioned<Row>(
  status: number,
  { kind, row }: { kind: string; row: Row },
  info: (row: Row) => unknown,
): HttpResponse {
  return jsonResponse(status, info(row), [['s2-provision-result', kind]]);
}

function unserved(outcome: Extract<RemoveOutcome, { kind: 'rejected' | 'unknown' }>): HttpResponse {
  return outcome.kind === 'rejected' ? rejection(outcome.reason) : unknownOutcome(outcome.message);
}
