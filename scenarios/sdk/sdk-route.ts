/**
 * Where requests of one official client go: it knows one name, as users do, and the name leads to one of the servers. The
 * client itself never learns which.
 */

export interface SdkRouteOptions {
  servers: readonly string[];
  /** Which of them a request goes to, as behind a load balancer; null for one that stays until told to move on. */
  roam: (() => number) | null;
}

export class SdkRoute {
  /** What the client is told. */
  readonly endpoint = 'http://tailrace';
  readonly #options: SdkRouteOptions;
  #server = 0;
  /** Requests so far: more than the caller asked for are the client's own retries. */
  requests = 0;

  constructor(options: SdkRouteOptions) {
    this.#options = options;
  }

  /** The address of the next request. */
  readonly resolve = (): string => {
    const { servers, roam } = this.#options;
    this.requests++;
    return servers[(roam === null ? this.#server : roam()) % servers.length] as string;
  };

  /** The server did not answer, or refuses. */
  moveOn(): void {
    this.#server++;
  }
}
