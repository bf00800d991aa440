/**
 * The codecs of the official client, for tests that hold ours to them: generated protobuf messages, frames, and the parser
 * of events. The package does not export them, so they are taken from its files; a release that moves them fails here.
 */

export {
  AppendAck,
  AppendInput,
  ReadBatch,
} from '../../node_modules/@s2-dev/streamstore/dist/esm/generated/proto/s2.js';
export { EventStream, type SseMessage } from '../../node_modules/@s2-dev/streamstore/dist/esm/lib/event-stream.js';
export {
  frameMessage,
  S2SFrameParser,
} from '../../node_modules/@s2-dev/streamstore/dist/esm/lib/stream/transport/s2s/framing.js';
