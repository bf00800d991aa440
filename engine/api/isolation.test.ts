/**
 * Isolation, by the table of endpoints: whatever a token's scope, no request outside it changes or reveals anything, not even
 * existence.
 *
 * Two stores are alike but for what the token does not reach: one has it, the other does not. The same requests are made of
 * both, over every endpoint, and every answer has to be the same. Whether a request is inside is judged here once more, by
 * code that shares nothing with what it judges; what is outside is 403 and leaves the state as it was.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { TokenState } from '../core/access.ts';
import { type AccessBench, accessBench } from '../testing/access-bench.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';

const BASINS = ['basin-01', 'basin-02', 'other-01', 'absent-01'];
const STREAMS = ['a', 'a/1', 'a/2', 'b/1', 'absent', 'a/absent'];
const TOKENS = ['t/1', 't/2', 'u/1', 't/absent'];
const isThere = (name: string) => !name.includes('absent');

/** What each operation is, by hand: group and access as in the contract, and the names that have to be within. */
const CONTRACT: Record<string, string> = {
  ...{ 'list-basins': 'account read', 'create-basin': 'account write basins', 'delete-basin': 'account write basins' },
  ...{ 'reconfigure-basin': 'account write basins', 'get-basin-config': 'account read basins' },
  ...{ 'issue-access-token': 'account write access_tokens', 'revoke-access-token': 'account write access_tokens' },
  ...{ 'list-access-tokens': 'account read', 'account-metrics': 'account read', 'list-locations': 'account read' },
  ...{ 'get-default-location': 'account read', 'set-default-location': 'account write' },
  ...{ 'list-streams': 'basin read basins', 'create-stream': 'basin write basins streams' },
  ...{ 'delete-stream': 'basin write basins streams', 'get-stream-config': 'basin read basins streams' },
  ...{ 'reconfigure-stream': 'basin write basins streams', 'basin-metrics': 'basin read basins' },
  ...{ 'check-tail': 'stream read basins streams', append: 'stream write basins streams' },
  ...{ read: 'stream read basins streams', trim: 'stream write basins streams' },
  ...{ fence: 'stream write basins streams', 'stream-metrics': 'stream read basins streams' },
};

interface Scope {
  basins: { exact?: string; prefix?: string } | null;
  streams: { exact?: string; prefix?: string } | null;
  access_tokens: { exact?: string; prefix?: string } | null;
  op_groups: Record<string, { read: boolean; write: boolean }>;
  ops: string[];
}

interface Wish {
  auto_prefix_streams: boolean;
  scope: Scope;
}

/** The names a request is about. */
interface Target {
  basin: string;
  stream: string;
  token: string;
  /** Which command a batch carries, if any. */
  command: 'trim' | 'fence' | null;
}

const setOf = (names: readonly string[]) =>
  fc.oneof(
    fc.constant(null),
    fc.constantFrom(...names).map((exact) => ({ exact })),
    fc
      .constantFrom('', ...names.map((name) => name.slice(0, 2)), ...names.map((name) => name.slice(0, 5)))
      .map((prefix) => ({ prefix })),
  );
const access = fc.record({ read: fc.boolean(), write: fc.boolean() });
const wishes: fc.Arbitrary<Wish> = fc
  .record({
    auto_prefix_streams: fc.boolean(),
    scope: fc.record({
      basins: setOf(BASINS),
      streams: setOf(STREAMS),
      access_tokens: setOf(TOKENS),
      op_groups: fc.record({ account: access, basin: access, stream: access }),
      ops: fc.subarray(['list-access-tokens', ...Object.keys(CONTRACT)], { maxLength: 6 }),
    }),
  })
  .map(({ auto_prefix_streams: prefixed, scope }) => {
    const isPrefix = scope.streams !== null && 'prefix' in scope.streams;
    return { auto_prefix_streams: prefixed && isPrefix, scope: { ...scope, ops: [...scope.ops, 'list-locations'] } };
  });
const targets: fc.Arbitrary<Target> = fc.record({
  basin: fc.constantFrom(...BASINS),
  stream: fc.constantFrom(...STREAMS, '1', '2'),
  token: fc.constantFrom(...TOKENS),
  command: fc.constantFrom(null, null, 'trim', 'fence'),
});

function isWithin(set: Scope['basins'], name: string): boolean {
  if (set === null) return false;
  if (set.exact !== undefined) return set.exact.length > 0 && set.exact === name;
  return name.substring(0, set.prefix?.length) === set.prefix;
}

const wholeName = ({ auto_prefix_streams: prefixed, scope }: Wish, stream: string) =>
  prefixed ? `${scope.streams?.prefix}${stream}` : stream;

/** The token's permission for one operation on these names, by the contract. */
function mayDo(wish: Wish, operation: string, { basin, stream, token }: Target): boolean {
  const [group = '', kind = '', ...resources] = (CONTRACT[operation] ?? '').split(' ');
  const { scope } = wish;
  if (!scope.ops.includes(operation) && scope.op_groups[group]?.[kind as 'read' | 'write'] !== true) return false;
  const names: Record<string, string> = { basins: basin, streams: wholeName(wish, stream), access_tokens: token };
  return resources.every((resource) => isWithin(scope[resource as 'basins'], names[resource] ?? ''));
}

/** Null where it is not ours to say: what a token issues is compared with itself elsewhere. */
function isInside(wish: Wish, { name, needs }: Endpoint, target: Target): boolean | null {
  if (name === 'append') return mayDo(wish, target.command ?? 'append', target);
  if (name === 'issue_access_token') return mayDo(wish, 'issue-access-token', target) ? null : false;
  return needs.every((operation) => mayDo(wish, operation, target));
}

function requestOf({ name, method, path }: Endpoint, { basin, stream, token, command }: Target) {
  const filled = path
    .replace('{basin}', basin)
    .replace('{stream}', encodeURIComponent(stream))
    .replace('{id}', encodeURIComponent(token));
  const range = 'start=1699999000&end=1700000000';
  const queries: Record<string, string> = {
    account_metrics: `?set=active-basins&${range}`,
    basin_metrics: `?set=storage&${range}`,
    stream_metrics: `?set=storage&${range}`,
    read: '?seq_num=0',
  };
  const record =
    command === null ? { body: 'x' } : { headers: [['', command]], body: command === 'trim' ? '\0'.repeat(8) : 'me' };
  const bodies: Record<string, unknown> = {
    create_basin: { basin },
    reconfigure_basin: {},
    create_stream: { stream },
    reconfigure_stream: {},
    append: { records: [record] },
    issue_access_token: { id: token, scope: { ops: ['list-locations'] } },
    set_default_location: 'local',
  };
  return {
    line: `${method} ${filled}${queries[name] ?? ''}`,
    ask: { headers: { 's2-basin': basin }, ...(name in bodies && { body: JSON.stringify(bodies[name]) }) },
  };
}

/** A store with everything that is reached, and with everything else only if `whole`. */
async function world(wish: Wish, whole: boolean): Promise<AccessBench & { secret: string }> {
  const bench = await accessBench();
  const { scope } = wish;
  await bench.engine.deleteBasin('basin-01');
  await bench.clock.advance(5_000);
  for (const basin of BASINS.filter(isThere)) {
    if (!whole && !isWithin(scope.basins, basin)) continue;
    await bench.engine.createBasin(basin, null);
    for (const stream of STREAMS.filter(isThere)) {
      if (whole || isWithin(scope.streams, stream)) await bench.engine.createStream(basin, stream, null);
    }
  }
  for (const id of TOKENS.filter(isThere)) {
    if (!whole && !isWithin(scope.access_tokens, id)) continue;
    await bench.issue({ id, scope: { ops: ['read'] } });
  }
  const secret = await bench.issue({ id: 'actor', ...wish });
  return { ...bench, secret };
}

/** What answers about a whole basin or account count beyond the token's streams, which docs/SECURITY.md says. */
const SUMS = new Set(['account_metrics', 'basin_metrics']);

/** Secrets are drawn, and requests have numbers. */
const plain = (answer: unknown) => JSON.stringify(answer).replace(/tailrace_[\w-]{43}/g, 'secret');

test('no request outside a token’s scope changes or reveals anything, not even existence', async () => {
  let [inside, outside] = [0, 0];
  const plan = fc.record({
    wish: wishes,
    aims: fc.array(targets, { minLength: ENDPOINTS.length, maxLength: ENDPOINTS.length }),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ wish, aims }) => {
      const [full, bare] = [await world(wish, true), await world(wish, false)];
      for (const [i, endpoint] of ENDPOINTS.entries()) {
        const target = aims[i] as Target;
        const { line, ask } = requestOf(endpoint, target);
        const hashes = [full.engine.state.hash, bare.engine.state.hash];
        const [seen, told] = [await full.ask(full.secret, line, ask), await bare.ask(bare.secret, line, ask)];
        const isMine = isInside(wish, endpoint, target);
        const what = `${line} by ${JSON.stringify(wish)}`;
        if (isMine === false) {
          outside++;
          expect(seen, what).toMatchObject({ status: 403, body: { code: 'permission_denied' } });
          expect([full.engine.state.hash, bare.engine.state.hash], what).toEqual(hashes);
        } else if (isMine === true) {
          inside++;
          expect(seen.status, what).not.toBe(403);
        }
        if (isMine === false || !SUMS.has(endpoint.name)) expect(plain(seen), what).toBe(plain(told));
      }
    }),
    { numRuns: Number(process.env['ISOLATION_RUNS'] ?? 15), seed: 20261121 },
  );
  // It is about both.
  expect(inside).toBeGreaterThan(50);
  expect(outside).toBeGreaterThan(50);
}, 60_000);

test('a token that was issued never permits what its issuer does not, however often it is handed on', async () => {
  const { granted, exceeds, permits, wishProblem } = await import('../core/access.ts');
  const { GROUPS, groupBit, OPERATION_NAMES, operationSet } = await import('../core/operations.ts');
  const asWish = ({ auto_prefix_streams: autoPrefixStreams, scope }: Wish) => ({
    ...{ id: 't/1', expiresAtMs: null, autoPrefixStreams },
    scope: {
      ...{ basins: scope.basins, streams: scope.streams, accessTokens: scope.access_tokens },
      groups: GROUPS.flatMap((group) => [
        ...(scope.op_groups[group]?.read === true ? [groupBit(group, 'read')] : []),
        ...(scope.op_groups[group]?.write === true ? [groupBit(group, 'write')] : []),
      ]).reduce((set, bit) => set | bit, 0),
      operations: operationSet(scope.ops as (typeof OPERATION_NAMES)[number][]),
    } as TokenState['scope'],
  });
  let issued = 0;
  fc.assert(
    fc.property(wishes, wishes, targets, (first, second, { basin, stream, token }) => {
      const rest = { issuedAtMs: 0, secretHash: new Uint8Array(32) };
      const issuer: TokenState = { ...granted(asWish(first), null), ...rest };
      const child: TokenState = { ...granted(asWish(second), issuer), ...rest };
      if (wishProblem(asWish(second)) !== null || exceeds(issuer, child)) return;
      issued++;
      const names = { basins: basin, streams: child.namespace + stream, accessTokens: token };
      for (const operation of OPERATION_NAMES) {
        if (permits(child, operation, names)) expect(permits(issuer, operation, names)).toBe(true);
      }
      expect(child.namespace.startsWith(issuer.namespace)).toBe(true);
    }),
    { numRuns: 5_000, seed: 3 },
  );
  expect(issued).toBeGreaterThan(20);
});
