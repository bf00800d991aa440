/** A deletion ends, takes what it was asked to take, and nothing that came after it. */

import { field } from '../wire.ts';
import { BASIN, batch, codeOf, RECORDS, shown, STREAM } from './stage.ts';
import { must, type Story } from './story.ts';

const BIRTHS = 'engine/stream/births.ts';
const DELETIONS = 'engine/stream/deletions.ts';
const FOLD = 'engine/state/fold.ts';
const STREAMS = 'engine/stream/streams.ts';
const TABLES = 'engine/state/tables.ts';

const PATH = `/v1/streams/${STREAM}`;
/** Longer than a deleted stream is shown as being deleted. */
const BURIED_MS = 3_000;

export const APPEND_BEHIND_DELETION: Story = {
  name: 'append-behind-deletion',
  claim: 'no append is acknowledged behind a deletion, nor one of a session that was open before',
  play: async (stage) => {
    await stage.provision();
    const session = await stage.appendSession();
    stage.servers.holdPuts();
    const deletion = stage.begin(`DELETE ${PATH}`);
    await stage.moment();
    const append = stage.begin(`POST ${RECORDS}`, batch('x'));
    session.send({ bodies: ['y'] });
    await stage.moment();
    stage.servers.letPuts();
    const [deleted, appended] = [await deletion.answered, await append.answered];
    must(deleted.status === 202, `a deletion was answered with ${shown(deleted)}`);
    await stage.pass(BURIED_MS);
    const left = await stage.ask(`GET ${RECORDS}?seq_num=0`);
    must(appended.status !== 200, `an append was acknowledged with ${shown(appended)}, and then ${shown(left)}`);
    const kinds = session.answers.map(({ kind }) => kind).join();
    must(kinds === 'failed', `behind a deletion a session answers \`${kinds}\`, and then ${shown(left)}`);
  },
  plant: {
    lie: 'a stream that is being deleted takes appends',
    edits: [
      {
        file: BIRTHS,
        find: 'if (existing !== undefined) return existing.deletedAtMs === null ? existing : PENDING;\n    const refusal',
        replace: 'if (existing !== undefined) return existing;\n    const refusal',
      },
      {
        file: FOLD,
        find: "assert(stream.deletedAtMs === null, 'nothing is appended to a stream that is being deleted');",
        replace: '',
      },
      {
        file: FOLD,
        find: 'config: stream.config,\n    deletedAtMs: null,',
        replace: 'config: stream.config,\n    deletedAtMs: stream.deletedAtMs,',
      },
    ],
  },
};

export const READABLE_WHILE_DELETED: Story = {
  name: 'readable-while-deleted',
  claim: 'while a stream is being deleted every operation on it says so',
  play: async (stage) => {
    await stage.provision();
    await stage.append('x');
    await stage.get(202, `DELETE ${PATH}`);
    const lines: [string, unknown?][] = [
      [`GET ${PATH}`],
      [`PATCH ${PATH}`, {}],
      [`PUT ${PATH}`, {}],
      ['POST /v1/streams', { stream: STREAM }],
      [`POST ${RECORDS}`, batch('y')],
      [`GET ${RECORDS}?seq_num=0`],
      [`GET ${RECORDS}/tail`],
    ];
    for (const [line, body] of lines) {
      const answer = await stage.ask(line, body);
      const isPending = answer.status === 409 && codeOf(answer) === 'stream_deletion_pending';
      must(isPending, `while the stream is being deleted ${line} is answered with ${shown(answer)}`);
    }
    await stage.get(202, `DELETE ${PATH}`);
  },
  plant: {
    lie: 'the configuration of a stream that is being deleted is shown',
    edits: [
      {
        file: STREAMS,
        find: "return stream.deletedAtMs === null ? { kind: 'config', config: stream.config } : rejected(PENDING);",
        replace: "return { kind: 'config', config: stream.config };",
      },
    ],
  },
};

export const STALE_WORKER: Story = {
  name: 'stale-worker',
  claim: 'what is left of a deletion never touches the stream that was created under the same name',
  play: async (stage) => {
    await stage.provision();
    await stage.append('old');
    await stage.get(202, `DELETE ${PATH}`);
    await stage.pass(BURIED_MS - 800);
    await stage.get(201, 'POST /v1/streams', { stream: STREAM });
    const { start } = await stage.append('new');
    must(start === 0, `the first record of a stream that was created again has the number ${start}`);
    await stage.pass(BURIED_MS);
    await stage.restart();
    const found = await stage.ask(`GET ${RECORDS}?seq_num=0`);
    must(found.status === 200, `a stream was created again and appended to, and later ${shown(found)}`);
  },
  plant: {
    lie: 'the worker looks once more half a second later and deletes whatever has the name',
    edits: [
      {
        file: DELETIONS,
        find: "if ((await journal.submit({ type: 'delete-stream', streamId: id })) !== 'committed') return false;",
        replace:
          'const { basin, name } = tables.stream(id)!;\n' +
          "    if ((await journal.submit({ type: 'delete-stream', streamId: id })) !== 'committed') return false;\n" +
          '    void this.#parts.ports.clock.sleep(500).then(() => {\n' +
          '      const again = tables.streamByName(basin, name);\n' +
          '      if (again !== undefined) void this.#remove(again.id);\n' +
          '    });',
      },
    ],
  },
};

export const LOST_TRIGGER: Story = {
  name: 'lost-trigger',
  claim: 'deletions that come while others are at work are finished as soon as those',
  play: async (stage) => {
    await stage.provision();
    const names = ['s-0', 's-1', 's-2', 's-3'];
    for (const stream of names) await stage.get(201, 'POST /v1/streams', { stream });
    for (const name of names) {
      await stage.get(202, `DELETE /v1/streams/${name}`);
      await stage.pass(500);
    }
    await stage.pass(BURIED_MS - 500);
    for (const name of names) {
      const answer = await stage.ask(`GET /v1/streams/${name}`);
      must(answer.status === 404, `${BURIED_MS} ms after its deletion ${name} is ${shown(answer)}`);
    }
  },
  plant: {
    lie: 'a deletion that comes while the worker is busy wakes nobody',
    edits: [
      {
        file: DELETIONS,
        find: 'this.#streams.push({ id, dueMs: this.#parts.ports.clock.monoMs() + this.#parts.tombstoneMs });\n    if (this.#isServing) return;',
        replace:
          'if (this.#isServing) return;\n    this.#streams.push({ id, dueMs: this.#parts.ports.clock.monoMs() + this.#parts.tombstoneMs });',
      },
    ],
  },
};

export const DELETE_RACES_WORKER: Story = {
  name: 'delete-races-worker',
  claim: 'a deletion that succeeded says so, however fast the stream is gone',
  tunables: { tombstoneMs: 0 },
  play: async (stage) => {
    await stage.provision();
    await stage.append('x');
    const deleted = await stage.ask(`DELETE ${PATH}`);
    must(deleted.status === 202, `the deletion that took the stream was answered with ${shown(deleted)}`);
    await stage.get(404, `GET ${PATH}`);
  },
  plant: {
    lie: 'a deletion looks at the stream again when it is done, and finds none',
    edits: [
      {
        file: STREAMS,
        find: "this.#parts.ports.telemetry.event(this.#tombstones ? 'stream.tombstoned' : 'stream.deleted');",
        replace: 'if (this.#parts.tables.stream(streamId) === undefined) return missing(basin, name) as never;',
      },
    ],
  },
};

export const DELETE_RECREATE_MARK: Story = {
  name: 'delete-recreate-mark',
  claim: 'a deletion whose end comes after the name was given away again marks the old stream, not the new one',
  tunables: { tombstoneMs: 0 },
  play: async (stage) => {
    await stage.provision();
    await stage.append('old');
    stage.servers.holdPuts();
    const deletion = stage.begin(`DELETE ${PATH}`);
    await stage.moment();
    const creation = stage.begin('POST /v1/streams', { stream: STREAM });
    const append = stage.begin(`POST ${RECORDS}`, batch('new'));
    await stage.moment();
    stage.servers.letPuts();
    const answers = await Promise.all([deletion.answered, creation.answered, append.answered]);
    must(
      answers.map(({ status }) => status).join() === '202,201,200',
      `deletion, creation and append were answered with ${answers.map(shown).join()}`,
    );
    await stage.moment();
    const found = await stage.ask(`GET ${RECORDS}?seq_num=0`);
    must(found.status === 200, `the new stream was appended to, and then ${shown(found)}`);
  },
  plant: {
    lie: 'the last step of a deletion takes whatever stream has the name by then',
    edits: [
      {
        file: STREAMS,
        find: "this.#parts.ports.telemetry.event(this.#tombstones ? 'stream.tombstoned' : 'stream.deleted');",
        replace:
          'const marked = this.#ahead(basin, name);\n' +
          "        if (marked !== undefined) void this.#parts.journal.submit({ type: 'delete-stream', streamId: marked.id });",
      },
    ],
  },
};

export const CRASH_WITHIN_DELETION: Story = {
  name: 'crash-within-deletion',
  claim: 'a deletion that was begun is finished by the next process',
  play: async (stage) => {
    await stage.provision();
    await stage.append('old');
    await stage.get(202, `DELETE ${PATH}`);
    await stage.restart();
    must(stage.servers.noted.includes('control.resumed'), 'the story is wrong: the deletion was over before the crash');
    await stage.pass(BURIED_MS);
    const created = await stage.ask('POST /v1/streams', { stream: STREAM });
    must(created.status === 201, `${BURIED_MS} ms after a crash within its deletion the name is ${shown(created)}`);
    const { start } = await stage.append('new');
    must(start === 0, `the first record of the new stream has the number ${start}`);
  },
  plant: {
    lie: 'a process that starts leaves deletions alone that another one has begun',
    edits: [{ file: DELETIONS, find: 'for (const id of streams) this.#add(id);', replace: '' }],
  },
};

const STREAMS_OF_BASIN = 150;

export const BASIN_CURSOR: Story = {
  name: 'basin-cursor',
  claim: 'a basin whose deletion was broken off in the middle goes with all of its streams',
  play: async (stage) => {
    await stage.get(201, 'POST /v1/basins', { basin: BASIN });
    const names = Array.from({ length: STREAMS_OF_BASIN }, (_, i) => `s-${String(i).padStart(3, '0')}`);
    await Promise.all(names.map((stream) => stage.ask('POST /v1/streams', { stream })));
    await stage.get(202, `DELETE /v1/basins/${BASIN}`);
    stage.servers.holdPuts();
    await stage.moment();
    await stage.restart();
    must(stage.servers.noted.includes('control.resumed'), 'the story is wrong: the deletion was over before the crash');
    await stage.pass(BURIED_MS);
    const created = await stage.ask('POST /v1/basins', { basin: BASIN });
    must(created.status === 201, `after a crash within its deletion the basin is ${shown(created)}`);
    const { body } = await stage.get(200, 'GET /v1/streams');
    const left = field(body, 'streams') as unknown[];
    must(left.length === 0, `the new basin has ${left.length} streams of the old one`);
  },
  plant: {
    lie: 'the streams of a deleted basin are gone through once, from a cursor in the middle',
    edits: [
      { file: DELETIONS, find: "for (let startAfter = ''; ;) {", replace: "for (let startAfter = 's-090'; ;) {" },
      {
        file: DELETIONS,
        find: "if (last === undefined && startAfter === '') break;",
        replace: 'if (last === undefined) break;',
      },
      {
        file: TABLES,
        find: "assert(!this.hasStreams(change.row.name), 'a basin goes after its streams');",
        replace: '',
      },
    ],
  },
};
