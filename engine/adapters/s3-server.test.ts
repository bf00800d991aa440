/** The S3 store on a real S3 server. */

import { afterAll, beforeAll } from 'vitest';

import { blobStoreSuite } from '../testing/blob-store-suite.ts';
import { type S3Server, startS3Server } from '../testing/s3-server.ts';
import { openS3BlobStore } from './s3-blob-store.ts';

let server: S3Server;
let stores = 0;

beforeAll(async () => {
  const t = performance.now();
  server = await startS3Server();
  console.log('started in', performance.now() - t);
  Object.assign(process.env, server.env);
});

afterAll(() => server?.close());

blobStoreSuite('the S3 store on a real server', async () => {
  const { bucket, endpoint } = server;
  const store = await openS3BlobStore({ bucket, prefix: `suite/${(stores += 1)}/`, endpoint });
  return { store, close: () => store.close(), reopen: async () => store };
});
