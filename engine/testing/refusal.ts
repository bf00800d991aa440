/** What a row of a table of refusals is, and the words that several of them are answered with (API contract §1.7, §2). */

import { STREAM } from './engine-bench.ts';

export interface Refusal {
  line?: string;
  /** Added to the basin header; undefined takes a header away. */
  headers?: Record<string, string | undefined>;
  body?: unknown;
  /** Status, code and message; the message may be a part of it. */
  answer: readonly [status: number, code: string, message: string | RegExp];
}

export const RECORDS = `/v1/streams/${STREAM}/records`;
export const APPEND = `POST ${RECORDS}`;
export const READ = `GET ${RECORDS}?seq_num=0`;
export const PROTOBUF = { 'content-type': 'application/protobuf' };
export const BASE64 = { 's2-format': 'base64' };

export const badHeader = (message: string | RegExp) => [400, 'bad_header', message] as const;
export const badJson = (message: string | RegExp) => [400, 'bad_json', message] as const;
export const badProto = (message: string | RegExp) => [400, 'bad_proto', message] as const;
export const badPath = (message: string | RegExp) => [400, 'bad_path', message] as const;
export const badQuery = (message: string | RegExp) => [400, 'bad_query', message] as const;
export const invalid = (message: string | RegExp) => [422, 'invalid', message] as const;

export const BASIN_LENGTH = 'basin name must be between 8 and 48 bytes in length';
export const BASIN_LETTERS = 'basin name must comprise lowercase letters, numbers, and hyphens';
export const BASIN_ENDS = 'basin name must begin and end with a lowercase letter or number';
export const STREAM_LENGTH = 'stream name must be between 1 and 512 bytes in length';
