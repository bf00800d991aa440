/**
 * Fills the holes of a stretch between two known chain values, from both ends at once.
 *
 * The chain is invertible, so k pieces that lead from one value to the other are found by laying half of them
 * forwards from the start and half backwards from the end, and joining where position and value agree: the square
 * root of the brute-force cost. Solutions come by ascending number of pieces, each once, in a fixed order. The search
 * can stop at any step of its budget and go on later. Whether a solution may stand (the two halves together may use a
 * piece too often, fencing tokens may not hold) is for the caller to judge.
 */

import type { Budget } from './budget.ts';
import { ChainHash } from '../chain-hash.ts';
import { Nodes, Places } from './nodes.ts';

/** A run of records that may be laid down as one. */
export interface Piece {
  readonly recordStart: number;
  readonly recordCount: number;
}

export interface Laid<P extends Piece> {
  readonly piece: P;
  readonly position: number;
}

export interface StretchHole<P extends Piece> {
  readonly start: number;
  readonly end: number;
  /** What may be laid here, most likely first. */
  readonly offers: readonly P[];
  /** Acknowledged records between this hole and the next: ranges of the record arrays. */
  readonly behind: readonly Piece[];
}

export interface Stretch<P extends Piece> {
  readonly holes: readonly StretchHole<P>[];
  /** Chain value where the first hole starts. */
  readonly start: { readonly hi: number; readonly lo: number };
  /** Chain value where the last hole ends. */
  readonly end: { readonly hi: number; readonly lo: number };
  readonly mayLie: (piece: P, position: number) => boolean;
  /** How often a piece may be laid in one filling. */
  readonly copiesOf: (piece: P) => number;
  /** Of the offers of a hole, behind the first `near` ones each half of a filling takes one at most. Default: no limit. */
  readonly near?: number;
}

export interface Records {
  readonly hi: Int32Array;
  readonly lo: Int32Array;
}

// Nodes kept in memory by one search: about 90 MB at the most.
const NODES_MAX = 2_000_000;
// Solutions of one number of pieces: equal records can be laid in more ways than fit in memory.
const SOLUTIONS_MAX = 100_000;
// Longer holes are searched without a table of the lengths that pieces can make up.
const LENGTH_TABLE_MAX = 1 << 16;

export class TwoEndedSearch<P extends Piece> {
  readonly #forward: Front<P>;
  readonly #backward: Front<P>;
  readonly #piecesMax: number;
  #pieceCount: number;
  #isOverrun = false;

  constructor(records: Records, stretch: Stretch<P>) {
    const lengths = stretch.holes.map((hole) => makeableLengths(hole));
    this.#forward = new Front(records, stretch, lengths, 'forward');
    this.#backward = new Front(records, stretch, lengths, 'backward');
    this.#piecesMax = sum(stretch.holes.map(mostPieces));
    this.#pieceCount = stretch.holes.length;
    if (stretch.holes.some((hole, index) => !canBeMade(lengths[index]!, hole.end - hole.start))) this.#piecesMax = 0;
  }

  /** How many pieces the next call of `advance` tries. */
  get pieceCount(): number {
    return this.#pieceCount;
  }

  /** True when every combination has been tried. */
  get isComplete(): boolean {
    return this.#pieceCount > this.#piecesMax;
  }

  /** True when there is no memory left to go on. */
  get isFull(): boolean {
    return this.#isOverrun || this.#forward.size + this.#backward.size > NODES_MAX;
  }

  /** Roughly the chain steps that the next call of `advance` costs. */
  get costAhead(): number {
    return this.#forward.costUpTo(this.#forwardDepth) + this.#backward.costUpTo(this.#backwardDepth);
  }

  /**
   * Tries the next number of pieces. Null when the budget ran out on the way (call again with more), or when the search
   * is full. Of more solutions than can be kept some are returned, and the search is full.
   */
  advance(budget: Budget): readonly (readonly Laid<P>[])[] | null {
    if (this.#isOverrun) return null;
    const grown =
      this.#forward.growTo(this.#forwardDepth, budget, NODES_MAX) &&
      this.#backward.growTo(this.#backwardDepth, budget, NODES_MAX);
    if (!grown) return null;
    if (this.#forward.isEmptyAt(this.#forwardDepth) || this.#backward.isEmptyAt(this.#backwardDepth)) {
      this.#pieceCount = this.#piecesMax + 1;
      return [];
    }
    const solutions = this.#forward.joinWith(this.#backward, this.#forwardDepth, this.#backwardDepth);
    this.#isOverrun = solutions.length > SOLUTIONS_MAX;
    if (!this.#isOverrun) this.#pieceCount++;
    return solutions;
  }

  get #forwardDepth(): number {
    return Math.ceil(this.#pieceCount / 2);
  }

  get #backwardDepth(): number {
    return Math.floor(this.#pieceCount / 2);
  }
}

/**
 * All partial fillings from one end, in layers by number of pieces. A node stands at a position with the chain value
 * there. Complete holes are crossed at once: forward nodes never stand at the end of a hole but at the start of the
 * next, backward nodes cross when they are extended, so the two meet at equal places.
 */
class Front<P extends Piece> {
  readonly #records: Records;
  readonly #stretch: Stretch<P>;
  readonly #lengths: readonly (Uint8Array | null)[];
  readonly #isForward: boolean;
  readonly #nodes = new Nodes();
  readonly #near: number;
  /** How many nodes of the latest finished layer may still take a far piece. */
  #freeWidth = 1;
  /** First node of each finished layer, and behind it where the layer being grown begins. */
  readonly #layerStart: number[] = [0, 1];
  #nodeCursor = 0;
  #offerCursor = 0;
  readonly #chain = new ChainHash();

  constructor(
    records: Records,
    stretch: Stretch<P>,
    lengths: readonly (Uint8Array | null)[],
    direction: 'forward' | 'backward',
  ) {
    this.#records = records;
    this.#stretch = stretch;
    this.#lengths = lengths;
    this.#isForward = direction === 'forward';
    const { holes, start, end, near = Number.POSITIVE_INFINITY } = stretch;
    this.#near = near;
    if (this.#isForward) this.#nodes.add(-1, -1, 0, holes[0]!.start, start, 0);
    else this.#nodes.add(-1, -1, holes.length, holes.at(-1)!.end, end, 0);
  }

  get size(): number {
    return this.#nodes.count;
  }

  isEmptyAt(depth: number): boolean {
    return this.#layerStart[depth] === this.#layerStart[depth + 1];
  }

  costUpTo(depth: number): number {
    const finished = this.#layerStart.length - 2;
    if (depth <= finished) return 0;
    const width = this.#layerStart[finished + 1]! - this.#layerStart[finished]!;
    const most = Math.max(...this.#stretch.holes.map((hole) => hole.offers.length));
    return this.#freeWidth * most + (width - this.#freeWidth) * Math.min(most, this.#near);
  }

  /** Grows layers up to `depth`. False when budget or memory ran out; the next call goes on from there. */
  growTo(depth: number, budget: Budget, sizeMax: number): boolean {
    while (this.#layerStart.length - 2 < depth) {
      const end = this.#layerStart.at(-1)!;
      for (; this.#nodeCursor < end; this.#nodeCursor++, this.#offerCursor = 0)
        if (this.size > sizeMax || !this.#extend(this.#nodeCursor, budget)) return false;
      this.#layerStart.push(this.size);
      this.#freeWidth = 0;
      for (let node = end; node < this.size; node++) if (this.#nodes.isFar[node] === 0) this.#freeWidth++;
    }
    return true;
  }

  /** All solutions, or SOLUTIONS_MAX + 1 of them. */
  joinWith(other: Front<P>, depth: number, otherDepth: number): readonly (readonly Laid<P>[])[] {
    const { position, hi, lo } = this.#nodes;
    const places = other.#placesOf(otherDepth);
    const solutions: Laid<P>[][] = [];
    for (let node = this.#layerStart[depth]!; node < this.#layerStart[depth + 1]!; node++) {
      let mate = places.firstAt(position[node]!, hi[node]!, lo[node]!);
      for (; mate !== -1; mate = places.nextOf(mate)) {
        solutions.push([...this.#path(node).reverse(), ...other.#path(mate)]);
        if (solutions.length > SOLUTIONS_MAX) return solutions;
      }
    }
    return solutions;
  }

  #placesOf(depth: number): Places {
    return new Places(this.#nodes, this.#layerStart[depth]!, this.#layerStart[depth + 1]!);
  }

  /** Lays every offer at one node. False when the budget ran out. */
  #extend(node: number, budget: Budget): boolean {
    const { holes } = this.#stretch;
    let hole = this.#nodes.hole[node]!;
    let position = this.#nodes.position[node]!;
    this.#chain.set(this.#nodes.hi[node]!, this.#nodes.lo[node]!);
    if (this.#isForward) {
      if (hole === holes.length) return true;
    } else if (hole === holes.length || position === holes[hole]!.start) {
      if (hole === 0) return true;
      hole--;
      if (this.#offerCursor === 0 && !budget.spend(recordsIn(holes[hole]!.behind))) return false;
      if (hole + 1 < holes.length) this.#cross(hole);
      position = holes[hole]!.end;
    }
    const { hi, lo } = this.#chain;
    const { start, end, offers } = holes[hole]!;
    const lengths = this.#lengths[hole]!;
    const isFar = this.#nodes.isFar[node]!;
    const laid = this.#path(node).map(({ piece }) => piece);
    const offered = isFar === 1 ? Math.min(offers.length, this.#near) : offers.length;
    for (; this.#offerCursor < offered; this.#offerCursor++) {
      const piece = offers[this.#offerCursor]!;
      const at = this.#isForward ? position : position - piece.recordCount;
      const rest = this.#isForward ? end - at - piece.recordCount : at - start;
      if (rest < 0 || !canBeMade(lengths, rest) || !this.#stretch.mayLie(piece, at)) continue;
      if (laid.includes(piece) && !this.#hasCopyLeft(laid, piece)) continue;
      const steps = piece.recordCount + (this.#isForward && rest === 0 ? recordsIn(holes[hole]!.behind) : 0);
      if (!budget.spend(steps)) return false;
      this.#chain.set(hi, lo);
      this.#lay(node, piece, hole, at, rest, this.#offerCursor < this.#near ? isFar : 1);
    }
    return true;
  }

  #hasCopyLeft(laid: readonly P[], piece: P): boolean {
    return laid.filter((other) => other === piece).length < this.#stretch.copiesOf(piece);
  }

  #lay(parent: number, piece: P, hole: number, at: number, rest: number, isFar: number): void {
    const end = piece.recordStart + piece.recordCount;
    const { holes } = this.#stretch;
    let stand = at;
    let standHole = hole;
    if (this.#isForward) {
      this.#chain.appendRange(this.#records.hi, this.#records.lo, piece.recordStart, end);
      stand = at + piece.recordCount;
      if (rest === 0) {
        standHole = hole + 1;
        if (standHole < holes.length) {
          this.#cross(hole);
          stand = holes[standHole]!.start;
        }
      }
    } else this.#chain.removeRange(this.#records.hi, this.#records.lo, piece.recordStart, end);
    this.#nodes.add(parent, this.#offerCursor, standHole, stand, this.#chain, isFar);
  }

  /** Moves the chain over the acknowledged records between a hole and the next. */
  #cross(hole: number): void {
    const { behind } = this.#stretch.holes[hole]!;
    const { hi, lo } = this.#records;
    if (this.#isForward)
      for (const run of behind) this.#chain.appendRange(hi, lo, run.recordStart, run.recordStart + run.recordCount);
    else
      for (const run of behind.toReversed())
        this.#chain.removeRange(hi, lo, run.recordStart, run.recordStart + run.recordCount);
  }

  /** The pieces laid on the way to a node, last one first. */
  #path(node: number): Laid<P>[] {
    const { parent, offer, hole, position } = this.#nodes;
    const laid: Laid<P>[] = [];
    for (let at = node; parent[at] !== -1; at = parent[at]!) {
      // A forward piece lies where its parent stood, a backward one where it stands itself.
      const place = this.#isForward ? parent[at]! : at;
      laid.push({ piece: this.#stretch.holes[hole[place]!]!.offers[offer[at]!]!, position: position[place]! });
    }
    return laid;
  }
}

/** Which lengths up to the hole's the offers can make up, each used at will; null where a table would be too long. */
function makeableLengths<P extends Piece>({ start, end, offers }: StretchHole<P>): Uint8Array | null {
  const length = end - start;
  if (length > LENGTH_TABLE_MAX) return null;
  const table = new Uint8Array(length + 1);
  table[0] = 1;
  const counts = [...new Set(offers.map((piece) => piece.recordCount))];
  for (let total = 1; total <= length; total++)
    if (counts.some((count) => count <= total && table[total - count] === 1)) table[total] = 1;
  return table;
}

function canBeMade(lengths: Uint8Array | null, length: number): boolean {
  return lengths === null || lengths[length] === 1;
}

function mostPieces<P extends Piece>({ start, end, offers }: StretchHole<P>): number {
  const least = offers.reduce((min, piece) => Math.min(min, piece.recordCount), Number.POSITIVE_INFINITY);
  return Math.floor((end - start) / least);
}

function recordsIn(pieces: readonly Piece[]): number {
  return sum(pieces.map((piece) => piece.recordCount));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
