/**
 * Histories of a stream: the table of the checker's goals. Every row is decided by the sweep, parsing included; WGL+,
 * the plain search and Porcupine try the same file with a limit. Wrong or differing verdicts stop the benchmark.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatHistory } from '../../checker/formats/jsonl.ts';
import { readStream } from '../../checker/formats/stream-reader.ts';
import { chainAll } from '../../checker/chain-hash.ts';
import type { History, HistoryEvent } from '../../checker/history.ts';
import { streamModel, streamOperations } from '../../checker/models/stream.ts';
import { sweepOperations } from '../../checker/sweep/sweep.ts';
import { collectHistory, type PlantedBug } from '../../checker/testing/collected-histories.ts';
import { searchPlainly } from '../../checker/testing/plain-wgl/plain-wgl.ts';
import { checkOperations } from '../../checker/wgl/check-operations.ts';
import { type Model, toModel, toNondeterministic } from '../../checker/wgl/model.ts';
import { median, type Row } from '../table.ts';
import type { Peer } from './peer.ts';

const PEER_SECONDS_MAX = 10;
const WGL_STEPS_MAX = 2_000_000;
const PLAIN_STEPS_MAX = 400_000;
const SIZES = [
  [5, 100],
  [10, 100],
  [20, 100],
  [5, 1_000],
  [10, 1_000],
  [20, 1_000],
  [50, 1_000],
] as const;
const PERMILLES = [0, 10, 50, 100];
const BUGS: readonly PlantedBug[] = [
  'stale-read',
  'stale-tail',
  'lost-append',
  'phantom',
  'duplicate',
  'torn-read',
  'torn-batch',
  'corrupt',
  'low-bit-hash',
  'reorder',
  'flap',
  'match-seq-num',
  'fence',
];

/** Legal histories of all sizes, each checker on each. */
export function legal(peer: Peer | null): Row[] {
  return SIZES.flatMap(([clients, opsPerClient]) =>
    PERMILLES.flatMap((unknownPermille) => {
      const history = collectHistory({ seed: 1, clients, opsPerClient, unknownPermille });
      const name = `${clients}x${opsPerClient}, ${unknownPermille / 10} % unknown`;
      return compared(
        name,
        history,
        'ok',
        peer,
        clients * opsPerClient === 50_000 && unknownPermille <= 10 ? 300 : null,
      );
    }),
  );
}

/** One planted bug each, 50 clients, 5 % unknown. */
export function violations(peer: Peer | null): Row[] {
  return BUGS.flatMap((bug) => {
    const workflow = bug === 'match-seq-num' ? bug : bug === 'fence' ? 'fencing' : 'regular';
    const history = collectHistory({ seed: 2, clients: 50, opsPerClient: 1_000, unknownPermille: 50, bug, workflow });
    const bytes = new TextEncoder().encode(formatHistory(history));
    const { ms, verdict } = sweep(bytes);
    expectVerdict(bug, verdict, 'illegal');
    const row: Row = { what: `50x1000, 5 % unknown, ${bug}: sweep`, value: ms, unit: 'ms' };
    return [{ ...row, goal: { of: 'value', bound: 'at most', than: 300 } }, ...peerRows(bug, bytes, 'illegal', peer)];
  });
}

/** Any order of the nine could be the right one; only the content says which. */
export function hole(): Row[] {
  const bytes = new TextEncoder().encode(formatHistory(readOverNine()));
  for (let i = 0; i < 5; i++) sweep(bytes);
  const { ms, verdict } = sweep(bytes);
  expectVerdict('the hole', verdict, 'ok');
  return [
    {
      what: 'one read over nine outstanding unknown appends: sweep',
      value: ms,
      unit: 'ms',
      goal: { of: 'value', bound: 'at most', than: 20 },
    },
  ];
}

/** What each rule of WGL+ is good for: configurations kept, beside the plain search of the same run. */
export function ablation(): Row[] {
  return (
    [
      [20, 100, 0],
      [10, 100, 50],
      [20, 100, 100],
      [20, 1_000, 0],
      [10, 1_000, 50],
    ] as const
  ).flatMap(([clients, opsPerClient, unknownPermille]) => {
    const operations = streamOperations(collectHistory({ seed: 3, clients, opsPerClient, unknownPermille }));
    const name = `${clients}x${opsPerClient}, ${unknownPermille / 10} % unknown`;
    const full = streamModel();
    const positions = without(full, 'isHopeless');
    const commits = without(without(positions, 'position'), 'progress');
    const bare = without(commits, 'isReadOnly');
    const models: readonly (readonly [string, Model<never, never, never>])[] = [
      ['optional operations alone', bare as never],
      ['+ read-only commit', commits as never],
      ['+ positions', positions as never],
      ['+ hopeless reads', full as never],
    ];
    const oracle = toModel(toNondeterministic(full));
    const start = performance.now();
    const plain = searchPlainly(oracle, operations, { stepsMax: PLAIN_STEPS_MAX });
    const plainMs = performance.now() - start;
    return models.map(([rules, model]): Row => {
      const begun = performance.now();
      const { verdict, partitions } = checkOperations(model, operations as never, { stepsMax: WGL_STEPS_MAX });
      const value = performance.now() - begun;
      const kept = partitions[0]!.configurations.toLocaleString('en-US');
      const floor = {
        what: `plain search, ${plain.verdict}, ${plain.steps.toLocaleString('en-US')} steps`,
        value: plainMs,
      };
      return { what: `WGL+ ${rules}, ${name}: ${verdict}, ${kept} kept`, value, unit: 'ms', floor };
    });
  });
}

function without(model: object, hook: string): object {
  return Object.fromEntries(Object.entries(model).filter(([name]) => name !== hook));
}

function compared(
  name: string,
  history: History,
  expected: 'ok' | 'illegal',
  peer: Peer | null,
  goalMs: number | null,
): Row[] {
  const bytes = new TextEncoder().encode(formatHistory(history));
  const swept = sweep(bytes);
  expectVerdict(name, swept.verdict, expected);
  const operations = streamOperations(history);
  const start = performance.now();
  const searched = checkOperations(streamModel(), operations, { stepsMax: WGL_STEPS_MAX });
  const wglMs = performance.now() - start;
  if (searched.verdict !== 'unknown') expectVerdict(`${name} by WGL+`, searched.verdict, expected);
  return [
    {
      what: `${name}: sweep, parsing included`,
      value: swept.ms,
      unit: 'ms',
      ...(goalMs !== null && { goal: { of: 'value', bound: 'at most', than: goalMs } as const }),
    },
    { what: `- WGL+: ${searched.verdict}`, value: wglMs, unit: 'ms' },
    ...peerRows(name, bytes, expected, peer),
  ];
}

function peerRows(name: string, bytes: Uint8Array, expected: 'ok' | 'illegal', peer: Peer | null): Row[] {
  if (peer === null) return [];
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-bench-'));
  const file = join(folder, 'history.jsonl');
  writeFileSync(file, bytes);
  const answer = peer.check('stream', file, PEER_SECONDS_MAX);
  rmSync(folder, { recursive: true });
  if (answer.verdict !== 'unknown') expectVerdict(`${name} by Porcupine`, answer.verdict, expected);
  return [{ what: `- Porcupine: ${answer.verdict}`, value: answer.ms, unit: 'ms' }];
}

/** Middle of three, from bytes to verdict. */
function sweep(bytes: Uint8Array): { ms: number; verdict: string } {
  let verdict = '';
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now();
    const read = readStream(bytes);
    verdict = read.kind === 'malformed' ? 'malformed' : sweepOperations(read.operations).verdict;
    return performance.now() - start;
  });
  return { ms: median(times), verdict };
}

/** Nine appends that never return, and one read that saw them all, last called first. */
function readOverNine(): History {
  const batches = Array.from({ length: 9 }, (_, i) =>
    Array.from({ length: 1 + (i % 4) }, (__, k) => BigInt(100 * i + k + 1)),
  );
  const calls = batches.map((recordHashes, i): HistoryEvent => {
    const call = {
      kind: 'append' as const,
      recordHashes,
      setFencingToken: null,
      fencingToken: null,
      matchSeqNum: null,
    };
    return { type: 'call', clientId: i + 1, opId: i + 1, call };
  });
  const seen = batches.toReversed().flat();
  return [
    ...calls,
    { type: 'call', clientId: 10, opId: 10, call: { kind: 'read' } },
    {
      type: 'return',
      clientId: 10,
      opId: 10,
      return: { kind: 'read-success', tail: seen.length, streamHash: chainAll(seen) },
    },
  ];
}

export function expectVerdict(what: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`${what}: the verdict is ${found}, not ${expected}`);
}
