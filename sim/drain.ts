/**
 * Runs events one by one so that every promise reaction of an event has run before the next one starts.
 *
 * Events are queued as immediates, 64 at a time: between two immediates Node empties its tick and microtask
 * queues completely, however long the chains are, and that is documented behaviour. Counting awaits would
 * be wrong past the count. Rejections nobody handled and errors thrown outside any promise are reported
 * before the next event starts, so they can be blamed on the one that caused them. The only file of the
 * simulator that may touch the real event loop.
 */

const EVENTS_PER_TURN = 64;

/** Node's own, from before anybody wrapped it: it is called for every event. */
const nextImmediate = globalThis.setImmediate;

/** What is driven. All three are called with empty queues. */
export interface EventSource {
  /** Runs the next event; false when there is none to run, and the driving ends. */
  step(): boolean;
  /** The event that `step` ran is over, reactions included. */
  settle(): void;
  /** During the current event something was thrown that nobody caught. True if it is the source's to report. */
  escaped(error: unknown): boolean;
}

/** Resolves when `step` returned false. The promise itself resolves outside any event. */
export function drive(source: EventSource): Promise<void> {
  const release = listenForEscapes(source);
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = (finish: () => void): void => {
      isOver = true;
      release();
      finish();
    };
    // Both are called once per event: nothing is made in them.
    const turn = (): void => {
      if (isOver) return;
      try {
        source.settle();
        if (!source.step()) end(resolve);
      } catch (error) {
        end(() => reject(error));
      }
    };
    // The last immediate of a batch runs no event: what Node does after it is none of the world's business.
    const close = (): void => {
      if (isOver) return;
      try {
        source.settle();
        queue();
      } catch (error) {
        end(() => reject(error));
      }
    };
    const queue = (): void => {
      for (let i = 0; i < EVENTS_PER_TURN; i++) nextImmediate(turn);
      nextImmediate(close);
    };
    queue();
  });
}

type Listener = (error: unknown, origin: unknown) => void;

/** The part of `process` that reports escapes; its own types give each event another listener. */
interface Escapes {
  rawListeners(event: string): Listener[];
  removeAllListeners(event: string): unknown;
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** Stands in for the process's own listeners until the returned function is called. */
function listenForEscapes(source: EventSource): () => void {
  const escapes = process as unknown as Escapes;
  const releases = ['unhandledRejection', 'uncaughtException'].map((event) => {
    const others = escapes.rawListeners(event);
    const listener: Listener = (error, origin) => {
      if (source.escaped(error)) return;
      if (others.length === 0) throw error;
      for (const other of others) other(error, origin);
    };
    escapes.removeAllListeners(event);
    escapes.on(event, listener);
    return (): void => {
      escapes.off(event, listener);
      for (const other of others) escapes.on(event, other);
    };
  });
  return () => {
    for (const release of releases) release();
  };
}
