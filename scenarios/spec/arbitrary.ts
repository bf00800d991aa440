/**
 * Random commands, drawn so that they meet: few names, few tokens, few configurations, and numbers around the tail. Simple
 * commands come first, so that failures shrink to them.
 */

import fc from 'fast-check';

import type { BasinConfig, BasinPatch, ListQuery, StreamConfig, StreamPatch, StreamWish } from '../../engine/index.ts';
import type { Batch, Command, ReadRange } from './commands.ts';

/** Most commands are about one basin and one stream, and it is the other basin that comes and goes. */
const basin = fc.oneof({ weight: 9, arbitrary: fc.constant('basin-01') }, fc.constant('basin-02'));
const doomed = fc.oneof({ weight: 9, arbitrary: fc.constant('basin-02') }, fc.constant('basin-01'));
const stream = fc.oneof({ weight: 6, arbitrary: fc.constant('a') }, fc.constantFrom('ab', 'b', 'é', '🌊'));
const token = fc.constantFrom(null, 'once', 'twice');
/**
 * Ages lie well between what several long waits come to, alone and one after the other, because the contract leaves the exact
 * moment open; short waits never come to a day.
 */
const DAY_S = 86_400;
const LONG_WAIT_MS = 5 * DAY_S * 1000;
const SHORT_WAITS_MS = [5_000, 1_000, 60_000];

const words: { [Part in keyof StreamConfig]: fc.Arbitrary<StreamConfig[Part]> } = {
  storageClass: fc.constantFrom('express', 'standard'),
  retentionAgeS: fc.constantFrom<number | 'infinite'>(7 * DAY_S, 'infinite', 12 * DAY_S),
  timestampingMode: fc.constantFrom('client-prefer', 'arrival', 'client-require'),
  timestampingUncapped: fc.boolean(),
  deleteOnEmptyMinAgeS: fc.constantFrom(0, 9 * DAY_S, DAY_S),
};

/** Null in one of two. */
const orNull = <Word>(word: fc.Arbitrary<Word>) => fc.option(word, { nil: null, freq: 2 });
/** Null in all but one of five, and first of all when a failure shrinks. */
const rarely = <Word>(word: fc.Arbitrary<Word>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: word });
const wish: fc.Arbitrary<StreamWish> = fc.record({
  storageClass: orNull(words.storageClass),
  retentionAgeS: orNull(words.retentionAgeS),
  timestampingMode: orNull(words.timestampingMode),
  timestampingUncapped: orNull(words.timestampingUncapped),
  deleteOnEmptyMinAgeS: orNull(words.deleteOnEmptyMinAgeS),
});
const streamPatch: fc.Arbitrary<StreamPatch> = fc.record(
  {
    storageClass: orNull(words.storageClass),
    retentionAgeS: orNull(words.retentionAgeS),
    timestampingMode: orNull(words.timestampingMode),
    timestampingUncapped: orNull(words.timestampingUncapped),
    deleteOnEmptyMinAgeS: orNull(words.deleteOnEmptyMinAgeS),
  },
  { requiredKeys: [] },
);
const cipher = rarely(fc.constantFrom('aegis-256' as const, 'aes-256-gcm' as const));
const basinConfig: fc.Arbitrary<BasinConfig> = fc.record({
  defaultStreamConfig: fc.tuple(wish, words.storageClass).map(([said, storageClass]) => ({ ...said, storageClass })),
  streamCipher: cipher,
  createStreamOnAppend: fc.boolean(),
  createStreamOnRead: fc.boolean(),
});
/** So that a request is repeated now and then. */
const fewConfigs = fc.constantFrom(...fc.sample(basinConfig, { numRuns: 2, seed: 1 }));
const fewWishes = fc.constantFrom(...fc.sample(wish, { numRuns: 2, seed: 1 }));
const basinPatch: fc.Arbitrary<BasinPatch> = fc.record(
  {
    defaultStreamConfig: orNull(streamPatch),
    streamCipher: cipher,
    createStreamOnAppend: fc.boolean(),
    createStreamOnRead: fc.boolean(),
  },
  { requiredKeys: [] },
);
const queryOf = (name: fc.Arbitrary<string>): fc.Arbitrary<ListQuery> =>
  fc.record({
    prefix: fc.oneof(fc.constant(''), name),
    startAfter: fc.oneof(fc.constant(''), name),
    limit: fc.constantFrom(1000, 1, 2),
  });

const START_MS = 1_700_000_000_000;
const timestamp = fc.oneof(fc.nat(100), fc.integer({ min: START_MS - 1_000, max: START_MS + 60_000 }));
const text = fc.string({ unit: fc.constantFrom('x', '\u00ff', '\0'), maxLength: 4 });
const plain = fc.record({
  timestamp: orNull(timestamp),
  headers: fc.array(
    fc.tuple(
      text.map((name) => `n${name}`),
      text,
    ),
    { maxLength: 2 },
  ),
  body: text,
});
const fence = fc
  .constantFrom('', 'me', 'you')
  .map((body) => ({ timestamp: null, headers: [['', 'fence']] as const, body }));
const trim = fc.nat(12).map((to) => ({
  timestamp: null,
  headers: [['', 'trim']] as const,
  body: `\0\0\0\0\0\0\0${String.fromCharCode(to)}`,
}));
const batch: fc.Arbitrary<Batch> = fc.record({
  records: fc.array(fc.oneof({ weight: 6, arbitrary: plain }, fence, trim), { minLength: 1, maxLength: 3 }),
  matchSeqNum: rarely(fc.nat(6)),
  fencingToken: rarely(fc.constantFrom('', 'me', 'you')),
});
/** Shorter than the shortest distance of two heartbeats. */
const waitMs = orNull(fc.constantFrom(2_000, 0));
const range: { [Part in keyof ReadRange]: fc.Arbitrary<ReadRange[Part]> } = {
  start: fc.record({
    kind: fc.constantFrom('seq-num', 'tail-offset', 'timestamp'),
    seqNum: fc.nat(8),
    offset: fc.nat(6),
    timestamp,
  }),
  clamp: fc.boolean(),
  count: orNull(fc.nat(4)),
  bytes: rarely(fc.nat(60)),
  until: rarely(timestamp),
  waitMs,
};

/** Nine of ten bring the key, whether it is needed or not. */
const hasKey = fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });

const one = <Do extends Command['do']>(verb: Do) => fc.constant(verb);

type Weighed = { weight: number; arbitrary: fc.Arbitrary<Command> };

const common: readonly Weighed[] = [
  { weight: 3, arbitrary: fc.record({ do: one('create-basin'), basin, token, config: fewConfigs }) },
  { weight: 6, arbitrary: fc.record({ do: one('create-stream'), basin, stream, token, wish: fewWishes }) },
  {
    weight: 30,
    arbitrary: batch.chain((sent) =>
      fc.record({ do: one('append'), basin, stream, hasKey }).map((to) => ({ ...to, ...sent })),
    ),
  },
  { weight: 16, arbitrary: fc.record({ do: one('read'), basin, stream, hasKey, ...range }) },
  { weight: 4, arbitrary: fc.record({ do: one('check-tail'), basin, stream }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: one('append-session'),
      basin,
      stream,
      hasKey,
      batches: fc.array(batch, { maxLength: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: one('follow'),
      basin,
      stream,
      hasKey,
      ...range,
      appended: fc.array(batch, { maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: one('ensure-basin'), basin, config: basinConfig }) },
  { weight: 3, arbitrary: fc.record({ do: one('reconfigure-basin'), basin, patch: basinPatch }) },
  { weight: 2, arbitrary: fc.record({ do: one('basin-config'), basin }) },
  { weight: 2, arbitrary: fc.record({ do: one('list-basins'), query: queryOf(basin) }) },
  { weight: 1, arbitrary: fc.record({ do: one('delete-basin'), basin: doomed }) },
  { weight: 4, arbitrary: fc.record({ do: one('ensure-stream'), basin, stream, wish }) },
  { weight: 4, arbitrary: fc.record({ do: one('reconfigure-stream'), basin, stream, patch: streamPatch }) },
  { weight: 3, arbitrary: fc.record({ do: one('stream-config'), basin, stream }) },
  { weight: 3, arbitrary: fc.record({ do: one('list-streams'), basin, query: queryOf(stream) }) },
  { weight: 1, arbitrary: fc.record({ do: one('delete-stream'), basin, stream }) },
  { weight: 4, arbitrary: fc.record({ do: one('wait'), ms: fc.constantFrom(...SHORT_WAITS_MS) }) },
  { weight: 1, arbitrary: fc.record({ do: one('restart') }) },
];
const longWait: Weighed = { weight: 4, arbitrary: fc.record({ do: one('wait'), ms: fc.constant(LONG_WAIT_MS) }) };
const flush: Weighed = { weight: 4, arbitrary: fc.record({ do: one('flush') }) };

export interface Sequence {
  /** Days pass and segments are left as they are; else segments are merged whenever there are two. */
  isLong: boolean;
  commands: readonly Command[];
}

/** Each sequence begins with a basin, else most of it would be about nothing. */
export function sequences(length: number): fc.Arbitrary<Sequence> {
  const first = fc.record({ do: one('ensure-basin'), basin, config: basinConfig });
  return fc.boolean().chain((isLong) => {
    const command = fc.oneof(...common, isLong ? longWait : flush);
    return fc
      .tuple(first, fc.array(command, { minLength: 0, maxLength: length, size: 'max' }))
      .map(([begin, rest]) => ({ isLong, commands: [begin, ...rest] }));
  });
}
