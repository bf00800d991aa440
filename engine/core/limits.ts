/**
 * Every bound of the product in one place, with unit and reason. The S2 limits are section 2 of the S2 API
 * contract; the storage constants belong to the on-disk format and never change within a format version.
 */

import { assert } from './assert.ts';

/** S2: metered bytes of a batch, and of a single record. */
export const BATCH_METERED_BYTES_MAX = 1024 * 1024;
export const BATCH_RECORDS_MAX = 1000;
export const FENCING_TOKEN_BYTES_MAX = 36;
export const ACCESS_TOKEN_ID_BYTES_MAX = 96;
/** Access tokens of one store: all of them stand in every checkpoint's root. */
export const ACCESS_TOKENS_MAX = 100_000;
export const REQUEST_TOKEN_BYTES_MAX = 36;
export const BASIN_NAME_BYTES_MIN = 8;
export const BASIN_NAME_BYTES_MAX = 48;
export const STREAM_NAME_BYTES_MAX = 512;
/** S2: a unary read returns at most this much. */
export const READ_RECORDS_MAX = 1000;
export const READ_METERED_BYTES_MAX = 1024 * 1024;
/** S2: names on a page of a listing. */
export const LIST_ROWS_MAX = 1000;
/** S2: a unary read waits at the tail at most this long, whatever was asked for. */
export const READ_WAIT_MS_MAX = 60_000;
/** S2: a reader that waits at the tail hears from the server after a random time within these bounds. */
export const HEARTBEAT_GAP_MS_MIN = 5_000;
export const HEARTBEAT_GAP_MS_MAX = 15_000;
/** S2: buffered request bodies. A legal batch in base64 JSON is about 1.4 MiB. */
export const REQUEST_BODY_BYTES_MAX = 2 * 1024 * 1024;

/**
 * Slots a fence skips, K of storage reference §4.5. An owner never has more than K slots in flight, so late
 * puts of a former owner can only land in slots nobody reads. Part of the format.
 */
export const WINDOW_SLOTS = 64;

assert(REQUEST_BODY_BYTES_MAX > (BATCH_METERED_BYTES_MAX * 4) / 3, 'a full batch fits in a body as base64');

/** The last number of a record that is sealed with AES-256-GCM, whose nonces are random and of 96 bits (API contract §8). */
export const AES_GCM_SEQ_NUM_MAX = 2 ** 32 - 1;
