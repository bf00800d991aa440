/** Calls on the control plane as requests of the S2 API contract (§1.9-§1.11, §8). Pure. */

import { streamPath } from '../wire.ts';
import { type BasinWish, basinPatchJson, basinWishJson, streamPatchJson, streamWishJson } from './config.ts';
import type { Append, ControlCall, ListPage, StreamCall } from './history.ts';

/** The one key of a run, in base64: what it opens is for the client of secrets to judge, here is whether one is needed. */
const KEY = Buffer.alloc(32, 'control').toString('base64');

export interface Request {
  method: string;
  target: string;
  /** Null sends none. */
  body: unknown;
  headers: readonly (readonly [string, string])[];
}

export function requestOf(call: ControlCall): Request {
  switch (call.kind) {
    case 'create-basin': {
      const body = { basin: call.basin, ...basinJson(call) };
      return { method: 'POST', target: '/v1/basins', body, headers: tokenHeader(call.token) };
    }
    case 'ensure-basin':
      return { method: 'PUT', target: basinPath(call.basin), body: basinJson(call), headers: [] };
    case 'reconfigure-basin':
      return { method: 'PATCH', target: basinPath(call.basin), body: basinPatchJson(call.patch), headers: [] };
    case 'get-basin':
      return { method: 'GET', target: basinPath(call.basin), body: null, headers: [] };
    case 'delete-basin':
      return { method: 'DELETE', target: basinPath(call.basin), body: null, headers: [] };
    case 'list-basins':
      return { method: 'GET', target: `/v1/basins?${queryOf(call)}`, body: null, headers: [] };
    case 'list-streams':
      return { method: 'GET', target: `/v1/streams?${queryOf(call)}`, body: null, headers: inBasin(call) };
    default:
      return onStream(call);
  }
}

function onStream(call: StreamCall): Request {
  const path = streamPath(call.stream, '');
  const headers = inBasin(call);
  switch (call.kind) {
    case 'create-stream': {
      const body = { stream: call.stream, config: streamWishJson(call.wish) };
      return { method: 'POST', target: '/v1/streams', body, headers: [...headers, ...tokenHeader(call.token)] };
    }
    case 'ensure-stream': {
      const config = streamWishJson(call.wish);
      // Nothing to say is said by sending nothing.
      return { method: 'PUT', target: path, body: Object.keys(config).length === 0 ? null : config, headers };
    }
    case 'reconfigure-stream':
      return { method: 'PATCH', target: path, body: streamPatchJson(call.patch), headers };
    case 'get-stream':
      return { method: 'GET', target: path, body: null, headers };
    case 'delete-stream':
      return { method: 'DELETE', target: path, body: null, headers };
    case 'append':
      return { method: 'POST', target: `${path}/records`, body: appendJson(call), headers: withKey(headers, call) };
    case 'read':
      return { method: 'GET', target: `${path}/records?seq_num=0`, body: null, headers: withKey(headers, call) };
    case 'check-tail':
      return { method: 'GET', target: `${path}/records/tail`, body: null, headers };
  }
}

function basinJson({ wish, location }: { wish: BasinWish; location: string | null }) {
  return { config: basinWishJson(wish), ...(location !== null && { location }) };
}

function appendJson({ record, timestamp, fencingToken, matchSeqNum }: Append) {
  const content = record.kind === 'data' ? { body: record.body } : { headers: [['', 'fence']], body: record.token };
  return {
    records: [{ ...content, ...(timestamp !== null && { timestamp }) }],
    ...(fencingToken !== null && { fencing_token: fencingToken }),
    ...(matchSeqNum !== null && { match_seq_num: matchSeqNum }),
  };
}

function queryOf({ prefix, startAfter, limit }: ListPage): string {
  const query = [`prefix=${encodeURIComponent(prefix)}`, `limit=${limit}`];
  if (startAfter !== '') query.push(`start_after=${encodeURIComponent(startAfter)}`);
  return query.join('&');
}

function basinPath(basin: string): string {
  return `/v1/basins/${basin}`;
}

function inBasin({ basin }: { basin: string }): [string, string][] {
  return [['s2-basin', basin]];
}

function withKey(headers: [string, string][], { hasKey }: { hasKey: boolean }): [string, string][] {
  return hasKey ? [...headers, ['s2-encryption-key', KEY]] : headers;
}

function tokenHeader(token: string | null): [string, string][] {
  return token === null ? [] : [['s2-request-token', token]];
}
