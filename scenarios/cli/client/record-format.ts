/**
 * Records as lines, the three ways of the `s2` command: `text` (the body, byte for byte), `json` (one object a line, text
 * in it) and `json-base64` (the same with bodies and headers in base64). A line is a record without its newline.
 */

import type { AppendRecord, BytesAppendRecord, ReadRecord } from '@s2-dev/streamstore';
import { InvalidArgumentError } from 'commander';

export type RecordFormat = 'text' | 'json' | 'json-base64';

export type MakeRecord = (params: Parameters<typeof AppendRecord.bytes>[0]) => BytesAppendRecord;

const FORMATS: Readonly<Record<string, RecordFormat>> = {
  text: 'text',
  json: 'json',
  raw: 'json',
  'json-base64': 'json-base64',
  base64: 'json-base64',
  'json-binsafe': 'json-base64',
};

/** What a line may say. `seq_num` is there when the line was read from a stream, and means nothing here. */
const KEYS = new Set(['timestamp', 'headers', 'body', 'seq_num']);

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export function recordFormatArgument(text: string): RecordFormat {
  const format = FORMATS[text];
  if (format !== undefined) return format;
  throw new InvalidArgumentError('expected text, json or json-base64.');
}

/** Throws an Error that says what is wrong with the line, for whoever knows which one it is. */
export function parseRecord(line: Uint8Array, format: RecordFormat, makeRecord: MakeRecord): BytesAppendRecord {
  if (format === 'text') return makeRecord({ body: line });
  const decode = format === 'json' ? (text: string) => Buffer.from(text, 'utf8') : fromBase64;
  const { timestamp, headers = [], body = '' } = parseObject(utf8.decode(line));
  if (typeof body !== 'string') throw new Error('"body" is not a text');
  return makeRecord({
    body: decode(body),
    headers: pairsOf(headers).map(([name, value]) => [decode(name), decode(value)] as const),
    ...(timestamp !== undefined && timestamp !== null && { timestamp: timestampOf(timestamp) }),
  });
}

/** The line of a record, without a newline. Commands have none in `text`: see `commandText`. */
export function formatRecord(record: ReadRecord<'bytes'>, format: RecordFormat): Uint8Array {
  if (format === 'text') return record.body;
  const encode = (bytes: Uint8Array) =>
    format === 'json' ? utf8.decode(bytes) : Buffer.from(bytes).toString('base64');
  const { seqNum, timestamp, headers, body } = record;
  const line = {
    seq_num: seqNum,
    timestamp: timestamp.getTime(),
    ...(headers.length > 0 && { headers: headers.map(([name, value]) => [encode(name), encode(value)]) }),
    ...(body.length > 0 && { body: encode(body) }),
  };
  return Buffer.from(JSON.stringify(line));
}

/** What a command record does, in words; null for records of people. */
export function commandText({ headers, body }: ReadRecord<'bytes'>): string | null {
  const [name, value] = headers[0] ?? [];
  if (headers.length !== 1 || name === undefined || value === undefined || name.length > 0) return null;
  const command = utf8.decode(value);
  if (command === 'fence') return `new fencing token "${utf8.decode(body)}"`;
  if (command === 'trim' && body.length === 8) return `trim to ${Buffer.from(body).readBigUInt64BE()}`;
  return `command "${command}"`;
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new Error(`not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a JSON object');
  const stranger = Object.keys(value).find((key) => !KEYS.has(key));
  if (stranger !== undefined) throw new Error(`"${stranger}" is not known; a record has timestamp, headers and body`);
  return value as Record<string, unknown>;
}

function pairsOf(headers: unknown): [string, string][] {
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string');
  if (Array.isArray(headers) && headers.every(isPair)) return headers as [string, string][];
  throw new Error('"headers" are not pairs of texts, such as [["name","value"]]');
}

function timestampOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error('"timestamp" is not a whole number from 0');
}

function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // Node reads what it can and leaves the rest out, which would be records with holes.
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) throw new Error(`not base64: "${text}"`);
  return bytes;
}
