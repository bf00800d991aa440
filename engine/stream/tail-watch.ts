/**
 * Who wants to know when a stream moves: followers are called in the turn in which an entry of their stream is durable,
 * and everybody when the engine ends. A call says "look again", not what there is to see, so nothing is queued for anyone.
 */

export class TailWatch {
  readonly #watchers = new Map<number, Set<() => void>>();

  /** `look` is called until the returned function is. It must not throw, and does its work in a later turn. */
  watch(streamId: number, look: () => void): () => void {
    const watchers = this.#watchers.get(streamId) ?? new Set();
    this.#watchers.set(streamId, watchers.add(look));
    return () => {
      watchers.delete(look);
      if (watchers.size === 0 && this.#watchers.get(streamId) === watchers) this.#watchers.delete(streamId);
    };
  }

  moved(streamId: number): void {
    const watchers = this.#watchers.get(streamId);
    if (watchers !== undefined) for (const look of watchers) look();
  }

  allMoved(): void {
    for (const watchers of this.#watchers.values()) for (const look of watchers) look();
  }
}
