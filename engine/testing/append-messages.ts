/** An append as protobuf libraries decode it, as the engine has it: what our own decoder is compared with. */

import type { AppendInput } from '../core/admission.ts';

/** The shape that the official client's codec and the project's library share. */
interface AppendMessage {
  records: readonly {
    timestamp?: bigint | undefined;
    headers: readonly { name: Uint8Array; value: Uint8Array }[];
    body: Uint8Array;
  }[];
  matchSeqNum?: bigint | undefined;
  fencingToken?: string | undefined;
}

/** Numbers above 2^53 lose their last bits, as they do not in the engine, which refuses them. */
export function inputOfMessage({ records, matchSeqNum, fencingToken }: AppendMessage): AppendInput {
  return {
    records: records.map(({ timestamp, headers, body }) => ({
      timestamp: timestamp === undefined ? null : Number(timestamp),
      headers: headers.map(({ name, value }) => ({ name, value })),
      body,
    })),
    matchSeqNum: matchSeqNum === undefined ? null : Number(matchSeqNum),
    fencingToken: fencingToken ?? null,
  };
}
