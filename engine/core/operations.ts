/**
 * What can be done at all, as access tokens speak of it (API contract §1.13): the one table of operations, with the group
 * that permits each, and the names a token must reach for it. Everything that asks "may it?" asks here, and
 * docs/SECURITY.md prints this table.
 *
 * An operation is known by its place in the table, in the log and in checkpoints: they are only ever added at the end.
 */

/** Kinds of names that a token reaches by sets of its own. */
export type Resource = 'basins' | 'streams' | 'accessTokens';

export const GROUPS = ['account', 'basin', 'stream'] as const;
export type Group = (typeof GROUPS)[number];
export type Access = 'read' | 'write';

interface OperationRule {
  readonly group: Group;
  readonly access: Access;
  /** The request's names of these kinds have to be within the token's sets. */
  readonly within: readonly Resource[];
  /** Of what it lists, it shows what is within that set. */
  readonly shows?: Resource;
}

const ACCOUNT = 'account';
const BASIN = 'basin';
const STREAM = 'stream';
const ON_STREAM: readonly Resource[] = ['basins', 'streams'];

/** In S2's order of operations, which also is that of its groups: 1-8 and 22-24 account, 9-13 basin, 14-18 stream. */
export const OPERATIONS = {
  'list-basins': { group: ACCOUNT, access: 'read', within: [], shows: 'basins' },
  'create-basin': { group: ACCOUNT, access: 'write', within: ['basins'] },
  'delete-basin': { group: ACCOUNT, access: 'write', within: ['basins'] },
  'reconfigure-basin': { group: ACCOUNT, access: 'write', within: ['basins'] },
  'get-basin-config': { group: ACCOUNT, access: 'read', within: ['basins'] },
  'issue-access-token': { group: ACCOUNT, access: 'write', within: ['accessTokens'] },
  'revoke-access-token': { group: ACCOUNT, access: 'write', within: ['accessTokens'] },
  'list-access-tokens': { group: ACCOUNT, access: 'read', within: [], shows: 'accessTokens' },
  'list-streams': { group: BASIN, access: 'read', within: ['basins'], shows: 'streams' },
  'create-stream': { group: BASIN, access: 'write', within: ON_STREAM },
  'delete-stream': { group: BASIN, access: 'write', within: ON_STREAM },
  'get-stream-config': { group: BASIN, access: 'read', within: ON_STREAM },
  'reconfigure-stream': { group: BASIN, access: 'write', within: ON_STREAM },
  'check-tail': { group: STREAM, access: 'read', within: ON_STREAM },
  append: { group: STREAM, access: 'write', within: ON_STREAM },
  read: { group: STREAM, access: 'read', within: ON_STREAM },
  trim: { group: STREAM, access: 'write', within: ON_STREAM },
  fence: { group: STREAM, access: 'write', within: ON_STREAM },
  'account-metrics': { group: ACCOUNT, access: 'read', within: [], shows: 'basins' },
  'basin-metrics': { group: BASIN, access: 'read', within: ['basins'] },
  'stream-metrics': { group: STREAM, access: 'read', within: ON_STREAM },
  'list-locations': { group: ACCOUNT, access: 'read', within: [] },
  'get-default-location': { group: ACCOUNT, access: 'read', within: [] },
  'set-default-location': { group: ACCOUNT, access: 'write', within: [] },
} as const satisfies Record<string, OperationRule>;

export type Operation = keyof typeof OPERATIONS;

export const OPERATION_NAMES = Object.keys(OPERATIONS) as Operation[];

const NUMBER_OF = new Map(OPERATION_NAMES.map((name, number) => [name, number]));

/** Widened, so that rows can be asked alike. */
export function ruleOf(operation: Operation): OperationRule {
  return OPERATIONS[operation];
}

/** A set of operations, a bit for each by its place in the table. */
export type OperationSet = number;

export const ALL_OPERATIONS: OperationSet = 2 ** OPERATION_NAMES.length - 1;

export function operationSet(operations: Iterable<Operation>): OperationSet {
  let set: OperationSet = 0;
  for (const operation of operations) set |= 1 << (NUMBER_OF.get(operation) as number);
  return set;
}

export function hasOperation(set: OperationSet, operation: Operation): boolean {
  return (set & (1 << (NUMBER_OF.get(operation) as number))) !== 0;
}

export function operationsIn(set: OperationSet): Operation[] {
  return OPERATION_NAMES.filter((operation) => hasOperation(set, operation));
}

/** What is granted of groups, a bit for each: account read, account write, basin read, and so on. */
export type GroupSet = number;

export const ALL_GROUPS: GroupSet = 2 ** (2 * GROUPS.length) - 1;

export function groupBit(group: Group, access: Access): GroupSet {
  return 1 << (2 * GROUPS.indexOf(group) + (access === 'read' ? 0 : 1));
}

/** The operations that groups stand for. */
export function operationsOf(groups: GroupSet): OperationSet {
  return OF_GROUPS[groups] as OperationSet;
}

/** For every set of groups there is: it is asked for several times with every request. */
const OF_GROUPS: readonly OperationSet[] = Array.from({ length: ALL_GROUPS + 1 }, (_, groups) =>
  operationSet(
    OPERATION_NAMES.filter((operation) => {
      const { group, access } = ruleOf(operation);
      return (groups & groupBit(group, access)) !== 0;
    }),
  ),
);
