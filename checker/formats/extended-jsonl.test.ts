/** The versioned superset: what is written is read back, whatever S2 writes is read too, anything else is refused. */

import { expect, test } from 'vitest';
import type { ExtendedHistory } from '../extended/history.ts';
import { extendedHistory } from '../testing/extended-histories.ts';
import { seededRandom } from '../testing/random.ts';
import { formatExtended, isExtended, parseExtended } from './extended-jsonl.ts';

const HEADER = '{"tailrace_history":1}';
const IDS = '"client_id":1,"op_id":2';

test('what is written is read back, labels and header included', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const { events, ...world } = extendedHistory(seededRandom(seed), 6);
    const history: ExtendedHistory = events.map((event, at) =>
      at % 3 === 0 ? { ...event, session: 's1', attempt: 2, node: 'node-1', atMs: at, note: 'a "note"' } : event,
    );
    const header = { seed: `${seed}`, profile: 'lossy', ...world };
    const text = formatExtended(header, history);
    expect(isExtended(text)).toBe(true);
    expect(parseExtended(text)).toEqual({ kind: 'history', header, history });
  }
});

test('hashes may be strings of digits, above 2^53 too', () => {
  const line = `{"event":{"Finish":{"ReadPartSuccess":{"start":0,"record_hashes":["18446744073709551615",7],"tail":null}}},${IDS}}`;
  expect(parseExtended(`${HEADER}\n${line}\n`)).toMatchObject({
    history: [{ return: { kind: 'read-part-success', recordHashes: [18446744073709551615n, 7n], tail: null } }],
  });
});

test.each([
  ['{"tailrace_history":2}', 1, 'version 2'],
  [`${HEADER}\n{"event":{"Finish":{"AppendRejected":{}}},${IDS}}`, 2, 'either "tail" or "fencing_token"'],
  [`${HEADER}\n{"event":{"Finish":{"ReadUnwritten":{"tail":-1}}},${IDS}}`, 2, 'tail must be a whole number'],
  [`${HEADER}\n{"event":{"Start":{"ReadPart":{"seq_num":1,"count":2}}},${IDS}}`, 2, 'unknown key "count"'],
  [`${HEADER}\n{"event":{"Start":{"ReadPart":{"seq_num":1}}},"client_id":1}`, 2, 'op_id'],
  [`${HEADER}\n{"event":{"Start":{"ReadPart":{}}},${IDS}}`, 2, 'either "seq_num" or "timestamp"'],
  [`${HEADER}\n{"event":{"Start":{"Follow":{"seq_num":1}}},${IDS}}`, 2, 'names its "session"'],
  [
    `${HEADER}\n{"event":{"Start":{"Follow":{"session":"f","seq_num":1,"after":"e"}}},${IDS}}`,
    2,
    'at a place or "after"',
  ],
  [`${HEADER}\n{"event":{"Start":{"Create":{"token":7}}},${IDS}}`, 2, 'token must be a string'],
  [`${HEADER}\n{"event":{"Start":"Read"},${IDS},"turn":{"session":"s","index":0}}`, 2, 'only an append'],
  [`${HEADER}\n{"event":{"Finish":{"AppendAcked":{"start":0,"end":1}}},${IDS}}`, 2, 'tail must be a whole number'],
  [`${HEADER}\n{"event":{"Finish":"Vanished"},${IDS}}`, 2, 'unknown finish "Vanished"'],
  ['{"tailrace_history":1,"initially":"gone"}', 1, 'initially must be'],
  ['{"tailrace_history":1,"create_on":["read"]}', 1, 'unknown key "create_on"'],
  [`${HEADER}\n{"event":{"Start":{"ReadPart":{"seq_num":1},"Look":2}},${IDS}}`, 2, 'exactly one key (ReadPart)'],
  [
    `${HEADER}\n{"event":{"Finish":{"ReadUnwritten":{"tail":1},"Look":2}},${IDS}}`,
    2,
    'exactly one key (ReadUnwritten)',
  ],
  [`${HEADER}\n\n{"event":{"Start":"Read"},${IDS}}`, 2, 'the line ends early'],
  ['', 1, 'the line ends early'],
  [`${HEADER}\n{"event":{"Start":"Look"},${IDS}}`, 2, 'unknown start "Look"'],
  [`${HEADER}\n{"event":{"Start":"Read"},${IDS},"node":7}`, 2, 'node must be a string'],
  [`${HEADER}\n{"event"`, 2, 'JSON'],
])('%s is refused on line %i', (text, line, message) => {
  expect(parseExtended(text)).toEqual({ kind: 'malformed', line, message: expect.stringContaining(message) });
});
