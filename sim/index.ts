/**
 * The simulator: a deterministic world in which code written against `engine/ports.ts` runs.
 *
 * `new World({ seed, profile, faults })`, `world.host(name).start(program)`, `await world.run(until)`. Equal
 * seed, profile and settings give equal runs.
 */

export { simArbitrary, SimCase, type FastCheck, type SimConfig } from './arbitrary.ts';
export { World, EPOCH_MS, OVERDUE, type Waiting, type WorldOptions } from './world.ts';
export {
  Host,
  type HostOptions,
  type HostPorts,
  type HostProcess,
  type HostState,
  type ProcessExit,
  type Program,
  type StartOptions,
} from './host.ts';
export { QUIET, type FaultSettings } from './faults.ts';
export {
  Choices,
  defineSite,
  KeyedSource,
  NEVER,
  runKeys,
  type ChoiceSource,
  type ChoiceWatch,
  type Die,
  type KeyedChoice,
  type Odds,
  type RunKeys,
  type Site,
} from './choices.ts';
export { pinnedCompression } from './compression.ts';
export { enumerate, type Deviation, type Enumeration } from './enumeration.ts';
export { choiceKey, FlatReplay, KeyedReplay, type FlatRecording, type Misalignment } from './replay.ts';
export type { RunEnd, RunLimits, WorldFailure } from './kernel.ts';
export { signatureOf } from './kernel.ts';
export type { StoreSpeed } from './latency.ts';
export type { StoreKind } from './store-kinds.ts';
export { SIM_PROBES, engineProbes, Probes, type ProbeCounts, type ProbeInfo } from './probes.ts';
export { WATERMARKS, type Watermark } from './watermarks.ts';
export { STORE, SimBlobStore, type OpenAttempt, type StoreEffect } from './blob-store.ts';
export { SimNetwork, type OpenCall } from './network.ts';
export { SimNetworkError } from './network/errors.ts';
export { Nemesis } from './nemesis.ts';
export { Trace } from './trace.ts';
export { Tracks, type OpenSpan, type TrackMark, type TrackMessage, type TrackSpan } from './tracks.ts';
export { GuardError, installGuard, type Guard } from './guard.ts';
