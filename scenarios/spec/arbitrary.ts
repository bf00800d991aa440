/**
 * Random commands, drawn so that they meet: few names, few tokens, few configurations, and numbers around the tail. Simple
 * commands come first, so that failures shrink to them.
 */

import fc from 'fast-check';

import type { BasinConfig, BasinPatch, ListQuery, StreamConfig, StreamPatch, StreamWish } from '../../engine/index.ts';
import type { AppendCommand, Command, ReadCommand } from './commands.ts';

/** Most commands are about one basin and one stream, and it is the other basin that comes and goes. */
const basin = fc.oneof({ weight: 9, arbitrary: fc.constant('basin-01') }, fc.constant('basin-02'));
const doomed = fc.oneof({ weight: 9, arbitrary: fc.constant('basin-02') }, fc.constant('basin-01'));
const stream = fc.oneof({ weight: 6, arbitrary: fc.constant('a') }, fc.constantFrom('ab', 'b', 'é', '🌊'));
const token = fc.constantFrom(null, 'once', 'twice');
/** Nothing goes by age while a sequence lasts. */
const DAYS = 86_400;

const words: { [Part in keyof StreamConfig]: fc.Arbitrary<StreamConfig[Part]> } = {
  storageClass: fc.constantFrom('express', 'standard'),
  retentionAgeS: fc.constantFrom<number | 'infinite'>(7 * DAYS, 'infinite', 30 * DAYS),
  timestampingMode: fc.constantFrom('client-prefer', 'arrival', 'client-require'),
  timestampingUncapped: fc.boolean(),
  deleteOnEmptyMinAgeS: fc.constantFrom(0, 10 * DAYS),
};

const orNull = <Word>(word: fc.Arbitrary<Word>) => fc.option(word, { nil: null, freq: 1 });
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
const cipher = fc.constantFrom(null, 'aegis-256' as const);
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
const append: fc.Arbitrary<AppendCommand> = fc.record({
  do: fc.constant('append' as const),
  basin,
  stream,
  records: fc.array(fc.oneof({ weight: 6, arbitrary: plain }, fence, trim), { minLength: 1, maxLength: 3 }),
  matchSeqNum: fc.option(fc.nat(6), { nil: null, freq: 5 }),
  fencingToken: fc.option(fc.constantFrom('', 'me', 'you'), { nil: null, freq: 3 }),
});
const read: fc.Arbitrary<ReadCommand> = fc.record({
  do: fc.constant('read' as const),
  basin,
  stream,
  start: fc.record({
    kind: fc.constantFrom('seq-num', 'tail-offset', 'timestamp'),
    seqNum: fc.nat(8),
    offset: fc.nat(6),
    timestamp,
  }),
  clamp: fc.boolean(),
  count: fc.option(fc.nat(4), { nil: null }),
  bytes: fc.option(fc.nat(60), { nil: null }),
  until: fc.option(timestamp, { nil: null, freq: 3 }),
});

const one = <Do extends Command['do']>(verb: Do) => fc.constant(verb);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: one('create-basin'), basin, token, config: fewConfigs }) },
  { weight: 6, arbitrary: fc.record({ do: one('create-stream'), basin, stream, token, wish: fewWishes }) },
  { weight: 30, arbitrary: append },
  { weight: 20, arbitrary: read },
  { weight: 4, arbitrary: fc.record({ do: one('check-tail'), basin, stream }) },
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
  { weight: 4, arbitrary: fc.record({ do: one('wait'), ms: fc.constantFrom(1, 5_000, 1_000, 60_000) }) },
  { weight: 1, arbitrary: fc.record({ do: one('flush') }) },
  { weight: 1, arbitrary: fc.record({ do: one('restart') }) },
);

/** Each sequence begins with a basin, else most of it would be about nothing. */
export function sequences(length: number): fc.Arbitrary<Command[]> {
  const first = fc.record({ do: one('ensure-basin'), basin, config: basinConfig });
  return fc
    .tuple(first, fc.array(command, { minLength: 0, maxLength: length, size: 'max' }))
    .map(([begin, rest]) => [begin, ...rest]);
}
