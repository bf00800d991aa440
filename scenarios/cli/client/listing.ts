/** `ls`, `list-basins` and `list-streams`: one name a line, page after page until the end or the limit. */

import { type Command, Option } from 'commander';
import type { S2 } from '@s2-dev/streamstore';
import { EXIT_USAGE, InputError } from '../input-error.ts';
import { wholeArgument } from './arguments.ts';
import { clientCommand, type ConnectionFlags, withServer } from './connection.ts';
import { type ListTarget, listTargetArgument, uriOf } from './target.ts';

export interface ListFlags extends ConnectionFlags {
  prefix?: string;
  startAfter?: string;
  limit?: number;
  autoPaginate: boolean;
}

interface Query {
  prefix?: string;
  startAfter?: string;
  limit: number;
}

/** As many as the server gives at once. */
const PAGE_MAX = 1000;

export function listingCommands(): Command[] {
  return [
    withFilters(clientCommand('ls'))
      .description('list basins, or the streams of one')
      .argument('[basin]', 'a basin, or s2://basin/prefix', listTargetArgument)
      .action(async (target: ListTarget | undefined, flags: ListFlags) =>
        withServer(flags, (s2) => (target === undefined ? listBasins(s2, flags) : listStreams(s2, target, flags))),
      ),
    withFilters(clientCommand('list-basins'))
      .description('list basins')
      .action(async (flags: ListFlags) => withServer(flags, (s2) => listBasins(s2, flags))),
    withFilters(clientCommand('list-streams'))
      .description('list the streams of a basin')
      .argument('<basin>', 'a basin, or s2://basin/prefix', listTargetArgument)
      .action(async (target: ListTarget, flags: ListFlags) =>
        withServer(flags, (s2) => listStreams(s2, target, flags)),
      ),
  ];
}

export function withFilters(command: Command): Command {
  return command
    .option('-p, --prefix <text>', 'only names that begin with this')
    .option('-s, --start-after <name>', 'only names that sort after this')
    .addOption(new Option('-n, --limit <n>', 'at most so many').argParser(wholeArgument))
    .option('--no-auto-paginate', `one page only, at most ${PAGE_MAX}`);
}

async function listBasins(s2: S2, flags: ListFlags): Promise<void> {
  const page = async (query: Query) => {
    const { basins, hasMore } = await s2.basins.list(query);
    return { items: basins, hasMore };
  };
  for await (const { name, deletedAt } of everyPage(page, flags)) {
    console.log(`${name} ${deletedAt ? 'deleting' : 'active'}`);
  }
}

async function listStreams(s2: S2, { basin, prefix }: ListTarget, flags: ListFlags): Promise<void> {
  if (prefix !== null && flags.prefix !== undefined) {
    throw new InputError('the prefix is given twice: in the address and with --prefix', EXIT_USAGE);
  }
  const page = async (query: Query) => {
    const { streams, hasMore } = await s2.basin(basin).streams.list(query);
    return { items: streams, hasMore };
  };
  for await (const stream of everyPage(page, prefix === null ? flags : { ...flags, prefix })) {
    const state = stream.deletedAt ? ' deleting' : '';
    console.log(`${uriOf({ basin, stream: stream.name })} ${stream.createdAt.toISOString()}${state}`);
  }
}

/** The SDK pages by itself too, but from the beginning only. */
export async function* everyPage<Item extends { name: string }>(
  fetchPage: (query: Query) => Promise<{ items: Item[]; hasMore: boolean }>,
  { prefix, startAfter, limit = Infinity, autoPaginate }: ListFlags,
): AsyncGenerator<Item> {
  let left = limit;
  let after = startAfter;
  while (left > 0) {
    const { items, hasMore } = await fetchPage({
      ...(prefix !== undefined && { prefix }),
      ...(after !== undefined && { startAfter: after }),
      limit: Math.min(left, PAGE_MAX),
    });
    yield* items;
    left -= items.length;
    after = items.at(-1)?.name;
    if (!hasMore || !autoPaginate || after === undefined) return;
  }
}
