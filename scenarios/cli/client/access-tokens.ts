/**
 * Access tokens issued, listed and revoked, in the words of the `s2` command. The secret of a new token is all that goes to
 * standard output: it is told once, and is what a pipe or a variable wants.
 */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AccessTokenInfo, IssueAccessTokenInput } from '@s2-dev/streamstore';
import { EXIT_USAGE, InputError } from '../input-error.ts';
import { timeSpanArgument, timestampArgument } from './arguments.ts';
import { clientCommand, type ConnectionFlags, withServer } from './connection.ts';
import { everyPage, type ListFlags, withFilters } from './listing.ts';
import { done } from './text.ts';

type Scope = IssueAccessTokenInput['scope'];
type Operations = NonNullable<Scope['ops']>;
type Groups = NonNullable<Scope['opGroups']>;

export interface IssueFlags extends ConnectionFlags {
  expiresIn?: number;
  expiresAt?: number;
  autoPrefixStreams?: boolean;
  basinsPrefix?: string;
  basinsExact?: string;
  streamsPrefix?: string;
  streamsExact?: string;
  accessTokensPrefix?: string;
  accessTokensExact?: string;
  opGroupPerms?: Groups;
  ops?: Operations;
}

export function accessTokenCommands(): Command[] {
  return [
    withScope(clientCommand('issue-access-token'))
      .description('make an access token that may do what is said and nothing else, and print its secret')
      .argument('<id>', 'its name, of which there is one')
      .action(async (id: string, flags: IssueFlags) =>
        withServer(flags, async (s2) => {
          const { accessToken } = await s2.accessTokens.issue(issueInput(id, flags, Date.now()));
          console.log(accessToken);
          done('Access token issued: it is told this once');
        }),
      ),
    withFilters(clientCommand('list-access-tokens'))
      .description('list access tokens: until when, and what they may do')
      .action(async (flags: ListFlags) =>
        withServer(flags, async (s2) => {
          const page = async (query: { prefix?: string; startAfter?: string; limit: number }) => {
            const { accessTokens, hasMore } = await s2.accessTokens.list(query);
            return { items: accessTokens.map((token) => ({ name: token.id, token })), hasMore };
          };
          for await (const { token } of everyPage(page, flags)) console.log(tokenText(token));
        }),
      ),
    clientCommand('revoke-access-token')
      .description('end an access token, and every session it has')
      .argument('<id>')
      .action(async (id: string, flags: ConnectionFlags) =>
        withServer(flags, async (s2) => {
          await s2.accessTokens.revoke({ id });
          done('Access token revoked');
        }),
      ),
  ];
}

function withScope(command: Command): Command {
  for (const [kind, names] of [
    ['basins', 'basins'],
    ['streams', 'streams'],
    ['access-tokens', 'access tokens'],
  ]) {
    command
      .addOption(
        new Option(`--${kind}-prefix <text>`, `${names} that begin with this; "" for all`).conflicts(
          camelled(`${kind}-exact`),
        ),
      )
      .option(`--${kind}-exact <name>`, `the one of the ${names} with this name`);
  }
  return command
    .addOption(
      new Option('--expires-in <time>', 'from now on, such as 30d; else as long as the token that issues it')
        .argParser(timeSpanArgument)
        .conflicts('expiresAt'),
    )
    .addOption(
      new Option('--expires-at <time>', 'until then, such as 2030-01-01T00:00:00Z').argParser(timestampArgument),
    )
    .option(
      '--auto-prefix-streams',
      'its names of streams get the prefix by themselves, and lose it in what it is told',
    )
    .addOption(
      new Option(
        '--op-group-perms <groups>',
        'reading and writing by group, such as "account=rw,basin=r,stream=w"',
      ).argParser(groupsArgument),
    )
    .addOption(
      new Option('--ops <operations>', 'single operations, such as list-basins,append').argParser(operationsArgument),
    );
}

/** What is asked of the server; at least one operation has to be permitted. */
export function issueInput(id: string, flags: IssueFlags, nowMs: number): IssueAccessTokenInput {
  const { expiresIn, expiresAt, ops, opGroupPerms: opGroups } = flags;
  if (ops === undefined && opGroups === undefined) {
    throw new InputError('a token that may do nothing is none: say --op-group-perms or --ops', EXIT_USAGE);
  }
  const untilMs = expiresIn === undefined ? expiresAt : nowMs + expiresIn;
  const basins = nameSet(flags.basinsPrefix, flags.basinsExact);
  const streams = nameSet(flags.streamsPrefix, flags.streamsExact);
  const accessTokens = nameSet(flags.accessTokensPrefix, flags.accessTokensExact);
  return {
    id,
    ...(untilMs !== undefined && { expiresAt: new Date(untilMs) }),
    ...(flags.autoPrefixStreams === true && { autoPrefixStreams: true }),
    scope: {
      ...(basins !== null && { basins }),
      ...(streams !== null && { streams }),
      ...(accessTokens !== null && { accessTokens }),
      ...(opGroups !== undefined && { opGroups }),
      ...(ops !== undefined && { ops }),
    },
  };
}

function nameSet(prefix: string | undefined, exact: string | undefined): { prefix: string } | { exact: string } | null {
  if (prefix !== undefined) return { prefix };
  return exact === undefined ? null : { exact };
}

/** `account=rw,basin=r,stream=w`. */
export function groupsArgument(text: string): Groups {
  const groups: Record<string, { read: boolean; write: boolean }> = {};
  for (const part of text.split(',').map((word) => word.trim())) {
    const [, group, letters = ''] = /^(account|basin|stream)=([rw]{1,2})$/.exec(part) ?? [];
    if (group === undefined) {
      throw new InvalidArgumentError('expected groups and letters such as "account=rw,basin=r,stream=w".');
    }
    groups[group] = { read: letters.includes('r'), write: letters.includes('w') };
  }
  return groups;
}

/** With hyphens as in the API, or with underscores as in the `s2` command. What there is, the server knows. */
export function operationsArgument(text: string): Operations {
  const words = text.split(',').map((word) => word.trim().replaceAll('_', '-'));
  if (words.some((word) => !/^[a-z]+(-[a-z]+)*$/.test(word))) {
    throw new InvalidArgumentError('expected operations such as list-basins,append.');
  }
  return words as Operations;
}

/** Two lines, as the `s2` command has them: the id and until when; what it reaches and may do. */
export function tokenText({ id, expiresAt, scope }: AccessTokenInfo): string {
  const until = expiresAt === null || expiresAt === undefined ? 'never' : new Date(expiresAt).toISOString();
  const reach = [
    ['basins', scope.basins],
    ['streams', scope.streams],
    ['tokens', scope.accessTokens],
  ] as const;
  const names = reach.map(([kind, set]) => `${kind}=${setText(set)}`).join('  ');
  return `${id}  expires ${until}\n  ${names}  perms=${groupsText(scope.opGroups)}  ops=${scope.ops?.length ?? 0}`;
}

function setText(set: Scope['basins']): string {
  if (set === null || set === undefined) return '∅';
  return 'prefix' in set ? `${set.prefix}*` : set.exact;
}

function groupsText(groups: Groups | null | undefined): string {
  const words = (['account', 'basin', 'stream'] as const).flatMap((group) => {
    const { read, write } = groups?.[group] ?? {};
    return read === true || write === true
      ? [`${group[0]}:${read === true ? 'r' : ''}${write === true ? 'w' : ''}`]
      : [];
  });
  return words.length === 0 ? 'none' : words.join(' ');
}

function camelled(words: string): string {
  return words.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
