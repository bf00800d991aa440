/**
 * Asks all the time whether others are served, the way a polite client would, and looks at the server's memory, until it
 * is told to stop; then it says what it saw.
 *
 * It runs on a thread of its own: the event loop of a thousand busy clients is late by seconds itself, and would call a
 * server slow that is not.
 */

import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * Its patience. On a machine with much else to do the server waits for a processor, too: an answer is late when the server
 * computed for more than that while it was waited for, and in any case after a minute.
 */
const ANSWER_MS_MAX = 5_000;
const ANSWER_CPU_MS_MAX = 2_500;
const ANSWER_MS_LONGEST = 60_000;
const PAUSE_MS = 50;
const MEMORY_PAUSE_MS = 250;

/** What it is started with: the server's address, and what is asked for in turn. */
export interface WitnessOrders {
  endpoint: string;
  /** Of the server's process. */
  pid: number;
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

const { endpoint, pid, paths } = workerData as WitnessOrders;
const seen: Witnessed = { answersMs: [], violations: [], residentBytes: [] };
let isOver = false;
parentPort?.once('message', () => (isOver = true));
await Promise.all([watch(), measure()]);
parentPort?.postMessage(seen);

async function watch(): Promise<void> {
  while (!isOver) {
    for (const path of paths) {
      const [startMs, startCpuMs] = [performance.now(), serverCpuMs()];
      const status = await fetch(endpoint + path, { signal: AbortSignal.timeout(ANSWER_MS_LONGEST) }).then(
        async (response) => (await response.text(), response.status),
        (error: unknown) => String(error),
      );
      const [tookMs, cpuMs] = [performance.now() - startMs, serverCpuMs() - startCpuMs];
      if (status !== 200) seen.violations.push(`${path} was answered ${status}`);
      else if (tookMs > ANSWER_MS_MAX && cpuMs > ANSWER_CPU_MS_MAX) {
        seen.violations.push(`${path} took ${Math.round(tookMs)} ms, and ${Math.round(cpuMs)} ms of the server`);
      }
      seen.answersMs.push(tookMs);
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

/** Processor time of all its threads; all the time there is where the system does not tell. */
function serverCpuMs(): number {
  try {
    // Behind the name in brackets: user and system time are the 12th and 13th, in hundredths of a second (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return performance.now();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
