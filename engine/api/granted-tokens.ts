/**
 * Issuing, listing and revoking access tokens as the holder of one may: within the ids it reaches, never more than it has
 * itself, and with stream names as it sees them.
 */

import { exceeds, granted, permits, reaches, seenFrom, type TokenWish } from '../core/access.ts';
import type { ListQuery } from '../core/listing.ts';
import type { Operation } from '../core/operations.ts';
import type { IssueOutcome, RevokeOutcome, TokenListOutcome } from '../core/outcome.ts';
import type { Engine, Grant } from '../engine.ts';

export class GrantedTokens {
  readonly #engine: Engine;
  readonly #grant: Grant;

  constructor(engine: Engine, grant: Grant) {
    this.#engine = engine;
    this.#grant = grant;
  }

  async issue(wish: TokenWish): Promise<IssueOutcome> {
    const { token } = this.#grant;
    const issued = granted(wish, token);
    // A body may have come long after its head: who is revoked meanwhile leaves no other token behind.
    if (this.#grant.isGone()) return { kind: 'rejected', reason: { kind: 'token-invalid' } };
    const isPermitted = permits(token, 'issue-access-token', { accessTokens: wish.id }) && !exceeds(token, issued);
    return isPermitted ? this.#engine.issueToken(issued) : denied('issue-access-token');
  }

  async revoke(id: string): Promise<RevokeOutcome> {
    const { token } = this.#grant;
    if (!permits(token, 'revoke-access-token', { accessTokens: id })) return denied('revoke-access-token');
    return this.#engine.revokeToken(id);
  }

  async list(query: ListQuery): Promise<TokenListOutcome> {
    const { token } = this.#grant;
    if (!permits(token, 'list-access-tokens')) return denied('list-access-tokens');
    const outcome = await this.#engine.listTokens(query, ({ id }) => reaches(token.scope.accessTokens, id));
    if (outcome.kind !== 'page') return outcome;
    const rows = outcome.page.rows.map((row) => {
      const streams = seenFrom(token.namespace, row.scope.streams);
      return { ...row, scope: { ...row.scope, streams } };
    });
    return { kind: 'page', page: { ...outcome.page, rows } };
  }
}

function denied(operation: Operation) {
  return { kind: 'rejected', reason: { kind: 'not-permitted', operation } } as const;
}
