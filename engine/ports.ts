/**
 * Everything the engine may touch of the world: clock, dice, arithmetic helpers, blob store, network, telemetry.
 *
 * Interfaces only: no defaults, no implementations. Production gives the engine the adapters of
 * `engine/adapters`, the simulator gives it virtual ones; the engine cannot tell which it runs on. Each
 * method's comment says what a caller may conclude from each way it can end.
 */

import type { EngineEvent } from './telemetry.ts';

/** Time as one process sees it. Wall time may jump either way; monotonic time never goes back. */
export interface Clock {
  /** Milliseconds since the Unix epoch, an integer. May be wrong, may step back or forward. */
  wallMs(): number;
  /** Milliseconds since an arbitrary origin of this process, never decreasing. May drift against others. */
  monoMs(): number;
  /**
   * Resolves after `ms` of monotonic time, or as soon as `signal` aborts, whichever comes first. Never
   * rejects: a caller that cares looks at `signal.aborted`.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Dice for jitter. Nothing may depend on them being hard to guess. */
export interface Random {
  /** A uniform integer in [0, bound); `bound` is an integer in [1, 2^31]. */
  below(bound: number): number;
}

/** Bytes nobody can guess and that never repeat: writer identities, nonces, token secrets. */
export interface Entropy {
  bytes(length: number): Uint8Array;
}

/** Pure synchronous functions worth having native. Same input, same output, in every world. */
export interface Compute {
  /** CRC-32 (IEEE 802.3, as in zlib) of `bytes`, continuing from `seed` (0 to begin). Unsigned. */
  crc32(bytes: Uint8Array, seed?: number): number;
  /** The 32 bytes of SHA-256 (FIPS 180-4) of `bytes`. */
  sha256(bytes: Uint8Array): Uint8Array;
  ciphers: Ciphers;
}

/**
 * Authenticated encryption with a key of 32 bytes and a tag of 16, which stands behind the ciphertext. Bytes of other lengths
 * than these throw. Nothing given is changed or kept. Every implementation signs `engine/testing/cipher-suite.ts`.
 */
export interface Aead {
  /** Length of a nonce. One key and one nonce together seal one message, or nothing is secret any more. */
  readonly nonceBytes: number;
  /** Ciphertext and tag, in as many pieces as they were made in: to join them is a copy that whoever stores them makes anyway. */
  seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): readonly Uint8Array[];
  /** Null when this was not sealed with this key, nonce and associated data. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | null;
}

/** By the names S2 gives them. */
export type Ciphers = Readonly<Record<'aegis-256' | 'aes-256-gcm', Aead>>;

/** One way to make bytes smaller, for bodies and frames: pure, and synchronous but for large bodies. */
export interface Codec {
  compress(bytes: Uint8Array): Uint8Array;
  /** For whole bodies: what takes long happens beside this turn. Nobody may change `bytes` meanwhile. */
  compressBody(bytes: Uint8Array): Promise<Uint8Array>;
  /** Null when the bytes can not be decompressed, or not to at most `bytesMax`; never takes more memory than that. */
  decompress(bytes: Uint8Array, bytesMax: number): Uint8Array | null;
}

/** The two S2 knows. Compressed bytes differ between implementations, so a simulation brings its own. */
export interface Compression {
  gzip: Codec;
  zstd: Codec;
}

/** Why a store call did not end well. `message` names the object and, where there is one, the remedy. */
export interface StoreFault {
  /** Stable word for logs and tests, e.g. `timeout`, `reset`, `slow-down`, `no-space`, `denied`, `io`. */
  code: string;
  message: string;
  /** False when repeating the same call can not help (bad credentials, full disk, broken directory). */
  retryable: boolean;
  /** The store asked not to be asked again for so long; absent where it did not. */
  retryAfterMs?: number;
}

/**
 * How a put ended (storage reference §3.1). Treat doubt as `unknown`: an unknown put may have happened, may
 * happen later, may never happen.
 */
export type PutOutcome =
  /** The object is durable and visible to everyone. */
  | { kind: 'done' }
  /** The name was taken when the store looked; THIS attempt has no effect, now or later. */
  | { kind: 'refused' }
  /** Certainly no effect, now or later. */
  | { kind: 'failed'; fault: StoreFault }
  | { kind: 'unknown'; fault: StoreFault };

export type DeleteOutcome =
  | { kind: 'done' }
  | { kind: 'failed'; fault: StoreFault }
  | { kind: 'unknown'; fault: StoreFault };

export type GetOutcome =
  /** The bytes asked for (whole object, or the part of the range that exists); `size` is the object's length. */
  | { kind: 'found'; bytes: Uint8Array; size: number }
  /** No such object at some moment during the call. */
  | { kind: 'absent' }
  | { kind: 'failed'; fault: StoreFault };

export interface ListedBlob {
  key: string;
  /** Length in bytes. */
  size: number;
}

export type ListOutcome =
  /**
   * One page, keys ascending by UTF-8 bytes. `next` is the key to pass as `after` for the following page, or
   * null at the end. A listing of several pages is not a snapshot: an object whose put ended `done` before
   * the listing began, and that nobody deletes, always shows; names in flux may or may not.
   */
  { kind: 'page'; blobs: readonly ListedBlob[]; next: string | null } | { kind: 'failed'; fault: StoreFault };

export interface ByteRange {
  /** First byte, inclusive. */
  start: number;
  /** End, exclusive. */
  end: number;
}

/**
 * Named immutable byte strings. Keys are `/`-separated segments of `[A-Za-z0-9._-]`, at most 512 bytes, no
 * empty, `.` or `..` segment. Every implementation signs `engine/testing/blob-store-suite.ts`.
 */
export interface BlobStore {
  /** Creates `key` unless it exists. The body is the concatenation of `parts`; the callee may not keep them
   * after the call ended, and the caller may not change them before. Of several concurrent creators exactly
   * one is `done`. */
  putIfAbsent(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome>;
  /** As `putIfAbsent` for a name no one else ever uses; never ends `refused` unless that promise was broken. */
  put(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome>;
  /** Read after a put that ended `done`, from any process, finds it (until somebody deletes it). A range that
   * overlaps the end is cut short; a range that starts at or past the end finds zero bytes. */
  get(key: string, range?: ByteRange): Promise<GetOutcome>;
  /** Keys that start with `prefix`, strictly after `after`, at most `limit` of them (default 1000). */
  list(prefix: string, after?: string, limit?: number): Promise<ListOutcome>;
  /** Deletes the keys; a key that does not exist counts as deleted. */
  delete(keys: readonly string[]): Promise<DeleteOutcome>;
}

/** An HTTP request as a value. Header names are lower case; `target` is path and query as on the wire. */
export interface HttpRequest {
  method: string;
  target: string;
  headers: ReadonlyMap<string, string>;
  /** Chunk boundaries mean nothing. Throws if the peer goes away in the middle. */
  body: AsyncIterable<Uint8Array>;
  /** Aborts when the peer is gone and nobody will read the response. */
  signal?: AbortSignal;
  /** One for all requests of one connection, on which several may speak if there is a proxy; forgotten when it is over. */
  connection?: object;
}

export interface HttpResponse {
  status: number;
  headers: ReadonlyMap<string, string>;
  /** The whole body, or a stream of chunks. */
  body: Uint8Array | AsyncIterable<Uint8Array>;
}

export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

/** What `Network.call` throws: `sent` is false only when certainly no byte of the request left this host. */
export interface NetworkError extends Error {
  code: 'refused' | 'reset' | 'timeout';
  sent: boolean;
}

export interface Network {
  /** Answers requests to `address` with `handler` until `close` is called. */
  serve(address: string, handler: HttpHandler): Promise<{ close(): Promise<void> }>;
  /** Sends one request. Rejects with a NetworkError. */
  call(address: string, request: HttpRequest): Promise<HttpResponse>;
}

/**
 * What happened, for counters, log lines, probes and traces. The names are a closed catalogue
 * (`engine/telemetry.ts`), so that what never happened is known too. Reporting has no effect on the engine.
 */
export interface Telemetry {
  event(name: EngineEvent, detail?: string | number): void;
}

/** All a host gives to an engine. */
export interface Ports {
  clock: Clock;
  random: Random;
  entropy: Entropy;
  compute: Compute;
  blobs: BlobStore;
  telemetry: Telemetry;
}
