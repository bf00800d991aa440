/** Usage metrics over the API: exact shapes, every refusal, and figures that are what was done. */

import { describe, expect, test } from 'vitest';

import { apiOf } from '../testing/api-bench.ts';
import {
  BASIN,
  batch,
  engineBench,
  type EngineBench,
  FROM_START,
  record,
  STREAM,
  trimRecord,
} from '../testing/engine-bench.ts';

const MINUTE = 60_000;
/** Longer than counts wait to be logged. */
const LOGGED = MINUTE + 1;
const NOW_S = 1_700_000_000;
/** The minute and the hour the manual clock begins in. */
const MINUTE_S = Math.floor(NOW_S / 60) * 60;
const HOUR_S = Math.floor(NOW_S / 3_600) * 3_600;
const DAY_S = Math.floor(NOW_S / 86_400) * 86_400;

async function bench() {
  const made = await engineBench();
  const ask = apiOf(made.engine);
  const metrics = async (path: string, set: string, rest = `start=${NOW_S - 3_600}&end=${NOW_S + 200}`) => {
    const { status, body } = await ask(`GET /v1/metrics${path}?set=${set}&${rest}`);
    return status === 200 ? (body as { values: unknown[] }).values : [status, (body as { code: string }).code];
  };
  return { ...made, ask, metrics };
}

const accumulation = (name: string, unit: string, interval: string, values: unknown) => ({
  accumulation: { name, unit, interval, values },
});

async function appendTwice({ engine }: Pick<EngineBench, 'engine'>): Promise<void> {
  await engine.append(BASIN, STREAM, batch([record('hello'), record('')]));
  await engine.append(BASIN, STREAM, batch('x'));
}

describe('figures that follow from the log are there at once', () => {
  test('bytes and batches that were appended, by class, per interval', async () => {
    const made = await bench();
    await appendTwice(made);
    expect(await made.metrics(`/${BASIN}`, 'append-throughput')).toEqual([
      accumulation('append-throughput', 'bytes', 'minute', [[MINUTE_S, 30]]),
    ]);
    expect(await made.metrics(`/${BASIN}`, 'append-ops', `start=${NOW_S}&end=${NOW_S}&interval=hour`)).toEqual([
      accumulation('standard', 'operations', 'hour', []),
      accumulation('express', 'operations', 'hour', [[HOUR_S, 2]]),
    ]);
    expect(await made.metrics(`/${BASIN}`, 'append-ops', `start=${NOW_S}&end=${NOW_S}&interval=day`)).toEqual([
      accumulation('standard', 'operations', 'day', []),
      accumulation('express', 'operations', 'day', [[DAY_S, 2]]),
    ]);
  });

  test('what is stored, of a basin by the hour and of a stream by the minute, as it was and as it is', async () => {
    const made = await bench();
    await appendTwice(made);
    await made.clock.advance(2 * MINUTE);
    await made.engine.append(BASIN, STREAM, batch([trimRecord(1_000)]));
    const now = `start=0&end=${NOW_S + 120}`.replace('start=0', `start=${NOW_S}`);
    expect(await made.metrics(`/${BASIN}/${STREAM}`, 'storage', now)).toEqual([
      {
        gauge: {
          ...{ name: 'metered_size', unit: 'bytes' },
          values: [
            [MINUTE_S, 30],
            [MINUTE_S + 60, 30],
            [MINUTE_S + 120, 0],
          ],
        },
      },
    ]);
    expect(await made.metrics(`/${BASIN}`, 'storage', now)).toEqual([
      { gauge: { name: 'metered_size', unit: 'bytes', values: [[HOUR_S, 0]] } },
    ]);
  });

  test('active basins are those that had a stream in the range', async () => {
    const made = await bench();
    await made.ask('POST /v1/basins', { body: { basin: 'without-any' } });
    const active = (values: string[]) => [{ label: { name: 'active-basins', values } }];
    expect(await made.metrics('', 'active-basins')).toEqual(active([BASIN]));
    expect(await made.metrics('', 'active-basins', 'start=0&end=3600')).toEqual(active([]));
    await made.engine.deleteStream(BASIN, STREAM);
    expect(await made.metrics('', 'active-basins')).toEqual(active([BASIN]));
    await made.clock.advance(3 * 3_600_000);
    const later = NOW_S + 3 * 3_600;
    expect(await made.metrics('', 'active-basins', `start=${later}&end=${later}`)).toEqual(active([]));
  });
});

describe('after a write by an owner whose clock was ahead', () => {
  const YEAR = 365 * 86_400_000;

  async function ahead() {
    const made = await bench();
    const append = (text: string) => made.engine.append(BASIN, STREAM, batch(text));
    await append('x');
    made.clock.stepWall(YEAR);
    await append('x');
    made.clock.stepWall(-YEAR);
    for (let i = 0; i < 3; i++) await append('k'.repeat(992));
    return made;
  }

  test('what is stored now is told of now', async () => {
    const made = await ahead();
    const now = `start=${NOW_S}&end=${NOW_S}`;
    const gauge = (at: number) => [{ gauge: { name: 'metered_size', unit: 'bytes', values: [[at, 3_018]] } }];
    expect(await made.metrics(`/${BASIN}`, 'storage', now)).toEqual(gauge(HOUR_S));
    expect(await made.metrics(`/${BASIN}/${STREAM}`, 'storage', now)).toEqual(gauge(MINUTE_S));
  });

  test.each([
    ['minute', MINUTE_S],
    ['hour', HOUR_S],
    ['day', DAY_S],
  ])('what was appended since came in this %s', async (interval, at) => {
    const made = await ahead();
    const now = `start=${NOW_S}&end=${NOW_S}&interval=${interval}`;
    expect(await made.metrics(`/${BASIN}`, 'append-throughput', now)).toEqual([
      accumulation('append-throughput', 'bytes', interval, [[at, 3_018]]),
    ]);
  });

  test('what is appended in each minute since is told of that minute, by the next owner too', async () => {
    const made = await ahead();
    for (let minute = 1; minute <= 3; minute++) {
      await made.clock.advance(MINUTE);
      await made.engine.append(BASIN, STREAM, batch('x'.repeat(minute)));
    }
    const expected = [[MINUTE_S, 3_018], ...[1, 2, 3].map((minute) => [MINUTE_S + 60 * minute, 8 + minute])];
    const throughput = `/v1/metrics/${BASIN}?set=append-throughput&start=${NOW_S}&end=${NOW_S + 180}`;
    const answer = { values: [accumulation('append-throughput', 'bytes', 'minute', expected)] };
    expect((await made.ask(`GET ${throughput}`)).body).toEqual(answer);
    const next = await engineBench({ objects: made.blobs.objects, seed: 2 });
    next.clock.stepWall(made.clock.wallMs() - next.clock.wallMs());
    expect((await apiOf(next.engine)(`GET ${throughput}`)).body).toEqual(answer);
    expect(made.telemetry.count('usage.time-told')).toBe(4);
  });

  test('what is stored is told as it was in each minute since', async () => {
    const made = await ahead();
    await made.clock.advance(MINUTE);
    await made.engine.append(BASIN, STREAM, batch([trimRecord(1_000)]));
    const since = `start=${NOW_S}&end=${NOW_S + 60}`;
    const values = [
      [MINUTE_S, 3_018],
      [MINUTE_S + 60, 0],
    ];
    expect(await made.metrics(`/${BASIN}/${STREAM}`, 'storage', since)).toEqual([
      { gauge: { name: 'metered_size', unit: 'bytes', values } },
    ]);
  });

  test('real time gets there, and only what that owner logged is told of its time', async () => {
    const made = await ahead();
    made.clock.stepWall(YEAR + MINUTE);
    const then = `start=${NOW_S + YEAR / 1000}&end=${NOW_S + YEAR / 1000 + 60}`;
    expect(await made.metrics(`/${BASIN}`, 'append-throughput', then)).toEqual([
      accumulation('append-throughput', 'bytes', 'minute', [[MINUTE_S + YEAR / 1000, 9]]),
    ]);
  });

  test('a basin whose streams came since is active, and a stream that was made then has a point', async () => {
    const made = await bench();
    await made.ask('PUT /v1/basins/basin-02');
    made.clock.stepWall(YEAR);
    await made.ask('PUT /v1/streams/s', { headers: { 's2-basin': 'basin-02' } });
    made.clock.stepWall(-YEAR);
    const now = `start=${NOW_S}&end=${NOW_S}`;
    expect(await made.metrics('', 'active-basins', now)).toEqual([
      { label: { name: 'active-basins', values: [BASIN, 'basin-02'].toSorted() } },
    ]);
    expect(await made.metrics('/basin-02/s', 'storage', now)).toEqual([
      { gauge: { name: 'metered_size', unit: 'bytes', values: [[MINUTE_S, 0]] } },
    ]);
  });
});

test('an owner whose clock was behind misplaces what it logged, and nothing of before or after', async () => {
  const made = await bench();
  const HOURS = 5 * 3_600_000;
  await made.engine.append(BASIN, STREAM, batch('before'));
  made.clock.stepWall(-HOURS);
  made.engine.countIn(BASIN, 'check-tail');
  await made.clock.advance(LOGGED);
  made.clock.stepWall(HOURS);
  await made.engine.append(BASIN, STREAM, batch('after'));
  const range = `start=${NOW_S - 6 * 3_600}&end=${NOW_S + 200}`;
  const minute = Math.floor((NOW_S + LOGGED / 1000) / 60) * 60;
  expect(await made.metrics(`/${BASIN}`, 'append-throughput', range)).toEqual([
    accumulation('append-throughput', 'bytes', 'minute', [
      [MINUTE_S, 14],
      [minute, 13],
    ]),
  ]);
  expect(await made.metrics(`/${BASIN}`, 'basin-ops', range)).toEqual([
    accumulation('check-tail', 'operations', 'minute', [[minute - HOURS / 1000, 1]]),
  ]);
});

describe('operations are there once they are logged', () => {
  test('those of the account, by their names, those that did not happen left out', async () => {
    const made = await bench();
    await made.ask('GET /v1/basins');
    await made.ask('GET /v1/basins');
    await made.ask('PUT /v1/basins/basin-02');
    await made.ask('GET /v1/locations');
    expect(await made.metrics('', 'account-ops')).toEqual([]);
    await made.clock.advance(LOGGED);
    const at = (name: string, count: number) => accumulation(name, 'operations', 'hour', [[HOUR_S, count]]);
    expect(await made.metrics('', 'account-ops')).toEqual([
      ...[at('list-basins', 2), at('create-basin', 1), at('account-metrics', 1), at('list-locations', 1)],
    ]);
  });

  test('those of a basin, reads and the bytes they returned', async () => {
    const made = await bench();
    const headers = { 's2-basin': BASIN };
    await appendTwice(made);
    await made.ask(`GET /v1/streams/${STREAM}/records?seq_num=0`, { headers });
    await made.ask(`GET /v1/streams/${STREAM}/records?seq_num=0&count=1`, {
      headers: { ...headers, accept: 'text/event-stream' },
    });
    await made.ask(`GET /v1/streams/${STREAM}/records/tail`, { headers });
    await made.ask(`GET /v1/streams/gone`, { headers });
    await made.ask(`GET /v1/streams`, { headers: { 's2-basin': 'basin-nobody-has' } });
    await made.clock.advance(LOGGED);
    const minute = MINUTE_S + 60;
    expect(await made.metrics(`/${BASIN}`, 'read-ops')).toEqual([
      accumulation('unary', 'operations', 'minute', [[minute, 1]]),
      accumulation('streaming', 'operations', 'minute', [[minute, 1]]),
    ]);
    expect(await made.metrics(`/${BASIN}`, 'read-throughput')).toEqual([
      accumulation('read-throughput', 'bytes', 'minute', [[minute, 30 + 13]]),
    ]);
    expect(await made.metrics(`/${BASIN}`, 'basin-ops')).toEqual([
      accumulation('get-stream-config', 'operations', 'minute', [[minute, 1]]),
      accumulation('check-tail', 'operations', 'minute', [[minute, 1]]),
    ]);
  });

  test('a basin that is made again begins with none of those of its predecessor', async () => {
    const made = await bench();
    for (let i = 0; i < 3; i++) await made.ask(`GET /v1/streams`, { headers: { 's2-basin': BASIN } });
    await made.ask(`DELETE /v1/basins/${BASIN}`);
    await made.clock.advance(MINUTE / 4);
    expect((await made.ask(`PUT /v1/basins/${BASIN}`)).status).toBe(201);
    await made.ask(`GET /v1/streams`, { headers: { 's2-basin': BASIN } });
    await made.clock.advance(LOGGED);
    expect(await made.metrics(`/${BASIN}`, 'basin-ops')).toEqual([
      accumulation('list-streams', 'operations', 'minute', [[MINUTE_S + 60, 1]]),
    ]);
  });

  test('a request that makes no sense counts for nothing', async () => {
    const made = await bench();
    await made.ask('POST /v1/basins', { body: '{' });
    await made.ask('GET /v1/basins/NO');
    await made.ask('PUT /v1/basins');
    await made.ask('GET /v1/metrics?set=nothing');
    await made.clock.advance(LOGGED);
    expect(made.telemetry.count('usage.logged')).toBe(0);
  });
});

describe('a question that makes no sense is refused', () => {
  const range = `start=${NOW_S - 60}&end=${NOW_S}`;

  test.each<[string, string, string, [number, string]]>([
    ['', 'account-ops', `end=${NOW_S}`, [422, 'invalid']],
    ['', 'account-ops', `start=${NOW_S}`, [422, 'invalid']],
    ['', 'active-basins', '', [422, 'invalid']],
    ['', 'active-basins', `start=${NOW_S}&end=${NOW_S - 1}`, [422, 'invalid']],
    ['', 'active-basins', `start=${NOW_S}&end=${NOW_S + 600}`, [422, 'invalid']],
    ['', 'active-basins', `start=${NOW_S - 40 * 86_400}&end=${NOW_S}`, [422, 'invalid']],
    [`/${BASIN}`, 'storage', `${range}&interval=minute`, [422, 'invalid']],
    [`/${BASIN}`, 'storage', `${range}&interval=day`, [422, 'invalid']],
    [`/${BASIN}/${STREAM}`, 'storage', `${range}&interval=hour`, [422, 'invalid']],
    [`/${BASIN}/${STREAM}`, 'storage', `${range}&interval=day`, [422, 'invalid']],
    ['', 'storage', range, [400, 'bad_query']],
    ['', '', range, [400, 'bad_query']],
    [`/${BASIN}`, 'account-ops', range, [400, 'bad_query']],
    [`/${BASIN}/${STREAM}`, 'append-ops', range, [400, 'bad_query']],
    ['', 'account-ops', `${range}&interval=week`, [400, 'bad_query']],
    ['', 'account-ops', 'start=now&end=1', [400, 'bad_query']],
    ['', 'account-ops', 'start=-1&end=1', [400, 'bad_query']],
    ['', 'account-ops', `start=0&end=${2 ** 32}`, [400, 'bad_query']],
    ['', 'account-ops', `${range}&start=1`, [400, 'bad_query']],
    ['/NO', 'storage', range, [400, 'bad_path']],
    [`/${BASIN}/..`, 'storage', range, [400, 'bad_path']],
    [`/${BASIN}/${'s'.repeat(513)}`, 'storage', range, [400, 'bad_path']],
    ['/basin-nobody-has', 'storage', range, [404, 'basin_not_found']],
    ['/basin-nobody-has/s', 'storage', range, [404, 'basin_not_found']],
    [`/${BASIN}/gone`, 'storage', range, [404, 'stream_not_found']],
  ])('GET /v1/metrics%s?set=%s&%s', async (path, set, query, expected) => {
    const made = await bench();
    const before = made.engine.state;
    expect(await made.metrics(path, set, query)).toEqual(expected);
    expect(made.engine.state).toEqual(before);
  });

  test('a range of 30 days to five minutes from now makes sense', async () => {
    const made = await bench();
    const end = NOW_S + 300;
    expect(await made.metrics('', 'account-ops', `start=${end - 30 * 86_400}&end=${end}`)).toEqual([]);
  });

  test('a stream that is being deleted is pending, its basin is not', async () => {
    const made = await engineBench({ tunables: { tombstoneMs: 5_000 } });
    await made.engine.deleteStream(BASIN, STREAM);
    const ask = apiOf(made.engine);
    expect((await ask(`GET /v1/metrics/${BASIN}/${STREAM}?set=storage&${range}`)).status).toBe(409);
    expect((await ask(`GET /v1/metrics/${BASIN}?set=storage&${range}`)).status).toBe(200);
  });
});

test('a read that waits, and one that follows, count every record they hand out', async () => {
  const made = await bench();
  const gone = new AbortController();
  const opened = await made.engine.readSession(BASIN, STREAM, FROM_START, gone.signal);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  await opened.events.next();
  const next = opened.events.next();
  await made.engine.append(BASIN, STREAM, batch('hello'));
  expect((await next).value).toMatchObject({ kind: 'batch' });
  gone.abort();
  await made.clock.advance(LOGGED);
  expect(await made.metrics(`/${BASIN}`, 'read-throughput')).toEqual([
    accumulation('read-throughput', 'bytes', 'minute', [[MINUTE_S + 60, 13]]),
  ]);
});
