/**
 * What must hold of access tokens, whoever owns the store and whatever clocks say; looked at with every answer and every byte of
 * one, when it is delivered:
 *
 * - who asked after the revocation of a token was acknowledged is not let in, and is shown no record whose append began after;
 * - a token that was refused is never let in again;
 * - nobody is shown a record, a stream's name or a token's id beyond the scope of the token that came with the request;
 * - what is within is not denied, and a token that nobody revoked and that has not expired is not refused.
 */

import { ProtocolViolation } from '../client.ts';
import { type Scope, STREAMS } from './scopes.ts';

export interface HeldToken {
  readonly id: string;
  readonly secret: string;
  readonly scope: Scope;
  /** By the wall clock of whoever issued it; null when it lasts. */
  readonly expiresAtMs: number | null;
  /** Simulated times; Infinity as long as it is not so. */
  revocationAskedMs: number;
  revokedMs: number;
  refusedMs: number;
  /** Who acknowledged the revocation. */
  revokedBy: string | null;
}

export interface BookWorld {
  nowMs: () => number;
  /** What every host's clock says, when clocks are right; null in runs in which they are not. */
  wallMs: (() => number) | null;
  noted: (probe: keyof typeof TOKENS_PROBES) => void;
}

export const TOKENS_PROBES = {
  'token.shown-revoked': 'a token whose revocation was acknowledged was shown again, and refused',
  'token.shown-to-successor': 'a revoked token was shown to another server than the one that revoked it, and refused',
  'token.shown-expired': 'a token that expired by itself was shown, and refused',
  'token.denied-beyond': 'a request beyond the scope of its token was denied',
  'token.wider-denied': 'a token could not issue one that reaches further than itself',
  'token.read-ended': 'a read that waited, or a session, ended with its token',
} as const;

/** In the body of each record: its stream, and which append of the crew it came with. */
export function markOf(stream: string, append: number): string {
  return `mark:${stream}:${append}.`;
}

const MARK = /mark:([a-z/]+):(\d+)\./g;

/** Ids of the crew's tokens, wherever they stand. */
const TOKEN_ID = /"(t-\d+(?:\.\d+)?)"/g;

export class TokenBook {
  readonly held: HeldToken[] = [];
  readonly #world: BookWorld;
  readonly #bySecret = new Map<string, HeldToken>();
  /** When each append began. */
  readonly #appendsMs: number[] = [];

  constructor(world: BookWorld) {
    this.#world = world;
  }

  issued(token: Pick<HeldToken, 'id' | 'secret' | 'scope' | 'expiresAtMs'>): HeldToken {
    const never = { revocationAskedMs: Infinity, revokedMs: Infinity, refusedMs: Infinity, revokedBy: null };
    const held: HeldToken = { ...token, ...never };
    this.held.push(held);
    this.#bySecret.set(token.secret, held);
    return held;
  }

  /** The number of an append that begins. */
  appendBegins(): number {
    return this.#appendsMs.push(this.#world.nowMs()) - 1;
  }

  revocationAsked(token: HeldToken): void {
    token.revocationAskedMs = Math.min(token.revocationAskedMs, this.#world.nowMs());
  }

  /** Acknowledged, by that server. */
  revoked(token: HeldToken, by: string): void {
    if (token.revokedMs < Infinity) return;
    token.revokedMs = this.#world.nowMs();
    token.revokedBy = by;
  }

  ofSecret(secret: string): HeldToken | null {
    return this.#bySecret.get(secret) ?? null;
  }

  /** A request with this token, sent at `sentMs`, got this status of that server. */
  answered(token: HeldToken, sentMs: number, status: number, by: string): void {
    if (status === 401) return this.#refused(token, sentMs, by);
    const isIn = status < 300 || [404, 409, 412, 416].includes(status);
    if (!isIn) return;
    const { id, revokedMs, refusedMs, expiresAtMs } = token;
    if (sentMs > revokedMs) {
      throw new ProtocolViolation(
        `token ${id} was let in ${sentMs - revokedMs} ms after its revocation was acknowledged`,
      );
    }
    if (sentMs > refusedMs) throw new ProtocolViolation(`token ${id} was let in after it had been refused`);
    const { wallMs, nowMs } = this.#world;
    const sentWallMs = (wallMs?.() ?? -Infinity) - (nowMs() - sentMs);
    if (expiresAtMs !== null && sentWallMs > expiresAtMs) {
      throw new ProtocolViolation(`token ${id} was let in after it had expired, and clocks are right`);
    }
  }

  #refused(token: HeldToken, sentMs: number, by: string): void {
    const { id, expiresAtMs, revocationAskedMs, revokedMs, revokedBy } = token;
    const wallMs = this.#world.wallMs?.() ?? Infinity;
    const mayHaveExpired = expiresAtMs !== null && wallMs >= expiresAtMs;
    if (revocationAskedMs === Infinity && !mayHaveExpired) {
      throw new ProtocolViolation(`token ${id} was refused, and neither was it revoked nor has it expired`);
    }
    token.refusedMs = Math.min(token.refusedMs, this.#world.nowMs());
    if (sentMs > revokedMs) {
      this.#world.noted('token.shown-revoked');
      if (by !== revokedBy) this.#world.noted('token.shown-to-successor');
    }
    if (revocationAskedMs === Infinity) this.#world.noted('token.shown-expired');
  }

  /** All that was delivered of one answer so far. `asked` is what the request itself said, which may come back. */
  delivered(token: HeldToken, text: string, asked: string): void {
    const { id, scope, revokedMs } = token;
    for (const [, stream = '', append = ''] of text.matchAll(MARK)) {
      if (!scope.reached.includes(stream)) throw beyond(id, `a record of ${stream}`);
      const beganMs = this.#appendsMs[Number(append)] ?? -Infinity;
      if (beganMs <= revokedMs) continue;
      throw new ProtocolViolation(`token ${id} was shown a record that was sent after its revocation was acknowledged`);
    }
    for (const stream of STREAMS) {
      const isItsOwn = scope.reached.includes(stream) && scope.namespace === '';
      const isShown = text.includes(JSON.stringify(stream)) || text.includes(`\`${stream}\``);
      if (!isItsOwn && isShown && !asked.includes(`/${encodeURIComponent(stream)}`))
        throw beyond(id, `the name ${stream}`);
    }
    for (const [, other = ''] of text.matchAll(TOKEN_ID)) {
      if (!other.startsWith(`${id}.`) && !asked.includes(other)) throw beyond(id, `the token ${other}`);
    }
  }
}

function beyond(id: string, what: string): ProtocolViolation {
  return new ProtocolViolation(`token ${id} was shown ${what}, which is beyond its scope`);
}
