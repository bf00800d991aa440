/**
 * Whose token the last request of each connection came with: most connections show the same one with every request, and to
 * find it again costs a hash. The text is kept as long as its connection lasts and no longer, and is compared in constant
 * time, since behind a proxy one connection has many speakers.
 *
 * Invariant: this says which token a text is of, never that the token is good. Whoever asks is told nothing of one whose end
 * is durable or due, and has to find it anew.
 */

import type { Engine, Grant } from '../engine.ts';
import type { HttpRequest } from '../ports.ts';

interface Known {
  readonly engine: Engine;
  readonly credentials: string;
  readonly grant: Grant;
}

export class KnownCredentials {
  readonly #byConnection = new WeakMap<object, Known>();

  /** Null when the token has to be found. Good is what it gives in the turn in which it was asked. */
  grantOf(engine: Engine, { connection }: HttpRequest, credentials: string): Grant | null {
    const known = connection === undefined ? undefined : this.#byConnection.get(connection);
    if (known === undefined || !sameText(known.credentials, credentials)) return null;
    return known.engine === engine && !known.grant.isOver() ? known.grant : null;
  }

  found(engine: Engine, { connection }: HttpRequest, credentials: string, grant: Grant): void {
    if (connection !== undefined) this.#byConnection.set(connection, { engine, credentials, grant });
  }
}

/** Whether two texts are equal, in a time that does not tell where they differ. */
function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
