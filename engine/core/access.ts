/**
 * Access tokens as decisions (API contract §1.13): what a token is, which names its sets reach, what it permits, and whether
 * one token reaches beyond another. Pure: whoever asks has found the token and knows that it is still good.
 *
 * Invariant: nothing is permitted but by `permits`, and a token that was issued never permits what its issuer does not.
 */

import {
  ALL_GROUPS,
  ALL_OPERATIONS,
  type GroupSet,
  hasOperation,
  type Operation,
  type OperationSet,
  operationsOf,
  type Resource,
  ruleOf,
} from './operations.ts';

/** Names by one exact name or by their beginning; null for none. The empty exact name is nobody's, the empty prefix everybody's. */
export type NameSet = { readonly exact: string } | { readonly prefix: string } | null;

export interface TokenScope extends Readonly<Record<Resource, NameSet>> {
  readonly groups: GroupSet;
  readonly operations: OperationSet;
}

/** What is asked for when a token is issued; stream names are those its issuer sees. */
export interface TokenWish {
  readonly id: string;
  /** Null: as its issuer's. */
  readonly expiresAtMs: number | null;
  readonly autoPrefixStreams: boolean;
  readonly scope: TokenScope;
}

/** A token as the log knows it: immutable. Its secret is known to its holder only. */
export interface TokenState {
  readonly id: string;
  readonly issuedAtMs: number;
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
  /** From then on it is no token any more; null when it lasts. */
  readonly expiresAtMs: number | null;
  readonly autoPrefixStreams: boolean;
  /** What stands before every stream name it says and is never shown to it. */
  readonly namespace: string;
  /** Stream names are whole, with any namespace. */
  readonly scope: TokenScope;
}

/** The names a request is about, as far as it is about any; a stream's is whole. */
export interface Names {
  readonly basins?: string;
  readonly streams?: string;
  readonly accessTokens?: string;
}

/** The token that the server itself issues when it starts, and that may do everything. */
export const ROOT_ID = 'root';

const EVERYTHING: NameSet = { prefix: '' };

export const ROOT_SCOPE: TokenScope = {
  basins: EVERYTHING,
  streams: EVERYTHING,
  accessTokens: EVERYTHING,
  groups: ALL_GROUPS,
  operations: ALL_OPERATIONS,
};

export function reaches(set: NameSet, name: string): boolean {
  if (set === null) return false;
  if ('exact' in set) return set.exact !== '' && name === set.exact;
  return name.startsWith(set.prefix);
}

/** Whether every name that `inner` reaches is one that `outer` reaches. */
export function covers(outer: NameSet, inner: NameSet): boolean {
  if (inner === null || ('exact' in inner && inner.exact === '')) return true;
  if ('exact' in inner) return reaches(outer, inner.exact);
  return outer !== null && 'prefix' in outer && inner.prefix.startsWith(outer.prefix);
}

/** Groups and operations together. */
function operationsPermitted({ groups, operations }: TokenScope): OperationSet {
  return operationsOf(groups) | operations;
}

/** Whether the token may do `operation` to anything at all. */
export function mayEver({ scope }: Pick<TokenState, 'scope'>, operation: Operation): boolean {
  return hasOperation(operationsPermitted(scope), operation);
}

/** May the token do this to that? Names the operation has no use for do not count. */
export function permits(token: Pick<TokenState, 'scope'>, operation: Operation, names: Names = {}): boolean {
  if (!mayEver(token, operation)) return false;
  for (const resource of ruleOf(operation).within) {
    const name = names[resource];
    if (name === undefined || !reaches(token.scope[resource], name)) return false;
  }
  return true;
}

/** Why nobody can be issued such a token, in S2's words; null when somebody can. */
export function wishProblem({ autoPrefixStreams, scope }: TokenWish): string | null {
  if (operationsPermitted(scope) === 0) return 'Access token permissions cannot be empty';
  if (autoPrefixStreams && (scope.streams === null || !('prefix' in scope.streams))) {
    return 'Auto prefixing is only allowed for streams with prefix matching';
  }
  return null;
}

/** The rest of a token that is made of a wish; `issuer` is null for the server itself. */
export function granted(wish: TokenWish, issuer: TokenState | null): Omit<TokenState, 'issuedAtMs' | 'secretHash'> {
  const around = issuer?.namespace ?? '';
  const streams = placed(wish.scope.streams, around);
  const inner = wish.autoPrefixStreams && streams !== null && 'prefix' in streams ? streams.prefix : around;
  return {
    id: wish.id,
    expiresAtMs: wish.expiresAtMs ?? issuer?.expiresAtMs ?? null,
    autoPrefixStreams: wish.autoPrefixStreams,
    namespace: inner,
    scope: { ...wish.scope, streams },
  };
}

/** Whether `token` can do, see or outlast anything that `issuer` can not. */
export function exceeds(
  issuer: TokenState,
  token: Pick<TokenState, 'id' | 'expiresAtMs' | 'namespace' | 'scope'>,
): boolean {
  const [its, own] = [token.scope, issuer.scope];
  const isLonger = (token.expiresAtMs ?? Infinity) > (issuer.expiresAtMs ?? Infinity);
  return (
    isLonger ||
    (operationsPermitted(its) & ~operationsPermitted(own)) !== 0 ||
    !covers(own.basins, its.basins) ||
    !covers(own.streams, its.streams) ||
    !covers(own.accessTokens, its.accessTokens) ||
    !token.namespace.startsWith(issuer.namespace)
  );
}

/** What of a set of stream names lies in `namespace`, in the words of who lives there: nothing else is told. */
export function seenFrom(namespace: string, set: NameSet): NameSet {
  if (set === null || namespace === '') return set;
  if ('exact' in set) return set.exact.startsWith(namespace) ? { exact: set.exact.slice(namespace.length) } : null;
  if (set.prefix.startsWith(namespace)) return { prefix: set.prefix.slice(namespace.length) };
  return namespace.startsWith(set.prefix) ? { prefix: '' } : null;
}

/** The names that both reach. */
export function common(a: NameSet, b: NameSet): NameSet {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : null;
}

function placed(set: NameSet, namespace: string): NameSet {
  if (set === null || ('exact' in set && set.exact === '')) return set;
  return 'exact' in set ? { exact: namespace + set.exact } : { prefix: namespace + set.prefix };
}

/** Whether two hashes are equal, in a time that does not tell where they differ. */
export function sameSecret(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] ?? 0);
  return difference === 0;
}
