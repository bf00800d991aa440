/** How long a reader waits, and that it ends when it should. */

import { field } from '../wire.ts';
import { gapIn, ONE_PUT } from './bursts.ts';
import { batch, RECORDS } from './stage.ts';
import { must, type Story } from './story.ts';

const READ_PLAN = 'engine/core/read-plan.ts';
const SESSION = 'engine/stream/read-session.ts';

const many = (count: number) => batch(...Array.from({ length: count }, (_, i) => `r${i}`));

export const WAIT_OF_A_SLOW_READER: Story = {
  name: 'wait-of-a-slow-reader',
  claim: 'a reader that fell behind has its whole wait again when it has caught up, and no more',
  tunables: ONE_PUT,
  play: async (stage) => {
    await stage.provision();
    const follower = await stage.follow('?seq_num=0&wait=2');
    await stage.pass(500);
    stage.servers.holdPuts();
    const first = stage.begin(`POST ${RECORDS}`, many(1));
    await stage.moment();
    const burst = [many(600), many(600)].map((body) => stage.begin(`POST ${RECORDS}`, body));
    await stage.pass(900);
    stage.servers.letPuts();
    await Promise.all([first, ...burst].map(({ answered }) => answered));
    await stage.pass(1_500);
    must(stage.servers.noted.includes('read.fell-behind'), 'the story is wrong: the reader did not fall behind');
    must(follower.ending === 'open', 'a reader that waits for 2 s was ended 1.5 s after its last record');
    await stage.append('last');
    const lastAtMs = stage.nowMs;
    await stage.pass(3_000);
    must(follower.endedAtMs !== null, 'a reader that waits for 2 s has not ended after 3 s');
    const waitedMs = follower.endedAtMs - lastAtMs;
    must(waitedMs > 1_900 && waitedMs < 2_200, `a reader that waits for 2 s waited ${waitedMs} ms`);
    const gap = gapIn(follower.seqNums, 1_202);
    must(gap === null, `a reader that fell behind was shown ${gap}`);
  },
  plant: {
    lie: 'the wait of a reader is counted from the first time it was at the tail',
    edits: [
      {
        file: SESSION,
        find: 'this.#next = last.seqNum + 1;\n    this.#expiresAtMs = null;',
        replace: 'this.#next = last.seqNum + 1;',
      },
    ],
  },
};

export const WAIT_BEHIND_HEARTBEATS: Story = {
  name: 'wait-behind-heartbeats',
  claim: 'a wait ends when its time is over, whatever heartbeats came meanwhile',
  play: async (stage) => {
    await stage.provision();
    const follower = await stage.follow('?seq_num=0&wait=40');
    await stage.pass(60_000);
    must(follower.pings.length > 2, `the story is wrong: there were ${follower.pings.length} heartbeats`);
    must(follower.endedAtMs !== null, 'a reader that waits for 40 s still waits after 60 s');
    must(follower.isDone, 'a wait that was over did not end regularly');
  },
  plant: {
    lie: 'each heartbeat begins the wait anew',
    edits: [
      {
        file: SESSION,
        find: "this.#ports.telemetry.event('read.heartbeat');",
        replace: "this.#ports.telemetry.event('read.heartbeat');\n    this.#expiresAtMs = null;",
      },
    ],
  },
};

export const EXACT_LIMIT: Story = {
  name: 'exact-limit',
  claim: 'a reader that follows ends regularly with the record that fills its limit',
  play: async (stage) => {
    await stage.provision();
    await stage.append('a', 'b');
    const limits = ['count=3', 'bytes=27'];
    const followers = await Promise.all(limits.map((limit) => stage.follow(`?seq_num=0&wait=30&${limit}`)));
    await stage.moment();
    await stage.append('c');
    await stage.moment();
    for (const [at, { seqNums, ending, isDone }] of followers.entries()) {
      must(seqNums.length === 3, `with ${limits[at]} a reader was shown ${seqNums.length} records`);
      must(ending === 'ended' && isDone, `with ${limits[at]} reached exactly a reader is ${ending}`);
    }
  },
  plant: {
    lie: 'a limit is reached by the record behind it',
    edits: [
      {
        file: READ_PLAN,
        find: 'return this.#isReached || this.#records <= 0 || this.#meteredBytes <= 0;',
        replace: 'return this.#isReached || this.#records < 0 || this.#meteredBytes < 0;',
      },
    ],
  },
};

/** Waits, and how long around the end of one a record comes, in milliseconds. */
const WAITS = 150;
const AROUND_MS = 20;

export const RECORD_AT_THE_DEADLINE: Story = {
  name: 'record-at-the-deadline',
  claim: 'a wait that ends in the moment in which a record becomes durable shows the record',
  play: async (stage) => {
    await stage.provision();
    for (let at = 0; at < WAITS; at++) {
      const from = stage.servers.noted.length;
      const read = stage.begin(`GET ${RECORDS}?seq_num=${at}&wait=1`);
      await stage.pass(985 + (at % AROUND_MS));
      await stage.append(`r${at}`);
      const { body } = await read.answered;
      const isEmpty = JSON.stringify(field(body, 'records')) === '[]';
      const noted = stage.servers.noted.slice(from);
      const durableFirst = noted.indexOf('append.durable') < noted.findIndex((what) => what.startsWith('answered GET'));
      must(!isEmpty || !durableFirst, 'a record was durable before a wait was over, and the reader was shown nothing');
      // The next one begins at rest.
      await stage.pass(200);
    }
  },
  plant: {
    lie: 'when the time is over nobody looks whether something came',
    edits: [
      {
        file: SESSION,
        find: 'await this.#sleeper.until(Math.min(this.#heartbeatAtMs, this.#expiresAtMs ?? Infinity));',
        replace:
          'await this.#sleeper.until(Math.min(this.#heartbeatAtMs, this.#expiresAtMs ?? Infinity));\n' +
          "    if (this.#expiresAtMs !== null && this.#ports.clock.monoMs() >= this.#expiresAtMs) return 'over';",
      },
    ],
  },
};
