/**
 * Somebody who puts objects where they do not belong: of another Tailrace store, or of nobody's. A server that meets one has
 * to say so and end, and may never take it for its own, or delete what it does not know. Anchored to effects in the store.
 *
 * Left out is what nobody can tell from our own (docs/SIMULATION.md): a fence of a higher epoch, which is how a rival takes
 * over, and a checkpoint with everything it names under the name of a published one.
 */

import { defineSite, STORE, type World } from '../../sim/index.ts';
import { epochOfObject, isFence, suffixOf } from './decode.ts';
import type { ForeignObjects } from './foreign-store.ts';
import type { StorageGhost } from './ghost.ts';

const COMES = defineSite('intruder.comes', "whether an object of somebody else's comes to lie among ours");
const WHAT = defineSite('intruder.what', 'what comes');
const WHICH = defineSite('intruder.which', 'which of several it is');

const KINDS = ['slot', 'segment', 'stranger', 'page', 'marker', 'publication', 'slot'] as const;
/** Names of no kind of ours, or that only look like one. */
const STRANGERS = ['notes.txt', 'wal/notes', 'wal/17', 'seg/old.bak', 'ckpt/tmp', 'pub/README', 'meta/0000000001'];
const TEXT = new TextEncoder();
const OTHER_MARKER = TEXT.encode(JSON.stringify({ store: 'somebody-else', version: 1 }));

export class Intruder {
  readonly #world: World;
  readonly #ghost: StorageGhost;
  readonly #foreign: ForeignObjects;
  /** Names of strangers that were brought. */
  readonly #strangers = new Set<string>();

  constructor(world: World, ghost: StorageGhost, foreign: ForeignObjects) {
    this.#world = world;
    this.#ghost = ghost;
    this.#foreign = foreign;
    world.store.onEffect(() => {
      // Before the marker is there everything is a stranger, and said to be.
      if (world.store.peek('format') === undefined) return;
      if (world.choices.chance(COMES, STORE, world.faults.foreignObject)) this.#bring();
    });
  }

  /** What was not ours and not in the way was left alone. */
  atRest(): void {
    const lost = [...this.#world.store.damage.lost].filter((key) => this.#strangers.has(key));
    const words = lost.length === 0 ? null : `a server deleted what it does not know: ${lost.join(', ')}`;
    this.#world.probes.always('always.strangers-left-alone', words);
  }

  #bring(): void {
    const { choices } = this.#world;
    switch (choices.pick(WHAT, STORE, KINDS)) {
      case 'slot':
        return this.#bringSlot();
      case 'segment':
        return this.#replace('seg/');
      case 'page':
        return this.#replace('meta/');
      case 'marker':
        return this.#world.store.damage.plant('format', OTHER_MARKER);
      case 'publication':
        return this.#bringPublication();
      case 'stranger': {
        const key = choices.pick(WHICH, STORE, STRANGERS);
        this.#strangers.add(key);
        return this.#world.store.damage.plant(key, TEXT.encode('nothing of ours'));
      }
    }
  }

  /** The next slot of the log: whoever writes or replays there meets it. */
  #bringSlot(): void {
    const { end, epoch } = this.#ghost.walk();
    const key = `wal/${String(end).padStart(20, '0')}`;
    const bytes = this.#foreign.get(key);
    if (bytes === undefined || (isFence(bytes) && epochOfObject(bytes) > epoch)) return;
    this.#world.store.damage.plant(key, bytes);
  }

  /** An object of ours is gone, and one of the same name is there. */
  #replace(prefix: string): void {
    const { choices, store } = this.#world;
    const shared = [...this.#foreign.keys()].filter((key) => key.startsWith(prefix) && store.peek(key) !== undefined);
    if (shared.length === 0) return;
    const key = choices.pick(WHICH, STORE, shared.toReversed());
    store.damage.plant(key, this.#foreign.get(key)!);
  }

  /** Without the checkpoint it is of, which is what a server then misses. */
  #bringPublication(): void {
    const { choices, store } = this.#world;
    const others = [...this.#foreign.keys()].filter((key) => key.startsWith('pub/') && store.peek(key) === undefined);
    if (others.length === 0) return;
    const key = choices.pick(WHICH, STORE, others);
    store.damage.plant(key, this.#foreign.get(key)!);
    store.damage.implicate(`ckpt/${suffixOf(key)}`);
  }
}
