/** `check-tail`, `trim` and `fence`: where a stream ends, where it begins, and who may append. */

import { type Command, Option } from 'commander';
import type { AppendAck, AppendInput, AppendRecord, S2 } from '@s2-dev/streamstore';
import { wholeArgument } from './arguments.ts';
import { clientCommand, type ConnectionFlags, withServer } from './connection.ts';
import { streamArgument, type StreamTarget } from './target.ts';
import { done, positionText } from './text.ts';

interface ConditionFlags extends ConnectionFlags {
  fencingToken?: string;
  matchSeqNum?: number;
}

export function positionCommands(): Command[] {
  return [
    onStream('check-tail', 'print the number the next record gets, and the time of the last one').action(
      async (target: StreamTarget, flags: ConnectionFlags) =>
        withServer(flags, async (s2) => console.log(positionText((await streamOf(s2, target).checkTail()).tail))),
    ),
    withConditions(onStream('trim', 'let go of every record before a number'))
      .argument('<trim-point>', 'first number to keep', wholeArgument)
      .action(async (target: StreamTarget, point: number, flags: ConditionFlags) => {
        const { tail } = await appendOne(target, flags, ({ trim }) => trim(point));
        done(`[APPENDED] trim to ${point} // tail: ${positionText(tail)}`);
      }),
    withConditions(onStream('fence', 'set the token that appends with --fencing-token have to give'))
      .argument('<new-fencing-token>', 'at most 36 bytes; "" takes the fence away')
      .action(async (target: StreamTarget, token: string, flags: ConditionFlags) => {
        const { tail } = await appendOne(target, flags, ({ fence }) => fence(token));
        done(`[APPENDED] new fencing token "${token}" // tail: ${positionText(tail)}`);
      }),
  ];
}

function onStream(name: string, description: string): Command {
  return clientCommand(name).description(description).argument('<uri>', 's2://my-basin/my-stream', streamArgument);
}

function withConditions(command: Command): Command {
  return command
    .option('-f, --fencing-token <token>', 'only while the stream is fenced by this')
    .addOption(new Option('-m, --match-seq-num <n>', 'only if this is the next number').argParser(wholeArgument));
}

async function appendOne(
  target: StreamTarget,
  { fencingToken, matchSeqNum, ...flags }: ConditionFlags,
  make: (record: typeof AppendRecord) => AppendRecord,
): Promise<AppendAck> {
  return withServer(flags, async (s2) => {
    const sdk = await import('@s2-dev/streamstore');
    const input: AppendInput = sdk.AppendInput.create([make(sdk.AppendRecord)], {
      ...(fencingToken !== undefined && { fencingToken }),
      ...(matchSeqNum !== undefined && { matchSeqNum }),
    });
    return streamOf(s2, target).append(input);
  });
}

function streamOf(s2: S2, { basin, stream }: StreamTarget) {
  return s2.basin(basin).stream(stream);
}
