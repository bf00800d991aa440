/**
 * A client that appends through sessions: it sends batches without waiting for the ones before, in frames cut anywhere,
 * some of them on a condition that a rival may break, and half-closes or leaves.
 *
 * Each batch is an operation of the judged history. What a session promises is checked at once: acknowledgements come in
 * order and fit their batches; behind the first failure nothing has an effect; a regular end means that everything was
 * answered.
 */

import type { Clock, NetworkError } from '../../engine/index.ts';
import { type AppendResult, type Batch, ProtocolViolation } from '../client.ts';
import type { Turn } from '../recorded-event.ts';
import { Rests } from '../rests.ts';
import { errorCode, NO_EFFECT, streamPath, type Transport } from '../wire.ts';
import { conditionFailed } from '../wire-client.ts';
import { concat, inputFrame, type SessionAnswer, sessionAnswers } from './s2s-wire.ts';

export const SESSION_WRITER_PROBES = {
  'session.pipelined': 'a session had two batches under way',
  'session.mismatch-with-others-behind': 'a batch failed its condition while others were under way behind it',
  'session.dropped-behind': 'batches behind a failed one certainly had no effect',
  'session.frame-coded': 'a session sent a compressed frame',
  'session.guarded-behind-failed': 'a batch with a number of its own was under way behind one that failed',
  'session.token-behind-its-fence': 'a batch came with a token whose fence was not acknowledged yet',
  'session.half-closed': 'a client had said everything, and got what it was owed and a regular end',
  'session.listened-slowly': 'a client let acknowledgements lie while others were due',
  'session.bytewise': 'a frame was sent a byte at a time',
  'session.frames-together': 'several frames were sent in one piece',
  'session.left': 'a client left a session with batches under way',
  'session.side-by-side': 'a client had two append sessions to one stream at once',
} as const;

const BATCHES_MAX = 8;
const REST_MS_MAX = 5_000;
/** Frames above this are not worth sending byte by byte. */
const BYTEWISE_MAX = 100;
const SLOW_MS = 150;
const CODINGS = ['none', 'none', 'gzip', 'zstd'] as const;

export interface SessionWriterOptions {
  addresses: readonly string[];
  basin: string;
  stream: string;
  /** In bodies: `w1`. */
  name: string;
  batches: number;
  batchRecordsMax: number;
  /** Patience with a server that says nothing, in milliseconds. */
  timeoutMs: number;
  /** Rest after a session; longer and longer while none begins. */
  restMs: number;
}

export interface SessionWriterWorld {
  /** A uniform integer in [0, bound). */
  below: (bound: number) => number;
  noted: (probe: keyof typeof SESSION_WRITER_PROBES) => void;
  /** A batch is sent now. The answer is told how it ended. */
  called: (batch: Batch, turn: Turn) => (result: AppendResult) => void;
  /** Sessions of the client that are open now, with those of others that it has. */
  open: { sessions: number };
}

interface UnderWay {
  batch: Batch;
  ended: (result: AppendResult) => void;
}

export class SessionWriter {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #options: SessionWriterOptions;
  readonly #world: SessionWriterWorld;
  readonly #rests: Rests;
  #server = 0;
  #sessions = 0;
  #sent = 0;
  /** Where the next batch lands if nobody else appends. */
  #expected = 0;
  /** The client has said everything it has to say in this session. */
  #isThrough = false;

  constructor(transport: Transport, clock: Clock, options: SessionWriterOptions, world: SessionWriterWorld) {
    this.#transport = transport;
    this.#clock = clock;
    this.#options = options;
    this.#world = world;
    this.#rests = new Rests(options.restMs, REST_MS_MAX);
  }

  /** Appends all its batches, in as many sessions as it takes. Rejects with ProtocolViolation. */
  async run(): Promise<void> {
    while (this.#sent < this.#options.batches) {
      await this.#session();
      await this.#clock.sleep(this.#rests.nextMs());
    }
  }

  async #session(): Promise<void> {
    const { addresses, basin, stream, timeoutMs } = this.#options;
    const underWay: UnderWay[] = [];
    this.#isThrough = false;
    const gone = new AbortController();
    const patience = new AbortController();
    void this.#clock.sleep(timeoutMs, patience.signal).then(() => gone.abort('the client gave up'));
    let outcome: 'ended' | 'broken' = 'broken';
    try {
      const response = await this.#transport(addresses[this.#server % addresses.length] as string, {
        method: 'POST',
        target: streamPath(stream, '/records'),
        headers: new Map([
          ['s2-basin', basin],
          ['content-type', 's2s/proto'],
        ]),
        body: this.#inputs(underWay, gone.signal),
        signal: gone.signal,
      });
      if (response.status === 200 && !(response.body instanceof Uint8Array)) {
        this.#rests.answered();
        if (++this.#world.open.sessions > 1) this.#world.noted('session.side-by-side');
        outcome = await this.#listen(sessionAnswers(response.body), underWay).finally(
          () => this.#world.open.sessions--,
        );
      } else {
        // Refused before the session began: nothing of what was sent on the way has an effect.
        this.#dropAll(underWay, 'refused');
      }
    } catch (error) {
      if (!isNetworkError(error)) throw error;
      if (!error.sent) this.#dropAll(underWay, error.code);
    } finally {
      patience.abort('over');
      gone.abort('the session is over');
    }
    if (outcome === 'broken') {
      if (underWay.length > 0) this.#world.noted('session.left');
      this.#server++;
    }
    for (const { ended } of underWay.splice(0)) ended({ kind: 'unknown', code: 'session' });
  }

  /** The batches of one session as pieces of frames, with pauses. */
  async *#inputs(underWay: UnderWay[], gone: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const { below, called, noted } = this.#world;
    const session = `${this.#options.name}/${++this.#sessions}`;
    const count = Math.min(1 + below(BATCHES_MAX), this.#options.batches - this.#sent);
    let held: Uint8Array[] = [];
    for (let i = 1; i <= count && !gone.aborted; i++) {
      const batch = this.#nextBatch(underWay);
      if (underWay.length > 0) noted('session.pipelined');
      underWay.push({ batch, ended: called(batch, { session, index: i - 1 }) });
      held.push(this.#frame(batch));
      if (i < count && below(5) === 0) continue;
      if (held.length > 1) noted('session.frames-together');
      yield* this.#pieces(concat(held));
      held = [];
      const pauseMs = below(4) * 10;
      if (pauseMs > 0) await this.#clock.sleep(pauseMs, gone);
    }
    this.#isThrough = true;
  }

  #frame(batch: Batch): Uint8Array {
    const coding = CODINGS[this.#world.below(CODINGS.length)] ?? 'none';
    if (coding !== 'none') this.#world.noted('session.frame-coded');
    return inputFrame(batch, coding);
  }

  /** Cut once, anywhere, or everywhere. */
  *#pieces(bytes: Uint8Array): Generator<Uint8Array, void> {
    const { below, noted } = this.#world;
    const cut = below(bytes.length + 1);
    if (bytes.length <= BYTEWISE_MAX && below(6) === 0) {
      noted('session.bytewise');
      for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
      return;
    }
    if (cut > 0) yield bytes.subarray(0, cut);
    if (cut < bytes.length) yield bytes.subarray(cut);
  }

  #nextBatch(underWay: readonly UnderWay[]): Batch {
    const { name, batchRecordsMax } = this.#options;
    const { below, noted } = this.#world;
    const number = this.#sent++;
    const last = underWay.at(-1)?.batch;
    if (last !== undefined && last.setFencingToken !== null) noted('session.token-behind-its-fence');
    const fencingToken = last?.setFencingToken ?? null;
    if (below(10) === 0) return { bodies: [name], setFencingToken: name, fencingToken: null, matchSeqNum: null };
    const bodies = Array.from({ length: 1 + below(batchRecordsMax) }, (_, i) => `${name}/${number}/${i}`);
    const ahead = underWay.reduce((sum, { batch }) => sum + batch.bodies.length, 0);
    const matchSeqNum = below(3) === 0 ? this.#expected + ahead : null;
    return { bodies, setFencingToken: null, fencingToken, matchSeqNum };
  }

  async #listen(answers: AsyncIterable<SessionAnswer>, underWay: UnderWay[]): Promise<'ended' | 'broken'> {
    const isSlow = this.#world.below(4) === 0;
    let owed = 0;
    for await (const answer of answers) {
      const first = underWay.shift();
      if (answer.kind === 'failed') return this.#failed(answer, first, underWay);
      if (first === undefined) throw new ProtocolViolation('an acknowledgement without a batch');
      if (this.#isThrough) owed++;
      this.#acknowledge(answer, first);
      if (!isSlow || underWay.length === 0) continue;
      this.#world.noted('session.listened-slowly');
      await this.#clock.sleep(SLOW_MS);
    }
    if (underWay.length > 0) throw new ProtocolViolation(`a session ended with ${underWay.length} batches unanswered`);
    if (owed > 0) this.#world.noted('session.half-closed');
    return 'ended';
  }

  #acknowledge(ack: Extract<SessionAnswer, { kind: 'ack' }>, { batch, ended }: UnderWay): void {
    const [start, end, tail] = [ack.start.seqNum, ack.end.seqNum, ack.tail.seqNum];
    if (end - start !== batch.bodies.length || tail < end || start < this.#expected) {
      throw new ProtocolViolation(
        `${batch.bodies.length} records behind ${this.#expected} were acknowledged as ${start}..${end}, tail ${tail}`,
      );
    }
    if (batch.matchSeqNum !== null && batch.matchSeqNum !== start) {
      throw new ProtocolViolation(`a batch for ${batch.matchSeqNum} was acknowledged at ${start}`);
    }
    this.#expected = end;
    const timestamps = [ack.start.timestamp, ack.end.timestamp] as const;
    const told = { tail, tailTimestamp: ack.tail.timestamp, timestamps };
    ended({ kind: 'durable', startSeqNum: start, endSeqNum: end, told });
  }

  /** The first failure ends the session: what follows it has no effect, whatever became of the failed one. */
  #failed(
    { status, body }: Extract<SessionAnswer, { kind: 'failed' }>,
    first: UnderWay | undefined,
    behind: UnderWay[],
  ): 'ended' | 'broken' {
    const condition = status === 412 ? conditionFailed(body) : null;
    const code = condition?.code ?? errorCode(body);
    const isMismatch = condition !== null;
    if (isMismatch && first === undefined) throw new ProtocolViolation('a failed condition without a batch');
    const hasNoEffect = isMismatch || NO_EFFECT.has(code);
    first?.ended(condition ?? { kind: hasNoEffect ? 'rejected' : 'unknown', code });
    if (isMismatch && behind.length > 0) this.#world.noted('session.mismatch-with-others-behind');
    const isGuarded = behind.some(({ batch }) => batch.matchSeqNum !== null);
    if (isMismatch && isGuarded) this.#world.noted('session.guarded-behind-failed');
    if (isMismatch) this.#expected = Number((body as { seq_num_mismatch?: number }).seq_num_mismatch ?? this.#expected);
    if (!hasNoEffect) return 'broken';
    if (behind.length > 0) this.#world.noted('session.dropped-behind');
    this.#dropAll(behind, `behind ${code}`);
    return isMismatch ? 'ended' : 'broken';
  }

  #dropAll(underWay: UnderWay[], code: string): void {
    for (const { ended } of underWay.splice(0)) ended({ kind: 'rejected', code });
  }
}

function isNetworkError(error: unknown): error is NetworkError {
  return error instanceof Error && 'sent' in error && 'code' in error;
}
