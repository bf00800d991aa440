import { expect, test } from 'vitest';
import { envelopeOf } from './envelope.ts';
import { momentAt, type MomentSource } from './moment-state.ts';
import { operationsOf } from './operations.ts';
import { startState, statesAlong } from './stream-states.ts';
import { append, called, returned } from './testing/events.ts';
import { trackRowsOf } from './track-rows.ts';
import { FROM_NOTHING } from './window.ts';

const history = [
  called(1, append(2, { setFencingToken: 'a' })),
  returned(1, { kind: 'append-success', tail: 2 }),
  called(2, append(3), 2),
  called(3, { kind: 'check-tail' }, 3),
  returned(3, { kind: 'check-tail-success', tail: 5 }, 3),
  returned(2, { kind: 'append-success', tail: 5 }, 2),
];
const operations = operationsOf(history);
const source: MomentSource = {
  operations,
  timesMs: [0, 10, 20, 30, 40, 50],
  envelope: envelopeOf(operations, history.length),
  order: null,
  trims: [
    { event: 0, point: 0, operation: null },
    { event: 3, point: 2, operation: 0 },
  ],
  tracks: trackRowsOf([
    { track: 'host node-1', label: 'owner, epoch 3', startMs: 0, endMs: 45, tone: 'good' },
    { track: 'slots node-1', label: 'slot 7', startMs: 25, endMs: 45, tone: 'good' },
    { track: 'slots node-1', label: 'slot 8', startMs: 28, endMs: 45, tone: 'good' },
  ]),
};

test('at an event one sees the log so far, the owner, its window and who waits for what', () => {
  const moment = momentAt(source, 3);
  expect(moment.atMs).toBe(30);
  expect(moment.log).toEqual(['tail between 2 and 5', 'trimmed below 2', '0–1 by client 1 (op 1), sets token “a”']);
  expect(moment.hosts).toEqual([
    { name: 'host node-1', line: 'owner, epoch 3' },
    { name: 'slots node-1', line: '2 slots in flight: slot 7, slot 8' },
  ]);
  expect(moment.clients.map(({ clientId, line }) => [clientId, line])).toEqual([
    [2, 'append 3 → 5 (op 2)'],
    [3, 'tail 5 (op 3)'],
  ]);
});

test('with an order the state of the log is exact', () => {
  const states = statesAlong(operations, [0, 1, 2], { state: startState(FROM_NOTHING), records: null });
  const exact = { ...source, order: { events: [0.5, 3.3, 3.6], states } };
  expect([0, 1, 3, 4].map((event) => momentAt(exact, event).log[0])).toEqual([
    'tail 0',
    'tail 2 · token “a”',
    'tail 2 · token “a”',
    'tail 5 · token “a”',
  ]);
});

test('when all is over nobody waits', () => {
  expect(momentAt(source, 5)).toMatchObject({ clients: [], hosts: [], log: { 0: 'tail 5' } });
});
