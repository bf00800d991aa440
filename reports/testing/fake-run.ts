/**
 * Made-up runs and sweeps of any size, the same for the same numbers: what the tests of the pages draw.
 *
 * A small stand-in for the simulator: clients call, an order is chosen, answers follow from it, faults and
 * storage calls fill the tracks. With `stale` one late check-tail answers an old tail, as a fenced host would.
 */

import { chainAll } from '../../checker/chain-hash.ts';
import type { Call, History, HistoryEvent, Return } from '../../checker/history.ts';
import type { ProbeInfo, RunRecord, SeedResult, SweepRecord } from '../../scenarios/run.ts';
import { type Dice, diceFrom, fakeMarks, fakeMessages, fakeTracks } from './fake-tracks.ts';

export interface FakeRun {
  run: RunRecord;
  history: History;
}

export interface FakeRunOptions {
  operations?: number;
  clients?: number;
  stale?: boolean;
}

export function fakeRun({ operations = 150, clients = 4, stale = true }: FakeRunOptions = {}): FakeRun {
  const world = new FakeWorld(diceFrom(operations + clients), clients);
  while (world.called < operations) world.step();
  world.finish();
  const guilty = stale ? world.makeStale() : null;
  const history = world.history();
  const endMs = history.at(-1)?.atMs ?? 0;
  const outcomes = (kind: Return['kind']): number =>
    history.filter((event) => event.type === 'return' && event.return.kind === kind).length;
  const calls = (kind: Call['kind']): number =>
    history.filter((event) => event.type === 'call' && event.call.kind === kind).length;
  const run: RunRecord = {
    format: 'tailrace-run/1',
    scenario: 'linearizable',
    seed: '1729',
    profile: 'failover',
    plant: stale ? 'stale-tail' : null,
    repro: `npx tailrace sim repro --seed 1729 --profile failover`,
    failure:
      guilty === null
        ? null
        : {
            kind: 'linearizability',
            signature: 'stale tail',
            message: `A check-tail answered ${guilty.saw}, although an operation that had finished before it was called had already reported ${guilty.known}.`,
            opIds: guilty.opIds,
          },
    traceHash: '8c1f40d2a97be365',
    events: operations * 61,
    simulatedMs: endMs + 100,
    counts: {
      operations,
      appendsDurable: outcomes('append-success'),
      appendsRejected: outcomes('append-definite-failure'),
      appendsUnknown: outcomes('append-indefinite-failure'),
      reads: calls('read'),
      checkTails: calls('check-tail'),
      faults: 17,
    },
    probes: { 'log.fenced': 2, 'log.put.unknown': 5, 'takeover.completed': 3, 'append.durable': operations },
    drawn: { windowSlots: 8, lingerMs: 3, batchBytesMax: 65_536, putLostRatio: '1/40', pauseRatio: '1/200', hosts: 2 },
    historyLines: [],
    linearization: stale ? null : world.order(),
    tracks: fakeTracks(endMs, diceFrom(7)),
    marks: fakeMarks(endMs),
    messages: fakeMessages(endMs, diceFrom(5)),
  };
  return { run, history };
}

/** A sweep with `failing` runs in two signatures; none makes it pass. */
export function fakeSweep({ seeds = 400, failing = 0 }: { seeds?: number; failing?: number } = {}): SweepRecord {
  const dice = diceFrom(seeds);
  const profiles = ['quiet', 'lossy', 'crash', 'ambiguous', 'failover', 'skew', 'swarm'];
  const results = Array.from({ length: seeds }, (_, i): SeedResult => {
    const operations = 150 + dice(20) - dice(20);
    const rejected = dice(Math.floor(operations / 6));
    const unknown = dice(6);
    const profile = profiles[i % profiles.length] ?? 'quiet';
    return {
      scenario: 'linearizable',
      seed: String(i),
      profile,
      plant: null,
      repro: `npx tailrace sim repro --seed ${i} --profile ${profile}`,
      failure: i % 5 === 3 && i < failing * 5 ? fakeFailure(i) : null,
      traceHash: (i * 2_654_435_761).toString(16).padStart(16, '0'),
      events: operations * 60,
      simulatedMs: 9000 + dice(30_000),
      counts: {
        operations,
        appendsDurable: 50 + dice(20),
        appendsRejected: profile === 'quiet' ? 0 : rejected,
        appendsUnknown: profile === 'quiet' ? 0 : unknown,
        reads: Math.floor(operations / 3),
        checkTails: Math.floor(operations / 3),
        faults: profile === 'quiet' ? 0 : 5 + dice(30),
      },
      probes: {
        'append.durable': 50,
        ...(dice(9) === 0 && { 'log.fenced': 1 }),
        ...(dice(200) === 0 && { 'takeover.fence-mine': 1 }),
      },
      wallMs: 24 + dice(20) + dice(20) + (dice(40) === 0 ? dice(300) : 0),
    };
  });
  return {
    format: 'tailrace-sweep/1',
    scenario: 'linearizable',
    runsPlanned: null,
    build: '0.1.0 3f9c2ab',
    nodeVersion: 'v20.20.2',
    startedAt: '2026-01-15T02:00:00Z',
    wallMs: 30_412,
    jobs: 2,
    results,
    probes: FAKE_PROBES.slice(0, failing > 0 ? undefined : 3),
    judgesProbes: true,
    harnessErrors:
      failing > 0
        ? [
            {
              seed: '271',
              profile: 'swarm',
              message: 'no sign of life for 60 s',
              repro: 'npx tailrace sim repro --seed 271 --profile swarm',
            },
          ]
        : [],
  };
}

const FAKE_PROBES: readonly ProbeInfo[] = [
  { name: 'append.durable', sentence: 'an append was acknowledged', required: true, row: null },
  { name: 'log.fenced', sentence: 'this process learned that it is not the owner any more', required: true, row: 'W3' },
  {
    name: 'takeover.fence-mine',
    sentence: 'the fence was refused but turned out to be our own earlier attempt',
    required: false,
    row: 'A4',
  },
  {
    name: 'takeover.restarted',
    sentence: 'takeover met a log that contradicts its view and began again',
    required: true,
    row: 'W7',
  },
  {
    name: 'log.put.fatal',
    sentence: 'the store refused a put for good and the log gave up ownership',
    required: false,
    row: 'A9',
  },
];

function fakeFailure(i: number): SeedResult['failure'] {
  return i % 2 === 0
    ? {
        kind: 'invariant',
        signature: 'window slot reused',
        message: 'Slot 14 was issued twice by one owner.',
        opIds: [],
      }
    : {
        kind: 'linearizability',
        signature: 'stale tail',
        message: 'A check-tail answered 31 after 37 had been reported.',
        opIds: [4, 9],
      };
}

interface Pending {
  opId: number;
  clientId: number;
  call: Call;
  atMs: number;
  outcome: Return | null;
}

class FakeWorld {
  called = 0;
  readonly #dice: Dice;
  readonly #events: HistoryEvent[] = [];
  readonly #deferred: HistoryEvent[] = [];
  readonly #order: number[] = [];
  readonly #pending: (Pending | null)[];
  readonly #clientIds: number[];
  #tail = 0;
  /** The chain hash of all records. */
  #content = 0n;
  #nowMs = 40;

  constructor(dice: Dice, clients: number) {
    this.#dice = dice;
    this.#pending = Array<Pending | null>(clients).fill(null);
    this.#clientIds = Array.from({ length: clients }, (_, i) => i + 1);
  }

  step(): void {
    const slot = this.#dice(this.#pending.length);
    this.#nowMs += this.#dice(9);
    const pending = this.#pending[slot] ?? null;
    if (pending === null) this.#call(slot);
    else if (pending.outcome === null) this.#takeEffect(pending);
    else this.#return(slot, pending, pending.outcome);
  }

  finish(): void {
    for (const [slot, pending] of this.#pending.entries()) {
      this.#nowMs += 3;
      if (pending === null) continue;
      if (pending.outcome === null) this.#takeEffect(pending);
      if (pending.outcome !== null) this.#return(slot, pending, pending.outcome);
    }
  }

  history(): History {
    return [...this.#events, ...this.#deferred];
  }

  order(): number[] {
    return [...this.#order];
  }

  /** Turns a late check-tail into one that answers what was true long before it was called. */
  makeStale(): { saw: number; known: number; opIds: number[] } | null {
    const from = Math.floor(this.#events.length * 0.72);
    const position = this.#events.findIndex(
      (event, i) => i > from && event.type === 'return' && event.return.kind === 'check-tail-success',
    );
    const event = this.#events[position];
    if (event?.type !== 'return') return null;
    const callAt = this.#events.findIndex(({ opId }) => opId === event.opId);
    let known = 0;
    let knownBy = 0;
    for (const earlier of this.#events.slice(0, callAt)) {
      if (earlier.type !== 'return' || !('tail' in earlier.return) || earlier.return.tail < known) continue;
      known = earlier.return.tail;
      knownBy = earlier.opId;
    }
    const saw = Math.max(0, known - 11);
    this.#events[position] = {
      ...event,
      return: { kind: 'check-tail-success', tail: saw },
      note: 'answered by node-1',
    };
    return { saw, known, opIds: [event.opId, knownBy] };
  }

  #call(slot: number): void {
    const opId = ++this.called;
    const clientId = this.#clientIds[slot] ?? 1;
    const kind = this.#dice(3);
    const call: Call = kind === 0 ? this.#append() : { kind: kind === 1 ? 'read' : 'check-tail' };
    this.#pending[slot] = { opId, clientId, call, atMs: this.#nowMs, outcome: null };
    this.#events.push({ type: 'call', clientId, opId, call, atMs: this.#nowMs, note: `to node-${1 + (opId % 2)}` });
  }

  #append(): Call {
    const recordHashes = Array.from({ length: 1 + this.#dice(6) }, (_, i) => BigInt(this.called * 100 + i));
    const matchSeqNum = this.#dice(4) === 0 ? this.#tail : null;
    return { kind: 'append', recordHashes, setFencingToken: null, fencingToken: null, matchSeqNum };
  }

  #takeEffect(pending: Pending): void {
    this.#order.push(pending.opId);
    if (pending.call.kind === 'read') {
      pending.outcome = { kind: 'read-success', tail: this.#tail, streamHash: this.#content };
    } else if (pending.call.kind === 'check-tail') {
      pending.outcome = { kind: 'check-tail-success', tail: this.#tail };
    } else if (pending.call.matchSeqNum !== null && pending.call.matchSeqNum !== this.#tail) {
      pending.outcome = { kind: 'append-definite-failure' };
    } else {
      this.#tail += pending.call.recordHashes.length;
      this.#content = chainAll(pending.call.recordHashes, this.#content);
      const isLost = this.#dice(25) === 0;
      pending.outcome = isLost ? { kind: 'append-indefinite-failure' } : { kind: 'append-success', tail: this.#tail };
    }
  }

  #return(slot: number, { opId, clientId }: Pending, outcome: Return): void {
    this.#pending[slot] = null;
    const event: HistoryEvent = { type: 'return', clientId, opId, return: outcome, atMs: this.#nowMs };
    if (outcome.kind === 'append-indefinite-failure') {
      this.#deferred.push({ ...event, note: 'no answer within 400 ms' });
      this.#clientIds[slot] = Math.max(...this.#clientIds) + 1;
    } else this.#events.push(event);
  }
}
