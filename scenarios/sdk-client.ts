/**
 * The official S2 SDK as a recording client: real requests to a real server. Its retries are left on only for
 * failures that certainly had no effect, so that one append is one operation of the history.
 */

import {
  type AppendAck,
  AppendInput,
  AppendRecord,
  FencingTokenMismatchError,
  RangeNotSatisfiableError,
  S2,
  S2Error,
  type S2RequestOptions,
  type S2Stream,
  SeqNumMismatchError,
} from '@s2-dev/streamstore';
import {
  type AppendResult,
  type Batch,
  type CheckTailResult,
  ProtocolViolation,
  type ReadResult,
  type SeenRecord,
  type StreamClient,
} from './client.ts';

export interface SdkTarget {
  /** `http://127.0.0.1:8080`; account and basin endpoint at once. */
  endpoint: string;
  basin: string;
  stream: string;
  accessToken: string;
}

/**
 * How the SDK speaks. `fetch`: requests in JSON, read sessions of server-sent events, append sessions of one request after
 * the other. `s2s`: requests in protobuf, sessions over HTTP/2, full duplex.
 */
export const TRANSPORTS = ['fetch', 's2s'] as const;
export type SdkTransport = (typeof TRANSPORTS)[number];

const PROVISION_ATTEMPTS = 30;

/** Of S2S sessions; the SDK's own default. */
const WINDOW_BYTES = 10 * 1024 * 1024;

/**
 * `client`: clients of different numbers share no HTTP/2 connection. The SDK has one for all that ask for equal windows, so
 * theirs differ by a byte.
 */
export function connect({ endpoint, accessToken }: SdkTarget, client = 0): S2 {
  return new S2({
    accessToken,
    endpoints: { account: endpoint, basin: endpoint },
    retry: { maxAttempts: 3, minBaseDelayMillis: 20, maxBaseDelayMillis: 200, appendRetryPolicy: 'noSideEffects' },
    http2: { initialStreamWindowSize: WINDOW_BYTES + client },
  });
}

/** Makes sure basin and stream exist. Rejects with the server's last answer, or without one when `timeoutMs` are over. */
export async function provision(s2: S2, target: SdkTarget, timeoutMs: number): Promise<void> {
  const options = { signal: AbortSignal.timeout(timeoutMs) };
  await untilExists(() => s2.basins.create({ basin: target.basin }, options));
  await untilExists(() => s2.basin(target.basin).streams.create({ stream: target.stream }, options));
}

async function untilExists(create: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await create();
      return;
    } catch (error) {
      if (error instanceof S2Error && error.code === 'resource_already_exists') return;
      if (attempt === PROVISION_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** The stream by a transport of sessions. A simulated network can carry only `fetch`: the other one is HTTP/2 itself. */
export function sessionsOf(s2: S2, { basin, stream }: SdkTarget, transport: SdkTransport = 'fetch'): S2Stream {
  return s2.basin(basin).stream(stream, { forceTransport: transport });
}

export function appendInput({ bodies, setFencingToken, fencingToken, matchSeqNum }: Batch): AppendInput {
  const records = bodies.map((body) =>
    setFencingToken === null ? AppendRecord.string({ body }) : AppendRecord.fence(setFencingToken),
  );
  return AppendInput.create(records, {
    ...(matchSeqNum !== null && { matchSeqNum }),
    ...(fencingToken !== null && { fencingToken }),
  });
}

export function acknowledged({ start, end, tail }: AppendAck): AppendResult {
  const timestamps = [Number(start.timestamp), Number(end.timestamp)] as const;
  const told = { tail: tail.seqNum, tailTimestamp: Number(tail.timestamp), timestamps };
  return { kind: 'durable', startSeqNum: start.seqNum, endSeqNum: end.seqNum, told };
}

/** What may be concluded from the error of an append. Throws what is not the SDK's. */
export function appendFailure(
  error: unknown,
  options: S2RequestOptions = {},
): Exclude<AppendResult, { kind: 'durable' }> {
  const failure = asS2Error(error, options);
  const code = codeOf(failure);
  if (!isDefinite(failure)) return { kind: 'unknown', code };
  const actual = actualOf(failure);
  return { kind: 'rejected', code, ...(actual !== null && { actual }) };
}

/** What is so instead of what the append was conditional on. */
function actualOf(error: S2Error): { tail: number } | { fencingToken: string } | null {
  if (error instanceof SeqNumMismatchError) return { tail: error.expectedSeqNum };
  if (error instanceof FencingTokenMismatchError) return { fencingToken: error.expectedFencingToken };
  return null;
}

/** Throws `error` unless it is a way in which a read session of `held` records may end. */
export function assertOutcome(error: unknown, held: number, isNetworkReal = false): void {
  const failure = asS2Error(error, {});
  const { status } = failure;
  if (status === 0 && !isNetworkReal) throw error;
  if (status === 416) throw new ProtocolViolation(`a server has less than the ${held} records another one showed`);
  if (isRefusal(failure)) throw new ProtocolViolation(`a read session was answered with ${status} ${failure.code}`);
}

export class SdkClient implements StreamClient {
  readonly #stream: S2Stream;
  readonly #timeoutMs: number | null;
  readonly #transport: SdkTransport;

  /** `timeoutMs` is the patience with one operation, retries included; null has no limit. */
  constructor(s2: S2, target: SdkTarget, timeoutMs: number | null = null, transport: SdkTransport = 'fetch') {
    this.#stream = s2.basin(target.basin).stream(target.stream);
    this.#timeoutMs = timeoutMs;
    this.#transport = transport;
  }

  async append(batch: Batch): Promise<AppendResult> {
    const options = this.#options();
    try {
      const coding = this.#transport === 's2s' ? { preferProtobuf: true } : {};
      const ack = await this.#stream.append(appendInput(batch), { ...options, ...coding });
      if (ack.end.seqNum - ack.start.seqNum !== batch.bodies.length) {
        throw new ProtocolViolation(
          `${batch.bodies.length} records were acknowledged as ${ack.start.seqNum}..${ack.end.seqNum}`,
        );
      }
      return acknowledged(ack);
    } catch (error) {
      return appendFailure(error, options);
    }
  }

  async read(): Promise<ReadResult> {
    const records: SeenRecord[] = [];
    const options = this.#options();
    try {
      for (;;) {
        const page = await this.#page(records.length, options);
        if (page.length === 0)
          throw new ProtocolViolation(
            'a read below the tail returned no records: the tail counts some that nobody can read',
          );
        for (const record of page) {
          if (record.seqNum !== records.length) {
            throw new ProtocolViolation(`record ${record.seqNum} was returned where ${records.length} was due`);
          }
          records.push(record);
        }
      }
    } catch (error) {
      const failure = asS2Error(error, options);
      if (!(failure instanceof RangeNotSatisfiableError)) return { kind: 'failed', code: codeOf(failure) };
      // The tail of a refusal is where the last page ended: the whole stream was read.
      return { kind: 'read', tail: failure.tail?.seqNum ?? records.length, records };
    }
  }

  async #page(seqNum: number, options: S2RequestOptions): Promise<readonly SeenRecord[]> {
    const input = { start: { from: { seqNum } }, stop: { limits: { count: 1000 } } };
    if (this.#transport === 'fetch') return (await this.#stream.read(input, options)).records.map(seen);
    return (await this.#stream.read(input, { ...options, as: 'bytes' })).records.map(seen);
  }

  async checkTail(): Promise<CheckTailResult> {
    const options = this.#options();
    try {
      const { tail } = await this.#stream.checkTail(options);
      return { kind: 'tail', tail: tail.seqNum, timestamp: Number(tail.timestamp) };
    } catch (error) {
      return { kind: 'failed', code: codeOf(asS2Error(error, options)) };
    }
  }

  #options(): S2RequestOptions {
    return this.#timeoutMs === null ? {} : { signal: AbortSignal.timeout(this.#timeoutMs) };
  }
}

interface SdkRecord {
  seqNum: number;
  timestamp: Date;
  body: string | Uint8Array;
  headers: readonly (readonly (string | Uint8Array)[])[];
}

/** A record as the SDK shows it in either coding. */
export function seen({ seqNum, timestamp, body, headers }: SdkRecord): SeenRecord {
  const [name, value] = headers[0] ?? [];
  const isFence = headers.length === 1 && textOf(name) === '' && textOf(value) === 'fence';
  return { seqNum, timestamp: Number(timestamp), body: textOf(body) ?? '', isFence };
}

function textOf(value: string | Uint8Array | undefined): string | undefined {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}

/** Only the SDK's own errors are outcomes; anything else is a bug and goes up. */
function asS2Error(error: unknown, { signal }: S2RequestOptions): S2Error {
  if (!(error instanceof S2Error)) throw error;
  // The SDK makes an error without a status of whatever it does not know: of our deadline, or of a bug.
  if (error.status === 0 && signal?.aborted === false) throw error;
  return error;
}

function isDefinite(error: S2Error): boolean {
  const isCondition = error instanceof SeqNumMismatchError || error instanceof FencingTokenMismatchError;
  return (error.origin === 'server' && isRefusal(error)) || isCondition || error.hasNoSideEffects();
}

function isRefusal({ status }: S2Error): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 499;
}

function codeOf(error: S2Error): string {
  if (error instanceof SeqNumMismatchError) return 'seq_num_mismatch';
  if (error instanceof FencingTokenMismatchError) return 'fencing_token_mismatch';
  if (error.status === 0) return 'timeout';
  return error.code ?? `status ${error.status}`;
}
