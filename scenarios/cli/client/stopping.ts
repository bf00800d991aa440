/**
 * Ctrl-C and a reader that hung up (`| head`) end what is going on, cleanly: what was read is written, what was sent is
 * acknowledged. A second Ctrl-C ends the program as ever.
 */

export interface Stopping {
  signal: AbortSignal;
  /** Resolves, never rejects, when it is time to stop. */
  stopped: Promise<void>;
  dispose(): void;
}

export function stopOnInterrupt(): Stopping {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const onOutputError = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    stop();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  process.stdout.on('error', onOutputError);
  const stopped = new Promise<void>((resolve) => controller.signal.addEventListener('abort', () => resolve()));
  return {
    signal: controller.signal,
    stopped,
    dispose() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      process.stdout.off('error', onOutputError);
    },
  };
}
