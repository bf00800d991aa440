/**
 * One page of keys after a name, from a store that lists in order, and from one that does not (S3 Express).
 *
 * A store that should list in order is not believed: a page out of order, or with names at or before the one
 * asked for, is a fault, because a recovery that missed an object would lose data without a word.
 */

import type { ListObjectsV2CommandInput, ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';

import type { ListedBlob } from '../ports.ts';

export interface ListingRequest {
  bucket: string;
  /** What the names of all objects of the store begin with; empty, or ends with `/`. */
  root: string;
  prefix: string;
  /** Empty: from the beginning. */
  after: string;
  keysMax: number;
}

export interface ListedPage {
  blobs: ListedBlob[];
  more: boolean;
}

export type SendList = (input: ListObjectsV2CommandInput) => Promise<ListObjectsV2CommandOutput>;

/** The store lists otherwise than it has to. */
export class ListingOrderError extends Error {
  override name = 'ListingOrderError';
}

/** Uses `start-after`; throws a ListingOrderError when the answer is not in order after it. */
export async function listSorted(send: SendList, request: ListingRequest): Promise<ListedPage> {
  const { bucket, root, prefix, after, keysMax } = request;
  let token: string | undefined;
  do {
    const output: ListObjectsV2CommandOutput = await send({
      Bucket: bucket,
      Prefix: root + prefix,
      MaxKeys: keysMax,
      // Also without `after`: it leaves out the object that consoles make for a "folder", whose name is the root.
      ...(root + after === '' ? {} : { StartAfter: root + after }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const blobs = blobsOf(output, root);
    checkOrder(blobs, after);
    if (blobs.length > keysMax) throw new ListingOrderError(`asked for ${keysMax} names it lists ${blobs.length}`);
    token = output.IsTruncated === true ? output.NextContinuationToken : undefined;
    if (blobs.length > 0) return { blobs, more: output.IsTruncated === true };
    // A store may answer with an empty page that is not the last one.
  } while (token !== undefined);
  return { blobs: [], more: false };
}

/** Fetches every page and sorts: as many requests as there are thousands of names below the folder of `prefix`. */
export async function listUnsorted(send: SendList, request: ListingRequest): Promise<ListedPage> {
  const { bucket, root, prefix, after, keysMax } = request;
  const wanted = root + prefix;
  const folder = wanted.slice(0, wanted.lastIndexOf('/') + 1);
  let nearest: ListedBlob[] = [];
  let token: string | undefined;
  do {
    const output: ListObjectsV2CommandOutput = await send({
      Bucket: bucket,
      ...(folder === '' ? {} : { Prefix: folder }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const fitting = blobsOf(output, root).filter(({ key }) => byBytes(key, after) > 0 && key.startsWith(prefix));
    nearest = [...nearest, ...fitting].sort((a, b) => byBytes(a.key, b.key)).slice(0, keysMax + 1);
    token = output.IsTruncated === true ? output.NextContinuationToken : undefined;
  } while (token !== undefined);
  return cut({ blobs: nearest, more: false }, keysMax);
}

function cut({ blobs, more }: ListedPage, keysMax: number): ListedPage {
  return { blobs: blobs.slice(0, keysMax), more: more || blobs.length > keysMax };
}

function blobsOf({ Contents = [] }: ListObjectsV2CommandOutput, root: string): ListedBlob[] {
  return Contents.map(({ Key = '', Size = 0 }) => {
    if (!Key.startsWith(root)) throw new ListingOrderError(`it lists ${Key}, which is not below ${root}`);
    return { key: Key.slice(root.length), size: Size };
  });
}

function checkOrder(blobs: readonly ListedBlob[], after: string): void {
  let last = after;
  for (const { key } of blobs) {
    if (byBytes(last, key) >= 0) throw new ListingOrderError(`it lists ${key} behind ${last}`);
    last = key;
  }
}

/** The order of S3: by UTF-8 bytes. Names of the store are ASCII; those of strangers may not be. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
