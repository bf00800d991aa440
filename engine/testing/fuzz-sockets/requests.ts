/**
 * Good requests to begin with, for every endpoint and protocol of a body, with the headers that clients send; and what is done to
 * their parts so that they come through the parsers of HTTP and are wrong behind them.
 */

import type { Random } from '../../ports.ts';
import { mutate, pick } from '../fuzz/mutate.ts';
import { TARGETS } from '../fuzz/targets.ts';

export interface Request {
  method: string;
  target: string;
  /** In the order they are sent. Characters are bytes. */
  headers: (readonly [name: string, value: string])[];
  body: Uint8Array;
}

/** The basin that most requests are about. */
export const BASIN = 'fuzz-basin';

const STREAMS = ['one', 'a%2fb', '%f0%9f%92%a9'];

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'X'];

const TYPES = ['application/json', 'application/json', 'application/protobuf', 's2s/proto', 'text/event-stream', '*/*'];

/** What is done to a request: in most of them one thing or two. */
const SPOILED = ['target', 'header', 'header', 'body', 'body', 'token', 'nothing'] as const;

/** A request as a client could have sent it, up to three of its parts made wrong. `tokens` are good ones. */
export function anyRequest(dice: Random, tokens: readonly string[]): Request {
  const [method, target] = pick(endpointsOf(pick(STREAMS, dice)), dice);
  const request: Request = {
    method: dice.below(12) === 0 ? pick(METHODS, dice) : method,
    target,
    headers: [
      ['s2-basin', BASIN],
      ['content-type', pick(TYPES, dice)],
      ['accept', pick(TYPES, dice)],
      ...pick(OPTIONAL, dice),
    ],
    body: pick(BODIES, dice),
  };
  if (dice.below(8) > 0) request.headers.push(['authorization', `Bearer ${pick(tokens, dice)}`]);
  for (let edits = dice.below(4); edits > 0; edits -= 1) spoil(request, dice);
  if (request.method === 'GET' || request.method === 'HEAD') request.body = new Uint8Array();
  return request;
}

/** Method and target of a request that makes sense. */
function endpointsOf(stream: string): [string, string][] {
  const records = `/v1/streams/${stream}/records`;
  return [
    ...Array.from({ length: 8 }, (): [string, string] => ['POST', records]),
    // What a read follows is not for ever: sessions would outlive the fuzzer's patience and say nothing.
    ...['seq_num=0&count=1', 'tail_offset=1&wait=0', 'timestamp=0&bytes=100', 'seq_num=0&clamp=true', ''].map(
      (query): [string, string] => ['GET', `${records}?${query}`],
    ),
    ['GET', `${records}/tail`],
    ['GET', `/v1/streams/${stream}`],
    ['PUT', `/v1/streams/${stream}`],
    ['PATCH', `/v1/streams/${stream}`],
    ['DELETE', '/v1/streams/two'],
    ['GET', '/v1/streams?prefix=a&limit=1'],
    ['POST', '/v1/streams'],
    ['GET', '/v1/basins?start_after=b'],
    ['POST', '/v1/basins'],
    ['PUT', '/v1/basins/other-basin'],
    ['PATCH', `/v1/basins/${BASIN}`],
    ['DELETE', '/v1/basins/other-basin'],
    ['GET', '/v1/locations'],
    ['PUT', '/v1/locations/default'],
    ['GET', '/v1/access-tokens?prefix=x'],
    ['POST', '/v1/access-tokens'],
    ['DELETE', '/v1/access-tokens/some-token'],
    ['GET', '/v1/metrics?set=active-basins'],
    ['GET', `/v1/metrics/${BASIN}?set=storage`],
    ['GET', '/metrics'],
    ['GET', '/'],
    ['OPTIONS', records],
  ];
}

const OPTIONAL: readonly (readonly [string, string])[][] = [
  ...Array.from({ length: 6 }, () => []),
  [['content-encoding', 'gzip']],
  [['content-encoding', 'zstd']],
  [['accept-encoding', 'gzip, zstd']],
  [['s2-encryption-key', `${'k'.repeat(42)}A=`]],
  [['s2-request-token', 'a-token']],
  [['s2-format', 'base64']],
  [['last-event-id', '1,2,3']],
  [['origin', 'https://app.example']],
  [['expect', '100-continue']],
];

/** Bodies of every kind that decoders are fuzzed with. */
const BODIES: readonly Uint8Array[] = [
  new Uint8Array(),
  ...TARGETS.filter(({ name }) => ['protobuf', 'frames', 'json', 'requests', 'gzip', 'zstd'].includes(name)).flatMap(
    ({ seeds }) => seeds.slice(0, 60),
  ),
];

function spoil(request: Request, dice: Random): void {
  switch (pick(SPOILED, dice)) {
    case 'target':
      request.target = edited(request.target, dice, /[^\u0021-\u007e]/g) || '/';
      if (!request.target.startsWith('/')) request.target = `/${request.target}`;
      return;
    case 'header': {
      const at = dice.below(request.headers.length);
      const [name, value] = request.headers[at] ?? ['x', ''];
      request.headers[at] = [name, edited(value, dice, /[^\t\u0020-\u007e\u0080-\u00ff]/g)];
      return;
    }
    case 'token':
      request.headers = request.headers.filter(([name]) => name !== 'authorization');
      request.headers.push(['authorization', pick(WRONG_TOKENS, dice)]);
      return;
    case 'body':
      request.body = mutate(request.body, pick(BODIES, dice), dice);
      return;
    case 'nothing':
  }
}

const WRONG_TOKENS = [
  ...['', 'Bearer', 'Bearer ', 'bearer x', 'Basic dXNlcjpwYXNz', 'Bearer \u00ff', 'Bearer a, Bearer b', 'Bearer\tx'],
  ...['Token x', 'Bearer null', `Bearer ${'A'.repeat(5000)}`, 'Bearer ..', 'Bearer %00', 'Bearer "x"'],
];

/** Characters that would end a line or the request's first line are left out: what is wrong is to come through the parser. */
function edited(text: string, dice: Random, leftOut: RegExp): string {
  const bytes = mutate(Buffer.from(text, 'latin1'), Buffer.from('../..%2f%00', 'latin1'), dice);
  return Buffer.from(bytes).toString('latin1').replaceAll(leftOut, '');
}
