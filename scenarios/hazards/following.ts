/** Readers that follow: when they hear something, when they end, and that nothing is held back from them. */

import { ENGINE_DEFAULTS } from '../../engine/index.ts';
import { field } from '../wire.ts';
import { batch, RECORDS, seqNumIn, trimTo } from './stage.ts';
import { must, type Story } from './story.ts';

const SSE = 'engine/api/sse-events.ts';
const RESPONSE = 'engine/api/response.ts';
const SESSION = 'engine/stream/read-session.ts';
const READ_PLAN = 'engine/core/read-plan.ts';

/** One put at a time: what comes while it is kept back is committed together. */
const ONE_PUT = { log: { ...ENGINE_DEFAULTS.log, lingerMs: 0, issueIntervalMs: 0, windowSlots: 1 } };

const many = (count: number) => batch(...Array.from({ length: count }, (_, i) => `r${i}`));

/** 0, 1, 2, … as messages name it, or what it is instead. */
function gapIn(seqNums: readonly number[], count: number): string | null {
  const at = seqNums.findIndex((seqNum, i) => seqNum !== i);
  if (at >= 0) return `record ${seqNums[at]} in the place of ${at}`;
  return seqNums.length === count ? null : `${seqNums.length} records of ${count}`;
}

export const PING_WITHOUT_TAIL: Story = {
  name: 'ping-without-tail',
  claim: 'a heartbeat tells the tail, so that a reader knows that it has caught up',
  play: async (stage) => {
    await stage.provision();
    await stage.append('a', 'b');
    const follower = await stage.follow('?seq_num=0');
    await stage.pass(20_000);
    must(follower.pings.length > 1, `in 20 s a follower heard ${follower.pings.length} heartbeats`);
    for (const { data } of follower.pings) {
      must(seqNumIn(JSON.parse(data), 'tail') === 2, `behind two records a heartbeat says ${data}`);
    }
    follower.leave();
  },
  plant: {
    lie: 'a heartbeat tells the time and nothing else',
    edits: [
      {
        file: SSE,
        find: 'JSON.stringify({ timestamp: nowMs, tail: positionJson(tail) })',
        replace: 'JSON.stringify({ timestamp: nowMs, ...(tail.seqNum < 0 && { tail: positionJson(tail) }) })',
      },
    ],
  },
};

export const HELD_BACK_ON_THE_WAY: Story = {
  name: 'held-back-on-the-way',
  claim: 'every session says that nobody on the way may compress it or hold it back',
  play: async (stage) => {
    await stage.provision();
    await stage.append('a');
    const follower = await stage.follow('?seq_num=0');
    const session = await stage.appendSession();
    for (const [what, headers] of [
      ['a read session', follower.headers],
      ['an append session', session.headers],
    ] as const) {
      const [caching, buffering] = [headers.get('cache-control') ?? '', headers.get('x-accel-buffering') ?? ''];
      must(caching.includes('no-transform'), `${what} has cache-control \`${caching}\``);
      must(buffering === 'no', `${what} has x-accel-buffering \`${buffering}\``);
    }
    follower.leave();
    session.leave();
  },
  plant: {
    lie: 'sessions are sent like any other response',
    edits: [{ file: RESPONSE, find: "['cache-control', 'no-cache, no-transform'],", replace: '' }],
  },
};

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

export const FOLLOWER_CUT_OFF: Story = {
  name: 'follower-cut-off',
  claim: 'a follower of a stream that rests for ten minutes gets the record that comes then',
  play: async (stage) => {
    await stage.provision();
    const follower = await stage.follow('?seq_num=0');
    await stage.pass(600_000);
    must(follower.ending === 'open', `a follower was ended after ${follower.endedAtMs} ms without records`);
    await stage.append('a');
    await stage.moment();
    must(
      follower.seqNums.join() === '0',
      `after ten minutes a follower was shown ${follower.seqNums.length} records of 1`,
    );
    follower.leave();
  },
  plant: {
    lie: 'a reader is let go after a minute in which nothing came',
    edits: [
      {
        file: SESSION,
        find: 'if (this.#waitMs !== null) this.#expiresAtMs ??= nowMs + this.#waitMs;',
        replace: 'this.#expiresAtMs ??= nowMs + (this.#waitMs ?? 60_000);',
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

export const SPIN_ON_TRIMMED: Story = {
  name: 'spin-on-trimmed',
  claim: 'a reader of a stream that is trimmed to its end goes on to the tail',
  play: async (stage) => {
    await stage.provision();
    await stage.append('a', 'b', 'c');
    await stage.get(200, `POST ${RECORDS}`, { records: [trimTo(4)] });
    const follower = await stage.follow('?seq_num=0');
    await stage.pass(1_000);
    const [ping] = follower.pings;
    must(ping !== undefined, 'a reader of a stream that is trimmed to its end hears nothing for a second');
    must(seqNumIn(JSON.parse(ping.data), 'tail') === 4, `the tail of four trimmed records is told as ${ping.data}`);
    await stage.append('d');
    await stage.moment();
    must(follower.seqNums.join() === '4', `behind the trim a reader was shown ${follower.seqNums.join()}, not 4`);
    follower.leave();
  },
  plant: {
    lie: 'a reader that finds nothing where it stands looks there again, for ever',
    edits: [
      {
        file: SESSION,
        find: "if (last === undefined) return this.#allowance.isSpent ? 'over' : this.#passTrimmed();",
        replace: "if (last === undefined) return (await this.#ports.clock.sleep(1), 'look-again');",
      },
    ],
  },
};

export const LAG_AT_CAPACITY: Story = {
  name: 'lag-at-capacity',
  claim: 'a follower that is 24, 25 or 26 batches behind gets all of them, once and in order',
  tunables: ONE_PUT,
  play: async (stage) => {
    await stage.provision();
    const follower = await stage.follow('?seq_num=0');
    let count = 0;
    for (const lag of [24, 25, 26]) {
      stage.servers.holdPuts();
      const appends = Array.from({ length: lag }, () => stage.begin(`POST ${RECORDS}`, batch('x')));
      await stage.moment();
      stage.servers.letPuts();
      await Promise.all(appends.map(({ answered }) => answered));
      await stage.moment();
      count += lag;
      const gap = gapIn(follower.seqNums, count);
      must(gap === null, `a follower that was ${lag} batches behind was shown ${gap}`);
    }
    follower.leave();
  },
  plant: {
    lie: 'a follower that is 24 records or more behind goes on with the last one',
    edits: [
      {
        file: SESSION,
        find: '// Who had everything is owed what came then, even if a trim came with it.',
        replace: 'if (this.#following && stream.tail.seqNum - this.#next >= 24) this.#next = stream.tail.seqNum - 1;',
      },
    ],
  },
};

export const RESUME_OVERFLOW: Story = {
  name: 'resume-overflow',
  claim: 'an id of a last event beyond everything there is neither wraps around nor shows more than was asked for',
  play: async (stage) => {
    await stage.provision();
    await stage.append('a', 'b', 'c');
    const beyond = await stage.ask(`GET ${RECORDS}?seq_num=0`, undefined, {
      accept: 'text/event-stream',
      'last-event-id': '18446744073709551615,0,0',
    });
    must(beyond.status === 416, `behind record 2^64 - 1 a reader is answered with ${beyond.status}`);
    must(seqNumIn(beyond.body, 'tail') === 3, `the tail is shown as ${JSON.stringify(field(beyond.body, 'tail'))}`);
    for (const id of ['0,9,9', '0,1,999999999999']) {
      const rest = await stage.follow('?seq_num=0&count=2&bytes=1000', { 'last-event-id': id });
      await stage.moment();
      const most = id.startsWith('0,9') ? 0 : 1;
      const [shown, isOver] = [rest.seqNums.length, rest.ending === 'ended' && rest.isDone];
      must(isOver && shown <= most, `a reader of 2 records and 1000 bytes that had ${id} is shown ${shown} more`);
    }
  },
  plant: {
    lie: 'what a reader had is taken from its limits as 64-bit numbers are, around zero',
    edits: [
      {
        file: SSE,
        find: 'count: query.count === null ? null : Math.max(0, query.count - last.count),',
        replace:
          'count: query.count === null ? null : Number(BigInt.asUintN(64, BigInt(query.count) - BigInt(last.count))),',
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
