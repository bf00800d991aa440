/** Basins and streams made, configured and deleted. What was done is said on standard error, configurations on standard output. */

import { type Command, Option } from 'commander';
import type { StreamConfig } from '@s2-dev/streamstore';
import { EXIT_USAGE, InputError } from '../input-error.ts';
import {
  type BasinConfigFlags,
  basinConfigOf,
  type StreamConfigFlags,
  streamConfigOf,
  withBasinConfig,
  withStreamConfig,
} from './config-flags.ts';
import { clientCommand, type ConnectionFlags, withServer } from './connection.ts';
import { basinArgument, newBasinArgument, streamArgument, type StreamTarget } from './target.ts';
import { done, printConfig } from './text.ts';

const BASIN_ARGUMENT = 'my-basin or s2://my-basin';

type BasinFlags = ConnectionFlags & BasinConfigFlags;
type StreamFlags = ConnectionFlags & StreamConfigFlags;

export function basinCommands(): Command[] {
  return [
    withBasinConfig(onNewBasin('create-basin', 'make a basin; its stream flags are the defaults of its streams'))
      .addOption(new Option('--location <name>', "where S2's cloud puts it; other servers ignore it"))
      .action(async (basin: string, { location, ...flags }: BasinFlags & { location?: string }) =>
        withServer(flags, async (s2) => {
          await s2.basins.create({ basin, config: basinConfigOf(flags), ...(location !== undefined && { location }) });
          done('Basin created');
        }),
      ),
    onBasin('delete-basin', 'delete a basin and every stream in it').action(async (basin: string, flags: BasinFlags) =>
      withServer(flags, async (s2) => {
        await s2.basins.delete({ basin });
        done('Basin deletion requested');
      }),
    ),
    onBasin('get-basin-config', 'print the configuration of a basin as JSON').action(
      async (basin: string, flags: BasinFlags) =>
        withServer(flags, async (s2) => printConfig(await s2.basins.getConfig({ basin }))),
    ),
    withBasinConfig(onBasin('reconfigure-basin', 'change what is said, leave the rest')).action(
      async (basin: string, flags: BasinFlags) => {
        const config = mustChange(basinConfigOf(flags), 'reconfigure-basin');
        await withServer(flags, async (s2) => {
          const result = await s2.basins.reconfigure({ basin, ...config });
          done('Basin reconfigured');
          printConfig(result);
        });
      },
    ),
  ];
}

export function streamCommands(): Command[] {
  return [
    withStreamConfig(onStream('create-stream', 'make a stream; what is not said comes from its basin')).action(
      async ({ basin, stream }: StreamTarget, flags: StreamFlags) =>
        withServer(flags, async (s2) => {
          await s2.basin(basin).streams.create({ stream, config: streamConfigOf(flags) });
          done('Stream created');
        }),
    ),
    onStream('delete-stream', 'delete a stream and every record in it').action(
      async ({ basin, stream }: StreamTarget, flags: StreamFlags) =>
        withServer(flags, async (s2) => {
          await s2.basin(basin).streams.delete({ stream });
          done('Stream deletion requested');
        }),
    ),
    onStream('get-stream-config', 'print the configuration of a stream as JSON').action(
      async ({ basin, stream }: StreamTarget, flags: StreamFlags) =>
        withServer(flags, async (s2) => printConfig(await s2.basin(basin).streams.getConfig({ stream }))),
    ),
    withStreamConfig(onStream('reconfigure-stream', 'change what is said, leave the rest')).action(
      async ({ basin, stream }: StreamTarget, flags: StreamFlags) => {
        const config = mustChange<StreamConfig>(streamConfigOf(flags), 'reconfigure-stream');
        await withServer(flags, async (s2) => {
          const result = await s2.basin(basin).streams.reconfigure({ stream, ...config });
          done('Stream reconfigured');
          printConfig(result);
        });
      },
    ),
  ];
}

function onBasin(name: string, description: string): Command {
  return clientCommand(name).description(description).argument('<basin>', BASIN_ARGUMENT, basinArgument);
}

function onNewBasin(name: string, description: string): Command {
  return clientCommand(name).description(description).argument('<basin>', BASIN_ARGUMENT, newBasinArgument);
}

function onStream(name: string, description: string): Command {
  return clientCommand(name).description(description).argument('<uri>', 's2://my-basin/my-stream', streamArgument);
}

function mustChange<Config extends object>(config: Config, command: string): Config {
  if (Object.keys(config).length > 0) return config;
  throw new InputError(`nothing to change was said; \`tailrace ${command} --help\` lists the flags`, EXIT_USAGE);
}
