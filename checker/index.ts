/**
 * The door of the checker: could this history have happened?
 *
 * `checkStream` judges histories of one S2 stream; `checkOperations` judges any history against any model, after
 * Porcupine. Depends on nothing else of this repository.
 */

export { chain, chainAll, ChainHash, highHalf, lowHalf, solve, toBigint, unchain } from './chain-hash.ts';
export { describeVerdict } from './sweep/describe.ts';
export type { Call, EventNote, Hash64, History, HistoryEvent, Return } from './history.ts';
export { formatEvent, formatHistory, type ParsedHistory, parseHistory, parseLine } from './formats/jsonl.ts';
export { type Model, type NondeterministicModel, type Operation, type Step, toModel } from './wgl/model.ts';
export { MalformedHistory } from './formats/pairing.ts';
export { refusalOfWitness, type Witness } from './sweep/replay.ts';
export { checkOperations, type PartitionResult, type SearchOptions, type SearchResult } from './wgl/plain.ts';
export { streamModel, streamOperations, type StreamState, type TokenRule } from './models/stream.ts';
export { checkStream, type StreamCheckOptions, type Verdict } from './sweep/sweep.ts';
export type { Violation, ViolationCode } from './sweep/violation.ts';
export { type BodyHasher, createBodyHasher } from './xxh3.ts';
