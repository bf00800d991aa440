/** The official SDK against an engine on a real port, for directed tests; whatever is opened ends with its test. */

import { S2 } from '@s2-dev/streamstore';
import { afterEach, expect } from 'vitest';

import { MemoryBlobStore } from '../adapters/memory-blob-store.ts';
import { type HttpServer, serveHttp } from '../adapters/node-http.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemCompute } from '../adapters/system-compute.ts';
import { systemEntropy } from '../adapters/system-entropy.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { createApi } from '../api/routes.ts';
import { type Engine, openEngine } from '../engine.ts';
import type { HttpHandler } from '../ports.ts';
import { STORE_TUNABLES } from '../tunables.ts';

type RetryConfig = NonNullable<ConstructorParameters<typeof S2>[0]['retry']>;

interface SdkServerOptions {
  /** Default: a store of its own. */
  blobs?: MemoryBlobStore;
  /** What stands between the network and the API. Its errors are expected. */
  between?: (api: HttpHandler) => HttpHandler;
  /** Default: nothing is tried twice. */
  retry?: RetryConfig;
}

interface SdkServer {
  engine: Engine;
  s2: S2;
  blobs: MemoryBlobStore;
}

/** To be called once, at the top of a test file. */
export function sdkBench(): { serve: (options?: SdkServerOptions) => Promise<SdkServer> } {
  const running: { server: HttpServer; engine: Engine }[] = [];

  afterEach(async () => {
    for (const { server, engine } of running.splice(0)) {
      engine.drain();
      await server.close(1000);
      await engine.stop();
    }
  });

  return {
    serve: async ({ blobs = new MemoryBlobStore(), between, retry = { maxAttempts: 1 } } = {}) => {
      const system = { clock: systemClock, compute: systemCompute, entropy: systemEntropy, random: systemRandom };
      const engine = await openEngine({ ...system, blobs, telemetry: { event: () => {} } }, STORE_TUNABLES.memory);
      const api = createApi(() => engine);
      const onError = (error: unknown): void => {
        if (between === undefined) expect.fail(String(error));
      };
      const server = await serveHttp(between?.(api) ?? api, { host: '127.0.0.1', port: 0, onError });
      running.push({ server, engine });
      const endpoint = `http://127.0.0.1:${server.port}`;
      const s2 = new S2({ accessToken: 'none', endpoints: { account: endpoint, basin: endpoint }, retry });
      return { engine, s2, blobs };
    },
  };
}
