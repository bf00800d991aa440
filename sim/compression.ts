/**
 * The codings of the simulation: real gzip and zstd that every decoder reads, written here because the bytes a library makes
 * differ from one version of Node to the next, and would be part of every trace.
 *
 * They make what they can of repetition and no more, and read back only what they make: inside a world nobody else writes.
 */

import { crc32 } from 'node:zlib';

import type { Codec, Compression } from '../engine/ports.ts';
import { deflate, inflate } from './compression/deflate.ts';

/** RFC 1952: magic, deflate, no flags, no time, no hint, unknown system. */
const GZIP_HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
const GZIP_TAIL_BYTES = 8;

/** RFC 8878: magic, then a frame of one segment with its size in four bytes. */
const ZSTD_HEAD = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0);
const ZSTD_SIZE_BYTES = 4;
const BLOCK_HEAD_BYTES = 3;
const BLOCK_BYTES_MAX = 128 * 1024;
const RAW = 0;
const RUN = 1;
/** A shorter run is cheaper inside its neighbour. */
const RUN_BYTES_MIN = 16;

export const pinnedCompression: Compression = {
  gzip: codec(gzip, gunzip),
  zstd: codec(zstd, unzstd),
};

function codec(compress: Codec['compress'], decompress: Codec['decompress']): Codec {
  return { compress, compressBody: (bytes) => Promise.resolve(compress(bytes)), decompress };
}

function gzip(bytes: Uint8Array): Uint8Array {
  const body = deflate(bytes);
  const out = new Uint8Array(GZIP_HEAD.length + body.length + GZIP_TAIL_BYTES);
  out.set(GZIP_HEAD);
  out.set(body, GZIP_HEAD.length);
  const tail = new DataView(out.buffer, GZIP_HEAD.length + body.length);
  tail.setUint32(0, crc32(bytes), true);
  tail.setUint32(4, bytes.length, true);
  return out;
}

function gunzip(bytes: Uint8Array, bytesMax: number): Uint8Array | null {
  if (bytes.length < GZIP_HEAD.length + GZIP_TAIL_BYTES || !beginsWith(bytes, GZIP_HEAD)) return null;
  const out = inflate(bytes.subarray(GZIP_HEAD.length, -GZIP_TAIL_BYTES), bytesMax);
  const tail = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - GZIP_TAIL_BYTES);
  return out !== null && crc32(out) === tail.getUint32(0, true) && out.length === tail.getUint32(4, true) ? out : null;
}

/** Long runs of one byte as such, everything else as it is. */
function zstd(bytes: Uint8Array): Uint8Array {
  const blocks: { type: number; size: number; body: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length;) {
    const run = Math.min(runLength(bytes, at), BLOCK_BYTES_MAX);
    const isRun = run >= RUN_BYTES_MIN;
    const end = isRun ? at + run : nextRun(bytes, at);
    blocks.push({ type: isRun ? RUN : RAW, size: end - at, body: bytes.subarray(at, isRun ? at + 1 : end) });
    at = end;
  }
  if (blocks.length === 0) blocks.push({ type: RAW, size: 0, body: bytes });
  const length = blocks.reduce((sum, { body }) => sum + BLOCK_HEAD_BYTES + body.length, 0);
  const out = new Uint8Array(ZSTD_HEAD.length + ZSTD_SIZE_BYTES + length);
  out.set(ZSTD_HEAD);
  new DataView(out.buffer).setUint32(ZSTD_HEAD.length, bytes.length, true);
  let at = ZSTD_HEAD.length + ZSTD_SIZE_BYTES;
  for (const [i, { type, size, body }] of blocks.entries()) {
    const head = (size << 3) | (type << 1) | (i === blocks.length - 1 ? 1 : 0);
    out.set([head & 255, (head >> 8) & 255, head >> 16], at);
    out.set(body, at + BLOCK_HEAD_BYTES);
    at += BLOCK_HEAD_BYTES + body.length;
  }
  return out;
}

function unzstd(bytes: Uint8Array, bytesMax: number): Uint8Array | null {
  const start = ZSTD_HEAD.length + ZSTD_SIZE_BYTES;
  if (bytes.length < start + BLOCK_HEAD_BYTES || !beginsWith(bytes, ZSTD_HEAD)) return null;
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(ZSTD_HEAD.length, true);
  if (size > bytesMax) return null;
  const out = new Uint8Array(size);
  let filled = 0;
  for (let at = start, isLast = false; !isLast;) {
    const [low, middle, high] = bytes.subarray(at, at + BLOCK_HEAD_BYTES);
    if (low === undefined || middle === undefined || high === undefined) return null;
    const head = low | (middle << 8) | (high << 16);
    const [type, length] = [(head >> 1) & 3, head >> 3];
    isLast = (head & 1) === 1;
    const body = bytes.subarray(at + BLOCK_HEAD_BYTES, at + BLOCK_HEAD_BYTES + (type === RUN ? 1 : length));
    if (type > RUN || filled + length > size || body.length < (type === RUN ? 1 : length)) return null;
    if (type === RUN) out.fill(body[0] as number, filled, filled + length);
    else out.set(body, filled);
    filled += length;
    at += BLOCK_HEAD_BYTES + body.length;
    if (isLast && at !== bytes.length) return null;
  }
  return filled === size ? out : null;
}

function runLength(bytes: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < bytes.length && bytes[end] === bytes[at]) end++;
  return end - at;
}

/** Where the next run begins, or the block is full. */
function nextRun(bytes: Uint8Array, from: number): number {
  const end = Math.min(bytes.length, from + BLOCK_BYTES_MAX);
  for (let at = from; at < end;) {
    const run = runLength(bytes, at);
    if (run >= RUN_BYTES_MIN) return at;
    at += run;
  }
  return end;
}

function beginsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return head.every((byte, at) => bytes[at] === byte);
}
