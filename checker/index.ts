/**
 * The door of the checker: could this history have happened?
 *
 * `checkStream` judges histories of one S2 stream; `checkOperations` and `checkEvents` judge any history against any
 * model, after Porcupine, and models of common things are here. Depends on nothing else of this repository.
 */

export { chain, chainAll, ChainHash, highHalf, lowHalf, solve, toBigint, unchain } from './chain-hash.ts';
export { checkExtendedStream, type ExtendedCheckOptions } from './extended/check.ts';
export type {
  EventLabels,
  ExtendedCall,
  ExtendedEvent,
  ExtendedHistory,
  ExtendedReturn,
  CreatesOn,
  StreamConfig,
} from './extended/history.ts';
export type { StreamCall } from './extended/stream-call.ts';
export { type ExtendedRule, extendedStreamModel } from './extended/model.ts';
export type { ExtendedState } from './extended/state.ts';
export { plainHistory } from './extended/plain.ts';
export {
  formatExtended,
  formatExtendedEvent,
  type HistoryHeader,
  isExtended,
  type ParsedExtended,
  parseExtended,
} from './formats/extended-jsonl.ts';
export { isOfJepsen, type ParsedJepsen, parseJepsen } from './formats/jepsen.ts';
export { formatEvent, formatHistory, type ParsedHistory, parseHistory, parseLine } from './formats/jsonl.ts';
export { type ParsedOperations, parseOperations, readValue } from './formats/operations-file.ts';
export { type ReadStream, readStream, readStreamFrom } from './formats/stream-reader.ts';
export type { Call, EventNote, Hash64, History, HistoryEvent, Return } from './history.ts';
export { MalformedHistory } from './malformed.ts';
export { type CatalogueEntry, MODELS } from './models/catalogue.ts';
export { fencingLockModel, type LockInput, type LockOutput, type LockState } from './models/fencing-lock.ts';
export { type KeyValueInput, keyValueModel, type KeyValueOutput, wholeKeyValueModel } from './models/key-value.ts';
export type { Outcome } from './models/outcome.ts';
export { type Item, queueModel, type QueueInput, type QueueOutput } from './models/queue.ts';
export {
  casRegisterModel,
  type RegisterInput,
  registerModel,
  type RegisterOutput,
  type Value,
} from './models/register.ts';
export { type Element, type SetInput, setModel, type SetOutput } from './models/set.ts';
export { streamModel, streamOperations, type StreamState, type TokenRule } from './models/stream.ts';
export { describeVerdict } from './sweep/describe.ts';
export { StreamMonitor } from './sweep/monitor.ts';
export { refusalOfWitness, type Witness } from './sweep/replay.ts';
export { checkStream, type StreamCheckOptions, sweepOperations, type Verdict } from './sweep/sweep.ts';
export type { Violation, ViolationCode } from './sweep/violation.ts';
export { checkEvents, type Event, operationsOf } from './wgl/check-events.ts';
export {
  annotate,
  type Annotation,
  checkOperations,
  type PartitionResult,
  type SearchOptions,
  type SearchResult,
} from './wgl/check-operations.ts';
export {
  type Model,
  type NondeterministicModel,
  type Operation,
  type Step,
  toModel,
  toNondeterministic,
} from './wgl/model.ts';
export { type BodyHasher, createBodyHasher } from './xxh3.ts';
