/** One process of the server, from its first line to its end. It chooses its port itself and says which. */

import { type ChildProcess, spawn } from 'node:child_process';

const START_MS_MAX = 30_000;

export class ServerProcess {
  /** Resolves when the process is gone, with its exit code, or null when a signal ended it. */
  readonly gone: Promise<number | null>;
  readonly #process: ChildProcess;
  #output = '';
  #isGone = false;
  #port = 0;
  #onOutput: () => void = () => {};

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.#process = child;
    this.gone = new Promise((resolve) => {
      child.once('exit', (code) => {
        this.#isGone = true;
        resolve(code);
        this.#onOutput();
      });
    });
    for (const pipe of [child.stdout, child.stderr]) {
      pipe?.on('data', (data: Buffer) => {
        this.#output = (this.#output + data.toString()).slice(-4000);
        this.#onOutput();
      });
    }
  }

  /** Of the process; 0 when it could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Resolves with its port when the server has taken the store over. */
  async ready(): Promise<number> {
    const timer = setTimeout(() => this.#onOutput(), START_MS_MAX);
    const deadline = performance.now() + START_MS_MAX;
    while (!/^ready$/m.test(this.#output)) {
      if (this.#isGone) throw new Error(`the server ended with ${this.#process.exitCode}:\n${this.#output}`);
      if (performance.now() >= deadline) throw new Error(`the server did not come up:\n${this.#output}`);
      await new Promise<void>((resolve) => (this.#onOutput = resolve));
    }
    clearTimeout(timer);
    this.#port = Number(/http:\/\/[^ ]*:(\d+)$/m.exec(this.#output)?.[1]);
    return this.#port;
  }

  /** A request whose answer does not matter. */
  async ask(target: string, headers: Record<string, string>): Promise<void> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#port}${target}`, { headers });
      await response.arrayBuffer();
    } catch {
      // It is going, which is what it was asked for.
    }
  }

  /** The exit code, or null when it lives on for longer than this. */
  async ended(withinMs: number): Promise<number | null> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), withinMs)));
    return Promise.race([this.gone, tooLate]).finally(() => clearTimeout(timer));
  }

  async kill(): Promise<void> {
    if (!this.#isGone) this.#process.kill('SIGKILL');
    await this.gone;
  }
}
