/**
 * How a call or a body ends when the network is to blame.
 *
 * Nobody's code is at fault, there are many of them, and stacks differ between machines: so they have none.
 */

import type { NetworkError } from '../../engine/ports.ts';

export class SimNetworkError extends Error implements NetworkError {
  override readonly name = 'NetworkError';
  readonly code: NetworkError['code'];
  readonly sent: boolean;

  constructor(code: NetworkError['code'], sent: boolean, message: string) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
    this.code = code;
    this.sent = sent;
  }
}
