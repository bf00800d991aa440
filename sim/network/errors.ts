/** How a call or a body ends when the network is to blame. */

import type { NetworkError } from '../../engine/ports.ts';

export class SimNetworkError extends Error implements NetworkError {
  override readonly name = 'NetworkError';
  readonly code: NetworkError['code'];
  readonly sent: boolean;

  constructor(code: NetworkError['code'], sent: boolean, message: string) {
    super(message);
    this.code = code;
    this.sent = sent;
  }
}
