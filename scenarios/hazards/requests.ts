/** Requests at the edges: what is not there, what can not be, and numbers no stream ever has. */

import { field } from '../wire.ts';
import { BASIN, batch, codeOf, RECORDS, seqNumIn, shown, STREAM } from './stage.ts';
import { must, type Story } from './story.ts';

const ACCESS_TOKENS = 'engine/api/access-tokens.ts';
const ADMISSION = 'engine/core/admission.ts';
const JSON_FIELDS = 'engine/api/json.ts';
const READ_QUERY = 'engine/api/read-query.ts';
const ROUTES = 'engine/api/routes.ts';
const SORTED_NAMES = 'engine/state/sorted-names.ts';
const STREAM_TABLE = 'engine/state/stream-table.ts';

const U64_MAX = '18446744073709551615';

export const UNKNOWN_FEATURE: Story = {
  name: 'unknown-feature',
  claim: 'what S2 has and this server has not is told from what S2 does not have',
  play: async (stage) => {
    const missing = await stage.ask('GET /v1/access-tokens');
    const isTold = missing.status === 501 && codeOf(missing) === 'not_implemented';
    must(isTold, `a feature of S2 that is not implemented is answered with ${shown(missing)}`);
    const nothing = await stage.ask('GET /v1/excess-tokens');
    must(nothing.status === 404 && nothing.body === '', `a path S2 does not have is answered with ${shown(nothing)}`);
  },
  plant: {
    lie: 'a feature that is not implemented is not found',
    edits: [
      {
        file: ACCESS_TOKENS,
        find: "errorResponse('not_implemented', message)",
        replace: "errorResponse('access_token_not_found', message)",
      },
    ],
  },
};

export const CURSOR_BEFORE_PREFIX: Story = {
  name: 'cursor-before-prefix',
  claim: 'a listing begins at its prefix when its cursor sorts before that, and is empty when it sorts behind',
  play: async (stage) => {
    for (const basin of ['alpha-01', 'bravo-01', 'bravo-02', 'carol-01']) {
      await stage.get(201, 'POST /v1/basins', { basin });
    }
    const headers = { 's2-basin': 'bravo-01' };
    for (const stream of ['a', 'b1', 'b2', 'c']) await stage.get(201, 'POST /v1/streams', { stream }, headers);
    const listings: [string, string, number][] = [
      ['streams', 'prefix=b&start_after=a', 2],
      ['streams', 'prefix=b&start_after=b1', 1],
      ['streams', 'prefix=b&start_after=c', 0],
      ['basins', 'prefix=bravo&start_after=alpha', 2],
      ['basins', 'prefix=bravo&start_after=bravo-01', 1],
      ['basins', 'prefix=bravo&start_after=carol', 0],
    ];
    for (const [what, query, count] of listings) {
      const { body } = await stage.get(200, `GET /v1/${what}?${query}`, undefined, headers);
      const rows = field(body, what) as unknown[];
      must(rows.length === count, `GET /v1/${what}?${query} lists ${rows.length}, not ${count}`);
    }
  },
  plant: {
    lie: 'a listing with a cursor begins behind the cursor, wherever its prefix is',
    edits: [
      {
        file: SORTED_NAMES,
        find: 'compareNames(name, prefix) >= 0 && compareNames(name, startAfter) > 0',
        replace: "compareNames(name, startAfter === '' ? prefix : `${startAfter}\\0`) >= 0",
      },
      {
        file: STREAM_TABLE,
        find: 'this.#texts.compareNameTo(row, first) < 0 || (after.length > 0 && this.#texts.compareNameTo(row, after) <= 0)',
        replace:
          'after.length > 0 ? this.#texts.compareNameTo(row, after) <= 0 : this.#texts.compareNameTo(row, first) < 0',
      },
    ],
  },
};

export const IMPOSSIBLE_RANGE: Story = {
  name: 'impossible-range',
  claim: 'a range that ends where it begins or before it is refused at once, in every way of reading',
  play: async (stage) => {
    await stage.provision();
    await stage.append('a');
    for (const query of ['timestamp=10&until=10', 'timestamp=20&until=10', 'timestamp=10&until=10&wait=60']) {
      for (const headers of [{}, { accept: 'text/event-stream' }, { 'content-type': 's2s/proto' }]) {
        const question = stage.begin(`GET ${RECORDS}?${query}`, undefined, headers);
        await stage.moment();
        const { answer } = question;
        const isRefused = answer?.status === 422 && codeOf(answer) === 'invalid';
        must(isRefused, `a read of ${query} is answered with ${shown(answer)}`);
      }
    }
  },
  plant: {
    lie: 'a range that ends where it begins is read',
    edits: [
      {
        file: READ_QUERY,
        find: 'if (timestamp !== null && until !== null && timestamp >= until) {',
        replace: 'if (timestamp !== null && until !== null && timestamp > until) {',
      },
    ],
  },
};

export const NUMBERS_AT_THE_LIMIT: Story = {
  name: 'numbers-at-the-limit',
  claim: 'numbers up to 2^64 - 1 are compared as they are: no match, nothing written there, a trim of all there is',
  play: async (stage) => {
    await stage.provision();
    for (const number of ['9007199254740992', U64_MAX]) {
      const body = `{"records":[{"body":"x"}],"match_seq_num":${number}}`;
      const refused = await stage.ask(`POST ${RECORDS}`, body);
      const named = field(refused.body, 'seq_num_mismatch');
      must(refused.status === 412 && named === 0, `match_seq_num ${number} of an empty stream: ${shown(refused)}`);
    }
    await stage.append('a', 'b');
    const unwritten = await stage.ask(`GET ${RECORDS}?seq_num=${U64_MAX}`);
    const isShown = unwritten.status === 416 && seqNumIn(unwritten.body, 'tail') === 2;
    must(isShown, `a read from ${U64_MAX} is answered with ${shown(unwritten)}`);
    // `trim` and eight bytes 255, in base64.
    const all = { records: [{ headers: [['', 'dHJpbQ==']], body: '//////////8=' }] };
    await stage.get(200, `POST ${RECORDS}`, all, { 's2-format': 'base64' });
    const { start } = await stage.append('c');
    must(start === 3, `behind a trim to ${U64_MAX} the next record has the number ${start}`);
    const bodies = (await stage.bodies()).join();
    must(bodies === 'c', `behind a trim to ${U64_MAX} a read shows ${bodies}`);
  },
  plant: {
    lie: 'of a number only the bits below 2^53 count',
    edits: [
      {
        file: JSON_FIELDS,
        find: 'must be an unsigned 64-bit integer`);\n  }\n  return value;',
        replace: 'must be an unsigned 64-bit integer`);\n  }\n  return Number(BigInt.asUintN(53, BigInt(value)));',
      },
    ],
  },
};

export const FENCED_BUT_HEALTHY: Story = {
  name: 'fenced-but-healthy',
  claim: 'a server that lost the store to another one says within seconds that it is not healthy, unasked',
  play: async (stage) => {
    const health = await stage.get(200, 'GET /health');
    must(health.body === 'OK', `an owner says of its health ${shown(health)}`);
    await stage.start('node-2');
    await stage.pass(7_000);
    const fenced = await stage.ask('GET /health');
    must(fenced.status === 503, `seven seconds after another server took over health is ${shown(fenced)}`);
    stage.server = 'node-2';
    await stage.get(200, 'GET /health');
  },
  plant: {
    lie: 'a process that runs is healthy',
    edits: [
      {
        file: ROUTES,
        find: "return text(503, 'another server has taken over the store');",
        replace: "return text(200, 'OK');",
      },
    ],
  },
};

export const TIME_FROZEN: Story = {
  name: 'time-frozen',
  claim: 'a timestamp of 2^64 - 1 is refused on an uncapped stream, and time goes on behind it',
  play: async (stage) => {
    await stage.get(201, 'POST /v1/basins', { basin: BASIN });
    const config = { timestamping: { uncapped: true } };
    await stage.get(201, 'POST /v1/streams', { stream: STREAM, config });
    const asked = await stage.ask(`POST ${RECORDS}`, `{"records":[{"body":"x","timestamp":${U64_MAX}}]}`);
    const times = [];
    for (let i = 0; i < 2; i++) {
      await stage.pass(1_000);
      const { body } = await stage.get(200, `POST ${RECORDS}`, batch('y'));
      times.push(field(field(body, 'start'), 'timestamp') as number);
    }
    const [first = 0, second = 0] = times;
    must(
      second - first >= 1_000,
      `a timestamp of 2^64 - 1 was answered with ${asked.status}, and a second later it is ${first} still`,
    );
    must(asked.status === 422, `a timestamp of 2^64 - 1 was answered with ${shown(asked)}`);
  },
  plant: {
    lie: 'a timestamp that is too large is stored as the largest there is',
    edits: [
      {
        file: ADMISSION,
        find: "if (wanted > Number.MAX_SAFE_INTEGER) return refused('timestamp-too-large');",
        replace: 'wanted = Math.min(wanted, Number.MAX_SAFE_INTEGER);',
      },
    ],
  },
};
