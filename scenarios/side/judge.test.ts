/** Every lie the judges of side streams are there for, and the truths that look like one. */

import { describe, expect, test } from 'vitest';
import type { SideCall } from './history.ts';
import { judgeSideStreams } from './judge.ts';
import { secondOpinion } from './second-judge.ts';
import {
  absent,
  pending,
  append,
  appended,
  atTail,
  create,
  created,
  data,
  deleted,
  EVENT_MS,
  page,
  pageOf,
  readAt,
  readFrom,
  remove,
  seen,
  stampOf,
  Story,
  tailIs,
  trim,
  unknown,
} from './testing/story.ts';

const AGE_MS = 20 * EVENT_MS;

function codeOf(story: Story, retentionIsJudged = true): string | null {
  return judgeSideStreams(story.operations, { retentionIsJudged })?.code ?? null;
}

function secondVerdict(story: Story): 'passed' | 'convicted' | 'undecided' {
  const opinion = secondOpinion(story.operations, { retentionIsJudged: true });
  if (opinion === null) return 'passed';
  return opinion.violation === null ? 'undecided' : 'convicted';
}

/** The second judge does not ask that a trim takes effect with its command. */
const PASSES_AGAIN = new Set(['a trimmed record that is readable', 'a trim that a later, lower one takes back']);

/** A stream with the records a, b, c, d. */
const filled = (retentionAgeMs: number | null = null) =>
  new Story()
    .does(create('t', retentionAgeMs), created)
    .does(append([data('a'), data('b')]), appended(0, 2))
    .does(append([data('c'), data('d')]), appended(2, 2));

const trimmed = () => filled().does(append([trim(2)]), appended(4, 1));
const emptying = () =>
  new Story().does(create('t', null, AGE_MS), created).does(append([data('a'), data('b'), trim(99)]), appended(0, 3));
const doomed = () => filled().does(remove, deleted).does(create('u'), pending);
const gone = () => filled().does(remove, deleted).does(readFrom(0), absent);
const lived = () => filled().does(remove, deleted).does(create('u'), created);

describe('what is convicted', () => {
  test.each<[string, string, Story]>([
    ['a record that is back from the dead', 'back-from-the-dead', lived().does(readFrom(0), page(0, 'a', 'b'))],
    [
      'a record of the old life among those of the new one',
      'back-from-the-dead',
      lived()
        .does(append([data('e')]), appended(0, 1))
        .does(readFrom(0), page(0, 'e', 'b')),
    ],
    ['records of a deleted stream', 'no-such-stream', filled().does(remove, deleted).does(readFrom(0), page(0, 'a'))],
    [
      'numbers that go on where the old life ended',
      'impossible-appended',
      lived().does(append([data('e')]), appended(4, 1)),
    ],
    ['the tail of the old life', 'impossible-tail', lived().does({ kind: 'check-tail' }, tailIs(4))],
    [
      'a trimmed record that is readable',
      'trimmed-is-back',
      trimmed().does(readFrom(0), page(1, 'b', 'c', 'd', trim(2))),
    ],
    [
      'a trimmed record that comes back after it was gone',
      'trimmed-is-back',
      trimmed()
        .does(readFrom(0), page(2, 'c', 'd', trim(2)))
        .does(readFrom(0), page(0, 'a', 'b')),
    ],
    [
      'a trim that a later, lower one takes back',
      'trimmed-is-back',
      trimmed()
        .does(append([trim(1)]), appended(5, 1))
        .does(readFrom(0), page(1, 'b')),
    ],
    ['a trim that goes too far', 'lost', trimmed().does(readFrom(0), page(3, 'd', trim(2)))],
    ['a record that is lost at the front', 'lost', filled().does(readFrom(0), page(1, 'b', 'c', 'd'))],
    ['a gap', 'gap', filled().does(readFrom(0), pageOf(seen(0, 'a'), seen(2, 'c')))],
    ['a record shown twice in a page', 'duplicate', filled().does(readFrom(0), page(0, 'a', 'a'))],
    ['a record that stands in the stream twice', 'duplicate', filled().does(readFrom(2), page(2, 'c', 'd', 'a'))],
    ['records in the wrong order', 'wrong-order', filled().does(readFrom(0), page(0, 'b', 'a'))],
    ['numbers in the wrong order', 'wrong-order', filled().does(readFrom(0), pageOf(seen(1, 'b'), seen(0, 'a', 20)))],
    ['a record that nobody wrote', 'never-written', filled().does(readFrom(3), page(3, 'x'))],
    [
      'a record whose append was refused',
      'refused-is-there',
      filled()
        .does(append([data('e')], 3), { kind: 'mismatch', actual: 4 })
        .does(readFrom(4), page(4, 'e')),
    ],
    ['an acknowledged record that is not there', 'impossible-at-tail', filled().does(readFrom(2), atTail(2))],
    [
      'a timestamp read that begins one too late',
      'too-late',
      filled()
        .does(readFrom(0), page(0, 'a', 'b', 'c', 'd'))
        .does(readAt(stampOf(1)), page(2, 'c', 'd')),
    ],
    ['a timestamp read that begins one too early', 'too-early', filled().does(readAt(stampOf(1)), page(0, 'a', 'b'))],
    [
      'a timestamp read that finds nothing where there is something',
      'impossible-at-tail',
      filled().does(readAt(stampOf(3)), atTail(4)),
    ],
    [
      'a timestamp that changes',
      'timestamp-changed',
      filled()
        .does(readFrom(0), page(0, 'a'))
        .does(readFrom(0), pageOf(seen(0, 'a', 1))),
    ],
    ['a young record that retention removed', 'removed-young', filled(AGE_MS).does(readFrom(0), page(2, 'c', 'd'))],
    [
      'retention that takes a young record along with an old one',
      'removed-young',
      filled(AGE_MS)
        .waits(AGE_MS)
        .does(append([data('e')]), appended(4, 1))
        .does(append([data('f')]), appended(5, 1))
        .does(readFrom(0), page(5, 'f')),
    ],
    [
      'an expired record that comes back',
      'trimmed-is-back',
      filled(AGE_MS)
        .waits(AGE_MS)
        .does(readFrom(0), page(2, 'c', 'd'))
        .does(readFrom(0), page(0, 'a', 'b')),
    ],
    ['records of a stream that is being deleted', 'no-such-stream', doomed().does(readFrom(0), page(0, 'a'))],
    [
      'an append to a stream that is being deleted',
      'impossible-appended',
      doomed().does(append([data('e')]), appended(4, 1)),
    ],
    ['a deletion that is taken back', 'impossible-tail', doomed().does({ kind: 'check-tail' }, tailIs(4))],
    ['a deletion that is never ordered', 'impossible-pending', filled().does(readFrom(0), pending)],
    [
      'a stream that goes as empty though it is not',
      'impossible-absent',
      emptying()
        .does(append([data('c')]), appended(3, 1))
        .waits(AGE_MS)
        .does(readFrom(0), absent),
    ],
    ['a stream that goes as empty too early', 'impossible-absent', emptying().does(readFrom(0), absent)],
    ['a creation where a stream is', 'impossible-created', filled().does(create('u'), created)],
    ['a deletion where no stream is', 'impossible-deleted', gone().does(remove, deleted)],
    [
      'an append in doubt that happens twice',
      'impossible-tail',
      filled()
        .does(append([data('e')]), unknown)
        .does({ kind: 'check-tail' }, tailIs(6)),
    ],
    [
      'an append in doubt that happened and is undone',
      'impossible-tail',
      filled()
        .does(append([data('e')]), unknown)
        .does({ kind: 'check-tail' }, tailIs(5))
        .does({ kind: 'check-tail' }, tailIs(4)),
    ],
  ])('%s', (lie, code, story) => {
    expect(codeOf(story)).toBe(code);
    expect(secondVerdict(story)).toBe(PASSES_AGAIN.has(lie) ? 'passed' : 'convicted');
  });
});

describe('what is not', () => {
  test.each<[string, Story]>([
    [
      'the whole truth',
      filled()
        .does(readFrom(0), page(0, 'a', 'b', 'c', 'd'))
        .does(readFrom(4), atTail(4)),
    ],
    ['a short page', filled().does(readFrom(1), page(1, 'b'))],
    [
      'a new life from number 0',
      lived()
        .does(append([data('e')]), appended(0, 1))
        .does(readFrom(0), page(0, 'e')),
    ],
    ['what is left behind a trim', trimmed().does(readFrom(0), page(2, 'c', 'd', trim(2)))],
    [
      'a trim beyond the tail, which takes everything',
      filled()
        .does(append([trim(99)]), appended(4, 1))
        .does(readFrom(0), page(5)),
    ],
    ['a timestamp read', filled().does(readAt(stampOf(1) - 5), page(1, 'b', 'c'))],
    [
      'retention of what is old',
      filled(AGE_MS)
        .waits(AGE_MS)
        .does(append([data('e')]), appended(4, 1))
        .does(readFrom(0), page(4, 'e')),
    ],
    [
      'a deletion that takes its time',
      doomed().does(remove, deleted).does(readFrom(0), absent).does(create('u'), created),
    ],
    ['a stream that goes when it was empty for long enough', emptying().waits(AGE_MS).does(readFrom(0), absent)],
    [
      'a stream that goes when its records are expired',
      new Story()
        .does(create('t', AGE_MS, AGE_MS), created)
        .does(append([data('a')]), appended(0, 1))
        .waits(AGE_MS)
        .does(readFrom(0), absent),
    ],
    ['a creation sent twice', new Story().does(create('t'), unknown).does(create('t'), { kind: 'noop' })],
    [
      'an append in doubt that never happens',
      filled()
        .does(append([data('e')]), unknown)
        .does({ kind: 'check-tail' }, tailIs(4)),
    ],
    [
      'an append in doubt that happens late, in another life',
      filled()
        .does(append([data('e')]), unknown)
        .does({ kind: 'check-tail' }, tailIs(4))
        .does(remove, deleted)
        .does(create('u'), created)
        .does(readFrom(0), page(0, 'e')),
    ],
    [
      'a deletion in doubt that happens late',
      filled()
        .does(remove, unknown)
        .does(readFrom(0), page(0, 'a'))
        .does(readFrom(0), absent)
        .does(create('u'), created),
    ],
    ['a mismatch with the tail there is', filled().does(append([data('e')], 3), { kind: 'mismatch', actual: 4 })],
  ])('%s', (_, story) => {
    expect(codeOf(story)).toBeNull();
    expect(secondVerdict(story)).toBe('passed');
  });

  test('a read that meets a trim, whichever came first', () => {
    for (const answer of [page(0, 'a', 'b'), page(2, 'c', 'd')]) {
      const story = filled();
      const read = story.begins(readFrom(0));
      const trims = story.begins(append([trim(2)]));
      expect(codeOf(story.ends(trims, appended(4, 1)).ends(read, answer))).toBeNull();
    }
  });

  test('a page that was begun before a trim and ended after an append behind it', () => {
    const story = filled();
    const read = story.begins(readFrom(0));
    story.does(append([trim(2)]), appended(4, 1)).does(append([data('e')]), appended(5, 1));
    expect(codeOf(story.ends(read, page(0, 'a', 'b', 'c', 'd', trim(2), 'e')))).toBeNull();
    expect(secondVerdict(story)).toBe('passed');
  });

  test('an append that meets a deletion: it is in the old life, or refused, and nowhere else', () => {
    const met = () => {
      const story = filled();
      const [appends, removes] = [story.begins(append([data('e')])), story.begins(remove)];
      return { story, appends, removes };
    };
    const won = met();
    won.story.ends(won.appends, appended(4, 1)).ends(won.removes, deleted);
    expect(codeOf(won.story.does({ kind: 'check-tail' }, absent))).toBeNull();
    const lost = met();
    lost.story.ends(lost.appends, absent).ends(lost.removes, deleted);
    expect(codeOf(lost.story.does(readFrom(0), page(4, 'e')))).toBe('no-such-stream');
  });

  test('a read that was asked for in one life and began in the next', () => {
    const story = filled();
    const read = story.begins(readFrom(0));
    story
      .does(remove, deleted)
      .does(create('u'), created)
      .does(append([data('e')]), appended(0, 1));
    expect(codeOf(story.ends(read, page(0, 'e')))).toBeNull();
    expect(secondVerdict(story)).toBe('passed');
  });

  test('an early expiry where clocks were wrong', () => {
    const story = filled(AGE_MS).does(readFrom(0), page(2, 'c', 'd'));
    expect(codeOf(story, false)).toBeNull();
    expect(codeOf(story)).toBe('removed-young');
  });
});

describe('polls, followers and streams that stay', () => {
  const poll = (seqNum: number): SideCall => ({ ...readFrom(seqNum), waits: true }) as SideCall;
  const follows = (seqNum: number): SideCall => ({ ...readFrom(seqNum), follows: true }) as SideCall;
  const keepEmpty: SideCall = { kind: 'keep-empty' };

  test('who waits hears nothing only where nothing is', () => {
    expect(codeOf(filled().does(poll(4), { kind: 'nothing' }))).toBeNull();
    expect(codeOf(filled().does(poll(3), { kind: 'nothing' }))).toBe('impossible-nothing');
    expect(
      codeOf(
        trimmed()
          .does(append([trim(9)]), appended(5, 1))
          .does(poll(3), { kind: 'nothing' }),
      ),
    ).toBeNull();
  });

  test('who follows is shown what trimmed itself, and nothing else that is trimmed', () => {
    const shown = page(4, trim(9));
    expect(
      codeOf(
        filled()
          .does(append([trim(9)]), appended(4, 1))
          .does(follows(4), shown),
      ),
    ).toBeNull();
    expect(
      codeOf(
        filled()
          .does(append([trim(9)]), appended(4, 1))
          .does(readFrom(4), shown),
      ),
    ).toBe('trimmed-is-back');
    expect(
      codeOf(
        filled()
          .does(append([trim(9)]), appended(4, 1))
          .does(follows(3), shown),
      ),
    ).not.toBeNull();
  });

  test('a stream that is told to stay empty stays', () => {
    expect(codeOf(emptying().waits(AGE_MS).does(readFrom(0), absent))).toBeNull();
    const kept = emptying().does(keepEmpty, { kind: 'kept' }).waits(AGE_MS);
    expect(codeOf(kept.does(readFrom(0), absent))).toBe('impossible-absent');
    expect(secondVerdict(kept)).toBe('convicted');
    expect(codeOf(emptying().does(keepEmpty, unknown).waits(AGE_MS).does(readFrom(0), absent))).toBeNull();
  });
});

test('a session that shows records hears of their end behind them, and shows no other life', () => {
  const follows = (seqNum: number): SideCall => ({ ...readFrom(seqNum), follows: true }) as SideCall;
  const told = (...outcomes: Parameters<Story['does']>[1][]): Story => {
    const story = new Story();
    const early = outcomes.map((_, index) => story.begins(follows(index)));
    for (const operation of early) Object.assign(operation, { calledAt: early[0]!.calledAt });
    story.does(create('t'), created).does(append([data('a')]), appended(0, 1));
    return outcomes.reduce((so, outcome, index) => so.ends(early[index]!, outcome), story);
  };
  expect(secondVerdict(told(page(0, 'a')))).toBe('passed');
  expect(secondVerdict(told(page(0, 'a'), absent))).toBe('convicted');
});

test('a conviction says what happened in words, and what led to it', () => {
  const conviction = judgeSideStreams(trimmed().does(readFrom(0), page(1, 'b', 'c')).operations, {
    retentionIsJudged: true,
  });
  expect(conviction?.text).toBe('it returned record 1, and everything below 2 was trimmed');
  expect(conviction?.story.at(-1)).toMatch(/read 100 from number 0 → numbers 1\.\.2$/);
  expect(conviction?.story).toContainEqual(expect.stringMatching(/append trim 2 → numbers 4$/));
});

test('streams are judged apart', () => {
  const story = filled();
  const other = story.operations.map((operation) => ({ ...operation, id: operation.id + 100, stream: 'other' }));
  expect(judgeSideStreams([...story.operations, ...other], { retentionIsJudged: true })).toBeNull();
});
