/**
 * The names all clients of the control plane are at, and what they believe of them. Beliefs only steer what is tried next:
 * they may be wrong at any time, and no verdict depends on them.
 */

import type { ControlCall, ControlOutcome } from './history.ts';
import { demandOf } from './stream-rules.ts';

/** Operations of unknown outcome in one group; each may still happen and multiplies what is possible. */
const IN_DOUBT_MAX = 4;
/** A verdict takes longer than linear: a group that grew is left for a new one. */
const OPERATIONS_MAX = 60;

export type Creation = Extract<ControlCall, { kind: 'create-basin' | 'create-stream' }>;

export class Group {
  readonly id: number;
  /** Begins the names of its basins and of no others. */
  readonly prefix: string;
  readonly basins: readonly string[];
  readonly streams: readonly string[];
  /** Creations that have a token, the latest last. */
  readonly creations: Creation[] = [];
  readonly #tails = new Map<string, number>();
  readonly #there = new Set<string>();
  #inDoubt = 0;
  #operations = 0;

  constructor(id: number, basins: number, streams: number) {
    this.id = id;
    this.prefix = `control-${id}-`;
    this.basins = Array.from({ length: basins }, (_, i) => `${this.prefix}${'abc'[i]}`);
    this.streams = Array.from({ length: streams }, (_, i) => `s${i + 1}`);
  }

  get isWornOut(): boolean {
    return this.#inDoubt > IN_DOUBT_MAX || this.#operations >= OPERATIONS_MAX;
  }

  /** Without `stream`, the basin itself. */
  isThere(basin: string, stream?: string): boolean {
    return this.#there.has(pathOf(basin, stream));
  }

  /** The number the next record may get. */
  tailOf(basin: string, stream: string): number {
    return this.#tails.get(pathOf(basin, stream)) ?? 0;
  }

  learn(call: ControlCall, outcome: ControlOutcome): void {
    this.#operations++;
    if (outcome.kind === 'unknown' && isChange(call)) this.#inDoubt++;
    if (!('basin' in call)) return;
    const path = pathOf(call.basin, 'stream' in call ? call.stream : undefined);
    switch (outcome.kind) {
      case 'provisioned':
      case 'config':
      case 'exists':
      case 'key-missing':
        this.#there.add(path);
        if (outcome.kind === 'provisioned' && outcome.result === 'created') this.#tails.delete(path);
        return;
      case 'appended':
      case 'tail':
        this.#there.add(path);
        this.#tails.set(path, outcome.kind === 'tail' ? outcome.seqNum : outcome.seqNum + 1);
        return;
      case 'deleted':
      case 'no-stream':
      case 'stream-pending':
        this.#there.delete(path);
        return;
      case 'no-basin':
      case 'basin-pending':
        this.#there.delete(call.basin);
        return;
      default:
    }
  }
}

/** Whether it may change something: reads make streams. */
function isChange(call: ControlCall): boolean {
  return demandOf(call) !== null || /^(?:create|ensure|reconfigure|delete)/.test(call.kind);
}

function pathOf(basin: string, stream?: string): string {
  return stream === undefined ? basin : `${basin}/${stream}`;
}
