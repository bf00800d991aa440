/**
 * The engine as the holder of one access token sees it: every operation asks `core/access.ts` first, stream names get the
 * token's namespace on the way in and lose it on the way out, listings show what the token reaches, and what lasts ends
 * with the token. Handlers of requests have no other way to the engine when tokens are checked.
 *
 * Invariant: what is refused here never reached the engine, so its answer does not depend on what is there.
 */

import { mayEver, type Names, permits, reaches } from '../core/access.ts';
import type { AppendInput } from '../core/admission.ts';
import type { BasinConfig, BasinPatch, StreamPatch, StreamWish } from '../core/config.ts';
import type { EncryptionKey } from '../core/encryption-key.ts';
import type { ListQuery } from '../core/listing.ts';
import { streamNameProblem } from '../core/names.ts';
import type { Operation } from '../core/operations.ts';
import type { Rejection } from '../core/outcome.ts';
import type { ReadInput } from '../core/read-plan.ts';
import { isCommand, parseCommand } from '../core/record.ts';
import type {
  AccountFigure,
  AccountUsageSet,
  BasinUsageSet,
  CountedFigure,
  StreamUsageSet,
  UsageQuestion,
} from '../core/usage.ts';
import type { Engine, Grant, Operations } from '../engine.ts';
import { BadRequest } from './errors.ts';
import { narrowed } from './granted-listing.ts';
import { GrantedAppends, type GrantedReads, readsOf } from './granted-sessions.ts';

interface Rejected {
  kind: 'rejected';
  reason: Rejection;
}

export class GrantedEngine implements Operations {
  readonly #engine: Engine;
  readonly #grant: Grant;

  constructor(engine: Engine, grant: Grant) {
    this.#engine = engine;
    this.#grant = grant;
  }

  // --- basins ----------------------------------------------------------------------------------------------

  async createBasin(name: string, requestToken: string | null, config?: BasinConfig) {
    return this.#denied(['create-basin'], { basins: name }) ?? this.#engine.createBasin(name, requestToken, config);
  }

  async ensureBasin(name: string, config: BasinConfig) {
    const denied = this.#denied(['create-basin', 'reconfigure-basin'], { basins: name });
    return denied ?? this.#engine.ensureBasin(name, config);
  }

  async reconfigureBasin(name: string, patch: BasinPatch) {
    return this.#denied(['reconfigure-basin'], { basins: name }) ?? this.#engine.reconfigureBasin(name, patch);
  }

  async basinConfig(name: string) {
    return this.#denied(['get-basin-config'], { basins: name }) ?? this.#engine.basinConfig(name);
  }

  async deleteBasin(name: string) {
    return this.#denied(['delete-basin'], { basins: name }) ?? this.#engine.deleteBasin(name);
  }

  async listBasins(query: ListQuery) {
    const denied = this.#denied(['list-basins'], {});
    if (denied !== null) return denied;
    return narrowed(this.#grant.token.scope.basins, query, (inner) => this.#engine.listBasins(inner));
  }

  // --- streams ---------------------------------------------------------------------------------------------

  async createStream(basin: string, name: string, requestToken: string | null, wish?: StreamWish) {
    const whole = this.#stream(['create-stream'], basin, name);
    if (typeof whole !== 'string') return whole;
    const outcome = told(await this.#engine.createStream(basin, whole, requestToken, wish), name);
    return 'row' in outcome ? { ...outcome, row: { ...outcome.row, name } } : outcome;
  }

  async ensureStream(basin: string, name: string, wish: StreamWish) {
    const whole = this.#stream(['create-stream', 'reconfigure-stream'], basin, name);
    if (typeof whole !== 'string') return whole;
    const outcome = told(await this.#engine.ensureStream(basin, whole, wish), name);
    return 'row' in outcome ? { ...outcome, row: { ...outcome.row, name } } : outcome;
  }

  async reconfigureStream(basin: string, name: string, patch: StreamPatch) {
    const whole = this.#stream(['reconfigure-stream'], basin, name);
    return typeof whole === 'string' ? told(await this.#engine.reconfigureStream(basin, whole, patch), name) : whole;
  }

  async streamConfig(basin: string, name: string) {
    const whole = this.#stream(['get-stream-config'], basin, name);
    return typeof whole === 'string' ? told(await this.#engine.streamConfig(basin, whole), name) : whole;
  }

  async deleteStream(basin: string, name: string) {
    const whole = this.#stream(['delete-stream'], basin, name);
    return typeof whole === 'string' ? told(await this.#engine.deleteStream(basin, whole), name) : whole;
  }

  async listStreams(basin: string, query: ListQuery) {
    const denied = this.#denied(['list-streams'], { basins: basin });
    if (denied !== null) return denied;
    const { namespace, scope } = this.#grant.token;
    const startAfter = query.startAfter === '' ? '' : namespace + query.startAfter;
    const whole = { ...query, prefix: namespace + query.prefix, startAfter };
    const outcome = await narrowed(scope.streams, whole, (inner) => this.#engine.listStreams(basin, inner));
    if (outcome.kind !== 'page') return outcome;
    const rows = outcome.page.rows.map((row) => ({ ...row, name: row.name.slice(namespace.length) }));
    return { ...outcome, page: { ...outcome.page, rows } };
  }

  // --- records ---------------------------------------------------------------------------------------------

  async checkTail(basin: string, stream: string) {
    const whole = this.#stream(['check-tail'], basin, stream);
    return typeof whole === 'string' ? told(await this.#engine.checkTail(basin, whole), stream) : whole;
  }

  /** What the engine promises itself where names are whole: an append passes here too often for a promise of its own. */
  append(basin: string, stream: string, input: AppendInput, key?: EncryptionKey | null) {
    const whole = this.#stream(operationsOfBatch(input), basin, stream);
    if (typeof whole !== 'string') return Promise.resolve(whole);
    const outcome = this.#engine.append(basin, whole, input, key);
    return whole === stream ? outcome : outcome.then((known) => told(known, stream));
  }

  async appendSession(basin: string, stream: string, key?: EncryptionKey | null) {
    const some = SESSION_OPERATIONS.find((operation) => mayEver(this.#grant.token, operation)) ?? 'append';
    const whole = this.#stream([some], basin, stream);
    if (typeof whole !== 'string') return whole;
    const opened = await this.#engine.appendSession(basin, whole, key);
    if (opened.kind !== 'open') return told(opened, stream);
    // Each batch needs what is in it, wherever the session was opened.
    const mayAppend = (input: AppendInput) => this.#denied(operationsOfBatch(input), { basins: basin, streams: whole });
    const session = new GrantedAppends(opened.session, this.#grant, mayAppend, (outcome) => told(outcome, stream));
    return { kind: 'open', session } as const;
  }

  async read(basin: string, stream: string, input: ReadInput, signal?: AbortSignal, key?: EncryptionKey | null) {
    const whole = this.#stream(['read'], basin, stream);
    if (typeof whole !== 'string') return whole;
    return told(await this.#reads.read(basin, whole, input, signal, key), stream);
  }

  async readSession(basin: string, stream: string, input: ReadInput, signal?: AbortSignal, key?: EncryptionKey | null) {
    const whole = this.#stream(['read'], basin, stream);
    if (typeof whole !== 'string') return whole;
    const say = (reason: Rejection) => saidOf(reason, stream);
    return told(await this.#reads.session(basin, whole, input, signal, key, say), stream);
  }

  // --- usage -----------------------------------------------------------------------------------------------

  count(operation: AccountFigure): void {
    this.#engine.count(operation);
  }

  countIn(basin: string, operation: Exclude<CountedFigure, 'read-bytes'>): void {
    this.#engine.countIn(basin, operation);
  }

  async accountUsage(set: AccountUsageSet, question: UsageQuestion) {
    const denied = this.#denied(['account-metrics'], {});
    if (denied !== null) return denied;
    const outcome = await this.#engine.accountUsage(set, question);
    if (outcome.kind !== 'usage') return outcome;
    const { basins } = this.#grant.token.scope;
    // Labels are names of basins: of those it does not reach it is not told.
    const figures = outcome.figures.map((figure) =>
      figure.kind === 'labels' ? { ...figure, values: figure.values.filter((name) => reaches(basins, name)) } : figure,
    );
    return { ...outcome, figures };
  }

  async basinUsage(basin: string, set: BasinUsageSet, question: UsageQuestion) {
    return this.#denied(['basin-metrics'], { basins: basin }) ?? this.#engine.basinUsage(basin, set, question);
  }

  async streamUsage(basin: string, stream: string, set: StreamUsageSet, question: UsageQuestion) {
    const whole = this.#stream(['stream-metrics'], basin, stream);
    if (typeof whole !== 'string') return whole;
    return told(await this.#engine.streamUsage(basin, whole, set, question), stream);
  }

  // --- judging ---------------------------------------------------------------------------------------------

  get #reads(): GrantedReads {
    return readsOf(this.#engine, this.#grant);
  }

  /**
   * The first of the operations that the token does not permit on these names, as a refusal; null when it permits all. A
   * body may have come long after its head, so whether there still is the token is asked again.
   */
  #denied(operations: readonly Operation[], names: Names): Rejected | null {
    if (this.#grant.isGone()) return { kind: 'rejected', reason: { kind: 'token-invalid' } };
    for (const operation of operations) {
      if (!permits(this.#grant.token, operation, names)) {
        return { kind: 'rejected', reason: { kind: 'not-permitted', operation } };
      }
    }
    return null;
  }

  /** The stream's whole name, or why the token must not be asked about it. Throws BadRequest for one that is too long. */
  #stream(operations: readonly Operation[], basin: string, name: string): string | Rejected {
    const { namespace } = this.#grant.token;
    const whole = namespace + name;
    const denied = this.#denied(operations, { basins: basin, streams: whole });
    if (denied !== null) return denied;
    const problem = namespace === '' ? null : streamNameProblem(whole);
    if (problem !== null) throw new BadRequest('invalid', `with the prefix of the access token: ${problem}`);
    return whole;
  }
}

const SESSION_OPERATIONS: readonly Operation[] = ['append', 'trim', 'fence'];

/** Of a batch without commands, as most are. */
const PLAIN: readonly Operation[] = ['append'];

/** What is in a batch decides what it needs. */
function operationsOfBatch({ records }: AppendInput): readonly Operation[] {
  if (records.length > 0 && !records.some(isCommand)) return PLAIN;
  const needed = new Set<Operation>();
  for (const record of records) needed.add(isCommand(record) ? operationOfCommand(parseCommand(record)) : 'append');
  return [...needed];
}

/** A command that is none was refused before. */
function operationOfCommand(command: ReturnType<typeof parseCommand>): Operation {
  return typeof command === 'string' ? 'append' : command.op;
}

/** An outcome as whoever said `name` is told of it: nothing of the namespace is left. */
function told<Outcome extends { kind: string }>(outcome: Outcome, name: string): Outcome {
  if (outcome.kind !== 'rejected' || !('reason' in outcome)) return outcome;
  return { ...outcome, reason: saidOf(outcome.reason as Rejection, name) };
}

function saidOf(reason: Rejection, name: string): Rejection {
  return reason.kind === 'stream-not-found' ? { ...reason, stream: name } : reason;
}
