/** The S3 store on a stand-in for S3: the contract, also where listings have no order. */

import { blobStoreSuite } from '../testing/blob-store-suite.ts';
import { FakeS3, type FakeS3Habits } from '../testing/s3-fake.ts';
import { openS3BlobStore } from './s3-blob-store.ts';
import type { S3Options } from './s3-client.ts';

process.env['AWS_ACCESS_KEY_ID'] = 'test';
process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';

function options(fake: FakeS3, more: Partial<S3Options> = {}): S3Options {
  return { bucket: 'bucket', prefix: 'some/place/', endpoint: fake.endpoint, region: 'us-east-1', ...more };
}

function openOn(habits: FakeS3Habits, more: Partial<S3Options> = {}) {
  return async () => {
    const fake = await FakeS3.start(habits);
    const store = await openS3BlobStore(options(fake, more));
    const close = async () => {
      await store.close();
      await fake.close();
    };
    return { store, close };
  };
}

blobStoreSuite('the S3 store', openOn({}));
blobStoreSuite('the S3 store without order in listings', openOn({ listing: 'reversed' }, { listing: 'unsorted' }), {
  bigObjectBytes: 1024 * 1024,
});
