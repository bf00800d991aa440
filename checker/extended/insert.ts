/**
 * Puts operations into an order that is there already: each at the first place that real time and its answer allow,
 * those that returned first coming first.
 *
 * What changes nothing never gets into another's way, and an earlier place never hurts what comes later, so for those
 * the first place is the best. What shows a trim or a free name changes what others may see, so a miss then is no
 * proof, and somebody else has to decide.
 */

import { firstAbove } from '../sweep/order.ts';
import type { Model } from '../wgl/model.ts';
import type { ExtendedReturn } from './history.ts';
import { reachOf } from './observations.ts';
import type { StreamOperation } from './operations.ts';
import type { ExtendedState } from './state.ts';
import type { StreamCall } from './stream-call.ts';

type StreamModel = Model<ExtendedState, StreamCall, ExtendedReturn>;

/** An operation whose answer is true at none of the places that real time leaves it in an order. */
export interface Misfit {
  operation: StreamOperation;
  order: readonly StreamOperation[];
  /** The order has all that changes the stream, and nothing in it was put there for what it shows. */
  isOfBackbone: boolean;
}

/** `backbone` with all of `others` in it; or what had no place, null when something else stood in the way. */
export function insertedInto(
  model: StreamModel,
  backbone: readonly StreamOperation[],
  others: readonly StreamOperation[],
): { order: readonly StreamOperation[] } | { misfit: Misfit | null } {
  const order = Order.of(model, backbone);
  if (order === null) return { misfit: null };
  for (const operation of others.toSorted((a, b) => a.return - b.return)) {
    const place = order.insert(operation);
    if (place === 'in the way') return { misfit: null };
    if (place === 'nowhere') return { misfit: { operation, order: order.finish(), isOfBackbone: order.isUnchanged } };
  }
  return { order: order.finish() };
}

interface Placed {
  operation: StreamOperation;
  /** So many of the backbone stand before it. */
  slot: number;
}

class Order {
  /** Nothing that changes the state was put in. */
  isUnchanged = true;
  readonly #model: StreamModel;
  #backbone: StreamOperation[];
  /** In front of each operation of the backbone, and behind the last. */
  #states: ExtendedState[];
  /** The least return from there on, and the greatest call up to there: both ascend. */
  #leastReturn = new Float64Array(0);
  #greatestCall = new Float64Array(0);
  /** In front of each and behind the last, where they ascend, as in one life. */
  #tails: Float64Array | null = null;
  readonly #placed: Placed[] = [];
  /** By id: where an operation is that was inserted. */
  readonly #slotOf = new Map<number, () => number>();
  /** The greatest slot among those placed so far: they come in order of return. */
  readonly #greatestSlot: number[] = [];

  private constructor(model: StreamModel, backbone: StreamOperation[], states: ExtendedState[]) {
    this.#model = model;
    this.#backbone = backbone;
    this.#states = states;
    this.#measure();
  }

  /** Null when the backbone itself is not legal. */
  static of(model: StreamModel, backbone: readonly StreamOperation[]): Order | null {
    const states = statesAlong(model, model.init(), backbone);
    return states === null ? null : new Order(model, [...backbone], states);
  }

  /** `in the way`: of what is there already. */
  insert(operation: StreamOperation): 'placed' | 'nowhere' | 'in the way' {
    const at = this.#placed.length;
    const { input, output, metadata } = operation;
    const last = firstAbove(this.#greatestCall, itself, operation.return);
    let miss: 'nowhere' | 'in the way' = 'nowhere';
    for (let slot = this.#firstSlot(operation); slot <= last; slot++) {
      const step = this.#model.step(this.#states[slot]!, input, output);
      if (!step.legal) continue;
      const changes = step.state !== this.#states[slot];
      if (changes && !this.#change(slot, operation)) {
        miss = 'in the way';
        continue;
      }
      if (!changes) this.#place(operation, slot);
      this.#slotOf.set(metadata.id, () => (changes ? this.#backbone.indexOf(operation) + 1 : this.#placed[at]!.slot));
      return 'placed';
    }
    return miss;
  }

  finish(): StreamOperation[] {
    // At one place those called first come first: whatever returned before a call was called before it too.
    const placed = this.#placed.toSorted((a, b) => a.slot - b.slot || a.operation.call - b.operation.call);
    const order: StreamOperation[] = [];
    let next = 0;
    for (let slot = 0; slot <= this.#backbone.length; slot++) {
      for (; placed[next]?.slot === slot; next++) order.push(placed[next]!.operation);
      if (slot < this.#backbone.length) order.push(this.#backbone[slot]!);
    }
    return order;
  }

  /**
   * Behind everything that returned before the call, behind the moment before it of the same read, and behind the records that it
   * tells of: what a follower was shown may be from any time since its session was opened.
   */
  #firstSlot({ call, input, output, metadata }: StreamOperation): number {
    const behindBackbone = firstAbove(this.#leastReturn, itself, call - 1);
    const earlier = firstAbove(this.#placed, ({ operation }) => operation.return, call - 1);
    const behindMoment = metadata.behind === null ? 0 : (this.#slotOf.get(metadata.behind)?.() ?? 0);
    const behindRecords = this.#tails === null ? 0 : firstAbove(this.#tails, itself, reachOf(input, output) - 1);
    return Math.max(behindBackbone, this.#greatestSlot[earlier - 1] ?? 0, behindMoment, behindRecords);
  }

  #place(operation: StreamOperation, slot: number): void {
    this.#placed.push({ operation, slot });
    this.#greatestSlot.push(Math.max(slot, this.#greatestSlot.at(-1) ?? 0));
  }

  /** Takes an operation into the backbone that changes the state, unless something behind it is not legal then. */
  #change(slot: number, operation: StreamOperation): boolean {
    const rest = [operation, ...this.#backbone.slice(slot)];
    const states = statesAlong(this.#model, this.#states[slot]!, rest);
    if (states === null) return false;
    const isBroken = ({ operation: { input, output }, slot: at }: Placed): boolean =>
      at > slot && !this.#model.step(states[at + 1 - slot]!, input, output).legal;
    if (this.#placed.some(isBroken)) return false;
    this.isUnchanged = false;
    this.#backbone = [...this.#backbone.slice(0, slot), ...rest];
    this.#states = [...this.#states.slice(0, slot), ...states];
    for (const other of this.#placed) if (other.slot > slot) other.slot++;
    for (const [index, greatest] of this.#greatestSlot.entries())
      if (greatest > slot) this.#greatestSlot[index] = greatest + 1;
    this.#measure();
    return true;
  }

  #measure(): void {
    const count = this.#backbone.length;
    this.#leastReturn = new Float64Array(count);
    this.#greatestCall = new Float64Array(count);
    for (let i = 0, most = -1; i < count; i++) this.#greatestCall[i] = most = Math.max(most, this.#backbone[i]!.call);
    for (let i = count - 1, least = Infinity; i >= 0; i--)
      this.#leastReturn[i] = least = Math.min(least, this.#backbone[i]!.return);
    const tails = Float64Array.from(this.#states, ({ stream }) => stream.tail);
    this.#tails = tails.every((tail, i) => i === 0 || tail >= tails[i - 1]!) ? tails : null;
  }
}

const itself = (value: number): number => value;

/** The state in front of each operation and behind the last; null when one is illegal. */
function statesAlong(
  model: StreamModel,
  from: ExtendedState,
  operations: readonly StreamOperation[],
): ExtendedState[] | null {
  const states = [from];
  for (const { input, output } of operations) {
    const step = model.step(states.at(-1)!, input, output);
    if (!step.legal) return null;
    states.push(step.state);
  }
  return states;
}
