/**
 * Probes: states a sweep must have visited to count (`reachable`, `sometimes`), and claims a run must not break (`always`), each
 * of which has to be looked at, too.
 *
 * The catalogue is known before the run, so what never happened is known too. Every event of the engine's
 * own catalogue is a probe; the simulator adds one for each fault that really fired. A name that is in no
 * catalogue is an error at once.
 */

import { ENGINE_EVENTS } from '../engine/telemetry.ts';
import { Watermarks } from './watermarks.ts';

/** As in the sweep's result. */
export interface ProbeInfo {
  name: string;
  /** What it means when it lights. */
  sentence: string;
  /** A sweep in which a required probe stays dark has failed. */
  required: boolean;
  /** Row of the fault catalogue it answers to, or null. */
  row: string | null;
}

function probe(name: string, sentence: string, row: string | null = null): ProbeInfo {
  return { name, sentence, required: false, row };
}

/** Faults, by what they did. They light when the fault had its effect, not when it was drawn. */
export const SIM_PROBES: readonly ProbeInfo[] = [
  probe('fault.host.crash', 'a host died', 'P1'),
  probe('fault.host.crash-with-puts-in-flight', 'a host died while puts of its were under way', 'W11'),
  probe('fault.host.crash-at-effect', 'a host died after an effect of its put and before the reply', 'P1'),
  probe('fault.host.crash-at-milestone', 'a host died after an effect on an object beside the log', 'G3'),
  probe('fault.host.struck-at-departure', 'a host died or stood still while a long put of its was under way', 'G2'),
  probe('fault.host.restart', 'a dead host came back'),
  probe('fault.pause.short', 'a host stood still for less than a takeover takes', 'T7'),
  probe('fault.pause.long', 'a host stood still for longer than a whole takeover', 'W1'),
  probe('fault.pause.at-milestone', 'a host stood still after an effect on an object beside the log', 'G2'),
  probe('fault.pause.with-puts-in-flight', 'a host stood still while puts of its were under way', 'W2'),
  probe('fault.pause.clock-stopped', 'a host stood still and so did its monotonic clock', 'W10'),
  probe('fault.store.answers-stalled', 'answers of the store to a server stood still for a while', 'A14'),
  probe('fault.store.answer-held', 'an answer of the store arrived when such a stall was over', 'A14'),
  probe('fault.rival-at-stall', 'a server that had ended was started because another one stood still', 'W7'),
  probe('fault.partition.two-way', 'a link was cut in both directions', 'W9'),
  probe('fault.partition.one-way', 'a link was cut in one direction', 'W9'),
  probe('fault.swizzle', 'servers lost the store one after another and got it back in another order', 'W9'),
  probe('fault.partition.from-store', 'a host was cut off from the store', 'W9'),
  probe('fault.clock.offset', 'a host started with a wrong wall clock', 'T3'),
  probe('fault.clock.drift', "a host's clocks ran fast or slow", 'T8'),
  probe('fault.clock.step-back', 'a wall clock jumped back', 'T1'),
  probe('fault.clock.step-forward', 'a wall clock jumped forward', 'T2'),
  probe('fault.store.outage', 'the store refused everything for a while', 'A13'),
  probe('fault.store.denied', 'the store turned somebody away for want of valid credentials', 'A16'),
  probe('fault.store.full', 'the store had no room for what was put', 'A17'),
  probe('fault.put.failed-before', 'a put failed without effect and said so', 'A1'),
  probe('fault.put.unknown-without-effect', 'a put without effect ended unknown', 'A1'),
  probe('fault.put.lost-reply', 'a put took effect and its reply was lost', 'W3'),
  probe('fault.put.late-effect', 'a put took effect after its caller was told that its outcome is unknown', 'A3'),
  probe('fault.put.late-effect-after-restart', 'a put took effect after its caller had died or been restarted', 'W8'),
  probe('fault.put.late-refused', 'a put that reached the store late found the name taken', 'W8'),
  probe('fault.put.conflict', 'two creations met and the store answered 409 to one', 'A6'),
  probe('fault.put.hang', 'a put was never answered', 'A14'),
  probe('fault.put.slow', 'a put took ten times the normal time or more', 'A15'),
  probe('fault.put.duplicated', 'a put that had succeeded reached the store once more', 'A5'),
  probe('fault.put.throttled', 'the store asked to slow down', 'A13'),
  probe('fault.put.refused', 'a put found its name taken', 'W3'),
  probe('fault.put.travels', 'a put of an object beside the log was on its way for very long', 'A3'),
  probe('fault.put.answered-late', 'the answer to a put that had taken effect was on its way for long', 'A15'),
  probe('fault.get.answered-late', 'the answer to a get was on its way for long', 'W9'),
  probe('fault.get.flipped-bit', 'a bit of a body was flipped on the way', 'A11'),
  probe('fault.get.truncated', 'a body came without its end, and nobody said so'),
  probe('fault.get.swapped', 'a get brought the body of another object'),
  probe('fault.put.overwrote', 'the store created an object over one that was there'),
  probe('fault.object.foreign', "an object of somebody else's came to lie in the prefix"),
  probe('fault.object.flip', 'a bit of an object was flipped in the store', 'A11'),
  probe('fault.object.truncate', 'an object in the store lost its end', 'A9'),
  probe('fault.object.swap', 'an object in the store had the bytes of another one'),
  probe('fault.object.scribble', 'an object in the store had bytes that nobody wrote'),
  probe('fault.get.failed', 'a get failed', 'A9'),
  probe('fault.get.short-body', 'a get lost the end of its body and was reported as failed', 'A9'),
  probe('fault.get.hang', 'a get was never answered', 'A14'),
  probe('fault.get.slow', 'a get took ten times the normal time or more', 'A15'),
  probe('fault.list.failed', 'a listing failed', 'A12'),
  probe('fault.list.hang', 'a listing was never answered', 'A14'),
  probe('fault.list.hid-name-in-flux', 'a listing left out an object that was just being created', 'A12'),
  probe('fault.list.showed-deleted', 'a listing showed an object that was just being deleted', 'A12'),
  probe('fault.list.shifted', 'a listing was put together from parts of several moments that differ', 'A12'),
  probe('fault.list.lingered', 'a listing was under way for long', 'A12'),
  probe('fault.list.as-it-began', 'a listing left out what was created while it was under way', 'A12'),
  probe('fault.list.short-page', 'a listing came in smaller pages than asked for', 'A12'),
  probe('fault.delete.unknown-without-effect', 'a delete without effect ended unknown'),
  probe('fault.delete.lost-reply', 'a delete took effect and its reply was lost'),
  probe('fault.delete.late-effect', 'a delete took effect after its caller was told that its outcome is unknown', 'A7'),
  probe('fault.delete.partial', 'a delete of several names took effect for some of them and ended unknown', 'D2'),
  probe('fault.delete.duplicated', 'a delete that had succeeded reached the store once more', 'A7'),
  probe('fault.delete.slow', 'a delete took ten times the normal time or more'),
  probe('fault.list.slow', 'a listing took ten times the normal time or more'),
  probe('fault.delete.hang', 'a delete was never answered', 'A14'),
  probe('fault.net.refused', 'a connection was refused'),
  probe('fault.net.request-lost', 'a request never arrived and nobody said so'),
  probe('fault.net.response-lost', 'a request was served and nobody heard of it', 'P2'),
  probe('fault.net.reset-before', 'a connection broke before the request was delivered'),
  probe('fault.net.reset-after', 'a connection broke after the request was delivered', 'P2'),
  probe('fault.net.request-cut', 'a request body broke off in the middle', 'P6'),
  probe('fault.net.response-cut', 'a response body broke off in the middle'),
  probe('fault.net.duplicated', 'a read-only request was delivered twice'),
  probe('fault.net.slow-drain', 'bytes of a body waited for a reader that takes them slowly'),
  probe('fault.net.connect-hangs', 'a connection was neither made nor refused'),
  probe('fault.net.half-open', "a caller's end went away and the server was not told"),
  probe('fault.act-at-commit', 'the nemesis acted because something came into the log'),
  probe('fault.net.split', 'a chunk was delivered in pieces', 'P7'),
  probe('fault.net.held', 'a message waited for a cut link to heal'),
  probe('fault.net.gave-up', 'a connection died because nothing came through for too long', 'R12'),
  probe('fault.net.peer-crash', 'a connection broke because the host at its other end died'),
];

export type ProbeCounts = Readonly<Record<string, number>>;

/** Told by `always` what is wrong when the claim does not hold. */
export type ClaimBroken = (message: string) => void;

/** Hears of each probe as it lights; not of claims, which say nothing about the way a run took. */
export type ProbeWatch = (name: string) => void;

export class Probes {
  /** How far the run went. */
  readonly watermarks = new Watermarks();
  readonly #catalogue: ReadonlyMap<string, ProbeInfo>;
  readonly #counts = new Map<string, number>();
  readonly #claimBroken: ClaimBroken;
  readonly #watch: ProbeWatch | null;

  /** `extra` adds to the catalogue, or replaces an entry (to make it required, to name its row). */
  constructor(extra: readonly ProbeInfo[], claimBroken: ClaimBroken, watch: ProbeWatch | null = null) {
    this.#claimBroken = claimBroken;
    this.#watch = watch;
    this.#catalogue = catalogueWith(extra);
  }

  catalogue(): ProbeInfo[] {
    return [...this.#catalogue.values()];
  }

  /** How often each probe lit; dark ones are left out. */
  counts(): ProbeCounts {
    return Object.fromEntries(this.#counts);
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** This place was reached. */
  reachable(name: string): void {
    this.#light(name);
    if (this.#watch !== null) this.#watch(name);
  }

  /** Lights when the condition holds; over a sweep it must at some time. */
  sometimes(name: string, condition: boolean): void {
    if (condition) this.reachable(name);
  }

  /** A claim was held against what happened: `broken` says what is wrong, which fails the run; null, that it holds. */
  always(name: string, broken: string | null): void {
    this.#light(name);
    if (broken !== null) this.#claimBroken(broken);
  }

  #light(name: string): void {
    if (!this.#catalogue.has(name)) throw new Error(`assertion: ${name} is in no catalogue of probes`);
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}

/** Catalogues by what they add: hundreds of entries, the same in every world of a sweep. */
const CATALOGUES = new WeakMap<readonly ProbeInfo[], ReadonlyMap<string, ProbeInfo>>();

function catalogueWith(extra: readonly ProbeInfo[]): ReadonlyMap<string, ProbeInfo> {
  let catalogue = CATALOGUES.get(extra);
  if (catalogue === undefined) {
    catalogue = new Map([...engineProbes(), ...SIM_PROBES, ...extra].map((info) => [info.name, info]));
    CATALOGUES.set(extra, catalogue);
  }
  return catalogue;
}

/** The engine's catalogue of events as probes. */
export function engineProbes(): ProbeInfo[] {
  return Object.entries(ENGINE_EVENTS).map(([name, sentence]) => probe(name, sentence));
}
