/** What words on the command line and lines of an input mean, and which of them mean nothing. */

import { AppendRecord } from '@s2-dev/streamstore';
import { describe, expect, test } from 'vitest';
import { groupsArgument, issueInput, operationsArgument, tokenText } from './access-tokens.ts';
import { retentionArgument, timeSpanArgument, timestampArgument, wholeArgument } from './arguments.ts';
import { endpointsFrom } from './connection.ts';
import { basinConfigOf } from './config-flags.ts';
import { Latencies } from './latencies.ts';
import { linesOf } from './lines.ts';
import { readInput } from './read.ts';
import { commandText, formatRecord, parseRecord } from './record-format.ts';
import { basinArgument, listTargetArgument, streamArgument } from './target.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (line: Uint8Array) => new TextDecoder().decode(line);

describe('names', () => {
  test('a stream is everything after the first slash', () => {
    expect(streamArgument('s2://my-basin/a/b c')).toEqual({ basin: 'my-basin', stream: 'a/b c' });
    expect(listTargetArgument('s2://my-basin/')).toEqual({ basin: 'my-basin', prefix: null });
    expect(basinArgument('s2://my-basin')).toBe('my-basin');
  });

  test.each([
    ['a basin where a stream is due', () => streamArgument('s2://my-basin')],
    ['a stream without its scheme', () => streamArgument('my-basin/stream')],
    ['a stream where a basin is due', () => basinArgument('s2://my-basin/stream')],
    ['nothing', () => listTargetArgument('s2://')],
  ])('%s is refused', (_, parse) => expect(parse).toThrow(/expected/));
});

describe('times and numbers', () => {
  test.each([
    ['5ms', 5],
    ['90s', 90_000],
    ['7days', 604_800_000],
    ['1d 12h', 129_600_000],
  ])('%s is %i ms', (word, ms) => expect(timeSpanArgument(word)).toBe(ms));

  test.each(['', '5', '1 parsec', '5ms!', '-1s'])('"%s" is no time', (word) =>
    expect(() => timeSpanArgument(word)).toThrow(/expected a time/),
  );

  test('a date and its milliseconds are the same moment', () => {
    expect(timestampArgument('2025-06-30T08:00:00Z')).toBe(timestampArgument('1751270400000'));
    expect(() => timestampArgument('yesterday')).toThrow(/expected/);
  });

  test('retention is for ever or an age above zero', () => {
    expect([retentionArgument('infinite'), retentionArgument('7d')]).toEqual(['infinite', 604_800]);
    expect(() => retentionArgument('0s')).toThrow(/expected/);
  });

  test('a number that a number can not hold is refused', () => {
    expect(wholeArgument('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => wholeArgument('9007199254740992')).toThrow(/expected/);
  });
});

describe('where the server is', () => {
  const local = { account: 'http://127.0.0.1:8080', basin: 'http://127.0.0.1:8080' };

  test('the flag counts more than the variables, and without both it is the server of this machine', () => {
    const env = { S2_ACCOUNT_ENDPOINT: 'https://s2.example', S2_BASIN_ENDPOINT: 'https://{basin}.s2.example' };
    expect(endpointsFrom(undefined, {})).toEqual(local);
    expect(endpointsFrom('127.0.0.1:8080/', env)).toEqual(local);
    expect(endpointsFrom(undefined, env)).toEqual({ account: env.S2_ACCOUNT_ENDPOINT, basin: env.S2_BASIN_ENDPOINT });
  });

  test("S2's cloud has an address for every basin", () => {
    expect(endpointsFrom('https://a.s2.dev', {}).basin).toBe('https://{basin}.b.s2.dev');
  });

  test('one variable without the other is said, and so is what is no address', () => {
    expect(() => endpointsFrom(undefined, { S2_ACCOUNT_ENDPOINT: 'http://x' })).toThrow(/S2_BASIN_ENDPOINT is not set/);
    expect(() => endpointsFrom('ftp://x', {})).toThrow(/--endpoint is an address/);
  });
});

describe('lines', () => {
  async function lines(...chunks: string[]): Promise<string[]> {
    async function* source() {
      for (const chunk of chunks) yield bytes(chunk);
    }
    const seen: string[] = [];
    for await (const line of linesOf(source())) seen.push(text(line));
    return seen;
  }

  test('are the same however the input is cut', async () => {
    const expected = ['one', '', 'three', 'end'];
    expect(await lines('one\n\nthree\nend')).toEqual(expected);
    expect(await lines('o', 'ne', '\n', '\nthree\r', '\nen', 'd')).toEqual(expected);
    expect(await lines('one\n\nthree\nend\n')).toEqual(expected);
    expect(await lines()).toEqual([]);
  });
});

describe('records as lines', () => {
  const sequenced = (line: string, format: 'text' | 'json' | 'json-base64') => {
    const { body, headers = [] } = parseRecord(bytes(line), format, AppendRecord.bytes);
    return { seqNum: 3, timestamp: new Date(7), body, headers };
  };

  test('text keeps every byte', () => {
    const body = Uint8Array.of(0xff, 0, 9);
    expect(parseRecord(body, 'text', AppendRecord.bytes).body).toEqual(body);
  });

  test.each(['json', 'json-base64'] as const)('%s written is %s read', (format) => {
    const line = format === 'json' ? '"headers":[["k","v"]],"body":"hé"' : '"headers":[["aw==","dg=="]],"body":"aMOp"';
    const record = sequenced(`{"seq_num":9,"timestamp":7,${line}}`, format);
    expect(text(formatRecord(record, format))).toBe(`{"seq_num":3,"timestamp":7,${line}}`);
    expect(text(formatRecord(record, 'text'))).toBe('hé');
  });

  test.each([
    ['not JSON', 'hello'],
    ['not a JSON object', '[]'],
    ['"bdy" is not known', '{"bdy":"x"}'],
    ['"body" is not a text', '{"body":1}'],
    ['"headers" are not pairs', '{"headers":[["k"]]}'],
    ['"timestamp" is not a whole number', '{"timestamp":-1}'],
  ])('a line is refused with the reason: %s', (reason, line) => {
    expect(() => parseRecord(bytes(line), 'json', AppendRecord.bytes)).toThrow(reason);
  });

  test('what is not base64 is refused, not cut', () => {
    expect(() => parseRecord(bytes('{"body":"a*=="}'), 'json-base64', AppendRecord.bytes)).toThrow('not base64');
  });

  test('commands are told apart from records that look alike', () => {
    expect(commandText(sequenced('{"headers":[["","fence"]],"body":"tok"}', 'json'))).toBe('new fencing token "tok"');
    expect(
      commandText(
        sequenced('{"headers":[["","trim"]],"body":"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000*"}', 'json'),
      ),
    ).toBe('trim to 42');
    expect(commandText(sequenced('{"headers":[["x","fence"]],"body":"tok"}', 'json'))).toBeNull();
  });
});

describe('flags', () => {
  test('a read without bounds follows, --no-follow stops at the end, and --follow waits for a bound', () => {
    expect(readInput({})).toEqual({ start: { from: { tailOffset: 0 } }, stop: {} });
    expect(readInput({ seqNum: 0, follow: false }).stop).toEqual({ waitSecs: 0 });
    expect(readInput({ count: 5 }).stop).toEqual({ limits: { count: 5 } });
    expect(readInput({ count: 5, follow: true }).stop?.waitSecs).toBeGreaterThan(1e8);
  });

  test('--ago counts back from now and asks for nothing that is not there yet', () => {
    expect(readInput({ ago: 1000 }, 5000).start).toEqual({ from: { timestamp: 4000 }, clamp: true });
  });

  test('what was not said about a basin is not in its configuration', () => {
    expect(basinConfigOf({})).toEqual({});
    expect(basinConfigOf({ retentionPolicy: 'infinite', createStreamOnRead: false })).toEqual({
      defaultStreamConfig: { retentionPolicy: { infinite: {} } },
      createStreamOnRead: false,
    });
  });
});

test('percentiles are within 2 % of the truth', () => {
  const latencies = new Latencies();
  expect(latencies.summary()).toBeNull();
  for (let ms = 1; ms <= 1000; ms++) latencies.add(ms);
  const { p50Ms, p99Ms, ...rest } = latencies.summary() ?? { p50Ms: 0, p99Ms: 0 };
  expect(Math.abs(p50Ms - 500) / 500).toBeLessThan(0.02);
  expect(Math.abs(p99Ms - 990) / 990).toBeLessThan(0.02);
  expect(rest).toMatchObject({ count: 1000, minMs: 1, maxMs: 1000 });
});

describe('access tokens', () => {
  test('are asked for as they are said', () => {
    const flags = {
      ...{
        expiresIn: 1_000,
        autoPrefixStreams: true,
        basinsExact: 'my-basin',
        streamsPrefix: 'a/',
        accessTokensPrefix: '',
      },
      ...{
        opGroupPerms: groupsArgument('account=r, stream=rw'),
        ops: operationsArgument('list_streams,create-stream'),
      },
    };
    expect(issueInput('t', flags, 5)).toEqual({
      ...{ id: 't', autoPrefixStreams: true, expiresAt: new Date(1_005) },
      scope: {
        ...{ basins: { exact: 'my-basin' }, streams: { prefix: 'a/' }, accessTokens: { prefix: '' } },
        opGroups: { account: { read: true, write: false }, stream: { read: true, write: true } },
        ops: ['list-streams', 'create-stream'],
      },
    });
    expect(() => issueInput('t', { basinsPrefix: '' }, 5)).toThrow('a token that may do nothing');
  });

  test.each(['account', 'account=', 'account=x', 'acount=r', 'stream=rwr'])('"%s" is no permission', (word) =>
    expect(() => groupsArgument(word)).toThrow(/expected groups/),
  );

  test('are shown in two lines', () => {
    const scope = {
      streams: { prefix: 'tenant/' },
      basins: { prefix: '' },
      accessTokens: null,
      ops: ['append' as const],
    };
    const opGroups = { account: { read: true, write: true }, basin: { read: true }, stream: {} };
    expect(tokenText({ id: 'tok', autoPrefixStreams: true, expiresAt: null, scope: { ...scope, opGroups } })).toBe(
      'tok  expires never\n  basins=*  streams=tenant/*  tokens=∅  perms=a:rw b:r  ops=1',
    );
    const until = new Date('2030-01-01T00:00:00Z');
    expect(
      tokenText({ id: 'tok', autoPrefixStreams: false, expiresAt: until, scope: { basins: { exact: 'b' } } }),
    ).toBe('tok  expires 2030-01-01T00:00:00.000Z\n  basins=b  streams=∅  tokens=∅  perms=none  ops=0');
  });
});
