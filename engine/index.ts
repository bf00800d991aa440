/** The engine's door: open an engine on ports, put the S2 API in front of it. */

export { ConformanceError, probeConformance, ProbeInterrupted } from './adapters/conformance-probe.ts';
export { portableCiphers } from './adapters/portable-ciphers.ts';
export { AccessControl } from './api/access-control.ts';
export { createApi } from './api/routes.ts';
export type { AppendInput, ConditionFailure } from './core/admission.ts';
export { InvariantError } from './core/assert.ts';
export { EncryptionKey } from './core/encryption-key.ts';
export type { BasinConfig, BasinPatch, StreamConfig, StreamPatch, StreamWish } from './core/config.ts';
export type { ListQuery } from './core/listing.ts';
export type {
  AppendAck,
  AppendOutcome,
  CheckTailOutcome,
  CreateOutcome,
  ReadOutcome,
  Rejection,
} from './core/outcome.ts';
export type { StreamPosition } from './core/position.ts';
export type { ReadInput, ReadStart } from './core/read-plan.ts';
export type { AppendRecord, Header, SequencedRecord } from './core/record.ts';
export { type Engine, openEngine } from './engine.ts';
export { ForeignStore } from './log/format-object.ts';
export { LogCorruption } from './log/corruption.ts';
export type { LogEnd } from './log/slot-log.ts';
export { StoreRefused } from './log/persistent-store.ts';
export type { LogTunables } from './log/tunables.ts';
export type { SegmentTunables } from './segments/tunables.ts';
export type * from './ports.ts';
export { ENGINE_EVENTS, type EngineEvent } from './telemetry.ts';
export { checkTunables, ENGINE_DEFAULTS, type EngineTunables } from './tunables.ts';
