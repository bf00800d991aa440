/**
 * gzip and zstd for the API: gzip from Node, zstd from Node where it has it (22.15 and later), from WebAssembly before.
 *
 * Input comes from strangers. However small, it never becomes more than the caller's limit, and never costs memory first:
 * the WebAssembly library believes the size a frame claims, so that is read and judged here before.
 */

import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

import type { Codec, Compression } from '../ports.ts';

/** Node's own zstd, which the type definitions of Node 20 do not know. */
interface NodeZstd {
  zstdCompressSync?: (bytes: Uint8Array) => Uint8Array;
  zstdCompress?: (bytes: Uint8Array, done: (error: Error | null, compressed: Uint8Array) => void) => void;
  zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
}

/** Below this a body takes less than a millisecond, about what another thread would cost. */
const ASIDE_BYTES_MIN = 64 * 1024;

const gzipAside = promisify<Uint8Array, Uint8Array>(zlib.gzip);

const gzip: Codec = {
  compress: (bytes) => plain(zlib.gzipSync(bytes)),
  compressBody: async (bytes) =>
    bytes.length < ASIDE_BYTES_MIN ? gzip.compress(bytes) : plain(await gzipAside(bytes)),
  decompress: (bytes, bytesMax) => orNull(() => zlib.gunzipSync(bytes, { maxOutputLength: Math.max(1, bytesMax) })),
};

/** Ready when resolved: the calls themselves wait for nothing. */
export async function systemCompression(): Promise<Compression> {
  return { gzip, zstd: nodeZstd(zlib as NodeZstd) ?? (await wasmZstd()) };
}

function nodeZstd({ zstdCompressSync, zstdCompress, zstdDecompressSync }: NodeZstd): Codec | null {
  if (zstdCompressSync === undefined || zstdCompress === undefined || zstdDecompressSync === undefined) return null;
  const compress = (bytes: Uint8Array) => plain(zstdCompressSync(bytes));
  const aside = promisify<Uint8Array, Uint8Array>(zstdCompress);
  return {
    compress,
    compressBody: async (bytes) => (bytes.length < ASIDE_BYTES_MIN ? compress(bytes) : plain(await aside(bytes))),
    decompress: (bytes, bytesMax) =>
      orNull(() => zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, bytesMax) })),
  };
}

/** Takes one frame, which is what every compressor makes; several in a row only if they fit what the first one claims. */
export function wasmZstd(): Promise<Codec> {
  loaded ??= loadWasmZstd();
  return loaded;
}

// Once per process: a second `init` of the library ends before its instance is there, which then takes over in the middle
// of somebody's work.
let loaded: Promise<Codec> | null = null;

async function loadWasmZstd(): Promise<Codec> {
  const wasm = await import('@bokuweb/zstd-wasm');
  await wasm.init();
  const compress = (bytes: Uint8Array) => wasm.compress(bytes);
  return {
    compress,
    compressBody: (bytes) => Promise.resolve(compress(bytes)),
    decompress: (bytes, bytesMax) => {
      const size = zstdContentSize(bytes);
      if (size === null || (size !== 'unknown' && size > bytesMax)) return null;
      return orNull(() => wasm.decompress(bytes, { defaultHeapSize: Math.max(1, bytesMax) }));
    },
  };
}

/** What the header of a zstd frame claims (RFC 8878 §3.1.1.1); null when it is no such header. */
function zstdContentSize(bytes: Uint8Array): bigint | 'unknown' | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 5 || view.getUint32(0, true) !== 0xfd2fb528) return null;
  const descriptor = view.getUint8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeWidth = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const dictionaryWidth = [0, 1, 2, 4][descriptor & 3] as number;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryWidth;
  if (bytes.length < at + sizeWidth) return null;
  switch (sizeWidth) {
    case 1:
      return BigInt(view.getUint8(at));
    case 2:
      return BigInt(view.getUint16(at, true)) + 256n;
    case 4:
      return BigInt(view.getUint32(at, true));
    case 8:
      return view.getBigUint64(at, true);
    default:
      return 'unknown';
  }
}

function orNull(work: () => Uint8Array): Uint8Array | null {
  try {
    return plain(work());
  } catch {
    return null;
  }
}

/** Without Node's own methods, which mean something else by the same names. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
