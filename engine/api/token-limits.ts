/**
 * How much one access token may ask for: requests a second, bytes a second both ways together, sessions at once. Counted
 * here, in this process, by its monotonic clock; a token has at most one second of its rate saved up.
 *
 * Requests beyond a limit are refused before anything is done for them. Sessions beyond the rate of bytes are slowed down.
 */

import type { Clock } from '../ports.ts';

/** Null: no limit. */
export interface TokenLimits {
  readonly requestsPerS: number | null;
  readonly bytesPerS: number | null;
  readonly sessions: number | null;
}

export const NO_LIMITS: TokenLimits = { requestsPerS: null, bytesPerS: null, sessions: null };

interface Account {
  /** What is left of each rate; bytes may be owed. */
  requests: number;
  bytes: number;
  atMs: number;
  sessions: number;
}

/** Accounts remembered of tokens that ask for nothing now, about. */
const ACCOUNTS_MAX = 10_000;

export class TokenMeter {
  readonly #clock: Pick<Clock, 'monoMs' | 'sleep'>;
  readonly #limits: TokenLimits;
  readonly #accounts = new Map<string, Account>();

  constructor(clock: Pick<Clock, 'monoMs' | 'sleep'>, limits: TokenLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** False when nothing is limited, so that nothing has to be counted. */
  get counts(): boolean {
    const { requestsPerS, bytesPerS, sessions } = this.#limits;
    return requestsPerS !== null || bytesPerS !== null || sessions !== null;
  }

  /** 0 when one more request may come now; else how long to wait for that, in milliseconds. */
  admit(id: string): number {
    if (!this.counts) return 0;
    const account = this.#account(id);
    const { requestsPerS, bytesPerS } = this.#limits;
    const waitMs = Math.max(msUntil(1 - account.requests, requestsPerS), this.#bytesWaitMs(account, bytesPerS));
    if (waitMs === 0 && requestsPerS !== null) account.requests -= 1;
    return waitMs;
  }

  /** False when it has as many sessions as it may; else `closed` is to be called once. */
  open(id: string): boolean {
    if (!this.counts) return true;
    const account = this.#account(id);
    if (this.#limits.sessions !== null && account.sessions >= this.#limits.sessions) return false;
    account.sessions++;
    return true;
  }

  closed(id: string): void {
    this.#account(id).sessions--;
  }

  charge(id: string, bytes: number): void {
    if (this.#limits.bytesPerS !== null) this.#account(id).bytes -= bytes;
  }

  /** Resolves when the bytes that are owed are paid, or `signal` aborts. */
  async settled(id: string, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const waitMs = this.#bytesWaitMs(this.#account(id), this.#limits.bytesPerS);
      if (waitMs === 0 || signal?.aborted === true) return;
      await this.#clock.sleep(waitMs, signal);
    }
  }

  #bytesWaitMs({ bytes }: Account, bytesPerS: number | null): number {
    return bytes > 0 ? 0 : msUntil(1 - bytes, bytesPerS);
  }

  /** With what it saved up since it was looked at last. */
  #account(id: string): Account {
    const nowMs = this.#clock.monoMs();
    const { requestsPerS, bytesPerS } = this.#limits;
    let account = this.#accounts.get(id);
    if (account === undefined) {
      this.#forgetIdle(nowMs);
      account = { requests: requestsPerS ?? 0, bytes: bytesPerS ?? 0, atMs: nowMs, sessions: 0 };
      this.#accounts.set(id, account);
    }
    const passedS = (nowMs - account.atMs) / 1000;
    account.atMs = nowMs;
    if (requestsPerS !== null) account.requests = Math.min(requestsPerS, account.requests + passedS * requestsPerS);
    if (bytesPerS !== null) account.bytes = Math.min(bytesPerS, account.bytes + passedS * bytesPerS);
    return account;
  }

  /** Whoever asked for nothing in a while has everything again, and nothing has to be known of it. */
  #forgetIdle(nowMs: number): void {
    if (this.#accounts.size < ACCOUNTS_MAX) return;
    for (const [id, { atMs, bytes, sessions }] of this.#accounts) {
      if (sessions === 0 && bytes >= 0 && nowMs - atMs > 1000) this.#accounts.delete(id);
    }
  }
}

/** How long it takes to get `missing` more at that rate, in whole milliseconds. */
function msUntil(missing: number, perS: number | null): number {
  return perS === null || missing <= 0 ? 0 : Math.ceil((missing / perS) * 1000);
}
