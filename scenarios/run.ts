/**
 * The finished run as plain data: what the sweep collects, the history page draws and `sim repro` compares.
 * Types only. Everything here survives a round trip through JSON (histories are written as S2's JSONL lines,
 * since JSON numbers in Node are not exact above 2^53).
 */

/** Why a run failed. `signature` groups equal failures: it has no numbers and no names in it. */
export interface RunFailure {
  /**
   * `linearizability`: the checker refused the history. `invariant`: an engine or harness assertion, or a
   * quiescence check. `liveness`: something did not end after healing. `unknown`: the checker ran out of budget.
   */
  kind: 'linearizability' | 'invariant' | 'liveness' | 'unknown';
  signature: string;
  /** One or two sentences a tired person understands. */
  message: string;
  /** Guilty operations by `opId`, most telling first; empty when the failure names none. */
  opIds: readonly number[];
}

/** Something that lasted, for the tracks of the history page. Point events have `endMs === startMs`. */
export interface TrackSpan {
  /** Row of the picture: `faults`, `storage`, or `host <name>`. */
  track: string;
  /** Short text in the box: `crash node-1`, `PUT wal/7: reply lost`. */
  label: string;
  startMs: number;
  endMs: number;
  /** Colours the box. */
  tone: 'neutral' | 'good' | 'warn' | 'bad';
  detail?: string;
  /** A call of the store: when it took effect there, with fractions; after `endMs` where the effect came late. */
  effectsMs?: readonly number[];
}

/** What an engine reported, by its name in the catalogue: milliseconds with fractions, host, name, detail. */
export type TrackMark = readonly [atMs: number, host: string, name: string, detail: string | number];

/** Something that travelled between hosts; -1 where it never arrived. Milliseconds with fractions. */
export type TrackMessage = readonly [sentMs: number, arrivedMs: number, from: string, to: string, label: string];

export interface RunCounts {
  operations: number;
  appendsDurable: number;
  appendsRejected: number;
  appendsUnknown: number;
  reads: number;
  checkTails: number;
  faults: number;
}

/** A run spelled out decision by decision, to be replayed elsewhere. */
export interface CaseFile {
  /** The file, to be saved as it is. */
  simcase: string;
  fileName: string;
  /** The command that replays it once it is saved. */
  repro: string;
  /** Of a case that was made small; null of others. */
  explained: {
    /** A sentence for every decision without which it does not happen. */
    causes: readonly string[];
    /** Decisions that make no difference. */
    sceneryCount: number;
    /** Decisions of which nobody knows, because there were too many to try; absent when there are none. */
    untriedCount?: number;
    /** It happens with no decision at all. */
    happensAnyway?: boolean;
  } | null;
}

export interface RunRecord {
  format: 'tailrace-run/1';
  scenario: string;
  seed: string;
  profile: string;
  /** Wrong engine or port planted on purpose, or null. */
  plant: string | null;
  /** The command that repeats this very run. */
  repro: string;
  failure: RunFailure | null;
  /** 16 hex digits; equal for equal seed, profile and build on any machine. */
  traceHash: string;
  events: number;
  simulatedMs: number;
  counts: RunCounts;
  /** Probe name → times lit. Only those that were lit. */
  probes: Readonly<Record<string, number>>;
  /** Watermark → how far the run went. Only those that it reached; absent from records before they were kept. */
  watermarks?: Readonly<Record<string, number>>;
  /** What the swarm drew: tunables and fault rates, as shown to people. */
  drawn: Readonly<Record<string, string | number | boolean>>;
  /** The recorded history, one S2 JSONL line per event, with `at_ms` and `note` as extra keys. */
  historyLines: readonly string[];
  /** The same as a file in our own format, which says more; absent unless recorded, and kept beside `run.json`. */
  extendedHistory?: string;
  /** opIds in the order the checker placed them, or null when it found none. */
  linearization: readonly number[] | null;
  tracks: readonly TrackSpan[];
  /** What engines reported, in order; absent unless recorded. */
  marks?: readonly TrackMark[];
  /** What travelled between hosts, in the order it was sent; absent unless recorded. */
  messages?: readonly TrackMessage[];
  /** What happened beside the judged stream, a line per operation, crew by crew; absent when nothing did. */
  sideLines?: readonly string[];
  /** Of a failed run whose page is written. */
  caseFile?: CaseFile;
}

/** One line per seed in a sweep's result: a run without its history and tracks. */
export type SeedResult = Omit<
  RunRecord,
  'format' | 'historyLines' | 'linearization' | 'tracks' | 'marks' | 'messages' | 'sideLines' | 'drawn' | 'caseFile'
> & {
  wallMs: number;
};

export interface ProbeInfo {
  name: string;
  /** What it means when it lights, in one sentence. */
  sentence: string;
  /** A sweep in which a required probe stays dark has failed. */
  required: boolean;
  /** Row of the fault catalogue it answers to (`W3`, `A3`, …), or null. */
  row: string | null;
}

/** A sweep merged over all its processes. */
export interface SweepRecord {
  format: 'tailrace-sweep/1';
  scenario: string;
  /** As `buildName` of `scenarios/build-name.ts`: never equal for two builds. */
  build: string;
  nodeVersion: string;
  startedAt: string;
  wallMs: number;
  jobs: number;
  /** What ran it, one line per machine: system, architecture, processors. Absent from records before it was kept. */
  machines?: readonly string[];
  /** What told it to stop before it was done; absent when nothing did. */
  interruptedBy?: 'SIGINT' | 'SIGTERM';
  /** Runs this process was to do; null when only time limited them. Fewer results: it was stopped early. */
  runsPlanned: number | null;
  results: readonly SeedResult[];
  probes: readonly ProbeInfo[];
  /** Whether required probes that stayed dark fail the sweep: it was large enough, over several profiles. */
  judgesProbes: boolean;
  /** Workers that died or hung, with the seed they were on. */
  harnessErrors: readonly { seed: string; profile: string; message: string; repro: string }[];
}

/** How long a planted bug was hunted for, several times from other seeds. */
export interface PlantTrial {
  plant: string;
  /** Seeds up to and including the one that caught it, try by try; null where a try ended without. */
  seeds: readonly (number | null)[];
  /** Who convicted it and how, of the first try that did; null when none did. */
  convicted: string | null;
}

/** A sweep of the past in figures, for trends. */
export interface Night {
  startedAt: string;
  build: string;
  runs: number;
  failed: number;
  /** Of what failed, each once. */
  signatures: readonly string[];
  harnessErrors: number;
  probesLit: number;
  probes: number;
  runsPerSecond: number;
}
