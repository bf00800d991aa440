/**
 * The AWS SDK's client, set up for an engine that repeats requests itself: one attempt, connections kept alive,
 * checksums only where S3 demands them, credentials, region and endpoint by the SDK's own chains unless given.
 *
 * A hidden repetition would turn the lost reply of a conditional create into a refusal: never allow a second
 * attempt here. The SDK is loaded when the first store of this kind is opened, and by nothing else.
 */

import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import type * as SdkModule from '@aws-sdk/client-s3';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

/** The SDK as a value. */
export type S3Sdk = typeof SdkModule;

/** Where a store lives in S3, and how to speak to it. What is undefined is left to the SDK's chains. */
export interface S3Options {
  bucket: string;
  /** Empty, or ends with `/`. */
  prefix: string;
  /** Base URL of a store that is not AWS. */
  endpoint?: string | undefined;
  region?: string | undefined;
  /** `http://host/bucket/key` instead of `http://bucket.host/key`. Default: whenever an endpoint is set. */
  pathStyle?: boolean | undefined;
  /** `when-supported` adds a CRC-32 to every put and checks it on every get. Default `when-required`. */
  checksums?: 'when-required' | 'when-supported' | undefined;
  /** `unsorted` fetches the whole listing and sorts it here. Default: `sorted`, but for S3 Express buckets. */
  listing?: 'sorted' | 'unsorted' | undefined;
  timeouts?: S3Timeouts | undefined;
}

export interface S3Timeouts {
  /** Longest wait for a connection, in milliseconds. */
  connectMs: number;
  /** Longest time without an answer, or without more of it, in milliseconds. A put also gets time for its bytes. */
  stallMs: number;
}

export const S3_TIMEOUTS: S3Timeouts = { connectMs: 3_000, stallMs: 15_000 };

/** Reads at a time; the others wait for their turn here, where no deadline runs and no put stands behind them. */
export const READS_MAX = 64;

/**
 * Connections kept. Besides those of the reads, the widest window of the log is 64 puts, a flush is 16, and listings,
 * deletions and a compaction need a few: a put always finds a connection.
 */
const CONNECTIONS_MAX = READS_MAX + 96;

/** Connections of one store; they outlive a client that is replaced because its credentials expired. */
export interface S3Agents {
  httpAgent: HttpAgent;
  httpsAgent: HttpsAgent;
}

export function s3Agents(): S3Agents {
  const options = { keepAlive: true, maxSockets: CONNECTIONS_MAX, maxFreeSockets: CONNECTIONS_MAX };
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
}

/** The endpoint in force as far as options and environment tell; a profile may still name one. */
export function endpointOf({ endpoint }: Pick<S3Options, 'endpoint'>): string | undefined {
  return endpoint ?? (process.env['AWS_ENDPOINT_URL_S3'] || process.env['AWS_ENDPOINT_URL'] || undefined);
}

export function loadS3Sdk(): Promise<S3Sdk> {
  // Users can do nothing about what it would say: the version is pinned to one that works with this Node.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  return import('@aws-sdk/client-s3');
}

export function makeS3Client(sdk: S3Sdk, options: S3Options, agents: S3Agents): S3Client {
  const client = new sdk.S3Client({
    maxAttempts: 1,
    forcePathStyle: options.pathStyle ?? endpointOf(options) !== undefined,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.region === undefined ? {} : { region: options.region }),
    ...checksumConfig(options.checksums),
    requestHandler: { ...agents, connectionTimeout: (options.timeouts ?? S3_TIMEOUTS).connectMs },
  });
  addContentMd5(client);
  return client;
}

/** What the environment says counts only when the store's URL says nothing. */
function checksumConfig(checksums: S3Options['checksums']): Partial<S3ClientConfig> {
  const wanted = checksums === 'when-supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const isSet = (name: string) => checksums === undefined && process.env[name] !== undefined;
  return {
    ...(isSet('AWS_REQUEST_CHECKSUM_CALCULATION') ? {} : { requestChecksumCalculation: wanted }),
    ...(isSet('AWS_RESPONSE_CHECKSUM_VALIDATION') ? {} : { responseChecksumValidation: wanted }),
  };
}

/** Deletions need a digest of their body; stores that came before the SDK's checksums know only this one. */
function addContentMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const request = args.request as { headers: Record<string, string>; body?: unknown };
        if (commandName === 'DeleteObjectsCommand' && typeof request.body === 'string') {
          request.headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
        }
        return next(args);
      },
    { step: 'build', name: 'contentMd5OfDeletions', priority: 'low' },
  );
}
