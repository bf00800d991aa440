/** One name, one stream: however many ask for it at once, by whichever way, and whatever it is spelled like. */

import type { Edit } from '../plants/plants.ts';
import { BASIN, batch, RECORDS, seqNumIn, shown, STREAM } from './stage.ts';
import { must, type Story } from './story.ts';

const BIRTHS = 'engine/stream/births.ts';
const FOLD = 'engine/state/fold.ts';
const READS = 'engine/stream/reads.ts';
const STREAMS = 'engine/stream/streams.ts';
const STREAM_TABLE = 'engine/state/stream-table.ts';
const TABLES = 'engine/state/tables.ts';

/** What stops the engine at a second stream of one name: out of the way, so that clients see what would come of it. */
const SECOND_OF_A_NAME: readonly Edit[] = [
  {
    file: FOLD,
    find: "assert(tables.streamId(entry.basin, entry.name) === undefined, 'a stream is created once');",
    replace: '',
  },
  {
    file: STREAM_TABLE,
    find: "assert(this.#rowNamed(basin, state.name) === NO_ROW, 'a name belongs to one stream');",
    replace: '',
  },
];

const ON_DEMAND = { create_stream_on_append: true };

export const TWO_WRITERS: Story = {
  name: 'two-writers',
  claim: 'appends that race for the first one of a stream get numbers of one stream',
  play: async (stage) => {
    await stage.get(201, 'POST /v1/basins', { basin: BASIN, config: ON_DEMAND });
    stage.servers.holdPuts();
    const appends = ['a', 'b', 'c', 'd'].map((body) => stage.begin(`POST ${RECORDS}`, batch(body)));
    await stage.moment();
    stage.servers.letPuts();
    const answers = await Promise.all(appends.map(({ answered }) => answered));
    const starts = answers.map(({ body }) => seqNumIn(body, 'start'));
    must(new Set(starts).size === 4, `four racing appends began at the numbers ${starts.join(', ')}`);
    must((await stage.bodies()).length === 4, 'four appends were acknowledged and four are not there');
  },
  plant: {
    lie: 'the first appends to a stream each make a writer of their own, because none sees the other begin',
    edits: [
      {
        file: BIRTHS,
        find: 'const existing = ahead.streamByName(basin, name);\n    if (existing !== undefined) return existing',
        replace:
          'const existing = this.#parts.tables.streamByName(basin, name);\n    if (existing !== undefined) return existing',
      },
      ...SECOND_OF_A_NAME,
    ],
  },
};

export const AUTO_CREATE_BY_SESSION: Story = {
  name: 'auto-create-by-session',
  claim: 'a stream is created on demand by an append session as by an append, and by neither without the flag',
  play: async (stage) => {
    await stage.get(201, 'POST /v1/basins', { basin: BASIN, config: ON_DEMAND });
    const session = await stage.appendSession('by-session', { bodies: ['a'] });
    session.halfClose();
    await stage.moment();
    must(session.answers[0]?.kind === 'ack', `a session on demand was told ${JSON.stringify(session.answers)}`);
    await stage.get(200, 'POST /v1/streams/by-append/records', batch('a'));
    for (const name of ['by-session', 'by-append']) await stage.get(200, `GET /v1/streams/${name}`);
    await stage.get(404, 'GET /v1/streams/by-read/records?seq_num=0');
    await stage.get(200, `PATCH /v1/basins/${BASIN}`, { create_stream_on_append: false });
    const session2 = await stage.ask('POST /v1/streams/other/records', '', { 'content-type': 's2s/proto' });
    must(session2.status === 404, `without the flag a session was answered with ${shown(session2)}`);
    await stage.get(404, 'POST /v1/streams/other/records', batch('a'));
  },
  plant: {
    lie: 'only an append creates a stream on demand, a session finds none',
    edits: [
      {
        file: READS,
        find: "streamId: number } | Rejected>(basin, name, 'append',",
        replace: "streamId: number } | Rejected>(basin, name, 'read',",
      },
    ],
  },
};

export const CONCURRENT_CONTROL: Story = {
  name: 'concurrent-control',
  claim: 'creations, changes and deletions of one name at once are each answered as if they were alone in some order',
  play: async (stage) => {
    await stage.get(201, 'POST /v1/basins', { basin: BASIN });
    stage.servers.holdPuts();
    const config = { retention_policy: { age: 60 } };
    const path = `/v1/streams/${STREAM}`;
    const racing = [
      stage.begin('POST /v1/streams', { stream: STREAM }),
      stage.begin('POST /v1/streams', { stream: STREAM }),
      stage.begin(`PUT ${path}`, config),
      stage.begin(`PATCH ${path}`, config),
      stage.begin(`DELETE ${path}`),
      stage.begin('POST /v1/streams', { stream: STREAM }),
      stage.begin(`PATCH ${path}`, config),
    ];
    await stage.moment();
    stage.servers.letPuts();
    const answers = await Promise.all(racing.map(({ answered }) => answered));
    const odd = answers.filter(({ status }) => ![200, 201, 202, 404, 409].includes(status));
    must(odd.length === 0, `of operations on one name at once one was answered with ${shown(odd[0] ?? null)}`);
    const created = answers.filter(({ status }) => status === 201).length;
    must(created === 1, `a name was created ${created} times at once`);
  },
  plant: {
    lie: 'operations on streams look at what is durable and find out too late that another one was faster',
    edits: [
      {
        file: STREAMS,
        find: 'return this.#parts.journal.ahead.streamByName(basin, name);',
        replace: 'return this.#parts.tables.streamByName(basin, name);',
      },
      ...SECOND_OF_A_NAME,
    ],
  },
};

export const UNDELIMITED_NAMES: Story = {
  name: 'undelimited-names',
  claim: 'the stream `bc` of one basin and the stream `c` of another whose name ends with `b` are two streams',
  play: async (stage) => {
    const [shorter, longer] = ['basin-aaaa', 'basin-aaaab'];
    for (const basin of [shorter, longer]) await stage.get(201, 'POST /v1/basins', { basin });
    stage.servers.holdPuts();
    const places = [
      { stream: 'bc', headers: { 's2-basin': shorter } },
      { stream: 'c', headers: { 's2-basin': longer } },
    ];
    const created = places.map(({ stream, headers }) => stage.begin('POST /v1/streams', { stream }, headers));
    await stage.moment();
    stage.servers.letPuts();
    for (const { answered } of created) {
      const answer = await answered;
      must(answer.status === 201, `of two streams in two basins one was answered with ${shown(answer)}`);
    }
    for (const { stream, headers } of places) {
      await stage.get(200, `POST /v1/streams/${stream}/records`, batch(headers['s2-basin']), headers);
    }
    for (const { stream, headers } of places) {
      const { body } = await stage.get(200, `GET /v1/streams/${stream}/records?seq_num=0`, undefined, headers);
      const isItsOwn = JSON.stringify(body).includes(`"body":"${headers['s2-basin']}"`);
      must(isItsOwn, `${stream} of ${headers['s2-basin']} holds ${JSON.stringify(body)}`);
    }
  },
  plant: {
    lie: 'the key of a stream is the name of its basin and its own without anything between',
    edits: [{ file: TABLES, find: 'return `${basin}\\0${name}`;', replace: 'return `${basin}${name}`;' }],
  },
};
