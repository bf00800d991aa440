/**
 * Access tokens whose time is over: each is revoked by the owner itself, so that it is over for good. Time is the later of
 * the owner's wall clock and the newest arrival in the log, which never falls: a clock that is behind, here or at the next
 * owner, does not bring back what was seen expired.
 *
 * Invariant: who is told that a token has expired is told when its end is durable.
 */

import type { TokenState } from '../core/access.ts';
import type { Settlement } from '../log/queued.ts';
import type { Clock, Telemetry } from '../ports.ts';
import type { Entry } from '../state/entries.ts';
import type { DurableTables } from '../state/tables.ts';
import type { Journal } from './journal.ts';
import { Sleeper } from './sleeper.ts';

/** Between two looks at all tokens, at least: it bounds what many that expire one by one cost. */
const LOOK_GAP_MS_MIN = 1_000;
/** …and at most: the wall clock may be set forward while nobody looks. */
const LOOK_GAP_MS_MAX = 60_000;

export interface TokenExpiryParts {
  ports: { clock: Clock; telemetry: Telemetry };
  journal: Journal;
  tables: DurableTables;
  /** The newest arrival of any chunk: never falls along the log, whatever clocks do. */
  state: { readonly lastArrivalMs: number };
  /** Aborts when the engine ends. */
  signal: AbortSignal;
  /** A bug. */
  failed: (error: unknown) => void;
}

export class TokenExpiry {
  readonly #parts: TokenExpiryParts;
  readonly #sleeper: Sleeper;
  #isServing = false;
  /** No token expires before; Infinity when none ever does. Tokens are looked at one by one only when it is due. */
  #nextMs: number;

  constructor(parts: TokenExpiryParts) {
    this.#parts = parts;
    this.#sleeper = new Sleeper(parts.ports.clock);
    this.#nextMs = this.#earliestMs();
    parts.signal.addEventListener('abort', this.#sleeper.wake);
    this.#serveIfNeeded();
  }

  /** What tokens are judged by. */
  nowMs(): number {
    return Math.max(this.#parts.ports.clock.wallMs(), this.#parts.state.lastArrivalMs);
  }

  isOver({ expiresAtMs }: Pick<TokenState, 'expiresAtMs'>): boolean {
    return expiresAtMs !== null && this.nowMs() >= expiresAtMs;
  }

  /** An entry was folded into the durable tables. */
  committed(entry: Entry): void {
    const expiresAtMs = entry.type === 'issue-token' ? entry.token.expiresAtMs : null;
    if (expiresAtMs === null || expiresAtMs >= this.#nextMs) return;
    this.#nextMs = expiresAtMs;
    this.#sleeper.wake();
    this.#serveIfNeeded();
  }

  /** Makes the end of a token durable whose time is over; queues nothing when that is on its way. */
  async retire(token: TokenState): Promise<Settlement> {
    const { journal, ports } = this.#parts;
    if (journal.ahead.token(token.id) !== token) return (await journal.flushed()) ? 'committed' : 'void';
    const settlement = await journal.submit({ type: 'revoke-token', id: token.id, atMs: this.nowMs() });
    if (settlement === 'committed') ports.telemetry.event('token.expired');
    return settlement;
  }

  #serveIfNeeded(): void {
    if (this.#isServing || this.#nextMs === Infinity) return;
    this.#isServing = true;
    void this.#serve().catch(this.#parts.failed);
  }

  async #serve(): Promise<void> {
    const { ports, tables, signal } = this.#parts;
    while (this.#nextMs !== Infinity && !signal.aborted) {
      const gapMs = Math.min(Math.max(this.#nextMs - this.nowMs(), LOOK_GAP_MS_MIN), LOOK_GAP_MS_MAX);
      await this.#sleeper.until(ports.clock.monoMs() + gapMs);
      if (signal.aborted) break;
      const nowMs = this.nowMs();
      if (nowMs < this.#nextMs) continue;
      const over = [...tables.tokens.all()].filter(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= nowMs);
      await Promise.all(over.map((token) => this.retire(token)));
      this.#nextMs = this.#earliestMs();
    }
    this.#isServing = false;
    if (signal.aborted) this.#sleeper.close();
  }

  #earliestMs(): number {
    let nextMs = Infinity;
    for (const { expiresAtMs } of this.#parts.tables.tokens.all()) nextMs = Math.min(nextMs, expiresAtMs ?? Infinity);
    return nextMs;
  }
}
