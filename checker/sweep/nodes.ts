/**
 * The partial fillings of a two-ended search in flat memory, a few bytes each: there are up to millions of them.
 *
 * A node is a number. Nodes are only ever added, and behind their parent.
 */

interface ChainValue {
  readonly hi: number;
  readonly lo: number;
}

export class Nodes {
  count = 0;
  /** -1 for the root. */
  parent = new Int32Array(32);
  /** Which offer of its hole was laid last. */
  offer = new Int32Array(32);
  hole = new Int32Array(32);
  position = new Float64Array(32);
  hi = new Int32Array(32);
  lo = new Int32Array(32);
  /** 1 where a piece that is not near was laid on the way. */
  isFar = new Uint8Array(32);

  add(parent: number, offer: number, hole: number, position: number, { hi, lo }: ChainValue, isFar: number): void {
    if (this.count === this.parent.length) this.#grow();
    const node = this.count++;
    this.parent[node] = parent;
    this.offer[node] = offer;
    this.hole[node] = hole;
    this.position[node] = position;
    this.hi[node] = hi;
    this.lo[node] = lo;
    this.isFar[node] = isFar;
  }

  #grow(): void {
    const length = 4 * this.count;
    const grown = <A extends Int32Array | Float64Array | Uint8Array>(longer: A, column: A): A => {
      longer.set(column);
      return longer;
    };
    this.parent = grown(new Int32Array(length), this.parent);
    this.offer = grown(new Int32Array(length), this.offer);
    this.hole = grown(new Int32Array(length), this.hole);
    this.position = grown(new Float64Array(length), this.position);
    this.hi = grown(new Int32Array(length), this.hi);
    this.lo = grown(new Int32Array(length), this.lo);
    this.isFar = grown(new Uint8Array(length), this.isFar);
  }
}

/** The nodes [start, end) by position and chain value. */
export class Places {
  readonly #nodes: Nodes;
  readonly #start: number;
  /** The first node of each place, or -1; a power of two of slots, with linear probing. */
  readonly #slots: Int32Array;
  /** Behind each node the next one at the same place, or -1. */
  readonly #next: Int32Array;

  constructor(nodes: Nodes, start: number, end: number) {
    this.#nodes = nodes;
    this.#start = start;
    this.#slots = new Int32Array(2 << Math.ceil(Math.log2(end - start + 1))).fill(-1);
    this.#next = new Int32Array(end - start);
    const { position, hi, lo } = nodes;
    for (let node = end - 1; node >= start; node--) {
      const slot = this.#slotOf(position[node]!, hi[node]!, lo[node]!);
      this.#next[node - start] = this.#slots[slot]!;
      this.#slots[slot] = node;
    }
  }

  /** The least node there, or -1. */
  firstAt(position: number, hi: number, lo: number): number {
    return this.#slots[this.#slotOf(position, hi, lo)]!;
  }

  /** The next node where this one is, in ascending order, or -1. */
  nextOf(node: number): number {
    return this.#next[node - this.#start]!;
  }

  /** The slot that holds the nodes of this place, or the empty one where they belong. */
  #slotOf(position: number, hi: number, lo: number): number {
    const { position: positions, hi: his, lo: los } = this.#nodes;
    const mask = this.#slots.length - 1;
    let slot = (lo ^ Math.imul(position, 0x9e3779b1)) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const node = this.#slots[slot]!;
      if (node === -1 || (los[node] === lo && his[node] === hi && positions[node] === position)) return slot;
    }
  }
}
