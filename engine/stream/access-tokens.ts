/**
 * Access tokens of one owner (API contract §1.13): issued, listed, revoked, and known again by their secrets.
 *
 * Invariants: a token that is good is one that stands in the durable tables now, and nothing remembers that it once did; an
 * issue or a revocation is durable before it is acknowledged; that a secret is nobody's is told once ownership is proved,
 * because another owner may have issued it. What a token permits is decided in `core/access.ts`, not here.
 */

import { type granted, ROOT_ID, ROOT_SCOPE, type TokenState } from '../core/access.ts';
import { ACCESS_TOKENS_MAX } from '../core/limits.ts';
import type { ListQuery } from '../core/listing.ts';
import type { IssueOutcome, Rejection, RevokeOutcome, TokenListOutcome } from '../core/outcome.ts';
import { newSecret, secretBytes, secretProblem } from '../core/token-secret.ts';
import type { Entry } from '../state/entries.ts';
import { NOT_OWNER, type Rejected, rejected, UNAVAILABLE } from './answers.ts';
import { Desk } from './desk.ts';
import type { Attempt, StreamParts } from './parts.ts';
import type { TokenExpiry } from './token-expiry.ts';

/** All of a token but what its issue makes of it. */
export type TokenToIssue = ReturnType<typeof granted>;

export type Authentication = { kind: 'grant'; grant: Grant } | Rejected;

/** The server's own token: it is there, or was issued just now. */
export type RootOutcome =
  | { kind: 'there' }
  | { kind: 'issued'; secret: string }
  /** Another token has that secret: two with one could not be told apart. */
  | { kind: 'taken' }
  | { kind: 'rejected'; reason: Rejection }
  | { kind: 'unknown'; message: string };

/** A token that was good when it was shown, for as long as a request or a session lasts. */
export interface Grant {
  readonly token: TokenState;
  /** Its end, by revocation or expiry, is durable: told now it stays so. */
  isGone(): boolean;
  /** …or its time is over by the clock, which is to be told by `confirmed` alone. */
  isOver(): boolean;
  /**
   * Null while the token is good, with a proof of ownership that is younger than `proofMsMax`: 0 asks for one now, and for a
   * session that goes on it is `SESSION_PROOF_MS`. Else why it is not, which is durable.
   */
  confirmed(proofMsMax?: number): Promise<Rejection | null>;
  /** `ended` is called when the token is not good any more, until the returned function is. */
  onEnd(ended: () => void): () => void;
}

/**
 * How old a proof of ownership may be when a session is given records: within that time a session ends at an owner that
 * was fenced and does not know, whatever became of its token at the next one.
 */
const SESSION_PROOF_MS = 5_000;

/** Proofs for secrets that are nobody's: ten a second, and so many at once after a while without any. */
const UNKNOWN_GAP_MS = 100;
const UNKNOWN_AT_ONCE_MAX = 50;

const INVALID: Rejection = { kind: 'token-invalid' };

export class AccessTokens {
  readonly #parts: StreamParts;
  readonly #desk: Desk;
  readonly #expiry: TokenExpiry;
  /** Who wants to know of the end of a token, by its id. */
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #grants = new WeakMap<TokenState, Grant>();
  /** When the next proof for a secret that is nobody's may begin, and the one that waits for that. */
  #unknownDueMs = -Infinity;
  #nextProof: Promise<Rejected | null> | null = null;

  constructor(parts: StreamParts, expiry: TokenExpiry) {
    this.#parts = parts;
    this.#desk = new Desk(parts);
    this.#expiry = expiry;
  }

  /** An entry was folded into the durable tables. */
  committed(entry: Entry): void {
    this.#expiry.committed(entry);
    if (entry.type !== 'revoke-token') return;
    const watchers = this.#watchers.get(entry.id);
    this.#watchers.delete(entry.id);
    for (const ended of watchers ?? []) ended();
  }

  /** Whose secret this is. What is malformed is nobody's, whoever owns the store. */
  authenticate(secret: string): Promise<Authentication> {
    if (secretProblem(secret) !== null) return Promise.resolve(this.#refused());
    const { compute } = this.#parts.ports;
    const secretHash = compute.sha256(secretBytes(secret));
    const token = this.#parts.tables.tokens.ofSecret(secretHash);
    return token === undefined ? this.#unknown(secretHash) : this.#known(token);
  }

  issue(token: TokenToIssue): Promise<IssueOutcome> {
    return this.#desk.decide<IssueOutcome>('creation', (attempt) => {
      const { journal, tables, standing } = this.#parts;
      // The server takes whoever has its own token's id for that token when it starts next, so nobody else ever has it.
      const isTaken = token.id === ROOT_ID || journal.ahead.token(token.id) !== undefined;
      if (isTaken) return standing.reveal<IssueOutcome>({ kind: 'exists' });
      if (tables.tokens.size >= ACCESS_TOKENS_MAX) return standing.reveal<IssueOutcome>({ kind: 'full' });
      if (this.#expiry.isOver(token)) return standing.reveal<IssueOutcome>({ kind: 'past' });
      return this.#issue(
        attempt,
        token,
        newSecret((length) => this.#parts.ports.entropy.bytes(length)),
      );
    });
  }

  revoke(id: string): Promise<RevokeOutcome> {
    return this.#desk.decide<RevokeOutcome>('deletion', (attempt) => {
      if (this.#parts.journal.ahead.token(id) === undefined) {
        return this.#parts.standing.reveal<RevokeOutcome>(rejected({ kind: 'token-not-found', id }));
      }
      return this.#revoke(attempt, id);
    });
  }

  list(query: ListQuery, isShown: (token: TokenState) => boolean): Promise<TokenListOutcome> {
    const { tables } = this.#parts;
    return this.#desk.observe(() => ({ kind: 'page', page: tables.tokens.list(query, isShown) }) as const);
  }

  /** Makes sure that there is the server's own token, with `secret` if one is given, in place of one with another. */
  ensureRoot(secret: string | null): Promise<RootOutcome> {
    return this.#desk.decide<RootOutcome>('creation', async (attempt) => {
      const { journal, tables, standing, ports } = this.#parts;
      const { compute, entropy } = ports;
      const existing = journal.ahead.token(ROOT_ID);
      const holder = secret === null ? existing : tables.tokens.ofSecret(compute.sha256(secretBytes(secret)));
      if (existing !== undefined && holder?.id === ROOT_ID) return { kind: 'there' };
      if (holder !== undefined && holder.id !== ROOT_ID) return standing.reveal<RootOutcome>({ kind: 'taken' });
      const revoked = existing === undefined ? null : this.#revoke(attempt, ROOT_ID);
      const root = { id: ROOT_ID, expiresAtMs: null, autoPrefixStreams: false, namespace: '', scope: ROOT_SCOPE };
      const issued = await this.#issue(attempt, root, secret ?? newSecret((length) => entropy.bytes(length)));
      await revoked;
      return issued as RootOutcome;
    });
  }

  #issue(attempt: Attempt, rest: TokenToIssue, secret: string) {
    const secretHash = this.#parts.ports.compute.sha256(secretBytes(secret));
    const token: TokenState = { ...rest, issuedAtMs: this.#expiry.nowMs(), secretHash };
    return this.#desk.queue<IssueOutcome>(attempt, 'creation', { type: 'issue-token', token }, () => {
      this.#parts.ports.telemetry.event('token.issued');
      return { kind: 'issued', secret };
    });
  }

  #revoke(attempt: Attempt, id: string) {
    const entry = { type: 'revoke-token', id, atMs: this.#expiry.nowMs() } as const;
    return this.#desk.queue<RevokeOutcome>(attempt, 'deletion', entry, () => {
      this.#parts.ports.telemetry.event('token.revoked');
      return { kind: 'revoked' };
    });
  }

  /** Nobody's as far as this process knows. Another owner may have issued it, so it looks once it is proved to be the owner. */
  async #unknown(secretHash: Uint8Array): Promise<Authentication> {
    const unserved = await this.#proofForUnknown();
    if (unserved !== null) return unserved;
    const token = this.#parts.tables.tokens.ofSecret(secretHash);
    return token === undefined ? this.#refused() : this.#known(token);
  }

  /**
   * A proof that begins behind this call. Who guesses secrets must not have the store asked as often as it likes: beyond the
   * rate proofs wait for each other, and all who ask meanwhile share one.
   */
  #proofForUnknown(): Promise<Rejected | null> {
    const { clock } = this.#parts.ports;
    const waitMs = this.#unknownDueMs - clock.monoMs();
    if (waitMs <= 0) return this.#proveForUnknown();
    this.#nextProof ??= clock.sleep(waitMs).then(() => this.#proveForUnknown());
    return this.#nextProof;
  }

  #proveForUnknown(): Promise<Rejected | null> {
    this.#nextProof = null;
    const savedMs = this.#parts.ports.clock.monoMs() - UNKNOWN_GAP_MS * (UNKNOWN_AT_ONCE_MAX - 1);
    this.#unknownDueMs = Math.max(this.#unknownDueMs, savedMs) + UNKNOWN_GAP_MS;
    return this.#desk.observe(() => null);
  }

  #known(token: TokenState): Promise<Authentication> {
    if (this.#expiry.isOver(token)) return this.#over(token);
    return Promise.resolve({ kind: 'grant', grant: this.#grant(token) });
  }

  /** What is told of a token whose time is over: that it is nobody's, once that is durable, and not before. */
  #over(token: TokenState): Promise<Rejected> {
    const retired = this.#expiry.retire(token).then((settlement): Rejected => {
      if (settlement === 'committed') return this.#refused();
      return rejected(settlement === 'void' ? NOT_OWNER : UNAVAILABLE);
    });
    return this.#parts.deadlines.limit(retired, () => rejected(UNAVAILABLE));
  }

  #refused(): Rejected {
    this.#parts.ports.telemetry.event('token.refused');
    return rejected(INVALID);
  }

  /** One for each token: it remembers nothing but which one it is of. */
  #grant(token: TokenState): Grant {
    const grant = this.#grants.get(token) ?? this.#newGrant(token);
    this.#grants.set(token, grant);
    return grant;
  }

  #newGrant(token: TokenState): Grant {
    const { tables, standing, ports } = this.#parts;
    const isGone = () => tables.token(token.id) !== token;
    return {
      token,
      isGone,
      isOver: () => isGone() || this.#expiry.isOver(token),
      confirmed: async (proofMsMax = SESSION_PROOF_MS) => {
        if (!isGone() && !standing.wasProvedAfter(ports.clock.monoMs() - proofMsMax)) {
          ports.telemetry.event('token.proof-asked');
          const proved = await this.#desk.observe(() => null);
          if (proved !== null) return proved.reason;
        }
        if (isGone()) return INVALID;
        return this.#expiry.isOver(token) ? (await this.#over(token)).reason : null;
      },
      onEnd: (ended) => this.#watch(token, ended),
    };
  }

  #watch({ id }: TokenState, ended: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(ended));
    return () => {
      watchers.delete(ended);
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id);
    };
  }
}
