/** Every fault a folder or a bucket can have, in words: one line with what was tried, on what, where, why, and a remedy. */

import { expect, test } from 'vitest';

import { DirectorySyncError, folderFault, linkFault } from './folder-faults.ts';
import { misfortuneOf, misfortuneOfKey } from './s3-faults.ts';

const KEY = 'wal/00000000000000000064';

function expectSays(message: string, where: string): void {
  expect(message).toMatch(new RegExp(`^cannot write ${KEY} in ${where}: [^;]+; \\S.*\\S$`, 's'));
  expect(message.split(KEY), 'the object is named once').toHaveLength(2);
  expect(message).not.toMatch(/\n|undefined|\[object/);
}

test.each([
  ...['ENOSPC', 'EDQUOT', 'EFBIG', 'EACCES', 'EPERM', 'EROFS', 'EMFILE', 'ENFILE', 'EIO', 'ENOENT', 'ESTALE'],
  ...['ENAMETOOLONG', 'ENOTDIR', 'EEXIST', 'EXDEV', 'ENOTSUP', 'EMLINK', 'EWHATEVER'],
])('%s of a folder says object, folder and remedy', (code) => {
  const error = Object.assign(new Error(`${code}: it went wrong`), { code });
  expectSays(folderFault(`write ${KEY}`, '/data', error).message, '/data');
  expectSays(linkFault(`write ${KEY}`, '/data', error).message, '/data');
});

test('a directory that could not be synced says which, and that the process has to stop', () => {
  const error = new DirectorySyncError('/data/wal', Object.assign(new Error('EIO'), { code: 'EIO' }));
  const { message, retryable } = folderFault(`write ${KEY}`, '/data', error);
  expect(message).toBe(
    `cannot write ${KEY}: the names in /data/wal could not be made durable (EIO); stop this process, check the disk, then start again`,
  );
  expect(retryable).toBe(false);
});

test.each([
  ...['NoSuchBucket', 'InvalidBucketName', 'AccessDenied', 'AllAccessDisabled', 'AccountProblem', 'InvalidAccessKeyId'],
  ...['SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'],
  ...['RequestExpired', 'CredentialsProviderError', 'TokenProviderError', 'RequestTimeTooSkewed', 'PermanentRedirect'],
  ...[
    'AuthorizationHeaderMalformed',
    'SlowDown',
    'ServiceUnavailable',
    'RequestTimeout',
    'IncompleteBody',
    'BadDigest',
  ],
  ...['NotImplemented', 'InvalidObjectState', 'InternalError', 'SomethingNew'],
])('%s of a bucket says object, bucket and remedy', (name) => {
  const where = 's3://bucket/prefix';
  const error = Object.assign(new Error('what the store said.'), { name, $metadata: { httpStatusCode: 400 } });
  expectSays(misfortuneOf(error, `write ${KEY}`, where).fault.message, where);
  expectSays(misfortuneOfKey({ Code: name, Message: 'words' }, `write ${KEY}`, where).fault.message, where);
});

test.each([301, 307, 400, 403, 404, 408, 409, 418, 429, 500, 501, 503])(
  'status %i without a name says the same',
  (status) => {
    const error = Object.assign(new Error('UnknownError'), { name: 'Unknown', $metadata: { httpStatusCode: status } });
    expectSays(misfortuneOf(error, `write ${KEY}`, 's3://bucket').fault.message, 's3://bucket');
  },
);

test.each(['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'EPIPE', 'CERT_HAS_EXPIRED'])(
  '%s on the way says the same',
  (code) => {
    const error = Object.assign(new Error(`it failed with ${code}`), { code, syscall: 'connect' });
    expectSays(misfortuneOf(error, `write ${KEY}`, 's3://bucket').fault.message, 's3://bucket');
  },
);
