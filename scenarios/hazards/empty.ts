/** Deletion on empty takes streams that are empty, for as long as they were told to wait, and no others. */

import { ENGINE_DEFAULTS } from '../../engine/index.ts';
import { field } from '../wire.ts';
import { BASIN, batch, RECORDS, recordsIn, shown, STREAM } from './stage.ts';
import { must, type Story } from './story.ts';

const EMPTIES = 'engine/stream/empties.ts';
const FOLD = 'engine/state/fold.ts';
const LOOKUP = 'engine/segments/segment-lookup.ts';

/** With the tenth that clocks may be wrong by, and one look at all streams a second, such a stream goes after 11 to 12 s. */
const MIN_AGE_S = 10;
const EMPTY_SOON = { delete_on_empty: { min_age_secs: MIN_AGE_S } };

export const SWITCHED_OFF_BETWEEN: Story = {
  name: 'switched-off-between',
  claim: 'a stream whose deletion on empty was switched off before it was due stays',
  play: async (stage) => {
    await stage.provision(EMPTY_SOON);
    await stage.pass(9_500);
    stage.servers.holdPuts();
    const off = stage.begin(`PATCH /v1/streams/${STREAM}`, { delete_on_empty: { min_age_secs: 0 } });
    await stage.pass(4_000);
    stage.servers.letPuts();
    const changed = await off.answered;
    await stage.moment();
    const found = await stage.ask(`GET /v1/streams/${STREAM}`);
    must(found.status === 200, `switched off with ${shown(changed)}, and then ${shown(found)}`);
  },
  plant: {
    lie: 'whether a stream goes when it is empty is read before what is on its way is looked at',
    edits: [
      {
        file: EMPTIES,
        find: 'const minAgeMs = stream.config.deleteOnEmptyMinAgeS * 1000;',
        replace: 'const minAgeMs = (this.#parts.tables.stream(streamId) ?? stream).config.deleteOnEmptyMinAgeS * 1000;',
      },
    ],
  },
};

/** One for each moment around the look that finds them due. */
const STREAMS = 40;
const SPACING_MS = 50;

export const SCAN_RACES_APPEND: Story = {
  name: 'scan-races-append',
  claim: 'a stream that is appended to at the moment it is found empty is either kept or refuses the append',
  play: async (stage) => {
    await stage.get(201, 'POST /v1/basins', { basin: BASIN });
    const names = Array.from({ length: STREAMS }, (_, i) => `s-${i}`);
    await Promise.all(names.map((stream) => stage.get(201, 'POST /v1/streams', { stream, config: EMPTY_SOON })));
    await stage.pass(10_200);
    const appends = [];
    for (const name of names) {
      await stage.pass(SPACING_MS);
      appends.push({ name, question: stage.begin(`POST /v1/streams/${name}/records`, batch('x')) });
    }
    await stage.pass(5_000);
    const fates = new Set<number>();
    for (const { name, question } of appends) {
      const appended = await question.answered;
      fates.add(appended.status);
      const found = await stage.ask(`GET /v1/streams/${name}/records?seq_num=0`);
      const isSame = appended.status === found.status;
      must(isSame, `an append beside the look for empty streams was told ${shown(appended)}, and then ${shown(found)}`);
    }
    must([...fates].join() === '200,404', `the story is wrong: all appends were on one side, ${[...fates].join()}`);
  },
  plant: {
    lie: 'between the look at an empty stream and its deletion there is time for an append',
    edits: [
      {
        file: EMPTIES,
        find: "const settlement = await journal.submit({ type: 'delete-stream', streamId });",
        replace:
          "await ports.clock.sleep(60);\n    const settlement = await journal.submit({ type: 'delete-stream', streamId });",
      },
    ],
  },
};

export const SCAN_MISSES_UNDURABLE: Story = {
  name: 'scan-misses-undurable',
  claim: 'an append that is not durable yet keeps a stream from being deleted as empty',
  play: async (stage) => {
    await stage.provision(EMPTY_SOON);
    await stage.pass(9_500);
    stage.servers.holdPuts();
    const append = stage.begin(`POST ${RECORDS}`, batch('x'));
    await stage.pass(4_000);
    stage.servers.letPuts();
    const appended = await append.answered;
    await stage.moment();
    const found = await stage.ask(`GET ${RECORDS}?seq_num=0`);
    must(found.status === 200, `an append was told ${shown(appended)}, and then ${shown(found)}`);
  },
  plant: {
    lie: 'a stream is empty by what is durable, whatever is on its way',
    edits: [
      {
        file: EMPTIES,
        find: 'const stream = journal.ahead.stream(streamId);',
        replace: 'const stream = this.#parts.tables.stream(streamId);',
      },
    ],
  },
};

export const ARMED_IN_RETROSPECT: Story = {
  name: 'armed-in-retrospect',
  claim: 'a stream that was empty for long begins to wait when deletion on empty is switched on',
  play: async (stage) => {
    await stage.provision();
    await stage.pass(3_600_000);
    await stage.get(200, `PATCH /v1/streams/${STREAM}`, EMPTY_SOON);
    await stage.pass(9_000);
    const kept = await stage.ask(`GET /v1/streams/${STREAM}`);
    must(kept.status === 200, `nine of ten seconds after it was switched on the stream is ${shown(kept)}`);
    await stage.pass(4_000);
    const gone = await stage.ask(`GET /v1/streams/${STREAM}`);
    must(gone.status === 404, `thirteen seconds after it was switched on the stream is ${shown(gone)}`);
  },
  plant: {
    lie: 'the time a stream was empty before deletion on empty was switched on counts too',
    edits: [
      {
        file: FOLD,
        find: 'const idleSinceMs = switchedOn ? Math.max(stream.idleSinceMs, entry.atMs) : stream.idleSinceMs;',
        replace: 'const idleSinceMs = switchedOn ? stream.idleSinceMs : stream.idleSinceMs;',
      },
    ],
  },
};

export const NEIGHBOURS_ROWS: Story = {
  name: 'neighbours-rows',
  claim: 'what is looked for in one stream is never found in the one beside it',
  tunables: { segments: { ...ENGINE_DEFAULTS.segments, flushIntervalMs: 500 } },
  play: async (stage) => {
    await stage.get(201, 'POST /v1/basins', { basin: BASIN });
    for (const stream of ['a', 'ab', 'b']) await stage.get(201, 'POST /v1/streams', { stream });
    const append = async (stream: string, ...timestamps: readonly number[]) => {
      const records = timestamps.map((timestamp) => ({ timestamp, body: `${stream} ${timestamp}` }));
      await stage.get(200, `POST /v1/streams/${stream}/records`, { records });
      await stage.get(200, 'POST /v1/streams/b/records', batch('beside'));
      // Long enough for both to be in a segment of their own.
      await stage.pass(1_000);
    };
    await append('a', 100);
    await append('ab', 10, 20, 30, 160);
    await append('a', 150);
    const found = await stage.ask('GET /v1/streams/a/records?timestamp=150');
    must(found.status === 200, `the record of that very timestamp was asked for, and the answer is ${shown(found)}`);
    const [first] = recordsIn(found.body);
    must(field(first, 'body') === 'a 150', `the first record at 150 or later is ${JSON.stringify(first)}`);
    const segments = [...stage.objects.keys()].filter((key) => key.startsWith('seg/')).length;
    must(segments > 1, `the story is wrong: the records of both streams are in ${segments} segments`);
  },
  plant: {
    lie: 'a search that finds nothing of its stream in a segment goes on in the rows of the next stream',
    edits: [
      {
        file: LOOKUP,
        find: 'const run = index.run(streamId);\n      if (run === null || !fits(run)) continue;',
        replace:
          'const run = index.run(streamId) ?? index.run(streamId + 1);\n      if (run === null || !fits(run)) continue;',
      },
    ],
  },
};
