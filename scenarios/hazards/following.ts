/** Readers that follow: they hear everything, in time, and nothing is held back from them. */

import { gapIn, ONE_PUT } from './bursts.ts';
import { field } from '../wire.ts';
import { batch, RECORDS, seqNumIn, trimTo } from './stage.ts';
import { must, type Story } from './story.ts';

const SSE = 'engine/api/sse-events.ts';
const RESPONSE = 'engine/api/response.ts';
const SESSION = 'engine/stream/read-session.ts';

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
