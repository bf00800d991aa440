/** The file format: what is read exactly, what is refused, and that writing is the inverse of reading. */

import { describe, expect, test } from 'vitest';
import type { History } from '../history.ts';
import { formatHistory, parseHistory } from './jsonl.ts';
import { checkStream } from '../sweep/sweep.ts';

const START_READ = '{"event":{"Start":"Read"},"client_id":1,"op_id":1}';
const START_APPEND =
  '{"event":{"Start":{"Append":{"num_records":1,"record_hashes":[7],"set_fencing_token":null,"fencing_token":null,"match_seq_num":null}}},"client_id":1,"op_id":1}';

function append(fields: string): string {
  return `{"event":{"Start":{"Append":{${fields}}}},"client_id":1,"op_id":1}`;
}

function finish(body: string, clientId = 1, opId = 1): string {
  return `{"event":{"Finish":${body}},"client_id":${clientId},"op_id":${opId}}`;
}

/** Line and message with which these lines are refused. */
function refusal(...lines: string[]): { line: number; message: string } {
  const parsed = parseHistory(lines.join('\n'));
  if (parsed.kind !== 'malformed') throw new Error('the lines were accepted');
  return { line: parsed.line, message: parsed.message };
}

describe('a history file', () => {
  test('survives reading and writing byte for byte, notes included', () => {
    const history: History = [
      {
        type: 'call',
        clientId: 0,
        opId: 3,
        call: {
          kind: 'append',
          recordHashes: [0n, 2n ** 64n - 1n, 2n ** 53n + 1n],
          setFencingToken: 'a"\\\n\u{1f600}',
          fencingToken: '',
          matchSeqNum: 2 ** 53 - 1,
        },
        atMs: 1.5,
        note: 'node-1',
      },
      { type: 'call', clientId: 1, opId: 9, call: { kind: 'read' } },
      { type: 'call', clientId: 2, opId: 4, call: { kind: 'check-tail' } },
      { type: 'return', clientId: 0, opId: 3, return: { kind: 'append-success', tail: 2 ** 53 - 1 } },
      { type: 'return', clientId: 1, opId: 9, return: { kind: 'read-success', tail: 0, streamHash: 2n ** 64n - 1n } },
      { type: 'return', clientId: 2, opId: 4, return: { kind: 'check-tail-failure' }, note: '' },
    ];
    const text = formatHistory(history);
    expect(parseHistory(text)).toEqual({ kind: 'history', history });
    expect(text.split('\n')[3]).toBe(
      '{"event":{"Finish":{"AppendSuccess":{"tail":9007199254740991}}},"client_id":0,"op_id":3}',
    );
  });

  test('keeps apart two hashes that are one double', () => {
    const parsed = parseHistory(
      append('"num_records":2,"record_hashes":[18446744073709551615,18446744073709551614],"fencing_token":null'),
    );
    if (parsed.kind !== 'history') throw new Error(parsed.message);
    const event = parsed.history[0]!;
    expect(event.type === 'call' && event.call.kind === 'append' && event.call.recordHashes).toEqual([
      2n ** 64n - 1n,
      2n ** 64n - 2n,
    ]);
  });

  test('may end without a newline, with empty lines, or with carriage returns before the newlines', () => {
    for (const text of [START_READ, `${START_READ}\n`, `${START_READ}\n\n \n`, `${START_READ}\r\n`])
      expect(parseHistory(text)).toMatchObject({ kind: 'history', history: [{ opId: 1 }] });
  });

  test('with extra keys beside the event is read as if they were not there', () => {
    const line = START_READ.replace('"client_id"', '"x":{"y":[1e5,-2,true,null,"\\u0041"]},"client_id"');
    expect(parseHistory(line)).toEqual(parseHistory(START_READ));
  });

  test('that is empty is ok, with nothing checked', () => {
    const parsed = parseHistory('');
    expect(parsed).toEqual({ kind: 'history', history: [] });
    expect(checkStream([])).toMatchObject({ verdict: 'ok', operations: 0, linearization: [] });
  });
});

describe('a malformed line is refused with its number:', () => {
  test.each([
    ['broken JSON', [START_READ, '{"event":'], 2, /column 10: the line ends early/],
    ['a truncated last line', [START_READ, finish('"ReadFailure"').slice(0, -7)], 2, /not valid JSON/],
    ['an empty line in the middle', [START_READ, '', finish('"ReadFailure"')], 2, /empty/],
    ['two values', [`${START_READ} {}`], 1, /follows the end/],
    ['a key given twice', ['{"op_id":1,"op_id":2}'], 1, /"op_id" appears twice/],
    ['no object', ['[1]'], 1, /must be a JSON object, not a list/],
    ['a missing key', ['{"event":{"Start":"Read"},"client_id":1}'], 1, /lacks the key "op_id"/],
    ['an unknown event', ['{"event":{"Begin":"Read"},"client_id":1,"op_id":1}'], 1, /unknown event "Begin"/],
    ['an unknown start', ['{"event":{"Start":"Raed"},"client_id":1,"op_id":1}'], 1, /unknown start "Raed"/],
    [
      'an unknown finish',
      [START_READ, finish('"ReadSucces"')],
      2,
      /unknown finish "ReadSucces"; expected .*ReadSuccess/,
    ],
    ['an unknown finish with a body', [START_READ, finish('{"Done":{"tail":1}}')], 2, /unknown finish "Done"/],
    [
      'a misspelt condition',
      [append('"num_records":1,"record_hashes":[1],"match_seq":3')],
      1,
      /unknown key "match_seq"/,
    ],
    [
      'an op id used twice',
      [START_READ, finish('"ReadFailure"'), START_READ],
      3,
      /op 1 is started a second time \(first on line 1\)/,
    ],
    ['a finish without a start', [finish('"ReadFailure"')], 1, /op 1 finishes but was never started/],
    [
      'a second finish',
      [START_READ, finish('"ReadFailure"'), finish('"ReadFailure"')],
      3,
      /second time \(first on line 2\)/,
    ],
    ['a finish by another client', [START_READ, finish('"ReadFailure"', 2)], 2, /client 2 but was started by client 1/],
    [
      'a finish of another kind',
      [START_READ, finish('"CheckTailFailure"')],
      2,
      /as a check-tail but was started as a read/,
    ],
    [
      'an append finished as a read',
      [START_APPEND, finish('"ReadFailure"')],
      2,
      /as a read but was started as an append/,
    ],
    [
      'a client that overlaps itself',
      [START_READ, START_READ.replace('"op_id":1', '"op_id":2')],
      2,
      /client 1 starts op 2 while its op 1 \(line 1\) is still open/,
    ],
    [
      'a wrong number of hashes',
      [append('"num_records":2,"record_hashes":[1]')],
      1,
      /num_records is 2 but record_hashes has 1/,
    ],
    ['an empty batch', [append('"num_records":0,"record_hashes":[]')], 1, /empty batch/],
    ['a hash of 2^64', [append('"num_records":1,"record_hashes":[18446744073709551616]')], 1, /above 2\^64-1/],
    ['a negative hash', [append('"num_records":1,"record_hashes":[-1]')], 1, /not -1/],
    ['a fractional hash', [append('"num_records":1,"record_hashes":[1.5]')], 1, /not 1\.5/],
    ['an exponent', [START_READ, finish('{"ReadSuccess":{"tail":1e3,"stream_hash":0}}')], 2, /tail must be .* not 1e3/],
    ['a hash as a string', [append('"num_records":1,"record_hashes":["1"]')], 1, /not "1"/],
    ['a leading zero', [append('"num_records":01,"record_hashes":[1]')], 1, /may not begin with 0/],
    [
      'a tail above 2^53-1',
      [START_READ, finish('{"ReadSuccess":{"tail":9007199254740992,"stream_hash":0}}')],
      2,
      /tail is 9007199254740992; .* above 2\^53-1/,
    ],
    [
      'a guard above 2^53-1',
      [append('"num_records":1,"record_hashes":[1],"match_seq_num":18446744073709551615')],
      1,
      /match_seq_num is 18446744073709551615/,
    ],
    ['a negative op id', ['{"event":{"Start":"Read"},"client_id":1,"op_id":-1}'], 1, /op_id must be .* not -1/],
    [
      'a time that is no number',
      ['{"event":{"Start":"Read"},"client_id":1,"op_id":1,"at_ms":"1"}'],
      1,
      /at_ms must be a number/,
    ],
    ['a deep nest', [`{"x":${'['.repeat(100_000)}`], 1, /nested/],
  ] as const)('%s', (_name, lines, line, message) => {
    const refused = refusal(...lines);
    expect(refused.line).toBe(line);
    expect(refused.message).toMatch(message);
  });
});
