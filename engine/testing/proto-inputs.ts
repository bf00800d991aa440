/** What a client of S2's protobuf API sends, from the same values the engine takes. */

import { create, toBinary } from '@bufbuild/protobuf';

import { AppendInputSchema } from '../api/proto/s2_pb.ts';
import type { AppendInput } from '../core/admission.ts';

export function encodeAppendInput({ records, matchSeqNum, fencingToken }: AppendInput): Uint8Array {
  const message = create(AppendInputSchema, {
    records: records.map(({ timestamp, headers, body }) => ({
      ...(timestamp !== null && { timestamp: BigInt(timestamp) }),
      headers: headers.map(({ name, value }) => ({ name: own(name), value: own(value) })),
      body: own(body),
    })),
    ...(matchSeqNum !== null && { matchSeqNum: BigInt(matchSeqNum) }),
    ...(fencingToken !== null && { fencingToken }),
  });
  return toBinary(AppendInputSchema, message);
}

/** The library insists on arrays over buffers of their own kind. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
