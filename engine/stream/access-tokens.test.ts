/**
 * Tokens of one owner and of the next: durable before they are acknowledged, good while they stand in the log and not a turn
 * longer, over for good once they were seen expired, whatever clocks say.
 */

import { describe, expect, test } from 'vitest';

import { ROOT_SCOPE, type TokenState } from '../core/access.ts';
import type { Grant, TokenToIssue } from '../engine.ts';
import {
  BASIN,
  batch,
  engineBench,
  type EngineBench,
  follow,
  NOT_OWNER,
  reason,
  STREAM,
} from '../testing/engine-bench.ts';
import { settled } from '../testing/manual-ports.ts';

const INVALID = { kind: 'token-invalid' };

function toIssue(id: string, change: Partial<TokenToIssue> = {}): TokenToIssue {
  return { id, expiresAtMs: null, autoPrefixStreams: false, namespace: '', scope: ROOT_SCOPE, ...change };
}

async function issued({ engine }: Pick<EngineBench, 'engine'>, id: string, change: Partial<TokenToIssue> = {}) {
  const outcome = await engine.issueToken(toIssue(id, change));
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  return outcome.secret;
}

async function grantOf({ engine }: Pick<EngineBench, 'engine'>, secret: string): Promise<Grant> {
  const found = await engine.authenticate(secret);
  if (found.kind !== 'grant') throw new Error(JSON.stringify(found));
  return found.grant;
}

const idsOf = async ({ engine }: EngineBench) => {
  const outcome = await engine.listTokens({ prefix: '', startAfter: '', limit: 1000 });
  return outcome.kind === 'page' ? outcome.page.rows.map(({ id }: TokenState) => id) : outcome;
};

/** The next owner of the same store. Its entropy and its clock are its own. */
const successor = (bench: EngineBench) =>
  engineBench({ objects: bench.blobs.objects, seed: 2, stream: false, tunables: { tombstoneMs: 0 } });

describe('issue and revocation', () => {
  test('are answered when they are durable, and count from then on', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    const issue = follow(bench.engine.issueToken(toIssue('a')));
    await settled();
    expect(issue()).toBeNull();
    await bench.oldestPut().complete();
    await settled();
    const { secret } = issue() as { secret: string };
    expect(secret).toMatch(/^tailrace_[A-Za-z0-9_-]{43}$/);
    const grant = await grantOf(bench, secret);

    const revocation = follow(bench.engine.revokeToken('a'));
    await settled();
    expect(revocation()).toBeNull();
    // Not durable yet: whoever asks now asks before it.
    expect(grant.isOver()).toBe(false);
    await bench.oldestPut().complete();
    await settled();
    expect(revocation()).toEqual({ kind: 'revoked' });
    expect(grant.isOver()).toBe(true);
    const asked = follow(bench.engine.authenticate(secret));
    await settled();
    expect(reason(asked())).toEqual(INVALID);
  });

  test('of a name that is taken, or is nobody’s, are refused', async () => {
    const bench = await engineBench();
    const secret = await issued(bench, 'a');
    expect(await bench.engine.issueToken(toIssue('a'))).toEqual({ kind: 'exists' });
    expect(reason(await bench.engine.revokeToken('b'))).toEqual({ kind: 'token-not-found', id: 'b' });
    expect((await grantOf(bench, secret)).isOver()).toBe(false);
    await bench.engine.revokeToken('a');
    expect(reason(await bench.engine.revokeToken('a'))).toEqual({ kind: 'token-not-found', id: 'a' });
  });

  test('a token issued anew under the same id is another one', async () => {
    const bench = await engineBench();
    const before = await issued(bench, 'a');
    const grant = await grantOf(bench, before);
    await bench.engine.revokeToken('a');
    const after = await issued(bench, 'a');
    expect(grant.isOver()).toBe(true);
    expect(reason(await bench.engine.authenticate(before))).toEqual(INVALID);
    expect((await grantOf(bench, after)).token.id).toBe('a');
  });

  test('tell who listens, in the turn in which they are durable, once, and nobody who left', async () => {
    const bench = await engineBench();
    const grant = await grantOf(bench, await issued(bench, 'a'));
    const told: string[] = [];
    grant.onEnd(() => told.push('a session'));
    grant.onEnd(() => told.push('who left'))();
    await issued(bench, 'b');
    await bench.engine.revokeToken('b');
    expect(told).toEqual([]);
    await bench.engine.revokeToken('a');
    expect(told).toEqual(['a session']);
  });

  test('nothing of a secret is in the store', async () => {
    const bench = await engineBench();
    const secret = await issued(bench, 'a');
    await bench.engine.flush();
    const all = Buffer.concat([...bench.blobs.objects.values()]);
    expect(all.includes(Buffer.from(bench.compute.sha256(Buffer.from(secret))))).toBe(true);
    expect(all.includes(secret.slice(9))).toBe(false);
    expect(all.includes(Buffer.from(secret.slice(9), 'base64url'))).toBe(false);
    expect(JSON.stringify(bench.telemetry.events)).not.toContain(secret.slice(9));
  });
});

const NOBODYS = 'x'.repeat(43);

/** Fifty secrets that are nobody's, one after the other. */
async function guessed({ engine }: EngineBench): Promise<void> {
  for (let i = 0; i < 50; i++) expect(reason(await engine.authenticate(NOBODYS))).toEqual(INVALID);
}

test('who guesses has the store asked fifty times, then ten times a second, whatever it asks beside', async () => {
  const bench = await engineBench();
  const gets = () => bench.blobs.calls.filter(({ operation }) => operation === 'get').length;
  const secret = await issued(bench, 'a');
  await guessed(bench);
  for (let second = 0; second < 3; second++) {
    const before = gets();
    const told = Array.from({ length: 20 }, () => follow(bench.engine.authenticate(NOBODYS)));
    await settled();
    expect(gets()).toBe(before);
    expect((await grantOf(bench, secret)).token.id).toBe('a');
    await bench.clock.advance(100);
    expect(told.map((outcome) => reason(outcome()))).toEqual(told.map(() => INVALID));
    expect(gets()).toBe(before + 1);
  }
  await bench.clock.advance(5_000);
  await guessed(bench);
});

describe('the next owner', () => {
  test.each(['from the log', 'from a checkpoint'])('knows all tokens and no revoked one, %s', async (where) => {
    const first = await engineBench();
    const [kept, revoked] = [await issued(first, 'kept'), await issued(first, 'revoked')];
    await first.engine.revokeToken('revoked');
    if (where === 'from a checkpoint') await first.engine.flush();
    const { hash } = first.engine.state;
    await first.engine.stop();
    const second = await engineBench({ objects: first.blobs.objects, seed: 2, stream: false });
    expect(await idsOf(second)).toEqual(['kept']);
    expect((await grantOf(second, kept)).token.id).toBe('kept');
    expect(reason(await second.engine.authenticate(revoked))).toEqual(INVALID);
    if (where === 'from the log') expect(second.engine.state.hash).toBe(hash);
  });

  test('issued it: the one before says that it is not the owner, and not that the secret is nobody’s', async () => {
    const first = await engineBench();
    const second = await successor(first);
    const secret = await issued(second, 'new');
    expect(reason(await first.engine.authenticate(secret))).toEqual(NOT_OWNER);
    expect(reason(await second.engine.authenticate(`${secret}x`))).toEqual(INVALID);
  });

  test('issued it while somebody guesses at the one before: that one does not say that it is nobody’s', async () => {
    const first = await engineBench();
    await guessed(first);
    const second = await successor(first);
    const told = first.engine.authenticate(await issued(second, 'new'));
    await settled();
    await first.clock.advance(100);
    expect(reason(await told)).toEqual(NOT_OWNER);
  });

  test('revoked it: a session at the one before is given nothing that is older than its proof', async () => {
    const first = await engineBench();
    const grant = await grantOf(first, await issued(first, 'a'));
    expect(await grant.confirmed()).toBeNull();
    const second = await successor(first);
    await second.engine.revokeToken('a');
    // Proved a moment ago; nobody has told it.
    expect(await grant.confirmed()).toBeNull();
    await first.clock.advance(5_001);
    expect(await grant.confirmed()).toEqual(NOT_OWNER);
  });
});

describe('expiry', () => {
  const NOW = 1_700_000_000_000;

  test('is judged by the wall clock, and made durable before it is told', async () => {
    const bench = await engineBench();
    const secret = await issued(bench, 'a', { expiresAtMs: NOW + 500 });
    const grant = await grantOf(bench, secret);
    bench.holdPuts();
    bench.clock.stepWall(500);
    expect(grant.isOver()).toBe(true);
    const asked = follow(bench.engine.authenticate(secret));
    await settled();
    expect(asked()).toBeNull();
    await bench.oldestPut().complete();
    await settled();
    expect(reason(asked())).toEqual(INVALID);
    expect(bench.telemetry.count('token.expired')).toBe(1);
  });

  test('once told is for good: at a clock set back, and at the next owner, whose clock is behind', async () => {
    const first = await engineBench();
    const secret = await issued(first, 'a', { expiresAtMs: NOW + 500 });
    first.clock.stepWall(500);
    expect(reason(await first.engine.authenticate(secret))).toEqual(INVALID);
    first.clock.stepWall(-1_000);
    expect(reason(await first.engine.authenticate(secret))).toEqual(INVALID);
    const second = await successor(first);
    expect(second.clock.wallMs()).toBeLessThan(NOW + 500);
    expect(reason(await second.engine.authenticate(secret))).toEqual(INVALID);
  });

  test('counts the time the log tells, where the clock is behind', async () => {
    const first = await engineBench();
    const secret = await issued(first, 'a', { expiresAtMs: NOW + 500 });
    first.clock.stepWall(600);
    // A record came, and its arrival says when.
    await first.engine.append(BASIN, STREAM, batch('x'));
    await first.engine.stop();
    const second = await engineBench({ objects: first.blobs.objects, seed: 2, stream: false });
    expect(second.clock.wallMs()).toBeLessThan(NOW + 500);
    expect(reason(await second.engine.authenticate(secret))).toEqual(INVALID);
  });

  test('comes by itself: who listens is told within a second, and the id is free', async () => {
    const bench = await engineBench();
    const grant = await grantOf(bench, await issued(bench, 'a', { expiresAtMs: NOW + 10_000 }));
    await issued(bench, 'b', { expiresAtMs: NOW + 90_000 });
    const told: string[] = [];
    grant.onEnd(() => told.push('over'));
    await bench.clock.advance(9_999);
    expect(told).toEqual([]);
    await bench.clock.advance(1_001);
    expect(told).toEqual(['over']);
    expect(await idsOf(bench)).toEqual(['b']);
    expect(bench.telemetry.count('token.expired')).toBe(1);
    expect((await bench.engine.issueToken(toIssue('a'))).kind).toBe('issued');
    await bench.clock.advance(90_000);
    expect(await idsOf(bench)).toEqual(['a']);
    // Nothing is left that could expire, and nobody sleeps for it.
    const sleepers = bench.clock.sleepers;
    await bench.clock.advance(3_600_000);
    expect(bench.clock.sleepers).toBeLessThanOrEqual(sleepers);
  });

  test('is waited for no longer than there is an owner', async () => {
    const bench = await engineBench();
    await issued(bench, 'a', { expiresAtMs: NOW + 3_600_000 });
    await bench.engine.stop();
    await settled();
    expect(bench.clock.sleepers).toBe(0);
  });

  test('in the past is refused before anything is issued', async () => {
    const bench = await engineBench();
    for (const expiresAtMs of [NOW, NOW - 1, -1]) {
      expect(await bench.engine.issueToken(toIssue('a', { expiresAtMs }))).toEqual({ kind: 'past' });
    }
  });

  test('that the store does not confirm is not told', async () => {
    const bench = await engineBench();
    const secret = await issued(bench, 'a', { expiresAtMs: NOW + 500 });
    bench.holdPuts();
    bench.clock.stepWall(500);
    const asked = follow(bench.engine.authenticate(secret));
    await bench.clock.advance(1_001);
    expect(reason(asked())).toMatchObject({ kind: 'unavailable' });
  });
});

describe('the root token', () => {
  test('is issued once, without a secret of the operator’s', async () => {
    const bench = await engineBench();
    const outcome = await bench.engine.ensureRootToken(null);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    expect((await grantOf(bench, outcome.secret)).token).toMatchObject({ id: 'root', scope: ROOT_SCOPE });
    expect(await bench.engine.ensureRootToken(null)).toEqual({ kind: 'there' });
    expect(await (await successor(bench)).engine.ensureRootToken(null)).toEqual({ kind: 'there' });
  });

  test('has the secret that is given, and the one before is over', async () => {
    const bench = await engineBench();
    const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
    expect((await bench.engine.ensureRootToken(one)).kind).toBe('issued');
    const grant = await grantOf(bench, one);
    expect(await bench.engine.ensureRootToken(one)).toEqual({ kind: 'there' });
    expect((await bench.engine.ensureRootToken(two)).kind).toBe('issued');
    expect(grant.isOver()).toBe(true);
    expect(reason(await bench.engine.authenticate(one))).toEqual(INVALID);
    expect((await grantOf(bench, two)).token.id).toBe('root');
  });

  test('is not given the secret of another token, which would open one of the two here and the other after a restart', async () => {
    const bench = await engineBench();
    const secret = await issued(bench, 'zebra', { scope: { ...ROOT_SCOPE, groups: 0, operations: 1 } });
    expect(await bench.engine.ensureRootToken(secret)).toEqual({ kind: 'taken' });
    await bench.engine.flush();
    for (const { engine } of [bench, await successor(bench)]) {
      expect((await grantOf({ engine }, secret)).token.id).toBe('zebra');
    }
  });
});

test.each(['', 'short', 'x'.repeat(513), `${'x'.repeat(40)} y`, `${'x'.repeat(40)}é`])(
  'what can be nobody’s secret is refused without a question to the store: %j',
  async (secret) => {
    const bench = await engineBench();
    const calls = bench.blobs.calls.length;
    expect(reason(await bench.engine.authenticate(secret))).toEqual(INVALID);
    expect(bench.blobs.calls.length).toBe(calls);
  },
);
