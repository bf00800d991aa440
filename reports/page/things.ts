/**
 * Anything on the charts that is no operation and can be hovered, pinned and stepped through: a fault, a call of the store,
 * a slot, a message, a batch of the log.
 */

export interface Thing {
  /** Panel and number in it: `tracks:3`. Names it in links. */
  id: string;
  title: string;
  facts: readonly (readonly [name: string, value: string])[];
  /** The time it takes, to be shaded through all charts; null when it has none. */
  fromMs: number | null;
  untilMs: number | null;
  /** The operation it stands for, by index; pinning it pins that. */
  operation: number | null;
}

export type Direction = 'previous' | 'next' | 'up' | 'down';

/** Where a chart's things are, for pointer and keyboard alike. */
export interface ThingSource {
  canvas: HTMLCanvasElement;
  at(x: number, y: number): Thing | null;
  /** From `thing`, or from the beginning of what is on show; null when there is none in that direction. */
  step(thing: Thing | null, direction: Direction): Thing | null;
  byId(id: string): Thing | null;
}
