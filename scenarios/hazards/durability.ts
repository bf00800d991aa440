/** Nothing is told before it is durable, and what was told is there after a crash. */

import { field } from '../wire.ts';
import { BASIN, batch, codeOf, fenceTo, RECORDS, shown, STREAM, trimTo } from './stage.ts';
import { must, type Story } from './story.ts';

const APPENDS = 'engine/stream/appends.ts';
const ADMISSION = 'engine/core/admission.ts';
const STREAMS = 'engine/stream/streams.ts';
const BASINS = 'engine/stream/basins.ts';
const SLOT_LOG = 'engine/log/slot-log.ts';

export const EXISTS_BEFORE_DURABLE: Story = {
  name: 'exists-before-durable',
  claim: 'who is told that a basin or a stream exists finds it, also after a crash',
  play: async (stage) => {
    await stage.get(201, 'POST /v1/basins', { basin: BASIN });
    stage.servers.holdPuts();
    stage.begin('POST /v1/streams', { stream: STREAM });
    stage.begin('POST /v1/basins', { basin: 'basin-02' });
    await stage.moment();
    const second = stage.begin('POST /v1/streams', { stream: STREAM });
    const secondBasin = stage.begin('POST /v1/basins', { basin: 'basin-02' });
    await stage.moment();
    await stage.restart();
    const found = await stage.ask(`GET /v1/streams/${STREAM}`);
    const foundBasin = await stage.ask('GET /v1/basins/basin-02');
    must(second.answer?.status !== 409 || found.status === 200, `told 409 that it exists, then ${shown(found)}`);
    must(secondBasin.answer?.status !== 409 || foundBasin.status === 200, `told 409, then ${shown(foundBasin)}`);
  },
  plant: {
    lie: 'a racing creation is told that the name is taken before that is durable',
    edits: [
      {
        file: STREAMS,
        find: "return this.#reveal<CreateOutcome<StreamState>>({ kind: isSame ? 'noop' : 'exists', row: existing });",
        replace: "return Promise.resolve({ kind: isSame ? 'noop' : 'exists', row: existing } as const);",
      },
    ],
  },
};

export const CREATED_BEFORE_DURABLE: Story = {
  name: 'created-before-durable',
  claim: 'a basin is there for everything as soon as its creation is answered: there is no state in between',
  play: async (stage) => {
    stage.servers.holdPuts();
    const creation = stage.begin('POST /v1/basins', { basin: BASIN });
    await stage.moment();
    // Whoever answers already has promised more than it has.
    if (creation.answer !== null) await stage.restart();
    stage.servers.letPuts();
    const created = await creation.answered;
    must(field(created.body, 'state') === 'active', `a basin was created as ${shown(created)}`);
    const config = await stage.ask(`GET /v1/basins/${BASIN}`);
    must(config.status === 200, `a basin was created, and then it was ${shown(config)}`);
    await stage.get(201, 'POST /v1/streams', { stream: STREAM });
    const listed = await stage.get(200, 'GET /v1/basins');
    must(JSON.stringify(listed.body).includes('"state":"active"'), `a new basin is listed as ${shown(listed)}`);
  },
  plant: {
    lie: 'a creation is answered when it is queued, and the basin comes to be a little later',
    edits: [
      {
        file: BASINS,
        find: "return this.#desk.queue(attempt, 'creation', entry, () => {",
        replace:
          "void this.#desk.queue(attempt, 'creation', entry, () => null);\n" +
          "    if (attempt.queued) return Promise.resolve({ kind: 'created', row: this.#ahead(name) } as const);\n" +
          "    return this.#desk.queue(attempt, 'creation', entry, () => {",
      },
    ],
  },
};

export const FENCE_BEFORE_DURABLE: Story = {
  name: 'fence-before-durable',
  claim: 'a failed condition is told only when the state it reports is durable',
  play: async (stage) => {
    await stage.provision();
    stage.servers.holdPuts();
    stage.begin(`POST ${RECORDS}`, { records: [fenceTo('mine')] });
    await stage.moment();
    const refused = stage.begin(`POST ${RECORDS}`, { ...batch('x'), fencing_token: 'other' });
    const late = stage.begin(`POST ${RECORDS}`, { ...batch('x'), match_seq_num: 0 });
    await stage.moment();
    must(refused.answer === null, `before the fence was durable an append was told ${shown(refused.answer)}`);
    must(late.answer === null, `before the fence was durable an append was told ${shown(late.answer)}`);
    await stage.restart();
    await stage.get(200, `POST ${RECORDS}`, { ...batch('x'), fencing_token: '' });
  },
  plant: {
    lie: 'a condition that fails against what is only queued is told at once',
    edits: [
      {
        file: APPENDS,
        find: 'return this.#standing.reveal(rejected(failure));',
        replace: 'return Promise.resolve(rejected(failure));',
      },
    ],
  },
};

export const HANG_BEHIND_THE_END: Story = {
  name: 'hang-behind-the-end',
  claim: 'who waits for durability when the server loses the store is told at once',
  play: async (stage) => {
    await stage.provision();
    stage.servers.holdPuts();
    stage.begin(`POST ${RECORDS}`, batch('x'));
    await stage.moment();
    const open = [
      stage.begin(`POST ${RECORDS}`, { ...batch('y'), match_seq_num: 7 }),
      stage.begin('POST /v1/streams', { stream: STREAM }),
      stage.begin(`DELETE /v1/streams/${STREAM}`),
      stage.begin(`GET ${RECORDS}/tail`),
    ];
    await stage.start('node-2');
    stage.servers.letPuts();
    await stage.pass(2_000);
    const unheard = open.filter(({ answer }) => answer === null).length;
    must(unheard === 0, `two seconds after the server was fenced ${unheard} of 4 requests have no answer`);
    const later = stage.begin('POST /v1/streams', { stream: STREAM });
    await stage.moment();
    must(later.answer?.status === 502, 'a fenced server does not answer 502 at once');
  },
  plant: {
    lie: 'the end of the log wakes nobody who waits for what was queued',
    edits: [
      {
        file: SLOT_LOG,
        find: 'const done = this.#flushWaiters.filter((w) => this.#end !== null || this.#committedCount >= w.upToCount);',
        replace: 'const done = this.#flushWaiters.filter((w) => this.#committedCount >= w.upToCount);',
      },
    ],
  },
};

export const FENCE_DATA_FENCE: Story = {
  name: 'fence-data-fence',
  claim: 'of a fence, data and a fence in one batch the last fence is in force, before a crash and after it',
  play: async (stage) => {
    await stage.provision();
    await stage.get(200, `POST ${RECORDS}`, { records: [fenceTo('first'), { body: 'x' }, fenceTo('last')] });
    for (const when of ['before', 'after']) {
      if (when === 'after') await stage.restart();
      const refused = await stage.ask(`POST ${RECORDS}`, { ...batch('y'), fencing_token: 'first' });
      must(refused.status === 412, `${when} a crash the first of two fences is answered with ${shown(refused)}`);
      const named = field(refused.body, 'fencing_token_mismatch');
      must(named === 'last', `${when} a crash the token in force is ${JSON.stringify(named)}`);
    }
    const bodies = await stage.bodies();
    must(bodies.join() === 'first,x,last', `the stream holds ${bodies.join()}`);
  },
  plant: {
    lie: 'the first fence of a batch wins',
    edits: [
      {
        file: ADMISSION,
        find: "if (command.op === 'fence') fencingToken = command.token;",
        replace: "if (command.op === 'fence') fencingToken ??= command.token;",
      },
    ],
  },
};

export const COMMAND_AT_THE_EDGE: Story = {
  name: 'command-at-the-edge',
  claim: 'a command at the first or the last place of a batch takes effect once',
  play: async (stage) => {
    await stage.provision();
    await stage.get(200, `POST ${RECORDS}`, { records: [{ body: 'a' }, { body: 'b' }, trimTo(1)] });
    let bodies = await stage.bodies();
    must(bodies[0] === 'b', `behind a trim to 1 in the last place of a batch the stream begins with ${bodies[0]}`);
    await stage.get(200, `POST ${RECORDS}`, { records: [trimTo(2), { body: 'c' }] });
    await stage.restart();
    bodies = await stage.bodies();
    must(bodies.length === 3 && bodies[2] === 'c', `behind a trim to 2 the stream has ${bodies.length} records left`);
    await stage.get(200, `POST ${RECORDS}`, { records: [{ body: 'd' }, fenceTo('t')] });
    const refused = await stage.ask(`POST ${RECORDS}`, { ...batch('e'), fencing_token: 'u' });
    must(refused.status === 412, `a fence in the last place of a batch is not in force: ${shown(refused)}`);
    must((await stage.tail()) === 7, `seven records were appended and the tail is ${await stage.tail()}`);
  },
  plant: {
    lie: 'a command in the last place of a batch is stored and not applied',
    edits: [
      {
        file: ADMISSION,
        find: 'for (let index = 0; index < records.length; index++) {',
        replace: 'for (let index = 0; index < records.length - 1; index++) {',
      },
    ],
  },
};

export const UNKNOWN_WITH_FOLLOWERS: Story = {
  name: 'unknown-with-followers',
  claim: 'when the store falls silent behind a fence, what was pipelined behind it is unknown, not refused',
  tunables: { patienceMs: 1_000 },
  play: async (stage) => {
    await stage.provision();
    stage.servers.holdPuts();
    const fence = stage.begin(`POST ${RECORDS}`, { records: [fenceTo('mine')] });
    await stage.moment();
    const behind = ['a', 'b'].map((body) => ({
      body,
      asked: stage.begin(`POST ${RECORDS}`, { ...batch(body), fencing_token: 'mine' }),
    }));
    await stage.pass(2_000);
    stage.servers.letPuts();
    await stage.moment();
    const bodies = await stage.bodies();
    for (const { body, asked } of [{ body: 'mine', asked: fence }, ...behind]) {
      must(asked.answer !== null, 'an append is not answered when patience is over');
      const isUnknown = asked.answer.status === 500 && codeOf(asked.answer) === 'storage';
      must(
        isUnknown || !bodies.includes(body),
        `told ${shown(asked.answer)}, and the record is there: ${bodies.join()}`,
      );
    }
  },
  plant: {
    lie: 'an append that is not confirmed in time is reported as certainly without effect',
    edits: [
      {
        file: APPENDS,
        find: 'append.chunk !== null ? LATE : rejected(',
        replace: 'append.chunk !== null ? rejected(UNAVAILABLE) : rejected(',
      },
    ],
  },
};

export const ACK_BEFORE_DURABLE: Story = {
  name: 'session-ack-before-durable',
  claim: 'a session tells acknowledgements and the failure behind them in order, when they are durable',
  play: async (stage) => {
    await stage.provision();
    stage.servers.holdPuts();
    const session = await stage.appendSession(
      STREAM,
      { bodies: ['a'] },
      { bodies: ['b'], matchSeqNum: 1 },
      { bodies: ['c'], matchSeqNum: 9 },
      { bodies: ['d'] },
    );
    await stage.moment();
    must(
      session.answers.length === 0,
      `before anything was durable a session was told ${JSON.stringify(session.answers)}`,
    );
    stage.servers.letPuts();
    await stage.moment();
    const kinds = session.answers.map(({ kind }) => kind).join();
    must(kinds === 'ack,ack,failed', `two appends and a failed condition were answered with ${kinds}`);
    await stage.restart();
    const bodies = await stage.bodies();
    must(bodies.join() === 'a,b', `two batches were acknowledged and the stream holds ${bodies.join()}`);
  },
  plant: {
    lie: 'appends are acknowledged when their slot is issued; the put follows',
    edits: [
      {
        file: SLOT_LOG,
        find: 'void this.#puts.makeDurable(slot);',
        replace: 'void this.#puts.makeDurable(slot);\n    void Promise.resolve().then(() => this.#markDurable(slot));',
      },
    ],
  },
};
