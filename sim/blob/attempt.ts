/**
 * One call of the BlobStore port: its way to the store, its way back, and the client's patience.
 *
 * The call ends once: with the first answer that arrives, or when the time-out of the attempt does. What is
 * under way at the store goes on regardless; nobody is left to hear of it. A cut link swallows what is sent
 * into it and what arrives from it.
 */

import type { WorldContext } from '../context.ts';
import type { Host } from '../host.ts';
import { defineSite } from '../choices.ts';
import { drawStoreUs, type StoreLatency, type StoreVerb } from '../latency.ts';
import type { Links } from '../network/links.ts';
import type { OpenSpan, TrackSpan } from '../tracks.ts';
import type { AnswerStalls } from './answer-stalls.ts';

/** The store's name on links and tracks. */
export const STORE = 'store';

/** The effect happens after this many quarters of the whole time; the rest is the way back. */
const EFFECT_QUARTERS = 3;

const ANSWERS_LATE = defineSite('blob.answers-late', 'whether an answer of the store is on its way for long');
const LATE_FOR = defineSite('blob.answers-late-for', 'how long such an answer is on its way');

export interface StoreSetting {
  context: WorldContext;
  links: Links;
  latency: StoreLatency;
  /** Whether a listing shows one moment, or is put together from parts of several. */
  listing: 'snapshot' | 'unsorted';
  stalls: AnswerStalls;
  /** How long the client waits for one attempt. */
  attemptTimeoutMs: number;
}

export interface AttemptOptions<Outcome extends { kind: string }> {
  setting: StoreSetting;
  host: Host;
  generation: number;
  verb: StoreVerb;
  /** The name it is about, or the prefix. */
  key: string;
  /** Bytes it moves, either way. */
  bytes: number;
  /** What the client reports when nothing was heard in time. */
  onTimeout: () => Outcome;
  /** The attempt is over for its caller. */
  onEnd: (attempt: Attempt<Outcome>, outcome: Outcome) => void;
}

export class Attempt<Outcome extends { kind: string }> {
  readonly host: Host;
  readonly generation: number;
  readonly verb: StoreVerb;
  /** Who does what, for choices: `node-1 wal/7`. */
  readonly entity: string;
  readonly startedUs: number;
  readonly outcome: Promise<Outcome>;
  readonly #o: AttemptOptions<Outcome>;
  readonly #context: WorldContext;
  readonly #span: OpenSpan | null;
  readonly #toStoreUs: number;
  readonly #toHostUs: number;
  #resolve: (outcome: Outcome) => void = () => {};
  #isOver = false;
  #timeout = 0;

  constructor(options: AttemptOptions<Outcome>) {
    const { setting, host, verb, key } = options;
    this.#o = options;
    this.#context = setting.context;
    this.host = host;
    this.generation = options.generation;
    this.verb = verb;
    this.entity = `${host.name} ${key}`;
    this.startedUs = this.#context.kernel.nowUs;
    this.outcome = new Promise((resolve) => (this.#resolve = resolve));
    const { tracks } = this.#context;
    this.#span = tracks.isRecording ? tracks.open('storage', this.label, 'neutral', host.name) : null;
    const totalUs = this.#drawUs();
    this.#toStoreUs = Math.floor((totalUs * EFFECT_QUARTERS) / 4);
    this.#toHostUs = totalUs - this.#toStoreUs + this.#drawLateUs();
    this.#timeout = this.#context.kernel.after(this.timeoutUs, host, 'blob.timeout', key, () =>
      this.#end(options.onTimeout()),
    );
  }

  /** `PUT wal/672` for `wal/00000000000000000672`, to people. */
  get label(): string {
    return `${this.verb.toUpperCase()} ${this.#o.key.replace(/(^|\/)0+(?=\d)/g, '$1')}`;
  }

  /** The caller was answered, gave up, or died. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isCallerAlive(): boolean {
    return this.host.isAlive(this.generation);
  }

  get timeoutUs(): number {
    return this.#o.setting.attemptTimeoutMs * 1000;
  }

  /** Whether what leaves now for the store is swallowed. */
  get isCutOff(): boolean {
    return this.#o.setting.links.between(this.host.name, STORE).isCut;
  }

  /** The request travels; `arrive` is an event at the store. */
  toStore(arrive: () => void): void {
    if (this.isCutOff) return;
    this.atStoreAfter(this.#toStoreUs, () => {
      if (!this.isCutOff) arrive();
    });
  }

  /** Something at the store that no link can stop any more. */
  atStoreAfter(delayUs: number, run: () => void): void {
    this.#context.kernel.after(delayUs, null, `store.${this.verb}`, this.#o.key, run);
  }

  /** As `atStoreAfter`, counted from when the request would have arrived. */
  atStoreLate(delayUs: number, run: () => void): void {
    this.atStoreAfter(this.#toStoreUs + delayUs, run);
  }

  /** The store does what it was asked, now. */
  tookEffect(): void {
    this.#context.tracks.effect(this.#span);
  }

  /** The store answers; call in an event at the store. */
  answer(outcome: Outcome): void {
    if (this.verb === 'get' || this.verb === 'list') this.tookEffect();
    if (this.#o.setting.links.between(STORE, this.host.name).isCut) return;
    this.#after(this.#toHostUs, () => {
      const arriveLater = (delayUs: number): void => this.#endAfter(delayUs, outcome);
      if (!this.#o.setting.stalls.holds(this.host.name, this.verb, arriveLater)) this.#end(outcome);
    });
  }

  /** The client itself finds out that it failed, after the time a request takes to get there. */
  noticeLocally(outcome: Outcome): void {
    this.#endAfter(this.#toStoreUs, outcome);
  }

  /** The store answers without having done anything. */
  turnAway(outcome: Outcome): void {
    this.toStore(() => this.answer(outcome));
  }

  /** Runs `settle` when an answer sent now would arrive; until then listings may be uncertain about the names. */
  settleWhenAnswered(settle: () => void): void {
    if (this.#context.faults.listUncertain[0] === 0) settle();
    else this.atStoreAfter(this.#toHostUs, settle);
  }

  /** The caller's process is gone. */
  callerDied(): void {
    this.#isOver = true;
    this.#context.tracks.close(this.#span, { tone: 'warn', detail: `${this.host.name} died` });
  }

  #endAfter(delayUs: number, outcome: Outcome): void {
    this.#after(delayUs, () => this.#end(outcome));
  }

  /** Something arrives at the caller, unless it does not wait any more. */
  #after(delayUs: number, arrive: () => void): void {
    if (this.#isOver) return;
    this.#context.kernel.after(delayUs, this.host, `blob.${this.verb}`, this.#o.key, () => {
      if (!this.#isOver) arrive();
    });
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { kernel, trace, tracks } = this.#context;
    kernel.cancel(this.#timeout);
    trace.note(STORE, outcome.kind, this.#o.key);
    if (tracks.isRecording)
      tracks.close(this.#span, { label: `${this.label}: ${outcome.kind}`, tone: toneOf(outcome.kind) });
    this.#o.onEnd(this, outcome);
    this.#resolve(outcome);
  }

  #drawUs(): number {
    const { setting, verb, bytes } = this.#o;
    const { choices, faults, probes } = this.#context;
    const tail = { tenfold: faults.blobTenfold, hundredfold: faults.blobHundredfold };
    const { us, isSlow } = drawStoreUs(choices, verb, this.entity, setting.latency, bytes, tail);
    if (isSlow) probes.reachable(`fault.${verb}.slow`);
    return us;
  }

  /** How much longer than usual the answer travels; the effect is where it would be without. */
  #drawLateUs(): number {
    const { verb } = this.#o;
    const { entity } = this;
    const { choices, faults, probes } = this.#context;
    if (verb !== 'get' && verb !== 'put') return 0;
    if (!choices.chance(ANSWERS_LATE, entity, faults.blobAnswersLate)) return 0;
    probes.reachable(`fault.${verb}.answered-late`);
    return choices.pick(LATE_FOR, entity, faults.answerLateMs) * 1000;
  }
}

function toneOf(kind: string): TrackSpan['tone'] {
  if (kind === 'done') return 'good';
  if (kind === 'unknown' || kind === 'refused') return 'warn';
  return kind === 'failed' ? 'bad' : 'neutral';
}
