/**
 * `read` and `tail`: records of one session as lines on standard output or in a file; commands and a closing figure on
 * standard error. As the `s2` command has it, a read without bounds follows the stream until Ctrl-C.
 */

import { type Command, Option } from 'commander';
import type { ReadInput, ReadRecord, S2, S2Stream } from '@s2-dev/streamstore';
import { timeSpanArgument, timestampArgument, wholeArgument } from './arguments.ts';
import { clientCommand, type ConnectionFlags, withServer } from './connection.ts';
import { OperationFailed } from './explain.ts';
import { type KeyFlags, streamWithKey, withKey } from './key.ts';
import { openOutput, type Output } from './output.ts';
import { commandText, formatRecord, type RecordFormat, recordFormatArgument } from './record-format.ts';
import { stopOnInterrupt } from './stopping.ts';
import { streamArgument, type StreamTarget } from './target.ts';
import { note, positionText } from './text.ts';

interface OutputFlags extends ConnectionFlags, KeyFlags {
  format: RecordFormat;
  output: string;
}

interface ReadFlags extends OutputFlags {
  seqNum?: number;
  timestamp?: number;
  ago?: number;
  tailOffset?: number;
  count?: number;
  bytes?: number;
  until?: number;
  clamp?: true;
  follow?: boolean;
}

interface TailFlags extends OutputFlags {
  lines: number;
  follow?: true;
}

/** As good as for ever: the API has no word for it once there is a bound. */
const FOREVER_S = 10 * 365 * 24 * 3600;

export function readCommands(): Command[] {
  return [
    withOutput(clientCommand('read').description('read records of a stream, and follow it'))
      .addOption(from('-s, --seq-num <n>', 'begin at this number', wholeArgument))
      .addOption(
        from('--timestamp <time>', 'begin at this time: milliseconds since 1970, or a date', timestampArgument),
      )
      .addOption(from('--ago <time>', 'begin so long ago, e.g. 1h', timeSpanArgument))
      .addOption(from('--tail-offset <n>', 'begin so many records before the end (default: 0)', wholeArgument))
      .addOption(new Option('-n, --count <n>', 'at most so many records').argParser(wholeArgument))
      .addOption(new Option('-b, --bytes <n>', 'at most so many bytes (metered)').argParser(wholeArgument))
      .addOption(new Option('--until <time>', 'stop before this time').argParser(timestampArgument))
      .option('--clamp', 'begin at the end of the stream when the start is beyond it')
      .option('--follow', 'wait for records to come, also when there is a bound')
      .option('--no-follow', 'stop at the end of the stream')
      .action(async (target: StreamTarget, flags: ReadFlags) => run(target, flags, readInput(flags))),
    withOutput(clientCommand('tail').description('show the last records of a stream'))
      .addOption(new Option('-n, --lines <n>', 'how many').argParser(wholeArgument).default(10))
      .option('-f, --follow', 'go on with what comes')
      .action(async (target: StreamTarget, { lines, follow, ...flags }: TailFlags) =>
        run(target, flags, {
          start: { from: { tailOffset: lines }, clamp: true },
          stop: follow === true ? {} : { waitSecs: 0 },
        }),
      ),
  ];
}

function withOutput(command: Command): Command {
  return withKey(
    command
      .argument('<uri>', 's2://my-basin/my-stream', streamArgument)
      .addOption(
        new Option('--format <format>', 'text (bodies), json or json-base64')
          .argParser(recordFormatArgument)
          .default('text'),
      )
      .option('-o, --output <file>', 'where to write; - is standard output', '-'),
  );
}

const STARTS = ['seqNum', 'timestamp', 'ago', 'tailOffset'];

function from(flags: string, description: string, parse: (text: string) => number): Option {
  const option = new Option(flags, description).argParser(parse);
  return option.conflicts(STARTS.filter((name) => name !== option.attributeName()));
}

/** What the flags ask for. `nowMs` is what `--ago` counts from. */
export function readInput(flags: Omit<ReadFlags, keyof OutputFlags>, nowMs = Date.now()): ReadInput {
  const { seqNum, timestamp, ago, tailOffset = 0, count, bytes, until, clamp, follow } = flags;
  const isBounded = (count ?? bytes ?? until) !== undefined;
  return {
    start: {
      from:
        seqNum !== undefined
          ? { seqNum }
          : timestamp !== undefined
            ? { timestamp }
            : ago !== undefined
              ? { timestamp: Math.max(0, nowMs - ago) }
              : { tailOffset },
      // Nothing so young is no mistake: what comes is younger.
      ...((clamp === true || ago !== undefined) && { clamp: true }),
    },
    stop: {
      ...((count ?? bytes) !== undefined && {
        limits: { ...(count !== undefined && { count }), ...(bytes !== undefined && { bytes }) },
      }),
      ...(until !== undefined && { untilTimestamp: until }),
      ...(follow === false && { waitSecs: 0 }),
      ...(follow === true && isBounded && { waitSecs: FOREVER_S }),
    },
  };
}

async function run(target: StreamTarget, flags: OutputFlags, input: ReadInput): Promise<void> {
  // A server that is not there is noticed at once; one that goes away later is waited for.
  await withServer(flags, (s2: S2) => s2.basin(target.basin).stream(target.stream).checkTail());
  await withServer(flags, (s2) => read(streamWithKey(s2, target, flags), flags, input), { isPatient: true });
}

async function read(stream: S2Stream, { format, output: file }: OutputFlags, input: ReadInput): Promise<void> {
  const { meteredBytes, RangeNotSatisfiableError } = await import('@s2-dev/streamstore');
  const output = await openOutput(file);
  const stopping = stopOnInterrupt();
  const seen = { count: 0, bytes: 0, first: 0, last: 0 };
  try {
    const session = await stream.readSession(input, { as: 'bytes', signal: stopping.signal });
    for await (const record of session) {
      if (stopping.signal.aborted) break;
      await write(output, record, format);
      if (seen.count++ === 0) seen.first = record.seqNum;
      seen.last = record.seqNum;
      seen.bytes += meteredBytes(record);
    }
  } catch (error) {
    if (error instanceof RangeNotSatisfiableError) sayNothingThere(error.tail, input);
    else if (!stopping.signal.aborted) throw error;
  } finally {
    stopping.dispose();
    await output.close();
    await stream.close();
    sayRead(seen);
  }
}

/** Where the next read goes on is one more than the last number, however this one ended. */
function sayRead({ count, bytes, first, last }: Record<'count' | 'bytes' | 'first' | 'last', number>): void {
  if (count === 0) return;
  note(`⦿ ${bytes} bytes (${count} ${count === 1 ? 'record' : 'records'} in range ${first}..=${last})`);
}

async function write(output: Output, record: ReadRecord<'bytes'>, format: RecordFormat): Promise<void> {
  const command = format === 'text' ? commandText(record) : null;
  if (command !== null) return note(`${command} // ${positionText(record)}`);
  await output.writeLine(formatRecord(record, format));
}

/** A read that begins where the stream ends found nothing; one that begins beyond it is a mistake. */
function sayNothingThere(tail: { seqNum: number; timestamp: Date } | undefined, { start }: ReadInput): void {
  const end = tail === undefined ? '' : `: it ends at ${positionText(tail)}`;
  const from = start?.from ?? { tailOffset: 0 };
  const isBeyond =
    start?.clamp !== true &&
    (('seqNum' in from && from.seqNum !== tail?.seqNum) || ('timestamp' in from && tail?.seqNum !== 0));
  if (isBeyond) {
    throw new OperationFailed(`the stream has nothing there yet${end}; --clamp begins at the end`);
  }
  note(`nothing there yet${end} (--follow waits)`);
}
