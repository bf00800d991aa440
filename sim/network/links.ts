/**
 * Directed links between hosts (and the store), and the messages on them.
 *
 * A link delivers in order within a lane, each message after a latency of its own. While it is cut it holds
 * what is sent and what arrives; when it is mended the held messages travel on, as retransmissions do. A
 * message held for too long is given up, which its sender notices.
 */

import type { WorldContext } from '../context.ts';
import type { Host } from '../host.ts';
import { defineLatency, drawLatencyUs, LINK_LATENCY } from '../latency.ts';

const LATENCY = defineLatency('net', 'a message');

/** After this long without getting through, a connection is dead for its sender. */
export const GIVE_UP_MS = 30_000;

/** Messages of one lane arrive in the order they were sent. */
export interface Lane {
  lastArrivalUs: number;
}

export function newLane(): Lane {
  return { lastArrivalUs: 0 };
}

export interface Message {
  /** Whose event the arrival is; null for the wire itself. */
  owner: Host | null;
  kind: string;
  detail: string;
  /** What it is, to people: for the page of a recorded run. */
  label?: string;
  lane: Lane;
  arrive: () => void;
  /** The message was held for too long and will never arrive. */
  gaveUp?: (() => void) | undefined;
}

interface Sent extends Message {
  arrived: () => void;
  order: number;
  generation: number;
  /** True from the moment a cut link stops it until it travels on. */
  isHeld: boolean;
  isDropped: boolean;
}

export class Link {
  readonly name: string;
  readonly #ends: readonly [from: string, to: string];
  readonly #context: WorldContext;
  #isCut = false;
  #order = 0;
  #held: Sent[] = [];

  constructor(from: string, to: string, context: WorldContext) {
    this.name = `${from}>${to}`;
    this.#ends = [from, to];
    this.#context = context;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#context.trace.note('world', 'cut', this.name);
  }

  /** Held messages travel on, in the order they were sent. */
  mend(): void {
    if (!this.#isCut) return;
    this.#isCut = false;
    this.#context.trace.note('world', 'mend', this.name);
    const held = this.#held.sort((x, y) => x.order - y.order);
    this.#held = [];
    for (const message of held) {
      message.isHeld = false;
      if (!message.isDropped) this.#travel(message);
    }
  }

  /** How long one message takes now. */
  latencyUs(): number {
    const { choices, faults } = this.#context;
    const tail = { tenfold: faults.netTenfold, hundredfold: faults.netHundredfold };
    return drawLatencyUs(choices, LATENCY, this.name, LINK_LATENCY, tail);
  }

  send(message: Message): void {
    const { owner, kind, detail, lane, arrive, gaveUp } = message;
    const { tracks } = this.#context;
    const sent: Sent = {
      arrived: tracks.isRecording ? tracks.message(...this.#ends, message.label ?? kind) : () => {},
      owner,
      kind,
      detail,
      lane,
      arrive,
      gaveUp,
      order: this.#order++,
      generation: owner?.generation ?? 0,
      isHeld: false,
      isDropped: false,
    };
    if (this.#isCut) this.#hold(sent);
    else this.#travel(sent);
  }

  #travel(message: Sent): void {
    const { owner, lane } = message;
    if (owner !== null && !owner.isAlive(message.generation)) return;
    const { kernel } = this.#context;
    const arrivalUs = Math.max(lane.lastArrivalUs, kernel.nowUs + this.latencyUs());
    lane.lastArrivalUs = arrivalUs;
    kernel.after(arrivalUs - kernel.nowUs, owner, message.kind, message.detail, () => {
      if (this.#isCut) return this.#hold(message);
      message.arrived();
      message.arrive();
    });
  }

  #hold(message: Sent): void {
    message.isHeld = true;
    this.#held.push(message);
    this.#context.probes.reachable('fault.net.held');
    const { gaveUp } = message;
    if (gaveUp === undefined) return;
    this.#context.kernel.after(GIVE_UP_MS * 1000, null, 'net.give-up', message.detail, () => {
      if (!message.isHeld || message.isDropped) return;
      message.isDropped = true;
      gaveUp();
    });
  }
}

/** All links of a world, made when first asked for. */
export class Links {
  readonly #context: WorldContext;
  readonly #links = new Map<string, Map<string, Link>>();

  constructor(context: WorldContext) {
    this.#context = context;
  }

  /** The link from one host to another, by name; the store's name is `store`. */
  between(from: string, to: string): Link {
    let ofSender = this.#links.get(from);
    if (ofSender === undefined) {
      ofSender = new Map();
      this.#links.set(from, ofSender);
    }
    let link = ofSender.get(to);
    if (link === undefined) {
      link = new Link(from, to, this.#context);
      ofSender.set(to, link);
    }
    return link;
  }

  mendAll(): void {
    for (const ofSender of this.#links.values()) for (const link of ofSender.values()) link.mend();
  }
}
