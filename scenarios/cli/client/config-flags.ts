/**
 * Flags that configure basins and streams, as the `s2` command names them, and the configuration they stand for. What was
 * not said is not in it: the server's own defaults, or what is there already, count then.
 */

import { type Command, Option } from 'commander';
import type { BasinConfig, StreamConfig } from '@s2-dev/streamstore';
import { booleanArgument, retentionArgument, secondsArgument } from './arguments.ts';

export interface StreamConfigFlags {
  storageClass?: 'standard' | 'express';
  retentionPolicy?: 'infinite' | number;
  timestampingMode?: 'client-prefer' | 'client-require' | 'arrival';
  timestampingUncapped?: boolean;
  deleteOnEmptyMinAge?: number;
}

export interface BasinConfigFlags extends StreamConfigFlags {
  streamCipher?: 'aegis-256' | 'aes-256-gcm';
  createStreamOnAppend?: boolean;
  createStreamOnRead?: boolean;
}

/** A flag alone means true; `--flag false` takes it back. */
function switchOption(name: string, description: string): Option {
  return new Option(`${name} [true|false]`, description).argParser(booleanArgument).preset('true');
}

export function withStreamConfig(command: Command): Command {
  return command
    .addOption(new Option('--storage-class <class>', 'how records are stored').choices(['standard', 'express']))
    .addOption(
      new Option('--retention-policy <age>', 'records older than this go away: 7d, 1h, or infinite').argParser(
        retentionArgument,
      ),
    )
    .addOption(
      new Option('--timestamping-mode <mode>', 'whose clock dates records').choices([
        'client-prefer',
        'client-require',
        'arrival',
      ]),
    )
    .addOption(switchOption('--timestamping-uncapped', 'clients may date records in the future'))
    .addOption(
      new Option('--delete-on-empty-min-age <age>', 'a stream empty for this long is deleted; 0s never').argParser(
        secondsArgument,
      ),
    );
}

export function withBasinConfig(command: Command): Command {
  return withStreamConfig(command)
    .addOption(
      new Option('--stream-cipher <cipher>', 'how new streams are encrypted').choices(['aegis-256', 'aes-256-gcm']),
    )
    .addOption(switchOption('--create-stream-on-append', 'an append makes the stream it is for'))
    .addOption(switchOption('--create-stream-on-read', 'a read makes the stream it is for'));
}

/** Empty when nothing was said. */
export function streamConfigOf(flags: StreamConfigFlags): StreamConfig {
  const { storageClass, retentionPolicy, timestampingMode, timestampingUncapped, deleteOnEmptyMinAge } = flags;
  const hasTimestamping = timestampingMode !== undefined || timestampingUncapped !== undefined;
  return {
    ...(storageClass !== undefined && { storageClass }),
    ...(retentionPolicy !== undefined && {
      retentionPolicy: retentionPolicy === 'infinite' ? { infinite: {} } : { ageSecs: retentionPolicy },
    }),
    ...(hasTimestamping && {
      timestamping: {
        ...(timestampingMode !== undefined && { mode: timestampingMode }),
        ...(timestampingUncapped !== undefined && { uncapped: timestampingUncapped }),
      },
    }),
    ...(deleteOnEmptyMinAge !== undefined && { deleteOnEmpty: { minAgeSecs: deleteOnEmptyMinAge } }),
  };
}

export function basinConfigOf(flags: BasinConfigFlags): BasinConfig {
  const { streamCipher, createStreamOnAppend, createStreamOnRead } = flags;
  const defaultStreamConfig = streamConfigOf(flags);
  return {
    ...(Object.keys(defaultStreamConfig).length > 0 && { defaultStreamConfig }),
    ...(streamCipher !== undefined && { streamCipher }),
    ...(createStreamOnAppend !== undefined && { createStreamOnAppend }),
    ...(createStreamOnRead !== undefined && { createStreamOnRead }),
  };
}
