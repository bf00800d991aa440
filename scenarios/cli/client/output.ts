/** Where lines go: standard output or a file, no faster than it takes them. */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { OperationFailed } from './explain.ts';

export interface Output {
  /** Resolves when there is room for more. */
  writeLine(line: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

const NEWLINE = Uint8Array.of(10);

/** `-` is standard output. Rejects with an OperationFailed when the file can not be written. */
export async function openOutput(file: string): Promise<Output> {
  if (file === '-') return { writeLine: (line) => writeLine(process.stdout, line), close: async () => {} };
  const stream = createWriteStream(file);
  try {
    await once(stream, 'ready');
  } catch (error) {
    throw new OperationFailed(`${file} can not be written: ${(error as Error).message}`);
  }
  return {
    writeLine: (line) => writeLine(stream, line),
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}

async function writeLine(stream: NodeJS.WritableStream, line: Uint8Array): Promise<void> {
  const hasRoom = stream.write(Buffer.concat([line, NEWLINE]));
  if (hasRoom || !stream.writable) return;
  // A reader that hung up will never take more; `stopOnInterrupt` ends the reading.
  await new Promise<void>((resolve) => {
    const events = ['drain', 'close', 'error'];
    const go = () => {
      for (const event of events) stream.off(event, go);
      resolve();
    };
    for (const event of events) stream.once(event, go);
  });
}
