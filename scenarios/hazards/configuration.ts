/** What was said of a configuration is kept as it was said, and what was not said is looked up when it matters. */

import { field } from '../wire.ts';
import { BASIN, shown, STREAM, type Stage } from './stage.ts';
import { must, type Story } from './story.ts';

const CONFIG = 'engine/core/config.ts';
const STREAMS = 'engine/stream/streams.ts';

const age = (seconds: number) => ({ retention_policy: { age: seconds } });

async function ageNow(stage: Stage): Promise<unknown> {
  const { body } = await stage.get(200, `GET /v1/streams/${STREAM}`);
  return field(field(body, 'retention_policy'), 'age');
}

export const CLEARED_TO_AN_OLD_DEFAULT: Story = {
  name: 'cleared-to-an-old-default',
  claim: "a part of a stream's configuration that is cleared has the default its basin has today",
  play: async (stage) => {
    await stage.provision(age(300), { default_stream_config: age(100) });
    await stage.get(200, `PATCH /v1/basins/${BASIN}`, { default_stream_config: age(200) });
    must((await ageNow(stage)) === 300, 'a change of the default changed a stream that names its own');
    await stage.get(200, `PATCH /v1/streams/${STREAM}`, { retention_policy: null });
    must((await ageNow(stage)) === 200, `cleared under a default of 200 s the age is ${String(await ageNow(stage))} s`);
    await stage.get(200, `PATCH /v1/basins/${BASIN}`, { default_stream_config: age(400) });
    must((await ageNow(stage)) === 200, 'a change of the default reached a stream that was resolved before');
  },
  plant: {
    lie: "a part that is cleared falls back to S2's default, whatever the basin says",
    edits: [
      {
        file: CONFIG,
        find: 'return resolveStream(overlaid(config, patch), defaults);',
        replace: 'return resolveStream(overlaid(config, patch), NO_WISH);',
      },
    ],
  },
};

export const EXPLICIT_ZERO_LOST: Story = {
  name: 'explicit-zero-lost',
  claim: 'a 0 or a false that was said is kept against the default of the basin, through a restart too',
  play: async (stage) => {
    const defaults = { delete_on_empty: { min_age_secs: 60 }, timestamping: { uncapped: true } };
    const said = { delete_on_empty: { min_age_secs: 0 }, timestamping: { uncapped: false } };
    await stage.provision(said, { default_stream_config: defaults });
    for (const when of ['before', 'after']) {
      if (when === 'after') await stage.restart();
      const { body } = await stage.get(200, `GET /v1/streams/${STREAM}`);
      const ageS = field(field(body, 'delete_on_empty'), 'min_age_secs');
      const uncapped = field(field(body, 'timestamping'), 'uncapped');
      must(ageS === 0, `${when} a restart a minimum age that was said to be 0 is ${String(ageS)}`);
      must(uncapped === false, `${when} a restart \`uncapped\` that was said to be false is ${String(uncapped)}`);
      const again = await stage.ask(`PUT /v1/streams/${STREAM}`, said);
      const result = again.headers.get('s2-provision-result');
      must(result === 'noop', `${when} a restart the same configuration again is ${result}, not noop`);
    }
    await stage.get(200, `PATCH /v1/basins/${BASIN}`, {
      default_stream_config: { delete_on_empty: { min_age_secs: 0 } },
    });
    const { body } = await stage.get(200, `GET /v1/basins/${BASIN}`);
    const kept = field(field(field(body, 'default_stream_config'), 'delete_on_empty'), 'min_age_secs');
    must(kept === 0, `a default that was said to be 0 is ${JSON.stringify(kept)}`);
  },
  plant: {
    lie: 'a 0 that was said counts as nothing said',
    edits: [
      {
        file: CONFIG,
        find: 'deleteOnEmptyMinAgeS: wish.deleteOnEmptyMinAgeS ?? defaults.deleteOnEmptyMinAgeS ?? s2.deleteOnEmptyMinAgeS,',
        replace:
          'deleteOnEmptyMinAgeS: wish.deleteOnEmptyMinAgeS || defaults.deleteOnEmptyMinAgeS || s2.deleteOnEmptyMinAgeS,',
      },
    ],
  },
};

export const PUT_MERGES: Story = {
  name: 'put-merges',
  claim: 'a PUT replaces the whole configuration, and repeated it changes nothing',
  play: async (stage) => {
    await stage.get(201, 'POST /v1/basins', { basin: BASIN });
    const path = `PUT /v1/streams/${STREAM}`;
    const steps: [unknown, string, number][] = [
      [{ ...age(100), storage_class: 'standard' }, 'created', 100],
      [{ ...age(100), storage_class: 'standard' }, 'noop', 100],
      [{ storage_class: 'standard' }, 'updated', 604_800],
      [{ storage_class: 'standard' }, 'noop', 604_800],
    ];
    for (const [config, expected, seconds] of steps) {
      const answer = await stage.ask(path, config);
      const result = answer.headers.get('s2-provision-result');
      must(result === expected, `a PUT of ${JSON.stringify(config)} is ${result ?? shown(answer)}, not ${expected}`);
      const now = await ageNow(stage);
      must(now === seconds, `after a PUT of ${JSON.stringify(config)} the age is ${JSON.stringify(now)} s`);
    }
  },
  plant: {
    lie: 'what a PUT leaves out stays as it is',
    edits: [
      {
        file: STREAMS,
        find: 'const config = resolveStream(wish, home.basin.config.defaultStreamConfig);\n      if',
        replace: 'const config = resolveStream(wish, existing.config);\n      if',
      },
    ],
  },
};
