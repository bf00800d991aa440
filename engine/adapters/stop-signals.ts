/** SIGINT and SIGTERM of the process: the first one is a promise, the second one ends the process at once. */

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

export type StopSignal = keyof typeof SIGNAL_NUMBERS;

/** `dispose` gives the signals back to whoever had them. */
export function stopSignals(): { first: Promise<StopSignal>; dispose: () => void } {
  let received = 0;
  let announce!: (signal: StopSignal) => void;
  const first = new Promise<StopSignal>((settle) => (announce = settle));
  const names = Object.keys(SIGNAL_NUMBERS) as StopSignal[];
  const listener = (signal: NodeJS.Signals): void => {
    received += 1;
    if (received > 1) process.exit(128 + SIGNAL_NUMBERS[signal as StopSignal]);
    announce(signal as StopSignal);
  };
  for (const name of names) process.on(name, listener);
  return {
    first,
    dispose: () => {
      for (const name of names) process.removeListener(name, listener);
    },
  };
}
