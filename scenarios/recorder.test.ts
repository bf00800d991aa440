/** What the recorder writes down, and what is left of it in S2's own format. */

import { expect, test } from 'vitest';
import { checkExtendedStream, checkStream, type HistoryEvent } from '../checker/index.ts';
import { s2History } from './recorded-event.ts';
import { Recorder } from './recorder.ts';

const APPEND = { kind: 'append', setFencingToken: null, fencingToken: null, matchSeqNum: null } as const;

test('what S2 has no words for is left out of its format, told to nobody who listens, and judged in ours', () => {
  const heard: HistoryEvent[] = [];
  const recorder = new Recorder(
    () => 0,
    (event) => heard.push(event),
  );
  const writer = recorder.call(1, { ...APPEND, recordHashes: [7n], turn: { session: 'w', index: 0 } }, '');
  const wait = recorder.call(2, { kind: 'follow', session: 'f', from: { seqNum: 0 } }, '');
  recorder.return(writer, { kind: 'append-acked', start: 0, end: 1, tail: 1, timestamps: [5, 5] }, '');
  const refused = recorder.call(3, { ...APPEND, recordHashes: [8n], matchSeqNum: 4 }, '');
  recorder.return(refused, { kind: 'append-rejected', actual: { tail: 1 } }, '');
  recorder.return(wait, { kind: 'read-part-success', start: 0, recordHashes: [9n], tail: 1 }, '');
  expect(checkExtendedStream(recorder.wholeHistory())).toMatchObject({ verdict: 'illegal' });
  const plain = recorder.history();
  expect(plain).toEqual(s2History(recorder.wholeHistory()));
  expect(plain.map((event) => (event.type === 'call' ? event.call.kind : event.return.kind))).toEqual([
    'append',
    'append-success',
    'append',
    'append-definite-failure',
  ]);
  expect(heard.filter(({ opId }) => opId !== wait.opId)).toEqual(plain);
  expect(checkStream(plain)).toMatchObject({ verdict: 'ok' });
});

test('several operations may have been called at one moment, by different clients', () => {
  const recorder = new Recorder(() => 0);
  const since = recorder.moment();
  const writer = recorder.call(1, { ...APPEND, recordHashes: [7n] }, '');
  recorder.return(writer, { kind: 'append-success', tail: 1 }, '');
  for (const [client, tail] of [
    [2, 1],
    [3, 0],
  ] as const) {
    recorder.happened(since, client, { kind: 'check-tail' }, { kind: 'check-tail-success', tail }, '');
  }
  expect(recorder.history().map(({ clientId, type }) => `${type} ${clientId}`)).toEqual([
    'call 2',
    'call 3',
    'call 1',
    'return 1',
    'return 2',
    'return 3',
  ]);
  expect(checkStream(recorder.history())).toMatchObject({ verdict: 'ok' });
});
