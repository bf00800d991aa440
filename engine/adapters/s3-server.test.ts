/** The S3 store, the probe and the way in on a real S3 server. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { blobStoreSuite } from '../testing/blob-store-suite.ts';
import { type S3Server, startS3Server } from '../testing/s3-server.ts';
import { CHECK_NAMES } from './conformance-probe.ts';
import { openStore, probeStore } from './open-store.ts';
import { openS3BlobStore } from './s3-blob-store.ts';

if (process.env['TAILRACE_NO_S3'] === '1') {
  test('no real S3 server was asked, because TAILRACE_NO_S3 is set', () => {
    console.warn('WARNING: TAILRACE_NO_S3=1, so nothing has checked that the S3 store works on a real server');
  });
} else {
  onRealServer();
}

function onRealServer(): void {
  let server: S3Server;
  let stores = 0;

  beforeAll(async () => {
    server = await startS3Server();
    Object.assign(process.env, server.env);
  });

  afterAll(() => server?.close());

  blobStoreSuite('the S3 store on a real server', async () => {
    const { bucket, endpoint } = server;
    const store = await openS3BlobStore({ bucket, prefix: `suite/${(stores += 1)}/`, endpoint });
    return { store, close: () => store.close() };
  });

  describe('a bucket', () => {
    test('is probed on first use, and only then', async () => {
      const first = await openStore(server.url('probed'));
      const listed = await first.blobs.list('');
      expect(listed).toMatchObject({ kind: 'page', blobs: [{ key: 'probe/result-v1' }] });
      await first.release();
      const second = await openStore(server.url('probed'));
      expect(second.kind).toBe('s3');
      expect(second.describe).toBe(`s3://${server.bucket}/probed at ${server.endpoint}`);
      await second.release();
    });

    test('is probed on demand, check by check', async () => {
      const passed: string[] = [];
      await probeStore(server.url('demanded'), (check) => passed.push(check));
      expect(passed).toEqual(CHECK_NAMES);
    });

    test('that is missing is named', async () => {
      const url = server.url('x').replace(server.bucket, 'no-such-bucket');
      await expect(openStore(url)).rejects.toThrow(/s3:\/\/no-such-bucket\/x at .*: there is no such bucket/);
    });

    test('is not opened with a wrong secret', async () => {
      process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong';
      await expect(openStore(server.url('x'))).rejects.toThrow(
        /the credentials are not valid here.*AWS_SECRET_ACCESS_KEY/,
      );
      Object.assign(process.env, server.env);
    });

    test('is back with all its objects after its gateway was killed', async () => {
      const store = await openStore(server.url('killed'));
      expect(await store.blobs.putIfAbsent('wal/1', [new Uint8Array(10)])).toEqual({ kind: 'done' });
      await server.killGateway();
      // Kept connections are dead; a caller asks again.
      await store.blobs.get('wal/1');
      expect((await store.blobs.get('wal/1')).kind).toBe('found');
      await store.release();
    });
  });
}
