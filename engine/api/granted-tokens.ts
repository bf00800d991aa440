/**
 * Issuing, listing and revoking access tokens as the holder of one may: within the ids it reaches, never more than it has
 * itself, and with stream names as it sees them.
 */

import {
  common,
  exceeds,
  granted,
  permits,
  reaches,
  seenFrom,
  type TokenScope,
  type TokenState,
  type TokenWish,
} from '../core/access.ts';
import type { ListQuery } from '../core/listing.ts';
import type { Operation } from '../core/operations.ts';
import type { IssueOutcome, Rejection, RevokeOutcome, TokenListOutcome } from '../core/outcome.ts';
import type { Engine, Grant } from '../engine.ts';

export class GrantedTokens {
  readonly #engine: Engine;
  readonly #grant: Grant;

  constructor(engine: Engine, grant: Grant) {
    this.#engine = engine;
    this.#grant = grant;
  }

  /**
   * Why the token is not good any more, by a proof of ownership that was asked for now: for answers that nothing else in the
   * store is asked for.
   */
  refusal(): Promise<Rejection | null> {
    return this.#grant.confirmed(0);
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
    const rows = outcome.page.rows.map((row) => ({ ...row, scope: seenBy(token, row.scope) }));
    return { kind: 'page', page: { ...outcome.page, rows } };
  }
}

/** What of another token's scope the asker reaches too: names beyond its own are none of its business. */
function seenBy({ namespace, scope: own }: TokenState, scope: TokenScope): TokenScope {
  return {
    ...scope,
    basins: common(own.basins, scope.basins),
    streams: seenFrom(namespace, common(own.streams, scope.streams)),
    accessTokens: common(own.accessTokens, scope.accessTokens),
  };
}

function denied(operation: Operation) {
  return { kind: 'rejected', reason: { kind: 'not-permitted', operation } } as const;
}
