/** Every lie the judge of the control plane is there for, and the truths that look like one. */

import { describe, expect, test } from 'vitest';
import { type BasinConfig, NO_WISH, type StreamConfig } from './config.ts';
import type { ControlAnswer } from './history.ts';
import { judgeControl } from './judge.ts';
import { FAR_FUTURE_MS, LONG_PAST_MS } from './stamps.ts';
import {
  append,
  appended,
  basinIs,
  checkTail,
  configIs,
  createBasin,
  createStream,
  deleteBasin,
  deleted,
  deleteStream,
  ensureBasin,
  getBasin,
  getStream,
  LATER,
  THEN,
  listBasins,
  listed,
  listStreams,
  page,
  patchBasin,
  patchStream,
  B,
  read,
  readWithKey,
  refused,
  S,
  Story,
  streamIs,
  tailIs,
  unknown,
} from './testing/story.ts';

const NOW = 1_767_225_600_000;
const EXISTS: ControlAnswer = { kind: 'exists' };
const NO_BASIN: ControlAnswer = { kind: 'no-basin' };
const NO_STREAM: ControlAnswer = { kind: 'no-stream' };
const BASIN_PENDING: ControlAnswer = { kind: 'basin-pending' };
const STREAM_PENDING: ControlAnswer = { kind: 'stream-pending' };

const PLAIN: StreamConfig = {
  storageClass: 'express',
  retentionAgeS: 604_800,
  mode: 'client-prefer',
  uncapped: false,
  emptyAgeS: 0,
};
const PLAIN_BASIN: BasinConfig = {
  defaults: { ...NO_WISH, storageClass: 'express' },
  cipher: null,
  createsOnAppend: false,
  createsOnRead: false,
};
const SEALED = { cipher: 'aegis-256' as const };
const KEY_MISSING: ControlAnswer = { kind: 'key-missing', actual: 'aegis-256' };
const ARRIVAL = { defaults: { ...NO_WISH, mode: 'arrival' as const } };

const inBasin = (said: Parameters<typeof createBasin>[1] = {}) =>
  new Story().does(createBasin('t', said), basinIs('created'));
const withStream = (said: Parameters<typeof createStream>[1] = {}) =>
  inBasin().does(createStream('t', said), streamIs('created'));
const sealed = () => inBasin(SEALED).does(createStream(), streamIs('created', THEN, 'aegis-256'));
const doomed = () => withStream().does(deleteStream, deleted);
const doomedBasin = () => withStream().does(deleteBasin, deleted);

function verdictOf(story: Story): string | null {
  return judgeControl(story.operations)?.text ?? null;
}

describe('what is convicted', () => {
  test.each<[string, Story]>([
    ['a creation that made what was there', inBasin().does(createBasin('u'), basinIs('created'))],
    ['a creation that found what was not there', new Story().does(createBasin(), EXISTS)],
    ['a repetition that is refused', inBasin().does(createBasin(), EXISTS)],
    ['a repetition by a token with another configuration', inBasin().does(createBasin('t', ARRIVAL), basinIs('noop'))],
    [
      'a repetition without a token',
      new Story().does(createBasin(null), basinIs('created')).does(createBasin(null), basinIs('noop')),
    ],
    ['a repetition that shows another life', inBasin().does(createBasin(), basinIs('noop', LATER))],
    ['an ensure that keeps what it does not name', inBasin(ARRIVAL).does(ensureBasin(), basinIs('noop'))],
    [
      'an ensure that resets nothing',
      inBasin(ARRIVAL)
        .does(ensureBasin(), basinIs('updated'))
        .does(getBasin, configIs({ ...PLAIN_BASIN, defaults: { ...PLAIN_BASIN.defaults, mode: 'arrival' } })),
    ],
    [
      'a change that is forgotten',
      withStream()
        .does(patchStream({ mode: 'arrival' }), configIs({ ...PLAIN, mode: 'arrival' }))
        .does(getStream, configIs(PLAIN)),
    ],
    [
      'a cleared part that stays',
      withStream({ mode: 'arrival' }).does(patchStream({ mode: null }), configIs({ ...PLAIN, mode: 'arrival' })),
    ],
    [
      'a cleared part that forgets the basin',
      inBasin(ARRIVAL)
        .does(createStream('t', { mode: 'client-require' }), streamIs('created'))
        .does(patchStream({ mode: null }), configIs(PLAIN)),
    ],
    ['a stream without the cipher of its basin', inBasin(SEALED).does(createStream(), streamIs('created'))],
    [
      'a stream that follows the cipher of its basin',
      withStream()
        .does(patchBasin({ cipher: 'aegis-256' }), configIs({ ...PLAIN_BASIN, cipher: 'aegis-256' }))
        .does(createStream(), streamIs('noop', THEN, 'aegis-256')),
    ],
    [
      'a cipher that was cleared and stays',
      inBasin(SEALED).does(patchBasin({ cipher: null }), configIs({ ...PLAIN_BASIN, cipher: 'aegis-256' })),
    ],
    ['an ensure that keeps the cipher', inBasin(SEALED).does(ensureBasin(), basinIs('noop'))],
    ['a repetition by a token with another cipher', inBasin(SEALED).does(createBasin(), basinIs('noop'))],
    ['an append without a key to a sealed stream', sealed().does(append('a'), appended(0, NOW))],
    ['a read without a key of a sealed stream', sealed().does(read, tailIs(0, 0))],
    ['a key that a plain stream asks for', withStream().does(read, KEY_MISSING)],
    ['a key asked for by another cipher', sealed().does(append('a'), { kind: 'key-missing', actual: 'aes-256-gcm' })],
    [
      'a stream that follows its basin',
      withStream()
        .does(
          patchBasin({ defaults: { mode: 'arrival' } }),
          configIs({ ...PLAIN_BASIN, defaults: { ...PLAIN_BASIN.defaults, mode: 'arrival' } }),
        )
        .does(getStream, configIs({ ...PLAIN, mode: 'arrival' })),
    ],
    ['an append to what was deleted', doomed().does(append('a'), appended(0, NOW))],
    [
      'records of a former life',
      withStream()
        .does(append('a'), appended(0, NOW))
        .does(deleteStream, deleted)
        .does(createStream('u'), streamIs('created', LATER))
        .does(read, page(['a', NOW])),
    ],
    [
      'a deletion that takes the next life with it',
      doomed().does(createStream('u'), streamIs('created', LATER)).does(getStream, NO_STREAM),
    ],
    ['a deletion that is taken back', doomed().does(getStream, NO_STREAM).does(getStream, STREAM_PENDING)],
    ['a missing stream in a missing basin', new Story().does(createStream(), NO_STREAM)],
    [
      'a stream made in a basin that is being deleted',
      inBasin().does(deleteBasin, deleted).does(createStream(), streamIs('created')),
    ],
    ['a stream made on demand where nobody does', inBasin().does(append('a'), appended(0, NOW))],
    [
      'a stream that is not made on demand where it should be',
      inBasin({ createsOnAppend: true }).does(append('a'), NO_STREAM),
    ],
    [
      'a stream that is made for a reader and was switched on for writers',
      inBasin({ createsOnAppend: true }).does(checkTail, tailIs(0, 0)),
    ],
    ['a page without what is there', inBasin().does(listBasins(), listed(false))],
    [
      'a page with what is gone',
      doomedBasin()
        .does(getBasin, NO_BASIN)
        .does(listBasins(), listed(false, [B, LATER])),
    ],
    ['a page that shows the doomed as the living', doomedBasin().does(listBasins(), listed(false, [B, null]))],
    ['a page that promises more than there is', inBasin().does(listBasins(1), listed(true, [B, null]))],
    [
      'a fence that is not kept',
      withStream()
        .does(append('x', { record: { kind: 'fence', token: 'red' } }), appended(0, NOW))
        .does(append('a', { fencingToken: '' }), appended(1, NOW)),
    ],
    ['a number that was not due', withStream().does(append('a'), appended(1, NOW))],
    [
      'a timestamp that should not have been taken',
      withStream({ mode: 'arrival' }).does(append('a', { timestamp: LONG_PAST_MS }), appended(0, LONG_PAST_MS)),
    ],
    [
      'a cap that is not kept',
      withStream().does(append('a', { timestamp: FAR_FUTURE_MS }), appended(0, FAR_FUTURE_MS)),
    ],
    [
      'a required timestamp that is forgotten',
      withStream({ mode: 'client-require' }).does(append('a'), appended(0, NOW)),
    ],
    [
      'a timestamp that changes',
      withStream()
        .does(append('a'), appended(0, NOW))
        .does(read, page(['a', NOW + 1])),
    ],
    [
      'a stream that a refused read made',
      inBasin({ createsOnRead: true }).does(read, refused).does(createStream(), EXISTS),
    ],
    [
      'a refused change that is there',
      withStream()
        .does(patchStream({ mode: 'arrival' }), refused)
        .does(getStream, configIs({ ...PLAIN, mode: 'arrival' })),
    ],
  ])('%s', (_, story) => {
    expect(verdictOf(story)).not.toBeNull();
  });
});

describe('what is not', () => {
  const streamRow = (deletedAt: string | null) => listed(false, [S, deletedAt]);
  test.each<[string, Story]>([
    [
      'a stream that keeps the cipher its basin had',
      sealed()
        .does(patchBasin({ cipher: 'aes-256-gcm' }), configIs({ ...PLAIN_BASIN, cipher: 'aes-256-gcm' }))
        .does(append('a'), KEY_MISSING)
        .does(append('a', { hasKey: true }), appended(0, NOW))
        .does(append('x', { record: { kind: 'fence', token: 'red' } }), appended(1, NOW))
        .does(read, KEY_MISSING)
        .does(checkTail, tailIs(2, NOW))
        .does(readWithKey, page(['a', NOW], ['(fence red)', NOW]))
        .does(deleteStream, deleted)
        .does(createStream('u'), streamIs('created', LATER, 'aes-256-gcm')),
    ],
    [
      'a stream that was made for a read without a key',
      inBasin({ ...SEALED, createsOnRead: true })
        .does(read, KEY_MISSING)
        .does(createStream('u'), EXISTS),
    ],
    [
      'a repetition after the configuration was changed',
      inBasin().does(ensureBasin(ARRIVAL), basinIs('updated')).does(createBasin(), basinIs('noop')),
    ],
    [
      'a doomed stream that is shown, and gone, and made again',
      doomed()
        .does(listStreams(), streamRow(LATER))
        .does(getStream, STREAM_PENDING)
        .does(getStream, NO_STREAM)
        .does(createStream('u'), streamIs('created', LATER)),
    ],
    [
      'a stream that is served until its basin takes it away',
      doomedBasin()
        .does(append('a'), appended(0, NOW))
        .does(createStream('u'), BASIN_PENDING)
        .does(getStream, NO_STREAM)
        .does(getBasin, NO_BASIN),
    ],
    [
      'a creation in doubt that took effect late',
      new Story().does(createBasin(), unknown).does(getBasin, NO_BASIN).does(createBasin(), basinIs('noop')),
    ],
    [
      'a creation in doubt that never did',
      new Story().does(createBasin(), unknown).does(getBasin, NO_BASIN).does(createBasin('u'), basinIs('created')),
    ],
    [
      'a deletion in doubt that met a later life',
      withStream()
        .does(deleteStream, unknown)
        .does(deleteStream, deleted)
        .does(createStream('u'), streamIs('created', LATER))
        .does(getStream, STREAM_PENDING),
    ],
    [
      'an append that met the deletion and came first',
      withStream().whileOpen(deleteStream, deleted, (story) =>
        story.does(append('a'), appended(0, NOW)).does(append('b'), STREAM_PENDING),
      ),
    ],
    [
      'a stream somebody sees before the append that makes it',
      inBasin({ createsOnAppend: true }).whileOpen(append('a'), appended(0, NOW), (story) =>
        story.does(createStream(), EXISTS).does(createStream(), EXISTS),
      ),
    ],
    [
      'a stream that an append made and left, being refused',
      inBasin({ createsOnAppend: true })
        .does(append('a', { matchSeqNum: 5 }), { kind: 'seq-num-mismatch', actual: 0 })
        .does(createStream(), EXISTS),
    ],
    [
      'a change that is seen while it is under way, and what it found',
      withStream().whileOpen(patchStream({ mode: 'arrival' }), configIs({ ...PLAIN, mode: 'arrival' }), (story) =>
        story.does(getStream, configIs(PLAIN)).does(append('a', { timestamp: LONG_PAST_MS }), appended(0, NOW)),
      ),
    ],
    [
      'timestamps behind what was taken before',
      withStream({ uncapped: true })
        .does(append('a', { timestamp: FAR_FUTURE_MS }), appended(0, FAR_FUTURE_MS))
        .does(append('b'), appended(1, FAR_FUTURE_MS)),
    ],
    ['a page that ends before the doomed', doomedBasin().does(listBasins(1), listed(false, [B, LATER]))],
    [
      'a stream that an append made which was refused',
      inBasin({ createsOnAppend: true }).does(append('a'), refused).does(createStream(), EXISTS),
    ],
    [
      'a stream that a read in doubt made later',
      inBasin({ createsOnRead: true }).does(read, unknown).does(getStream, NO_STREAM).does(createStream(), EXISTS),
    ],
  ])('%s', (_, story) => {
    expect(verdictOf(story)).toBeNull();
  });
});

test('a conviction says what was answered, what was due, and what happened before', () => {
  const conviction = judgeControl(
    inBasin().does(createStream(), streamIs('created')).does(getStream, NO_STREAM).operations,
  );
  const due = 'express kept 604800 s client-prefer capped kept when empty';
  expect(conviction?.text).toBe(`get ${B}/${S} was answered with \`no such stream\`, and due was \`${due}\``);
  expect(conviction?.story).toHaveLength(4);
  expect(conviction?.story[0]).toBe(
    `as far as the others can be explained, basin ${B} had (express), ` +
      `stream ${S} had ${due}, the token "" and the records none`,
  );
  expect(conviction?.story.at(-1)).toBe(`c 4..5 ms: get ${B}/${S} → no such stream`);
});

test('too many orders are no verdict', () => {
  expect(judgeControl(withStream().operations, 1)?.code).toBe('undecided');
});
