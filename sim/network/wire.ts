/**
 * The two directions of one exchange: what an end does within one event travels as one message, in order.
 *
 * `up` leads from the caller to the server, `down` back. Every arrival is an event of the receiving host;
 * only what is addressed to a machine whose process has not accepted the request yet is the wire's own.
 */

import type { WorldContext } from '../context.ts';
import type { Host } from '../host.ts';
import { newLane, type Lane, type Link } from './links.ts';

export type Way = 'up' | 'down';

export interface WireOptions {
  context: WorldContext;
  /** Tells one exchange from another in traces. */
  id: string;
  /** What it is about, to people. */
  label: string;
  client: Host;
  up: Link;
  down: Link;
  /** The process that accepted the request, or null as long as none did. */
  acceptedBy: () => { host: Host; generation: number } | null;
  /** A message in this direction was held for too long; what it carried is lost. */
  gaveUp: (way: Way) => void;
}

interface Parcel {
  event: number;
  items: (() => void)[];
}

export class Wire {
  readonly #o: WireOptions;
  readonly #lanes: Record<Way, Lane> = { up: newLane(), down: newLane() };
  readonly #open: Record<Way, Parcel | null> = { up: null, down: null };
  /** Parcels that arrived as the wire's event and wait to be an event of the process that accepted since. */
  #handedOver = 0;

  constructor(options: WireOptions) {
    this.#o = options;
  }

  link(way: Way): Link {
    return way === 'up' ? this.#o.up : this.#o.down;
  }

  /** Something to do at the other end. `alone`: as a message of its own. */
  send(way: Way, item: () => void, alone = false): void {
    const event = this.#o.context.trace.events;
    const open = this.#open[way];
    if (open !== null && open.event === event && !alone) {
      open.items.push(item);
      return;
    }
    const parcel: Parcel = { event, items: [item] };
    this.#open[way] = parcel;
    const accepted = this.#o.acceptedBy();
    this.link(way).send({
      owner: way === 'up' ? (accepted?.host ?? null) : this.#o.client,
      kind: `net.${way}`,
      detail: this.#o.id,
      label: way === 'up' ? this.#o.label : `answer to ${this.#o.label}`,
      lane: this.#lanes[way],
      gaveUp: () => this.#o.gaveUp(way),
      arrive: () => this.#arrive(way, parcel, accepted !== null),
    });
  }

  /** News that the connection is broken; a cut link holds it for as long as it takes. */
  sendReset(way: Way, item: () => void): void {
    this.#open[way] = null;
    this.link(way).send({
      owner: way === 'up' ? (this.#o.acceptedBy()?.host ?? null) : this.#o.client,
      kind: 'net.reset',
      detail: this.#o.id,
      label: `reset of ${this.#o.label}`,
      lane: this.#lanes[way],
      arrive: item,
    });
  }

  /** Asks whether anybody listens, and brings the answer back; `noAnswer` if either way is cut for long. */
  knock(isListening: () => boolean, answered: (isListening: boolean) => void, noAnswer: () => void): void {
    const { id, client, up, down } = this.#o;
    const arrive = (): void => {
      const found = isListening();
      down.send({
        owner: client,
        kind: found ? 'net.connected' : 'net.refused',
        detail: id,
        lane: this.#lanes.down,
        gaveUp: noAnswer,
        arrive: () => answered(found),
      });
    };
    up.send({ owner: null, kind: 'net.connect', detail: id, lane: this.#lanes.up, gaveUp: noAnswer, arrive });
  }

  #arrive(way: Way, parcel: Parcel, wasAccepted: boolean): void {
    if (this.#open[way] === parcel) this.#open[way] = null;
    const run = (): void => {
      for (const item of parcel.items) item();
    };
    const accepted = this.#o.acceptedBy();
    if (way === 'down' || accepted === null || (wasAccepted && this.#handedOver === 0)) run();
    else if (accepted.host.isAlive(accepted.generation)) {
      // Sent before anybody had accepted, but somebody has by now: it is that process's event. What arrives at the same
      // moment and was sent later waits its turn behind it.
      this.#handedOver++;
      this.#o.context.kernel.after(0, accepted.host, 'net.up', this.#o.id, () => {
        this.#handedOver--;
        run();
      });
    }
  }
}
