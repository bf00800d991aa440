/** What is held is given back: writers, sessions, room for others, and space in the store. */

import { ENGINE_DEFAULTS } from '../../engine/index.ts';
import { batch, RECORDS, shown, STREAM, trimTo } from './stage.ts';
import { must, type Story } from './story.ts';

const APPENDS = 'engine/stream/appends.ts';
const COLLECTOR = 'engine/segments/collector.ts';
const STORE = 'engine/stream/store.ts';

export const DORMANT_WRITER: Story = {
  name: 'dormant-writer',
  claim: 'a stream and a session that nobody used for ten minutes take the next append at once',
  play: async (stage) => {
    await stage.provision();
    const session = await stage.appendSession(STREAM, { bodies: ['a'] });
    for (const restMs of [59_995, 60_000, 60_005, 600_000]) {
      await stage.pass(restMs);
      const appended = await stage.ask(`POST ${RECORDS}`, batch('x'));
      must(appended.status === 200, `after ${restMs} ms of rest an append is answered with ${shown(appended)}`);
    }
    session.send({ bodies: ['b'] });
    await stage.moment();
    const kinds = session.answers.map(({ kind }) => kind).join();
    must(kinds === 'ack,ack', `after twelve minutes of rest a session answers ${kinds}`);
    session.leave();
  },
  plant: {
    lie: 'a stream that rests for a minute loses its writer, and whoever comes then is told that it is missing',
    edits: [
      {
        file: APPENDS,
        find: 'const nowMs = this.#ports.clock.wallMs();',
        replace:
          'const nowMs = this.#ports.clock.wallMs();\n' +
          '    if (nowMs - stream.idleSinceMs >= 60_000) return this.#refuse(append, rejected(UNAVAILABLE));',
      },
    ],
  },
};

export const DEAD_HANDLE: Story = {
  name: 'dead-handle',
  claim: 'a session that failed or was left takes nothing with it: the next one on the same stream works',
  play: async (stage) => {
    await stage.provision();
    await stage.appendSession(STREAM, { bodies: ['x'], matchSeqNum: 9 });
    const left = await stage.appendSession(STREAM, { bodies: ['a'] });
    await stage.moment();
    left.leave();
    await stage.moment();
    await stage.get(200, `POST ${RECORDS}`, batch('b'));
    const next = await stage.appendSession(STREAM, { bodies: ['c'] });
    await stage.moment();
    const kinds = next.answers.map(({ kind }) => kind).join();
    must(kinds === 'ack', `behind a session that failed and one that was left the next one answers \`${kinds}\``);
    must((await stage.bodies()).join() === 'a,b,c', `the stream holds ${(await stage.bodies()).join()}`);
  },
  plant: {
    lie: 'the handle of a stream is made once and kept, dead or alive',
    edits: [
      {
        file: STORE,
        find: "return { kind: 'open', session };",
        replace:
          'const kept = ((this as any).kept ??= new Map());\n' +
          '    if (!kept.has(opened.streamId)) kept.set(opened.streamId, session);\n' +
          "    return { kind: 'open', session: kept.get(opened.streamId) };",
      },
    ],
  },
};

const APPENDS_TRIMMED = 120;
const OBJECTS_MAX = 40;

export const NOTHING_COLLECTED: Story = {
  name: 'nothing-collected',
  claim: 'a stream that is appended to and trimmed for long does not grow in the store',
  tunables: {
    segments: { ...ENGINE_DEFAULTS.segments, flushSlots: 4, orphanSweepEvery: 2, sharedSegmentsMax: 2 },
  },
  play: async (stage) => {
    await stage.provision();
    let most = 0;
    for (let at = 0; at < APPENDS_TRIMMED; at += 2) {
      await stage.append('x'.repeat(200));
      await stage.get(200, `POST ${RECORDS}`, { records: [trimTo(at)] });
      if (at % 20 === 0) await stage.moment();
      // Publications are small and kept for long: what they name is not.
      const kept = [...stage.objects.keys()].filter((key) => !key.startsWith('pub/'));
      most = Math.max(most, kept.length);
    }
    must(
      most <= OBJECTS_MAX,
      `${APPENDS_TRIMMED} records, all but the last trimmed, keep ${most} objects in the store`,
    );
  },
  plant: {
    lie: 'nothing is collected',
    edits: [{ file: COLLECTOR, find: 'if (this.#waiting) return;', replace: 'if (this.#publications > 0) return;' }],
  },
};

export const STALLED_SESSION: Story = {
  name: 'stalled-session',
  claim: 'a session that sends much, listens to nothing and stays leaves room for the appends of others',
  tunables: { undurableBytesMax: 16 * 1024 },
  play: async (stage) => {
    await stage.provision();
    const stalled = await stage.stalledSession();
    for (let i = 0; i < 64; i++) stalled.send({ bodies: ['x'.repeat(900)] });
    await stage.pass(1_000);
    const question = stage.begin(`POST ${RECORDS}`, batch('y'));
    await stage.moment();
    const appended = question.answer;
    must(appended?.status === 200, `beside a session that stalls an append is answered with ${shown(appended)}`);
    stalled.leave();
  },
  plant: {
    lie: 'what the appends of a session take of the room of all comes back when the session is over',
    edits: [
      {
        file: STORE,
        find: '(input, inSession) => this.appends.append(basin, name, input, key, inSession),',
        replace:
          'async (input, inSession) => (await this.#budget.take(1024), this.appends.append(basin, name, input, key, inSession)),',
      },
    ],
  },
};
