/**
 * What lasts longer than a look at its access token: sessions, and reads that wait. They end with the token, in the turn in
 * which its end is durable, and are given nothing more from then on.
 *
 * A token is looked at again before every batch that is taken and every event that is handed out, so expiry does not
 * wait for the log either; and records are handed out only while ownership was proved lately (`Grant.confirmed`).
 */

import type { AppendInput } from '../core/admission.ts';
import type { EncryptionKey } from '../core/encryption-key.ts';
import type { AppendOutcome, ReadEvent, ReadOutcome, ReadSessionOutcome, Rejection } from '../core/outcome.ts';
import type { ReadInput } from '../core/read-plan.ts';
import type { AppendSession, Engine, Grant } from '../engine.ts';

const INVALID: Rejection = { kind: 'token-invalid' };

export interface GrantedReads {
  read: Engine['read'];
  /** `say` puts what a session ends with into the words of whoever asked. */
  session(
    basin: string,
    stream: string,
    input: ReadInput,
    signal: AbortSignal | undefined,
    key: EncryptionKey | null | undefined,
    say: (reason: Rejection) => Rejection,
  ): Promise<ReadSessionOutcome>;
}

export function readsOf(engine: Engine, grant: Grant): GrantedReads {
  return {
    async read(basin, stream, input, signal, key) {
      if ((input.waitMs ?? 0) === 0) return engine.read(basin, stream, input, signal, key);
      const { aborted, release } = endOf(grant, signal);
      try {
        const outcome: ReadOutcome = await engine.read(basin, stream, input, aborted, key);
        const reason = grant.isOver() ? await grant.confirmed() : null;
        return reason === null ? outcome : { kind: 'rejected', reason };
      } finally {
        release();
      }
    },
    async session(basin, stream, input, signal, key, say) {
      // Until somebody listens nothing is watched, so that of a client that left before that nothing is remembered.
      const gone = new AbortController();
      const opened = await engine.readSession(basin, stream, input, gone.signal, key);
      return opened.kind === 'open'
        ? { kind: 'open', events: whileGood(opened.events, grant, signal, gone, say) }
        : opened;
    },
  };
}

async function* whileGood(
  events: AsyncGenerator<ReadEvent, void>,
  grant: Grant,
  signal: AbortSignal | undefined,
  gone: AbortController,
  say: (reason: Rejection) => Rejection,
): AsyncGenerator<ReadEvent, void> {
  const { release } = endOf(grant, signal, gone);
  try {
    for await (const event of events) {
      const reason = await grant.confirmed();
      if (reason !== null) return yield { kind: 'failed', reason };
      yield event.kind === 'failed' ? { ...event, reason: say(event.reason) } : event;
    }
    if (signal?.aborted === true || !grant.isOver()) return;
    const reason = await grant.confirmed();
    if (reason !== null) yield { kind: 'failed', reason };
  } finally {
    release();
  }
}

/** Aborts when the token ends, or when nobody listens any more. */
function endOf(grant: Grant, signal: AbortSignal | undefined, gone = new AbortController()) {
  const abort = () => gone.abort('ended');
  const unwatch = grant.onEnd(abort);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted === true || grant.isOver()) abort();
  const release = () => {
    unwatch();
    signal?.removeEventListener('abort', abort);
  };
  return { aborted: gone.signal, release };
}

/** An append session whose every input is judged when it comes. */
export class GrantedAppends implements AppendSession {
  readonly #session: AppendSession;
  readonly #grant: Grant;
  readonly #deniedBy: (input: AppendInput) => { reason: Rejection } | null;
  readonly #told: (outcome: AppendOutcome) => AppendOutcome;

  constructor(
    session: AppendSession,
    grant: Grant,
    deniedBy: (input: AppendInput) => { reason: Rejection } | null,
    told: (outcome: AppendOutcome) => AppendOutcome,
  ) {
    this.#session = session;
    this.#grant = grant;
    this.#deniedBy = deniedBy;
    this.#told = told;
  }

  async submit(input: AppendInput): Promise<boolean> {
    const over = this.#grant.isOver() ? await this.#grant.confirmed() : null;
    const reason = over ?? this.#deniedBy(input)?.reason ?? null;
    if (reason === null) return this.#session.submit(input);
    this.#session.refuse(reason);
    return false;
  }

  close(): void {
    this.#session.close();
  }

  refuse(reason: Rejection): void {
    this.#session.refuse(reason);
  }

  abandon(): void {
    this.#session.abandon();
  }

  async *outcomes(): AsyncGenerator<AppendOutcome, void> {
    const ended = () => this.#session.refuse(INVALID);
    const unwatch = this.#grant.onEnd(ended);
    if (this.#grant.isGone()) ended();
    try {
      for await (const outcome of this.#session.outcomes()) yield this.#told(outcome);
    } finally {
      unwatch();
    }
  }
}
