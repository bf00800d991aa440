/** A request as the server sees it: its body comes as it travels, and a signal is made only for who asks for it. */

import type { HttpRequest } from '../../engine/ports.ts';

export class ServedRequest implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: HttpRequest['headers'];
  readonly body: HttpRequest['body'];
  /** A host has one connection to another. */
  readonly connection: object;
  readonly #signal: () => AbortSignal;

  constructor(
    { method, target, headers }: HttpRequest,
    body: HttpRequest['body'],
    connection: object,
    signal: () => AbortSignal,
  ) {
    this.method = method;
    this.target = target;
    this.headers = headers;
    this.body = body;
    this.connection = connection;
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }
}
