/**
 * Asks all the time whether others are served, the way a polite client would, and looks at the server's memory, until it
 * is told to stop; then it says what it saw.
 *
 * It runs on a thread of its own: the event loop of a thousand busy clients is late by seconds itself, and would call a
 * server slow that is not.
 */

import { parentPort, workerData } from 'node:worker_threads';

/** Its patience; an answer that takes longer is a violation. */
const ANSWER_MS_MAX = 5_000;
const PAUSE_MS = 50;
const MEMORY_PAUSE_MS = 250;

/** What it is started with: the server's address, and what is asked for in turn. */
export interface WitnessOrders {
  endpoint: string;
  paths: readonly string[];
}

export interface Witnessed {
  /** How long each answer took, in the order of asking. */
  answersMs: number[];
  /** Answers that did not come in time or were not 200, in words. */
  violations: string[];
  /** Resident bytes of the server, a few times a second, from its own metrics. */
  residentBytes: number[];
}

const { endpoint, paths } = workerData as WitnessOrders;
const seen: Witnessed = { answersMs: [], violations: [], residentBytes: [] };
let isOver = false;
parentPort?.once('message', () => (isOver = true));
await Promise.all([watch(), measure()]);
parentPort?.postMessage(seen);

async function watch(): Promise<void> {
  while (!isOver) {
    for (const path of paths) {
      const startMs = performance.now();
      const status = await fetch(endpoint + path, { signal: AbortSignal.timeout(ANSWER_MS_MAX) }).then(
        async (response) => (await response.text(), response.status),
        (error: unknown) => String(error),
      );
      if (status !== 200) seen.violations.push(`${path} was answered ${status}`);
      seen.answersMs.push(performance.now() - startMs);
    }
    await pause(PAUSE_MS);
  }
}

async function measure(): Promise<void> {
  while (!isOver) {
    const text = await fetch(`${endpoint}/metrics`).then(
      (response) => response.text(),
      () => '',
    );
    const bytes = Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]);
    if (bytes > 0) seen.residentBytes.push(bytes);
    await pause(MEMORY_PAUSE_MS);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
