/**
 * Made-up faults, calls of the store, reports of engines and messages for made-up runs, the same for the same numbers.
 * The calls are not of the log: it would not fit to what the clients saw, and the card says so of a run.
 */

import type { TrackMark, TrackMessage, TrackSpan } from '../../scenarios/run.ts';

/** Integers in [0, bound), the same every time. */
export type Dice = (bound: number) => number;

export function fakeTracks(endMs: number, dice: Dice): TrackSpan[] {
  const at = (share: number): number => Math.round(endMs * share);
  const tracks: TrackSpan[] = [
    {
      track: 'faults',
      label: 'partition node-1 | store',
      startMs: at(0.18),
      endMs: at(0.29),
      tone: 'warn',
      detail: 'both ways',
    },
    { track: 'faults', label: 'wall clock of node-2 −340 ms', startMs: at(0.6), endMs: at(0.6), tone: 'warn' },
    { track: 'faults', label: 'pause node-1', startMs: at(0.66), endMs: at(0.74), tone: 'warn' },
    { track: 'host node-1', label: 'crash node-1', startMs: at(0.42), endMs: at(0.42), tone: 'bad' },
    { track: 'host node-1', label: 'start node-1', startMs: at(0.5), endMs: at(0.5), tone: 'good' },
  ];
  for (let slot = 1, startMs = 20; startMs < endMs; slot++, startMs += 6 + dice(24)) {
    const isLost = dice(12) === 0;
    const lengthMs = 8 + dice(isLost ? 160 : 30);
    tracks.push({
      track: 'storage',
      label: isLost ? `PUT seg/1-${slot}: unknown` : `PUT seg/1-${slot}: done`,
      startMs,
      endMs: startMs + lengthMs,
      tone: isLost ? 'warn' : 'good',
      detail: startMs < at(0.42) ? 'node-1' : 'node-2',
      // A late effect: the caller has given up by then.
      effectsMs: [startMs + (isLost ? lengthMs + 40 : Math.floor(lengthMs * 0.75))],
    });
  }
  return tracks;
}

/** The first owner crashes, the second one takes over; slots go out and are committed. */
export function fakeMarks(endMs: number): TrackMark[] {
  const marks: TrackMark[] = [
    [0, 'node-1', 'takeover.started', ''],
    [4.5, 'node-1', 'takeover.completed', 1],
    [endMs * 0.43, 'node-2', 'takeover.started', ''],
    [endMs * 0.46, 'node-2', 'takeover.completed', 2],
  ];
  for (let slot = 1, atMs = 20; atMs < endMs; slot++, atMs += 40) {
    const host = atMs < endMs * 0.42 ? 'node-1' : 'node-2';
    marks.push([atMs, host, 'log.slot.issued', slot], [atMs + 61.25, host, 'log.slot.committed', slot]);
  }
  return marks.sort(([a], [b]) => a - b);
}

export function fakeMessages(endMs: number, dice: Dice): TrackMessage[] {
  const messages: TrackMessage[] = [];
  for (let sentMs = 40; sentMs < endMs; sentMs += 3 + dice(5)) {
    const client = `w${1 + dice(3)}`;
    const node = `node-${1 + dice(2)}`;
    const request = `POST /v1/streams/s/records at ${node}`;
    const arrivedMs = dice(30) === 0 ? -1 : sentMs + 1 + dice(4) / 4;
    messages.push([sentMs, arrivedMs, client, node, request]);
    if (arrivedMs > 0) messages.push([arrivedMs, arrivedMs + 1.5, node, client, `answer to ${request}`]);
  }
  return messages.sort(([a], [b]) => a - b);
}

/** Park and Miller's generator; good enough to look natural. */
export function diceFrom(seed: number): Dice {
  let state = (seed % 2_147_483_646) + 1;
  return (bound) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
}
