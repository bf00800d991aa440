/**
 * Watermarks: how far a run went where a probe would only say that it went. The catalogue is closed, as that of probes is, so a
 * sweep can say which ones nothing reached.
 */

export const WATERMARKS = {
  'most.mutations-in-flight': 'puts and deletes of one process that were under way at once',
  'deepest.pipeline': 'slots of one log that were in flight at once',
  'longest.pause-survived-ms': 'milliseconds for which a process stood still and then went on',
  'longest.stall-survived-ms': 'milliseconds for which a process heard nothing of the store and then went on',
} as const;

export type Watermark = keyof typeof WATERMARKS;

/** Events of the engine whose detail is a height. */
export const HEIGHTS: ReadonlyMap<string, Watermark> = new Map([['log.window.pipelined', 'deepest.pipeline']]);

export class Watermarks {
  readonly #heights = new Map<Watermark, number>();

  /** Keeps the greatest height. */
  reach(name: Watermark, height: number): void {
    if (height > (this.#heights.get(name) ?? 0)) this.#heights.set(name, height);
  }

  /** What was reached; absent where nothing was. */
  heights(): Readonly<Partial<Record<Watermark, number>>> {
    return Object.fromEntries(this.#heights);
  }
}
