/**
 * The engine as it is comes through every story; with the bug planted it does not. A slice of the planted ones is played
 * here, all of them by `npm run plants -- --hazards`, as every night.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fitPlant, sourcesOf } from '../plants/build.ts';
import { type Hazard, HAZARDS, STORIES, TEST_STORIES } from './hazards.ts';
import { playStory } from './play.ts';
import { plantName, playPlanted } from './run-plant.ts';

/** One of so many planted bugs is played at every test run. */
const SLICE = 13;

/** A row as docs/HAZARDS.md has it. */
function lineOf({ version, hazard, story, excluded }: Hazard): string {
  const [claim, lie] = 'play' in story ? [story.claim, story.plant.lie] : [story.test.claim, story.lie];
  const rule = excluded === undefined ? '' : `excluded: ${excluded}`;
  return `| ${version} | ${hazard} | \`${story.name}\` | ${claim} | ${lie} | ${rule} |`.replaceAll(/ +/g, ' ');
}

describe('every story holds:', () => {
  for (const story of STORIES) {
    test(story.claim, async () => {
      expect(await playStory(story)).toBeNull();
    });
  }
});

describe('told with its bug planted, the story says so:', () => {
  for (const story of STORIES.filter((_, at) => at % SLICE === 0)) {
    test(`${story.name}: ${story.plant.lie}`, async () => {
      const said = await playPlanted(story);
      expect(said, 'the bug went unnoticed').not.toBeNull();
      // A story that could not be told is no catch.
      expect(said).not.toContain('the story is wrong');
      console.log(`${story.name}: ${said}`);
    });
  }
});

describe('the planted bug fits the sources of today:', async () => {
  const sources = await sourcesOf('scenarios/hazards/main.ts');
  for (const story of STORIES) {
    test(story.name, () => fitPlant({ name: plantName(story), edits: story.plant.edits }, sources));
  }
  const beside = new Set(TEST_STORIES.flatMap(({ edits }) => edits.map(({ file }) => file)));
  for (const story of TEST_STORIES) {
    test(story.name, async () => {
      await fitPlant(story, beside);
      expect(readFileSync(new URL(`../../${story.test.file}`, import.meta.url), 'utf8')).toContain(story.test.claim);
    });
  }
});

test('every hazard has a story of its own', () => {
  for (const distinct of [
    HAZARDS.map(({ story }) => story.name),
    HAZARDS.map(({ hazard }) => hazard),
    STORIES.map(({ claim }) => claim),
    STORIES.map(({ plant }) => plant.lie),
  ]) {
    expect(new Set(distinct).size).toBe(distinct.length);
  }
});

test('the same story is the same in every repetition', async () => {
  const [story] = STORIES;
  const traces = [[], []] as [string[], string[]];
  for (const trace of traces) await playStory(story!, (line) => trace.push(line));
  expect(traces[0].length).toBeGreaterThan(50);
  expect(traces[1]).toEqual(traces[0]);
});

test('the table of docs/HAZARDS.md is the table of stories', () => {
  const text = readFileSync(new URL('../../docs/HAZARDS.md', import.meta.url), 'utf8');
  const lines = [...text.matchAll(/^\| *(?:\d+\.\d+\.\d+|code) .*\|$/gm)].map(([line]) => line.replaceAll(/ +/g, ' '));
  expect(lines).toEqual(HAZARDS.map(lineOf));
});
