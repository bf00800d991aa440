/**
 * The first access token: who has none can not issue any. The server makes sure of it at every start, with the secret that its
 * operator gave it, or with one that it makes up when there is none yet. That one is told once and kept nowhere.
 */

import { StartError } from './exit.ts';

/** What the engine is asked. */
export interface RootIssuer {
  ensureRootToken(
    secret: string | null,
  ): Promise<
    | { kind: 'there' }
    | { kind: 'issued'; secret: string }
    | { kind: 'taken' }
    | { kind: 'rejected' }
    | { kind: 'unknown'; message: string }
  >;
}

/** Resolves to what is to be said, or null. Throws a StartError when the token is not there for certain. */
export async function rootToken(engine: RootIssuer, secret: string | null): Promise<string | null> {
  const outcome = await engine.ensureRootToken(secret);
  switch (outcome.kind) {
    case 'there':
      return secret === null ? null : GIVEN;
    case 'issued':
      return secret === null ? toldOnce(outcome.secret) : GIVEN;
    case 'taken':
      throw new StartError(
        'the root token was not issued: another access token has that secret; give it one of its own',
      );
    case 'rejected':
      throw new StartError('the root token could not be issued: the store did not take it; start again');
    case 'unknown':
      throw new StartError(
        `the root token could not be issued: ${outcome.message}; start again with --root-token-file`,
      );
  }
}

const GIVEN = '  token   the root token is the one that was given';

function toldOnce(secret: string): string {
  return [
    `  token   ${secret}`,
    '          is the root token. It may do everything, and is told this once: keep it. `--root-token-file` replaces it.',
  ].join('\n');
}
