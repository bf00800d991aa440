/**
 * Clients that mean well: appenders and followers of the official SDK, half of the followers over S2S and half over
 * server-sent events, which look at every record they get.
 *
 * A record's body is its appender and that one's count, so a follower knows a lost, a repeated and a strange record when
 * it sees one. Nothing is retried: whatever breaks is a violation.
 */

import { AppendInput, AppendRecord, S2 } from '@s2-dev/streamstore';

export const LOAD_BASIN = 'load-basin';

/** Inputs of one appender that wait for their acknowledgement. */
const PENDING_MAX = 16;

/** What went wrong, in words. Complete only at the end of a run. */
export type Violations = string[];

export function clientOf(endpoint: string): S2 {
  const endpoints = { account: endpoint, basin: endpoint };
  // Patient, so that a machine with much else to do is not taken for a server that does nothing.
  const patience = { connectionTimeoutMillis: 20_000, requestTimeoutMillis: 30_000 };
  return new S2({ accessToken: 'none', endpoints, retry: { maxAttempts: 1 }, ...patience });
}

export interface Appended {
  /** Records acknowledged. */
  acked: number;
  latenciesMs: number[];
}

/** Appends to `stream`, one record every `everyMs` on average, until `signal` aborts. */
export async function appender(
  s2: S2,
  { stream, name, everyMs }: { stream: string; name: string; everyMs: number },
  violations: Violations,
  signal: AbortSignal,
): Promise<Appended> {
  const done: Appended = { acked: 0, latenciesMs: [] };
  try {
    const session = await s2.basin(LOAD_BASIN).stream(stream, { forceTransport: 's2s' }).appendSession();
    const pending = new Set<Promise<void>>();
    for (let count = 0; !signal.aborted; count += 1) {
      const startMs = performance.now();
      const ticket = await session.submit(AppendInput.create([AppendRecord.string({ body: `${name}:${count}` })]));
      const acked = ticket.ack().then(
        () => {
          done.acked += 1;
          done.latenciesMs.push(performance.now() - startMs);
        },
        (error: unknown) => void violations.push(`append ${name}:${count} failed: ${String(error)}`),
      );
      const tracked = acked.finally(() => pending.delete(tracked));
      pending.add(tracked);
      if (pending.size >= PENDING_MAX) await Promise.race(pending);
      await pause(everyMs * 2 * Math.random(), signal);
    }
    await Promise.all(pending);
    await session.close();
  } catch (error) {
    violations.push(`appender ${name} broke off: ${String(error)}`);
  }
  return done;
}

/** A reader of one stream that follows it. */
export class Follower {
  /** The number of the record it waits for. */
  next = 0;
  readonly #name: string;
  readonly #violations: Violations;
  readonly #counts = new Map<string, number>();
  #reading: { cancel(): Promise<void> } | null = null;
  #isOver = false;

  constructor(name: string, violations: Violations) {
    this.#name = name;
    this.#violations = violations;
  }

  /** Resolves once it reads; what comes is looked at until `stop`. */
  async start(s2: S2, stream: string, transport: 's2s' | 'fetch'): Promise<void> {
    const from = { start: { from: { seqNum: 0 } } };
    const reading = await s2.basin(LOAD_BASIN).stream(stream, { forceTransport: transport }).readSession(from);
    this.#reading = reading;
    void (async () => {
      try {
        for await (const record of reading) this.#look(record.seqNum, record.body);
        if (!this.#isOver) this.#violations.push(`${this.#name} ended by itself at ${this.next}`);
      } catch (error) {
        if (!this.#isOver) this.#violations.push(`${this.#name} broke off at ${this.next}: ${String(error)}`);
      }
    })();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#reading?.cancel().catch(() => undefined);
  }

  #look(seqNum: number, body: string): void {
    if (seqNum !== this.next) this.#violations.push(`${this.#name} got record ${seqNum} where ${this.next} was due`);
    this.next = seqNum + 1;
    const [appender = '', count] = body.split(':');
    const due = this.#counts.get(appender) ?? 0;
    if (Number(count) !== due)
      this.#violations.push(`${this.#name} got ${body} at ${seqNum} where ${appender}:${due} was due`);
    this.#counts.set(appender, Number(count) + 1);
  }
}

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const timer = setTimeout(over, ms);
    signal?.addEventListener('abort', over, { once: true });
    function over(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', over);
      resolve();
    }
  });
}
