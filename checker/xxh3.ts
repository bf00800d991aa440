/**
 * XXH3-64 of a record's body: what the record hashes of a history are made with.
 *
 * The hash itself is hash-wasm's; the module is compiled once, and hashing is synchronous afterwards. One hasher is
 * one WebAssembly instance: it may be shared by everything that runs on one thread, since no call is interrupted.
 */

/** XXH3-64 with seed 0 of `bytes`, as an unsigned 64-bit integer. */
export type BodyHasher = (bytes: Uint8Array) => bigint;

/** Prepares a hasher. Rejects where the package hash-wasm or WebAssembly is not available; nothing else needs them. */
export async function createBodyHasher(): Promise<BodyHasher> {
  const { createXXHash3 } = await import('hash-wasm');
  const xxh3 = await createXXHash3();
  return (bytes) => BigInt(`0x${xxh3.init().update(bytes).digest('hex')}`);
}
