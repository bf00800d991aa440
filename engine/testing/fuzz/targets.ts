/**
 * What is fuzzed, and what must hold for any bytes: a decoder gives a value or the error it declares, the same for every cut,
 * and a value that survives the way out and back in. Each target says so in its `check`, which throws when it does not.
 */

import { deepStrictEqual, ok } from 'node:assert';
import fc from 'fast-check';

import { systemCompression } from '../../adapters/system-compression.ts';
import { BadRequest } from '../../api/errors.ts';
import { BASE64, RAW } from '../../api/format.ts';
import { parseJsonObject } from '../../api/json.ts';
import { decodeAppendInput } from '../../api/proto-messages.ts';
import { parseReadQuery } from '../../api/read-query.ts';
import { parseAppendInput } from '../../api/record-json.ts';
import { createApi } from '../../api/routes.ts';
import { messageFrame } from '../../api/s2s-frames.ts';
import { AppendInputDecoder } from '../../api/s2s-messages.ts';
import { lastEventIdHeader, resumedRead } from '../../api/sse-events.ts';
import type { AppendInput } from '../../core/admission.ts';
import type { Random } from '../../ports.ts';
import { engineThatAnswers } from '../api-bench.ts';
import { inputOfMessage } from '../append-messages.ts';
import { anyAppendInput, anyNumber, concat, cut } from '../codec-values.ts';
import { AppendInput as OfficialInput } from '../official-codecs.ts';
import { anyConfigurationBody } from './configuration-bodies.ts';
import { APPEND_INPUT, areFrames, isMessage, isU64 } from './judges.ts';
import { pick } from './mutate.ts';

export interface FuzzTarget {
  name: string;
  /** Good inputs to begin with. */
  seeds: readonly Uint8Array[];
  /** Throws when a claim does not hold. Returns a word for how it went, for the figures. */
  check(bytes: Uint8Array, dice: Random): string | Promise<string>;
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const compression = await systemCompression();

/** The same good inputs for every run: what differs between seeds is what is done to them. */
export const TARGETS: readonly FuzzTarget[] = [
  { name: 'protobuf', seeds: drawn(anyAppendInput.map(officialBytes)), check: checkProtobuf },
  {
    name: 'frames',
    seeds: drawn(fc.array(fc.tuple(anyAppendInput, fc.nat(2)), { maxLength: 4 }).map(framed)),
    check: checkFrames,
  },
  { name: 'json', seeds: drawn(anyAppendInput.map(jsonBytes)), check: checkJson },
  { name: 'query', seeds: drawn(anyQuery().map(utf8)), check: checkQuery },
  {
    name: 'last-event-id',
    seeds: drawn(fc.tuple(anyNumber, anyNumber, anyNumber).map((id) => utf8(id.join(',')))),
    check: checkEventId,
  },
  {
    name: 'gzip',
    seeds: drawn(fc.uint8Array({ maxLength: 300 }).map((bytes) => compression.gzip.compress(bytes))),
    check: decompresses('gzip'),
  },
  {
    name: 'zstd',
    seeds: drawn(fc.uint8Array({ maxLength: 300 }).map((bytes) => compression.zstd.compress(bytes))),
    check: decompresses('zstd'),
  },
  {
    name: 'requests',
    seeds: [...drawn(anyAppendInput.map(jsonBytes)), ...drawn(anyConfigurationBody.map(utf8))],
    check: checkRequest,
  },
];

// --- protobuf ------------------------------------------------------------------------------------------------

function checkProtobuf(bytes: Uint8Array): string {
  const input = declared(['bad_proto', 'invalid'], () => decodeAppendInput(bytes, 'bad_proto'));
  if (typeof input === 'string') return input;
  ok(isMessage(bytes, APPEND_INPUT), 'what is taken is well-formed');
  deepStrictEqual(inputOfMessage(OfficialInput.fromBinary(bytes)), input, 'the official client reads the same in it');
  deepStrictEqual(decodeAppendInput(officialBytes(input), 'bad_proto'), input);
  return 'taken';
}

// --- frames --------------------------------------------------------------------------------------------------

function checkFrames(bytes: Uint8Array, dice: Random): string {
  const whole = inputsOf([bytes]);
  ok(whole.end !== 'taken' || areFrames(bytes), 'what is taken are whole frames');
  const cuts = Array.from({ length: dice.below(6) }, () => dice.below(0x10000));
  deepStrictEqual(inputsOf(cut(bytes, cuts)), whole);
  if (dice.below(20) === 0) deepStrictEqual(inputsOf([...bytes].map((byte) => Uint8Array.of(byte))), whole);
  return whole.end;
}

function inputsOf(chunks: readonly Uint8Array[]): { inputs: AppendInput[]; end: string } {
  const decoder = new AppendInputDecoder(compression);
  const inputs: AppendInput[] = [];
  const end = declared(['bad_frame', 'invalid'], () => {
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (let input = decoder.next(); input !== null; input = decoder.next()) inputs.push(input);
    }
    decoder.end();
    return 'taken';
  });
  return { inputs, end };
}

// --- JSON, queries, headers ----------------------------------------------------------------------------------

function checkJson(bytes: Uint8Array): string {
  const ends = [RAW, BASE64].map((format) => {
    const input = declared(['bad_json', 'invalid'], () => parseAppendInput(parseJsonObject(bytes), format));
    if (typeof input === 'string') return input;
    const { records } = JSON.parse(text(bytes)) as { records: { body?: string | null }[] };
    const bodies = input.records.map(({ body }) => format.toText(body));
    deepStrictEqual(
      bodies,
      records.map(({ body }) => body ?? ''),
      'a body goes out as it came in',
    );
    deepStrictEqual(parseAppendInput(parseJsonObject(jsonBytes(input)), BASE64), input);
    return 'taken';
  });
  return ends.join('/');
}

const NUMBERS = ['seq_num', 'timestamp', 'tail_offset', 'count', 'bytes', 'until', 'wait'];

function checkQuery(bytes: Uint8Array): string {
  const parameters = new URLSearchParams(text(bytes));
  const query = declared(['bad_query', 'invalid'], () => parseReadQuery(parameters));
  if (typeof query === 'string') return query;
  const given = NUMBERS.map((name) => parameters.get(name)).filter((value) => value !== null);
  ok(given.every(isU64), 'what is taken are numbers of 64 bits');
  const numbers = [query.count, query.meteredBytes, query.untilTimestamp, query.waitMs];
  ok(
    numbers.every((value) => value === null || (Number.isInteger(value) && value >= 0)),
    'limits are whole numbers',
  );
  return 'taken';
}

function checkEventId(bytes: Uint8Array): string {
  const headers = new Map([['last-event-id', text(bytes)]]);
  const last = declared(['bad_header'], () => lastEventIdHeader(headers));
  if (typeof last === 'string' || last === null) return String(last);
  const rest = resumedRead(parseReadQuery(new URLSearchParams('count=10&bytes=10')), last);
  ok(rest.count !== null && rest.count >= 0 && rest.count <= 10, 'what is left of a limit is within it');
  return 'taken';
}

// --- compression ---------------------------------------------------------------------------------------------

function decompresses(name: 'gzip' | 'zstd') {
  return (bytes: Uint8Array, dice: Random): string => {
    const bytesMax = 1 + dice.below(1000);
    const out = compression[name].decompress(bytes, bytesMax);
    if (out === null) return 'refused';
    ok(out.length <= bytesMax, 'never larger than the limit');
    return 'taken';
  };
}

// --- whole requests ------------------------------------------------------------------------------------------

const METHODS = ['GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'PATCH', 'DELETE'];
const PATHS = [
  ...Array<string>(6).fill('/v1/streams/s/records'),
  ...['/v1/streams/s/records/tail', '/v1/streams/s', '/v1/streams', '/v1/basins', '/v1/basins/basin-01', '/'],
  ...Array<string>(3).fill('/v1/streams/s'),
  ...Array<string>(3).fill('/v1/basins/basin-01'),
  ...['/v1/locations', '/v1/locations/default', '/v1/access-tokens', '/v1/access-tokens/token'],
  ...['/v1/metrics', '/v1/metrics/basin-01', '/v1/metrics/basin-01/s'],
];
const TYPES = [
  ...Array<string>(4).fill('application/json'),
  'application/protobuf',
  's2s/proto',
  'text/event-stream',
  'text/plain',
  '',
];
const CODINGS = [...Array<string>(12).fill(''), 'identity', 'gzip', 'zstd', 'br'];

const CODES = new Set([
  'bad_frame',
  'bad_header',
  'bad_json',
  'bad_path',
  'bad_proto',
  'bad_query',
  'invalid',
  'not_implemented',
]);
const handler = createApi(() => engineThatAnswers({ kind: 'rejected', reason: { kind: 'draining' } }), { compression });

/** The bytes are the body; a part of them is also the end of the path and the value of a header. */
async function checkRequest(bytes: Uint8Array, dice: Random): Promise<string> {
  const part = text(bytes.subarray(0, dice.below(12)));
  const asHeader = String.fromCharCode(...bytes.subarray(0, part.length));
  const headers = new Map([
    ['content-type', pick(TYPES, dice)],
    ['accept', pick(TYPES, dice)],
    ['s2-basin', 'basin-01'],
    ['content-encoding', pick(CODINGS, dice)],
  ]);
  if (headers.get('content-encoding') === '') headers.delete('content-encoding');
  const spoiled =
    dice.below(3) === 0
      ? pick(['s2-basin', 's2-format', 's2-request-token', 's2-encryption-key', 'last-event-id'], dice)
      : null;
  if (spoiled !== null) headers.set(spoiled, asHeader);
  const target = pick(PATHS, dice) + (dice.below(12) === 0 ? part : dice.below(2) === 0 ? '?seq_num=0' : `?${part}`);
  const chunks = cut(
    bytes,
    Array.from({ length: dice.below(4) }, () => dice.below(0x10000)),
  );
  const response = await handler({ method: pick(METHODS, dice), target, headers, body: each(chunks) });
  const { status } = response;
  if (!(response.body instanceof Uint8Array)) return `${status} stream`;
  if (status >= 400 && response.headers.get('content-type') === 'application/json') {
    const { code, message } = JSON.parse(text(response.body)) as { code?: string; message?: string };
    ok(typeof message === 'string' && message.length > 0 && code !== undefined, 'an error has code and message');
    ok(CODES.has(code) || code === 'server_draining', `${code} is a code of a mistake, or what this engine answers`);
    return `${status} ${code}`;
  }
  // The one location is known without asking the engine.
  const isLocation = status === 200 && target.startsWith('/v1/locations');
  ok(isLocation || [404, 405, 415].includes(status), `${status} has a body of its own`);
  return String(status);
}

async function* each(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}

// --- making good inputs --------------------------------------------------------------------------------------

/** What `work` returns, or the code of a declared error. Anything else thrown is a finding. */
function declared<T>(codes: readonly string[], work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof BadRequest && codes.includes(error.code)) return error.code;
    throw error;
  }
}

function drawn(arbitrary: fc.Arbitrary<Uint8Array>): Uint8Array[] {
  return fc.sample(arbitrary, { numRuns: 200, seed: 1 });
}

function officialBytes({ records, matchSeqNum, fencingToken }: AppendInput): Uint8Array {
  return OfficialInput.toBinary(
    OfficialInput.create({
      records: records.map(({ timestamp, headers, body }) => ({
        ...(timestamp !== null && { timestamp: u64(timestamp) }),
        headers: [...headers],
        body,
      })),
      ...(matchSeqNum !== null && { matchSeqNum: u64(matchSeqNum) }),
      ...(fencingToken !== null && { fencingToken }),
    }),
  );
}

/** The largest number is not exact, and rounds to one more than there is. */
function u64(value: number): bigint {
  return value >= 2 ** 64 ? 2n ** 64n - 1n : BigInt(value);
}

function framed(inputs: readonly [AppendInput, number][]): Uint8Array {
  const encodings = ['none', 'gzip', 'zstd'] as const;
  return concat(
    ...inputs.map(([input, choice]) => {
      const encoding = encodings[choice] ?? 'none';
      const message = officialBytes(input);
      return messageFrame(encoding === 'none' ? message : compression[encoding].compress(message), encoding);
    }),
  );
}

function jsonBytes({ records, matchSeqNum, fencingToken }: AppendInput): Uint8Array {
  return utf8(
    JSON.stringify({
      records: records.map(({ timestamp, headers, body }) => ({
        timestamp,
        headers: headers.map(({ name, value }) => [BASE64.toText(name), BASE64.toText(value)]),
        body: BASE64.toText(body),
      })),
      match_seq_num: matchSeqNum,
      fencing_token: fencingToken,
    }),
  );
}

function anyQuery(): fc.Arbitrary<string> {
  const start = fc.constantFrom('seq_num', 'timestamp', 'tail_offset');
  const limits = fc.subarray(['count', 'bytes', 'until', 'wait']);
  const value = fc.oneof(anyNumber.map(String), fc.constantFrom(String(2n ** 64n - 1n), String(2n ** 64n)));
  return fc
    .tuple(start, limits, value, fc.nat(1000), fc.constantFrom('', '&clamp=true', '&clamp=false'))
    .map(
      ([name, others, number, small, clamp]) =>
        [`${name}=${number}`, ...others.map((other) => `${other}=${other === 'wait' ? small : number}`)].join('&') +
        clamp,
    );
}
