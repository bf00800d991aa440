/** A place in a stream: the number a record has (or would get) and a timestamp in milliseconds since the epoch. */

export interface StreamPosition {
  seqNum: number;
  timestamp: number;
}

export const ORIGIN: StreamPosition = { seqNum: 0, timestamp: 0 };
