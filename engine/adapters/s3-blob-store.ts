/**
 * A BlobStore in a bucket of S3 or of a store that speaks its protocol.
 *
 * Every object is created with `If-None-Match: *` in one request, so a name is given once, whole and atomically.
 * Nothing is repeated in here: whoever calls knows what an unknown outcome means and backs off with jitter.
 * Deadlines are on progress, so that a slow large object is not mistaken for a dead connection.
 */

import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';

import type { BlobStore, ByteRange, DeleteOutcome, GetOutcome, ListOutcome, PutOutcome, StoreFault } from '../ports.ts';
import { checkKey, checkRange, clip, pageKeys } from './blob-key.ts';
import { joined } from './joined.ts';
import {
  endpointOf,
  loadS3Sdk,
  makeS3Client,
  READS_MAX,
  S3_TIMEOUTS,
  s3Agents,
  type S3Options,
  type S3Sdk,
} from './s3-client.ts';
import { headerOf, type Misfortune, misfortuneOf, misfortuneOfKey, statusOf } from './s3-faults.ts';
import { ListingOrderError, listSorted, listUnsorted } from './s3-listing.ts';
import { Turns } from './turns.ts';

/** Keys one request of S3 deletes. */
const DELETIONS_MAX = 1000;

/** A put gets this much more time for each megabyte of its body. */
const MS_PER_MEGABYTE = 1_000;

/** Buckets of S3 Express One Zone. */
const DIRECTORY_BUCKET = /--x-s3$/;

type SendOptions = { abortSignal: AbortSignal };

/** Loads the SDK. Asks the store nothing. */
export async function openS3BlobStore(options: S3Options): Promise<S3BlobStore> {
  return new S3BlobStore(await loadS3Sdk(), options);
}

export class S3BlobStore implements BlobStore {
  /** The store in words, for messages: `s3://bucket/prefix`, and the endpoint when it is not AWS. */
  readonly where: string;
  readonly #sdk: S3Sdk;
  readonly #options: S3Options;
  readonly #agents = s3Agents();
  readonly #stallMs: number;
  readonly #reads = new Turns(READS_MAX);
  #client: S3Client;
  /** Whether any request was ever answered well: a failure to get credentials is temporary then. */
  #hasWorked = false;

  /** Use `openS3BlobStore`. */
  constructor(sdk: S3Sdk, options: S3Options) {
    const endpoint = endpointOf(options);
    const path = `s3://${options.bucket}/${options.prefix}`.replace(/\/$/, '');
    this.where = endpoint === undefined ? path : `${path} at ${endpoint}`;
    this.#sdk = sdk;
    this.#options = options;
    this.#stallMs = (options.timeouts ?? S3_TIMEOUTS).stallMs;
    this.#client = makeS3Client(sdk, options, this.#agents);
  }

  async putIfAbsent(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> {
    checkKey(key);
    const body = concatenated(parts);
    const command = new this.#sdk.PutObjectCommand({ ...this.#object(key), Body: body, IfNoneMatch: '*' });
    const extraMs = Math.ceil((body.length / 1e6) * MS_PER_MEGABYTE);
    const answer = await this.#attempt(`write ${key}`, extraMs, (client, options) => client.send(command, options));
    if (answer.kind === 'ok') return { kind: 'done' };
    const { effect, fault } = answer.misfortune;
    if (effect === 'refused') return { kind: 'refused' };
    return { kind: effect === 'possible' ? 'unknown' : 'failed', fault };
  }

  async put(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> {
    return this.putIfAbsent(key, parts);
  }

  async get(key: string, range?: ByteRange): Promise<GetOutcome> {
    checkKey(key);
    if (range !== undefined) checkRange(range);
    return this.#reads.run(() => this.#readAny(key, range));
  }

  async list(prefix: string, after = '', limit?: number): Promise<ListOutcome> {
    const { bucket, prefix: root, listing } = this.#options;
    const request = { bucket, root, prefix, after, keysMax: pageKeys(limit) };
    const isUnsorted = listing === undefined ? DIRECTORY_BUCKET.test(bucket) : listing === 'unsorted';
    const listPage = isUnsorted ? listUnsorted : listSorted;
    const answer = await this.#attempt(`list ${prefix || 'the objects'}`, 0, (client, { abortSignal }, progress) =>
      listPage(async (input) => {
        progress();
        return client.send(new this.#sdk.ListObjectsV2Command(input), { abortSignal });
      }, request),
    );
    if (answer.kind === 'misfortune') return { kind: 'failed', fault: answer.misfortune.fault };
    const { blobs, more } = answer.value;
    return { kind: 'page', blobs, next: more ? blobs.at(-1)!.key : null };
  }

  async delete(keys: readonly string[]): Promise<DeleteOutcome> {
    for (const key of keys) checkKey(key);
    for (let start = 0; start < keys.length; start += DELETIONS_MAX) {
      const trouble = await this.#deleteGroup(keys.slice(start, start + DELETIONS_MAX));
      // An earlier group is gone already, so nothing can be said to have had no effect.
      if (trouble !== null)
        return { kind: trouble.effect === 'possible' || start > 0 ? 'unknown' : 'failed', fault: trouble.fault };
    }
    return { kind: 'done' };
  }

  /** Asks for the region in force, which fails when there is none. */
  async region(): Promise<string> {
    return this.#client.config.region();
  }

  /** Closes the connections. Calls still under way may fail. */
  async close(): Promise<void> {
    this.#client.destroy();
    this.#agents.httpAgent.destroy();
    this.#agents.httpsAgent.destroy();
  }

  async #deleteGroup(keys: readonly string[]): Promise<Misfortune | null> {
    const { bucket, prefix } = this.#options;
    const command = new this.#sdk.DeleteObjectsCommand({
      Bucket: bucket,
      Delete: { Objects: [...new Set(keys)].map((key) => ({ Key: prefix + key })), Quiet: true },
    });
    const action = keys.length === 1 ? `delete ${keys[0]}` : `delete ${keys.length} objects from ${keys[0]} on`;
    const answer = await this.#attempt(action, 0, (client, options) => client.send(command, options));
    if (answer.kind === 'misfortune') return answer.misfortune;
    const failures = (answer.value.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey');
    const [first] = failures;
    if (first === undefined) return null;
    const key = first.Key?.slice(prefix.length) ?? 'an object';
    const { effect, fault } = misfortuneOfKey(
      first as { Code?: string; Message?: string },
      `delete ${key}`,
      this.where,
    );
    return { effect: failures.length === keys.length ? effect : 'possible', fault };
  }

  async #readAny(key: string, range: ByteRange | undefined): Promise<GetOutcome> {
    if (range === undefined) return this.#read(key);
    if (range.end > range.start) return this.#readRange(key, range);
    // HTTP has no empty range; one byte tells how long the object is.
    const found = await this.#readRange(key, { start: 0, end: 1 });
    return found.kind === 'found' ? { ...found, bytes: new Uint8Array(0) } : found;
  }

  async #read(key: string): Promise<GetOutcome> {
    const answer = await this.#attempt(`read ${key}`, 0, async (client, options, progress) => {
      const output = await client.send(new this.#sdk.GetObjectCommand(this.#object(key)), options);
      return bodyOf(output, progress);
    });
    if (answer.kind === 'ok') return { kind: 'found', bytes: answer.value, size: answer.value.length };
    return readFailure(answer.misfortune);
  }

  async #readRange(key: string, range: ByteRange): Promise<GetOutcome> {
    const Range = `bytes=${range.start}-${range.end - 1}`;
    const answer = await this.#attempt(`read ${key}`, 0, async (client, options, progress) => {
      try {
        const output = await client.send(new this.#sdk.GetObjectCommand({ ...this.#object(key), Range }), options);
        return partOf(await bodyOf(output, progress), output.ContentRange, range);
      } catch (error) {
        if (statusOf(error) !== 416) throw error;
        return { bytes: new Uint8Array(0), size: sizeIn(headerOf(error, 'content-range')) };
      }
    });
    if (answer.kind === 'misfortune') return readFailure(answer.misfortune);
    const { bytes, size } = answer.value;
    if (size !== null) return { kind: 'found', bytes, size };
    // The store did not say how long the object is. An object without a first byte is empty.
    if (range.start === 0) return { kind: 'found', bytes, size: 0 };
    const first = await this.#readRange(key, { start: 0, end: 1 });
    return first.kind === 'found' ? { ...first, bytes } : first;
  }

  #object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#options.prefix + key };
  }

  /** Runs one request under a deadline that `progress` puts off. */
  async #attempt<T>(
    action: string,
    extraMs: number,
    request: (client: S3Client, options: SendOptions, progress: () => void) => Promise<T>,
  ): Promise<{ kind: 'ok'; value: T } | { kind: 'misfortune'; misfortune: Misfortune }> {
    const client = this.#client;
    const controller = new AbortController();
    const deadline = setTimeout(() => controller.abort(), this.#stallMs + extraMs);
    try {
      const value = await request(client, { abortSignal: controller.signal }, () => deadline.refresh());
      this.#hasWorked = true;
      return { kind: 'ok', value };
    } catch (error) {
      const cause = controller.signal.aborted ? abortError(this.#stallMs + extraMs) : error;
      return { kind: 'misfortune', misfortune: this.#judged(cause, action, client) };
    } finally {
      clearTimeout(deadline);
    }
  }

  #judged(error: unknown, action: string, client: S3Client): Misfortune {
    if (error instanceof ListingOrderError) return { effect: 'none', fault: this.#listingFault(action, error) };
    const { effect, fault } = misfortuneOf(error, action, this.where);
    if (fault.code === 'expired-credentials') this.#renewClient(client);
    // What answered once and has no credentials now waits for a metadata service or a login.
    const isOutage = fault.code === 'no-credentials' && this.#hasWorked;
    return { effect, fault: isOutage ? { ...fault, retryable: true } : fault };
  }

  #listingFault(action: string, { message }: ListingOrderError): StoreFault {
    const remedy = 'add ?listing=unsorted to the URL of the store, which costs a whole listing for every page';
    return {
      code: 'unsorted-listing',
      message: `cannot ${action} in ${this.where}: listings are not in the order of names (${message}); ${remedy}`,
      retryable: false,
    };
  }

  /** The SDK keeps credentials for as long as it believes in them; a new client asks for them again. */
  #renewClient(expired: S3Client): void {
    if (this.#client === expired) this.#client = makeS3Client(this.#sdk, this.#options, this.#agents);
  }
}

/** The body in one piece; a single part is not copied. */
function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : joined(parts);
}

/** Reads to the end, and throws when there is less than was announced. */
async function bodyOf({ Body, ContentLength }: GetObjectCommandOutput, progress: () => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (Body ?? []) as AsyncIterable<Uint8Array>) {
    progress();
    chunks.push(chunk);
    length += chunk.length;
  }
  if (ContentLength !== undefined && length !== ContentLength) {
    throw shortBody(`${length} of ${ContentLength} bytes came`);
  }
  return joined(chunks);
}

/** What `range` asked for, from the part that came, or from the whole object where a store ignores ranges. */
function partOf(
  body: Uint8Array,
  contentRange: string | undefined,
  range: ByteRange,
): { bytes: Uint8Array; size: number } {
  if (contentRange === undefined) {
    const { start, end } = clip(range, body.length);
    return { bytes: body.slice(start, end), size: body.length };
  }
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange) ?? [];
  const size = Number(total);
  const { start, end } = clip(range, size);
  if (total === undefined || Number(first) !== start || Number(last) + 1 !== end || body.length !== end - start) {
    throw shortBody(`asked for ${start}..${range.end}, ${body.length} bytes came as ${contentRange}`);
  }
  return { bytes: body, size };
}

/** The length of the object in the header of a 416 answer. */
function sizeIn(contentRange: string | undefined): number | null {
  const total = /^bytes \*\/(\d+)$/.exec(contentRange ?? '')?.[1];
  return total === undefined ? null : Number(total);
}

function readFailure({ effect, fault }: Misfortune): GetOutcome {
  return effect === 'absent' ? { kind: 'absent' } : { kind: 'failed', fault };
}

function shortBody(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}

function abortError(afterMs: number): Error {
  return Object.assign(new Error(`nothing came for ${afterMs} ms`), { name: 'AbortError' });
}
