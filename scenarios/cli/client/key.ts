/** The key records are encrypted with: a flag, a file or `S2_ENCRYPTION_KEY`, always in base64. */

import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { S2, S2Stream } from '@s2-dev/streamstore';
import { EXIT_USAGE, InputError } from '../input-error.ts';
import type { StreamTarget } from './target.ts';

export interface KeyFlags {
  encryptionKey?: string;
  encryptionKeyFile?: string;
}

export function withKey(command: Command): Command {
  return command
    .addOption(
      new Option('-k, --encryption-key <base64>', 'key of an encrypted stream; S2_ENCRYPTION_KEY keeps it out of sight')
        .env('S2_ENCRYPTION_KEY')
        .conflicts('encryptionKeyFile'),
    )
    .addOption(new Option('--encryption-key-file <file>', 'the same, from a file'));
}

export function streamWithKey(
  s2: S2,
  { basin, stream }: StreamTarget,
  { encryptionKey, encryptionKeyFile }: KeyFlags,
): S2Stream {
  const key = encryptionKeyFile === undefined ? encryptionKey : keyIn(encryptionKeyFile);
  const plain = s2.basin(basin).stream(stream);
  return key === undefined ? plain : plain.withEncryptionKey(key);
}

function keyIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new InputError(`--encryption-key-file ${file} can not be read: ${(error as Error).message}`, EXIT_USAGE);
  }
}
