/** Access tokens badly kept: prefixes the wrong way round, clocks that decide alone, answers of before the revocation. */

import type { Plant } from './plants.ts';

const ACCESS = 'engine/core/access.ts';
const TOKENS = 'engine/stream/access-tokens.ts';
const KNOWN = 'engine/api/known-credentials.ts';
const EXPIRY = 'engine/stream/token-expiry.ts';

export const TOKEN_PLANTS: readonly Plant[] = [
  {
    name: 'prefix-the-wrong-way',
    lie: 'a set reaches the names that its prefix begins with, not those that begin with its prefix',
    edits: [
      {
        file: ACCESS,
        find: 'return name.startsWith(set.prefix);',
        replace: "return set.prefix === '' || set.prefix.startsWith(name);",
      },
    ],
    seedsMax: 1_000,
    says: /within its scope|beyond its scope|not shown its own stream/,
  },
  {
    name: 'prefix-both-ways',
    lie: 'a set reaches the names that begin with its prefix, and those that its prefix begins with',
    edits: [
      {
        file: ACCESS,
        find: 'return name.startsWith(set.prefix);',
        replace: 'return name.startsWith(set.prefix) || set.prefix.startsWith(name);',
      },
    ],
    seedsMax: 1_000,
    says: /beyond its scope/,
  },
  {
    name: 'grants-beyond-itself',
    lie: 'a token may issue one whose prefix its own begins with',
    edits: [
      {
        file: ACCESS,
        find: 'inner.prefix.startsWith(outer.prefix);',
        replace: "(outer.prefix === '' || outer.prefix.startsWith(inner.prefix));",
      },
    ],
    seedsMax: 1_000,
    says: /issued one that reaches beyond itself/,
  },
  {
    name: 'expiry-by-the-local-clock',
    lie: 'whether a token has expired is for the clock of each owner to say, and nobody writes it down',
    edits: [
      {
        file: EXPIRY,
        find: 'return Math.max(this.#parts.ports.clock.wallMs(), this.#parts.state.lastArrivalMs);',
        replace: 'return this.#parts.ports.clock.wallMs();',
      },
      {
        file: EXPIRY,
        find: 'filter(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= nowMs);',
        replace: 'filter(() => nowMs < 0);',
      },
      {
        file: TOKENS,
        find: 'const retired = this.#expiry.retire(token).then((settlement): Rejected => {',
        replace: "const retired = Promise.resolve('committed' as string).then((settlement): Rejected => {",
      },
    ],
    seedsMax: 1_000,
    profile: 'skew',
    says: /let in after it had been refused/,
  },
  {
    name: 'cache-outlives-revocation',
    lie: 'a token that a connection came with once is good for as long as there is the connection',
    edits: [
      {
        file: KNOWN,
        find: 'return known.engine === engine && !known.grant.isOver() ? known.grant : null;',
        replace: 'return known.grant;',
      },
      {
        file: TOKENS,
        find: 'const isGone = () => tables.token(token.id) !== token;',
        replace: 'const isGone = () => tables === null;',
      },
    ],
    seedsMax: 1_000,
    says: /let in \d+ ms after its revocation was acknowledged/,
  },
  {
    name: 'session-outlives-revocation',
    lie: 'a session is judged by its token when it begins, and never again',
    edits: [
      { file: TOKENS, find: 'for (const ended of watchers ?? []) ended();', replace: 'void watchers;' },
      {
        file: TOKENS,
        find: 'confirmed: async (proofMsMax = SESSION_PROOF_MS) => {',
        replace: 'confirmed: async (proofMsMax = SESSION_PROOF_MS) => {\n        if (tables !== null) return null;',
      },
    ],
    seedsMax: 20_000,
    says: /was shown a record that was sent after its revocation was acknowledged/,
  },
];
