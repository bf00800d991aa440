import { describe, expect, test } from 'vitest';
import { unpackTimes } from './chart-data.ts';
import { append, called, returned, timed } from './testing/events.ts';
import { fakeRun } from './testing/fake-run.ts';
import { viewHistory, viewRun } from './view-run.ts';

const UNTIMED = [
  called(1, append(5)),
  returned(1, { kind: 'append-success', tail: 5 }),
  called(2, { kind: 'check-tail' }, 2),
  returned(2, { kind: 'check-tail-success', tail: 1 }, 2),
];
const STALE = timed(UNTIMED);

describe('the view of a run', () => {
  test('names the guilty operations in words, most telling first, with what was known before', () => {
    const { run } = fakeRun();
    const failure = { kind: 'linearizability' as const, signature: 's', message: 'm', opIds: [2, 1, 77] };
    const view = viewRun({ ...run, failure }, STALE);
    expect(view.failure?.guilty).toEqual([
      {
        opId: 2,
        sentence: 'Client 2 checked the tail and was told 1 (op 2)',
        circumstances: 'called at 20 ms, returned at 30 ms; before the call a tail of 5 had already been reported',
      },
      {
        opId: 1,
        sentence: 'Client 1 appended 5 records, acknowledged as 0–4 (op 1)',
        circumstances: 'called at 0 ms, returned at 10 ms',
      },
    ]);
    expect(view.failure?.missingOpIds).toEqual([77]);
    expect(view.sideLines).toEqual([]);
    expect(view.chart.guilty).toEqual([1, 0]);
  });

  test('counts every operation once: a read that failed is unanswered, not a read', () => {
    const failed = timed([...UNTIMED, called(3, { kind: 'read' }), returned(3, { kind: 'read-failure' })]);
    const judged = { name: 'h', history: failed, verdict: 'ok' as const, failure: null, linearization: null };
    const figures = Object.fromEntries(viewHistory(judged).figures.map(({ name, value }) => [name, value]));
    expect(figures).toMatchObject({
      operations: '3',
      'appends durable': '1',
      reads: '0',
      'check-tails': '1',
      unanswered: '1',
    });
  });

  test('of every kind of failure has its own headline', () => {
    const { run, history } = fakeRun({ operations: 5 });
    const kinds = ['linearizability', 'invariant', 'liveness', 'unknown'] as const;
    const verdicts = kinds.map((kind) => {
      const failure = { kind, signature: '', message: '', opIds: [] };
      const { verdict } = viewRun({ ...run, failure }, history);
      return [verdict.tone, verdict.headline];
    });
    expect(verdicts).toEqual([
      ['bad', 'Not linearizable'],
      ['bad', 'Invariant broken'],
      ['bad', 'Did not finish'],
      ['undecided', 'Undecided'],
    ]);
    expect(viewRun({ ...run, failure: null }, history).verdict).toMatchObject({
      tone: 'good',
      headline: 'Linearizable',
    });
  });

  test('does not depend on the order of keys in the record', () => {
    const { run, history } = fakeRun();
    const turned = {
      ...run,
      probes: Object.fromEntries(Object.entries(run.probes).reverse()),
      drawn: Object.fromEntries(Object.entries(run.drawn).reverse()),
    };
    expect(viewRun(turned, history)).toEqual(viewRun(run, history));
  });
});

describe('the view of a bare history', () => {
  const judged = { name: 'h.jsonl', verdict: 'ok' as const, failure: null, linearization: [1, 2] };

  test('has no seed to repeat and no tracks, and falls back to event positions', () => {
    const view = viewHistory({ ...judged, history: UNTIMED });
    expect(view).toMatchObject({ repro: null, chart: { eventTimes: null, tracks: [], linearization: { count: 2 } } });
  });

  test('starts at nought whatever clock it was recorded with', () => {
    const late = STALE.map((event) => ({ ...event, atMs: (event.atMs ?? 0) + 1_700_000_000_000 }));
    expect(unpackTimes(viewHistory({ ...judged, history: late }).chart)).toEqual([0, 10, 20, 30]);
  });

  test('explains a verdict that came without an explanation', () => {
    const verdicts = (['illegal', 'unknown'] as const).map(
      (verdict) => viewHistory({ ...judged, verdict, linearization: null, history: STALE }).failure?.message,
    );
    expect(verdicts).toEqual([expect.stringContaining('No order'), expect.stringContaining('budget')]);
  });
});
