/**
 * `append`: lines become records of one session, several batches under way at once. Every acknowledgement is said on
 * standard error; the end of the input is the end of the command, and Ctrl-C is the end of the input.
 */

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Command, Option } from 'commander';
import type { AppendAck, AppendRecord, S2Stream } from '@s2-dev/streamstore';
import type { InputError } from '../input-error.ts';
import { timeSpanArgument, wholeArgument } from './arguments.ts';
import { clientCommand, type ConnectionFlags, withServer } from './connection.ts';
import { isDefinite, OperationFailed } from './explain.ts';
import { type KeyFlags, streamWithKey, withKey } from './key.ts';
import { linesOf } from './lines.ts';
import { type MakeRecord, parseRecord, type RecordFormat, recordFormatArgument } from './record-format.ts';
import { stopOnInterrupt } from './stopping.ts';
import { streamArgument, type StreamTarget } from './target.ts';
import { appendedText, done, note } from './text.ts';

interface AppendFlags extends ConnectionFlags, KeyFlags {
  fencingToken?: string;
  matchSeqNum?: number;
  format: RecordFormat;
  input: string;
  linger: number;
}

export function appendCommand(): Command {
  const command = clientCommand('append')
    .description('append records to a stream, one a line')
    .argument('<uri>', 's2://my-basin/my-stream', streamArgument)
    .option('-f, --fencing-token <token>', 'append only while the stream is fenced by this')
    .addOption(
      new Option('-m, --match-seq-num <n>', 'append only if the first record gets this number').argParser(
        wholeArgument,
      ),
    )
    .addOption(
      new Option('--format <format>', 'what a line is: text, json ({"body":…,"headers":…,"timestamp":…}), json-base64')
        .argParser(recordFormatArgument)
        .default('text'),
    )
    .option('-i, --input <file>', 'file to read lines from; - is standard input', '-')
    .addOption(
      new Option('--linger <time>', 'longest wait of a line for more lines')
        .argParser(timeSpanArgument)
        .default(5, '5ms'),
    );
  return withKey(command).action(async (target: StreamTarget, flags: AppendFlags) =>
    withServer(flags, async (s2) => append(streamWithKey(s2, target, flags), flags)),
  );
}

async function append(stream: S2Stream, flags: AppendFlags): Promise<void> {
  const sdk = await import('@s2-dev/streamstore');
  const { AppendRecord, BatchTransform, MAX_APPEND_BYTES } = sdk;
  const { fencingToken, matchSeqNum, linger } = flags;
  const stopping = stopOnInterrupt();
  const input = await openInput(flags.input);
  void stopping.stopped.then(() => input.destroy());
  const session = await stream.appendSession();
  const lines = new RecordLines(input, flags, { makeRecord: AppendRecord.bytes, bytesMax: MAX_APPEND_BYTES });
  try {
    const batches = new BatchTransform({
      lingerDurationMillis: linger,
      ...(fencingToken !== undefined && { fencingToken }),
      ...(matchSeqNum !== undefined && { matchSeqNum }),
    });
    const sent = ReadableStream.from(lines.records(stopping.signal)).pipeThrough(batches).pipeTo(session.writable);
    await Promise.all([sent, sayAcknowledged(session.acks())]);
  } catch (error) {
    // Streams and the session wrap what they were ended by.
    const cause = lines.problem ?? session.failureCause() ?? error;
    if (cause instanceof sdk.S2Error) sayFate(session.lastAckedPosition() !== undefined, isDefinite(cause, sdk));
    throw cause;
  } finally {
    stopping.dispose();
    input.destroy();
    await stream.close();
  }
}

async function sayAcknowledged(acks: AsyncIterable<AppendAck>): Promise<void> {
  for await (const ack of acks) done(appendedText(ack));
}

/** What became of lines that nobody acknowledged. */
function sayFate(isSomeAcknowledged: boolean, isDefinitely: boolean): void {
  const before = isSomeAcknowledged ? 'what is acknowledged above was appended; ' : '';
  const after = isSomeAcknowledged ? 'what came after it' : 'what was read';
  if (!isDefinitely) note(`${before}${after} may have been, wholly or in part: read the stream to know`);
  else if (isSomeAcknowledged) note(`${before}nothing that came after it was`);
}

/** The records of an input, and what was wrong with the line that was none. */
class RecordLines {
  problem: InputError | null = null;
  readonly #input: AsyncIterable<Uint8Array>;
  readonly #flags: AppendFlags;
  readonly #rules: { makeRecord: MakeRecord; bytesMax: number };

  constructor(
    input: AsyncIterable<Uint8Array>,
    flags: AppendFlags,
    rules: { makeRecord: MakeRecord; bytesMax: number },
  ) {
    this.#input = input;
    this.#flags = flags;
    this.#rules = rules;
  }

  async *records(stopped: AbortSignal): AsyncGenerator<AppendRecord> {
    let number = 0;
    try {
      for await (const line of linesOf(this.#input)) yield this.#recordOf(line, ++number);
    } catch (error) {
      // The input was let go of because of Ctrl-C: what came before it is appended.
      if (!stopped.aborted) throw error;
    }
  }

  #recordOf(line: Uint8Array, number: number): AppendRecord {
    const { makeRecord, bytesMax } = this.#rules;
    try {
      const record = parseRecord(line, this.#flags.format, makeRecord);
      if (record.meteredBytes <= bytesMax) return record;
      throw new Error(`${record.meteredBytes} bytes are more than a record can have (${bytesMax})`);
    } catch (error) {
      const where = this.#flags.input === '-' ? 'standard input' : this.#flags.input;
      const message = `${where}:${number}: ${(error as Error).message}; what is acknowledged above was appended`;
      throw (this.problem = new OperationFailed(message));
    }
  }
}

async function openInput(input: string): Promise<Readable> {
  if (input === '-') {
    if (process.stdin.isTTY) process.stderr.write('one record a line; Ctrl-D ends\n');
    return process.stdin;
  }
  const file = createReadStream(input);
  try {
    await once(file, 'ready');
  } catch (error) {
    throw new OperationFailed(`${input} can not be read: ${(error as Error).message.split(',')[0]}`);
  }
  return file;
}
