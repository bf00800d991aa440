/**
 * The streams of the crew and the scopes its tokens have: names that begin like others, one that is the beginning of another, and
 * a token that lives in a namespace. What a scope reaches is said again here, name by name, and not computed as servers do.
 */

export const BASIN = 'token-basin';

/** Their names, whole. `a` is the beginning of all but the last; `a/` of two. */
export const STREAMS = ['a', 'a/x', 'a/y', 'ab/x', 'b/x'] as const;

export interface Scope {
  /** As the request to issue a token says it. */
  streams: { exact: string } | { prefix: string };
  autoPrefix: boolean;
  /** What is before the names it says and is never shown to it. */
  namespace: string;
  /** Whole names. */
  reached: readonly string[];
}

function plain(streams: Scope['streams'], ...reached: string[]): Scope {
  return { streams, autoPrefix: false, namespace: '', reached };
}

export const SCOPES: readonly Scope[] = [
  plain({ prefix: 'a/' }, 'a/x', 'a/y'),
  plain({ prefix: 'a' }, 'a', 'a/x', 'a/y', 'ab/x'),
  plain({ exact: 'a' }, 'a'),
  plain({ exact: 'b/x' }, 'b/x'),
  { streams: { prefix: 'a/' }, autoPrefix: true, namespace: 'a/', reached: ['a/x', 'a/y'] },
];

/** Reaches beyond every scope above. */
export const WIDER = { prefix: '' };

/** The name that a holder of such a token says for a whole one; null when no name it can say means that stream. */
export function saidFor({ namespace }: Scope, stream: string): string | null {
  return stream.startsWith(namespace) && stream.length > namespace.length ? stream.slice(namespace.length) : null;
}
