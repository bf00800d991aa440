/**
 * Worker processes and the watchdog over them. Processes, not threads: they scale better and a hung one can be
 * killed. A worker that dies or goes silent is replaced; the run it was on is reported as a harness error and the
 * rest of its slice is run by its successor.
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { RunSize } from '../plan.ts';
import type { SeedResult } from '../run.ts';
import type { FromWorker, RunName, ToWorker } from './protocol.ts';

/**
 * A run calls very many functions a few times each, so most of its time goes where nothing is optimised yet: workers compile
 * early and keep what they compiled. Larger young generations, because a run lets go of nearly all it makes.
 */
const WORKER_FLAGS = [
  '--max-semi-space-size=32',
  '--always-sparkplug',
  '--no-lazy-feedback-allocation',
  '--no-flush-bytecode',
];

export interface PoolOptions {
  jobs: number;
  /** The program and its arguments that make a worker. */
  worker: readonly [entry: string, ...args: string[]];
  size: Partial<RunSize>;
  /** Longest wall time one run may take, in milliseconds. */
  silenceMsMax: number;
  /** The runs to do; asked for a slice whenever a worker is free, empty when there are no more. */
  nextSlice: () => RunName[];
  onResult: (result: SeedResult) => void;
  onBroken: (run: RunName, message: string) => void;
}

/** Resolves when every run that was handed out has been reported. */
export async function runPool(options: PoolOptions): Promise<void> {
  await Promise.all(Array.from({ length: options.jobs }, () => new Seat(options).work()));
}

/** One place for a worker: keeps it busy, replaces it when it breaks. */
class Seat {
  readonly #options: PoolOptions;
  #slice: RunName[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  async work(): Promise<void> {
    this.#slice = this.#options.nextSlice();
    while (this.#slice.length > 0) {
      const death = await this.#employ();
      if (death === null) return;
      // A worker that died between two slices was on no run.
      const culprit = this.#slice.shift();
      if (culprit !== undefined) this.#options.onBroken(culprit, death);
      if (this.#slice.length === 0) this.#slice = this.#options.nextSlice();
    }
  }

  /** Feeds one worker until there is nothing to do (null) or it breaks (why). */
  #employ(): Promise<string | null> {
    const [entry, ...args] = this.#options.worker;
    const child = fork(entry, args, {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      execArgv: [...process.execArgv, ...WORKER_FLAGS],
    });
    let lastWords = '';
    child.stderr?.on('data', (data: Buffer) => {
      lastWords = (lastWords + data.toString()).slice(-2000);
    });
    return new Promise((resolve) => {
      let hung = false;
      let isDismissed = false;
      let watchdog = setTimeout(() => {}, 0);
      const watch = () => {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => {
          hung = true;
          child.kill('SIGKILL');
        }, this.#options.silenceMsMax);
      };
      child.on('message', (message: FromWorker) => {
        watch();
        if (this.#hear(message, child)) return;
        isDismissed = true;
        clearTimeout(watchdog);
        if (child.connected) child.disconnect();
        resolve(null);
      });
      // What it reported before it died may arrive after its exit: it is gone when both are over.
      const gone = afterAll(2, () => {
        clearTimeout(watchdog);
        if (isDismissed) return;
        const how = hung
          ? `no answer for ${this.#options.silenceMsMax / 1000} s`
          : `worker ended with ${child.signalCode ?? child.exitCode}`;
        resolve(lastWords === '' ? how : `${how}\n${lastWords}`);
      });
      child.on('close', gone);
      child.on('disconnect', gone);
      // A message that can not be sent: its exit says the rest. A process that can not be started has none.
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(`no worker could be started: ${error.message}`);
      });
      watch();
      this.#send(child);
    });
  }

  /** False when the worker has nothing more to do. */
  #hear(message: FromWorker, child: ChildProcess): boolean {
    switch (message.type) {
      case 'result':
        this.#slice.shift();
        this.#options.onResult(message.result);
        return true;
      case 'broken':
        this.#slice.shift();
        this.#options.onBroken(message.run, message.message);
        return true;
      case 'idle':
        this.#slice = this.#options.nextSlice();
        if (this.#slice.length > 0) this.#send(child);
        return this.#slice.length > 0;
    }
  }

  #send(child: ChildProcess): void {
    const message: ToWorker = { type: 'slice', runs: this.#slice, size: this.#options.size };
    child.send(message);
  }
}

/** Runs `action` with the last of `count` calls. */
function afterAll(count: number, action: () => void): () => void {
  let left = count;
  return () => {
    if (--left === 0) action();
  };
}
