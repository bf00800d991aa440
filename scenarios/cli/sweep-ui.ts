/** `tailrace sim sweep --ui`: the page of a sweep while it runs, and afterwards until Ctrl-C. */

import { once } from 'node:events';
import { type LiveSweep, serveSweep } from '../../reports/index.ts';
import { renderRunPage } from '../bundle.ts';
import { wholeCaseFile } from '../cases/case-file.ts';
import type { RunSize } from '../plan.ts';
import { withBuild } from '../repro-line.ts';
import type { Night, SweepRecord } from '../run.ts';
import { runSeed } from '../run-seed.ts';
import { InputError } from './input-error.ts';

export class SweepUi {
  readonly #port: number;
  readonly #size: Partial<RunSize>;
  readonly #nights: readonly Night[];
  #page: LiveSweep | null = null;
  #sweep: (() => SweepRecord) | null = null;
  #isOver = false;

  constructor(port: number, size: Partial<RunSize>, nights: readonly Night[]) {
    this.#port = port;
    this.#size = size;
    this.#nights = nights;
  }

  /** Throws an InputError when the port is taken. */
  async begin(soFar: () => SweepRecord): Promise<void> {
    this.#sweep = soFar;
    this.#page = await serveSweep(this.#port, {
      sweep: () => this.#sweep!(),
      isOver: () => this.#isOver,
      historyPage: (seed, profile) => this.#historyPage(seed, profile),
      nights: this.#nights,
    }).catch((error: unknown) => {
      throw new InputError(`--ui-port ${this.#port}: ${error instanceof Error ? error.message : String(error)}`);
    });
    process.stderr.write(`watch it at ${this.#page.url}\n`);
  }

  async #historyPage(seed: string, profile: string): Promise<string> {
    const run = withBuild(await runSeed({ seed, profile, size: this.#size, record: true }));
    if (run.failure === null) return renderRunPage(run);
    return renderRunPage({ ...run, caseFile: await wholeCaseFile(seed, profile, this.#size) });
  }

  /** Shows how the sweep ended; resolves when the user is done looking. */
  async end(record: SweepRecord): Promise<void> {
    if (this.#page === null) return;
    this.#sweep = () => record;
    this.#isOver = true;
    this.#page.tell();
    process.stderr.write(`the page stays at ${this.#page.url} until Ctrl-C\n`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await this.#page.close();
  }
}
