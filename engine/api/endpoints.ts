/**
 * Every endpoint of the API, once: method, path, and the operations that an access token must permit for it. Requests are
 * routed by this table, docs/SECURITY.md prints it, and a property test walks it.
 *
 * What an operation needs beside that (its group, the names it must reach) is in `core/operations.ts`.
 */

import type { Operation } from '../core/operations.ts';

interface EndpointRow {
  /** By S2's names for them. */
  readonly name: string;
  readonly method: string;
  /** `{…}` stands for one segment. */
  readonly path: string;
  /** A token must permit all of these; where `any` is said, one of them, and which one depends on what is sent. */
  readonly needs: readonly Operation[];
  readonly any?: true;
}

export const ENDPOINTS = [
  { name: 'list_basins', method: 'GET', path: '/v1/basins', needs: ['list-basins'] },
  { name: 'create_basin', method: 'POST', path: '/v1/basins', needs: ['create-basin'] },
  { name: 'get_basin_config', method: 'GET', path: '/v1/basins/{basin}', needs: ['get-basin-config'] },
  // Whoever replaces a configuration changes it, if there is one.
  { name: 'ensure_basin', method: 'PUT', path: '/v1/basins/{basin}', needs: ['create-basin', 'reconfigure-basin'] },
  { name: 'reconfigure_basin', method: 'PATCH', path: '/v1/basins/{basin}', needs: ['reconfigure-basin'] },
  { name: 'delete_basin', method: 'DELETE', path: '/v1/basins/{basin}', needs: ['delete-basin'] },

  { name: 'list_streams', method: 'GET', path: '/v1/streams', needs: ['list-streams'] },
  { name: 'create_stream', method: 'POST', path: '/v1/streams', needs: ['create-stream'] },
  { name: 'get_stream_config', method: 'GET', path: '/v1/streams/{stream}', needs: ['get-stream-config'] },
  {
    name: 'ensure_stream',
    method: 'PUT',
    path: '/v1/streams/{stream}',
    needs: ['create-stream', 'reconfigure-stream'],
  },
  { name: 'reconfigure_stream', method: 'PATCH', path: '/v1/streams/{stream}', needs: ['reconfigure-stream'] },
  { name: 'delete_stream', method: 'DELETE', path: '/v1/streams/{stream}', needs: ['delete-stream'] },

  { name: 'read', method: 'GET', path: '/v1/streams/{stream}/records', needs: ['read'] },
  // Records need `append`; commands among them `trim` or `fence`, and a batch of commands alone nothing else.
  {
    name: 'append',
    method: 'POST',
    path: '/v1/streams/{stream}/records',
    needs: ['append', 'trim', 'fence'],
    any: true,
  },
  { name: 'check_tail', method: 'GET', path: '/v1/streams/{stream}/records/tail', needs: ['check-tail'] },

  { name: 'list_access_tokens', method: 'GET', path: '/v1/access-tokens', needs: ['list-access-tokens'] },
  { name: 'issue_access_token', method: 'POST', path: '/v1/access-tokens', needs: ['issue-access-token'] },
  { name: 'revoke_access_token', method: 'DELETE', path: '/v1/access-tokens/{id}', needs: ['revoke-access-token'] },

  { name: 'list_locations', method: 'GET', path: '/v1/locations', needs: ['list-locations'] },
  { name: 'get_default_location', method: 'GET', path: '/v1/locations/default', needs: ['get-default-location'] },
  { name: 'set_default_location', method: 'PUT', path: '/v1/locations/default', needs: ['set-default-location'] },

  { name: 'account_metrics', method: 'GET', path: '/v1/metrics', needs: ['account-metrics'] },
  { name: 'basin_metrics', method: 'GET', path: '/v1/metrics/{basin}', needs: ['basin-metrics'] },
  { name: 'stream_metrics', method: 'GET', path: '/v1/metrics/{basin}/{stream}', needs: ['stream-metrics'] },
] as const satisfies readonly EndpointRow[];

export type EndpointName = (typeof ENDPOINTS)[number]['name'];

export type Endpoint = EndpointRow & { readonly name: EndpointName };

/** What a path stands for: its endpoints by method, and the segments that are names, as they came. */
export interface Place {
  readonly methods: ReadonlyMap<string, Endpoint>;
  readonly named: ReadonlyMap<string, string>;
}

interface Template {
  readonly segments: readonly string[];
  readonly methods: Map<string, Endpoint>;
}

/** By the first segment behind the version. */
const TEMPLATES = templates();

function templates(): ReadonlyMap<string, readonly Template[]> {
  const all = new Map<string, Template[]>();
  for (const endpoint of ENDPOINTS) {
    const segments = endpoint.path.split('/').slice(1);
    const [, first = ''] = segments;
    const siblings = all.get(first) ?? [];
    all.set(first, siblings);
    let template = siblings.find((other) => other.segments.join('/') === segments.join('/'));
    if (template === undefined) siblings.push((template = { segments, methods: new Map() }));
    template.methods.set(endpoint.method, endpoint);
  }
  return all;
}

/** Null when no endpoint has this path. `segments` are those of the path, the version first. */
export function placeOf(segments: readonly string[]): Place | null {
  for (const template of TEMPLATES.get(segments[1] ?? '') ?? []) {
    if (template.segments.length !== segments.length) continue;
    const isThis = template.segments.every((part, i) => part.startsWith('{') || part === segments[i]);
    if (isThis) return { methods: template.methods, named: namesIn(template.segments, segments) };
  }
  return null;
}

function namesIn(template: readonly string[], segments: readonly string[]): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  template.forEach((part, i) => {
    if (part.startsWith('{')) named.set(part.slice(1, -1), segments[i] as string);
  });
  return named;
}
