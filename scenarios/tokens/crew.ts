/**
 * Clients with access tokens, under faults: one issues and revokes them, others do with them what they may and what they may
 * not, also when they are over. The book (`book.ts`) is what must hold of every answer, delivered byte by byte, while hosts fail
 * over and clocks drift.
 */

import { defineSite, EPOCH_MS, type HostPorts } from '../../sim/index.ts';
import type { Crew, Stage } from '../crews/crew.ts';
import { provision } from '../crews/provision.ts';
import { Rests } from '../rests.ts';
import { errorCode, field, Wire } from '../wire.ts';
import { type HeldToken, TokenBook } from './book.ts';
import { bearer, Holder, overheard, wish } from './holder.ts';
import type { TokensPlan } from './plan.ts';
import { BASIN, SCOPES, STREAMS } from './scopes.ts';

const ISSUER = defineSite('client.token-issuer', 'which tokens are issued and revoked, and when');
const HOLDER = defineSite('client.token-holder', 'what the holder of a token does next');

/** The secret of the token that may do everything. */
const ROOT_SECRET = 'root-token-of-the-simulation-0123456789';

/** What servers of runs with tokens are started with. */
export const GUARDED = { basin: BASIN, rootSecret: ROOT_SECRET };

const RETRY_MS = 500;
/** Of a holder that has nothing to do yet. */
const IDLE_REST_MS_MAX = 4_000;

/** Of each holder, for tokens of which none is issued or revoked any more. */
const KEPT_OPERATIONS = 5;

export class TokensCrew implements Crew {
  readonly #plan: TokensPlan;
  readonly #stage: Stage;
  readonly #book: TokenBook;
  #isIssuing = true;

  constructor(plan: TokensPlan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
    const { clockOffset, clockDrift, clockStep } = stage.plan.faults;
    const areClocksRight = [clockOffset, clockDrift, clockStep].every(([n]) => n === 0);
    const nowMs = (): number => stage.world.nowMs;
    this.#book = new TokenBook({
      nowMs,
      wallMs: areClocksRight ? () => EPOCH_MS + nowMs() : null,
      noted: stage.noted,
    });
    const { store } = stage.world;
    store.onEffect(({ kind, key }) => {
      if (kind !== 'delete') this.#inspect(key, store.peek(key));
    });
  }

  start(): void {
    this.#stage.start('token-issuer', async (ports) => {
      try {
        await this.#issueAndRevoke(ports);
      } finally {
        this.#isIssuing = false;
      }
    });
    for (let i = 1; i <= this.#plan.holders; i++) this.#startHolder(`token-holder-${i}`);
  }

  #startHolder(name: string): void {
    const below = this.#stage.below(HOLDER, name);
    this.#stage.start(name, async (ports) => {
      const transport = overheard(this.#stage.transport(ports), this.#book, () => this.#stage.world.nowMs);
      const means = { book: this.#book, noted: this.#stage.noted, below };
      const holder = new Holder(transport, ports.clock, this.#wireOptions(name), means);
      const { held } = this.#book;
      const rests = new Rests(this.#plan.thinkMsMax, IDLE_REST_MS_MAX);
      let left = this.#plan.operationsPerHolder;
      // Some operations are kept for the time when all is over that will be.
      while (this.#isIssuing || (held.length > 0 && left > 0)) {
        // The newest more often than the oldest: those are good, these are over.
        const token = held.length === 0 ? undefined : held[held.length - 1 - below(1 + below(held.length))];
        if (token !== undefined && left > (this.#isIssuing ? KEPT_OPERATIONS : 0)) {
          left--;
          await holder.act(token);
          rests.answered();
          await ports.clock.sleep(1 + below(this.#plan.thinkMsMax));
        } else await ports.clock.sleep(rests.nextMs());
      }
    });
  }

  async #issueAndRevoke(ports: HostPorts): Promise<void> {
    const below = this.#stage.below(ISSUER, 'token-issuer');
    const wire = new Wire(this.#stage.transport(ports), ports.clock, this.#wireOptions('token-issuer'));
    // The same request token for the basin: to a server this is one creation that is repeated.
    for (const stream of STREAMS) {
      if (!(await provision(wire, ports.clock, { basin: BASIN, stream, token: 'tokens' }))) return;
    }
    for (let n = 1; n <= this.#plan.tokens; n++) {
      await this.#issue(wire, ports, n, below);
      await ports.clock.sleep(below(this.#plan.thinkMsMax * 4 + 1));
      const good = this.#book.held.filter(({ revokedMs }) => revokedMs === Infinity);
      const token = good[below(good.length + 1)];
      if (token !== undefined) await this.#revoke(wire, ports, token);
    }
  }

  async #issue(wire: Wire, ports: HostPorts, n: number, below: (bound: number) => number): Promise<void> {
    wire.roam();
    const scope = SCOPES[below(SCOPES.length)] ?? SCOPES[0];
    if (scope === undefined) return;
    const expires = below(this.#plan.expiringEvery) === 0;
    const expiresAtMs = expires ? ports.clock.wallMs() + 100 + below(this.#plan.lifeMsMax) : null;
    const id = `t-${n}`;
    const body = wish(id, scope.streams, { autoPrefix: scope.autoPrefix, expiresAtMs, ids: `${id}.` });
    const exchange = await wire.exchange('POST', '/v1/access-tokens', body, bearer(ROOT_SECRET));
    if (exchange.kind === 'none') return;
    const isRefused = exchange.status === 401 || exchange.status === 403;
    const words = isRefused ? `the root token was refused with ${exchange.status}` : null;
    this.#stage.world.probes.always('always.root-admitted', words);
    // Whoever was not told the secret has lost the token: the next one has another id.
    const secret = field(exchange.body, 'access_token');
    if (exchange.status === 201 && typeof secret === 'string') this.#book.issued({ id, secret, scope, expiresAtMs });
  }

  /** Until a server says that it is so, or has none of it any more. */
  async #revoke(wire: Wire, ports: HostPorts, token: HeldToken): Promise<void> {
    for (let tries = 0; tries < 20; tries++) {
      wire.roam();
      this.#book.revocationAsked(token);
      const by = wire.asks;
      const exchange = await wire.exchange('DELETE', `/v1/access-tokens/${token.id}`, null, bearer(ROOT_SECRET));
      const isGone = exchange.kind === 'answer' && errorCode(exchange.body) === 'access_token_not_found';
      if (exchange.kind === 'answer' && (exchange.status === 204 || isGone)) return this.#book.revoked(token, by);
      await ports.clock.sleep(RETRY_MS);
    }
  }

  /** What a bucket reader has of tokens can not be used. */
  #inspect(key: string, bytes: Uint8Array = new Uint8Array(0)): void {
    const object = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const secrets = [ROOT_SECRET, ...this.#book.held.map(({ secret }) => secret)];
    const shows = secrets.some((secret) => object.includes(secret));
    this.#stage.world.probes.always('always.token-unreadable', shows ? `${key} has the secret of a token in it` : null);
  }

  /** Bodies are not compressed: the book reads them as they come. */
  #wireOptions(name: string) {
    return { ...this.#stage.wireOptions(name), basin: BASIN, coding: null };
  }
}
