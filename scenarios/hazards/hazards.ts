/**
 * The hazards that the changelog and the code of S2's lite server reveal (API contract §12), and the story each of them has
 * here. docs/HAZARDS.md shows this table to readers; a test keeps the two equal.
 */

import * as beside from './beside-the-code.ts';
import * as configuration from './configuration.ts';
import * as deletion from './deletion.ts';
import * as durability from './durability.ts';
import * as empty from './empty.ts';
import * as encryption from './encryption.ts';
import * as following from './following.ts';
import * as naming from './naming.ts';
import * as requests from './requests.ts';
import * as resources from './resources.ts';
import * as waiting from './waiting.ts';
import type { Story, TestStory } from './story.ts';

export interface Hazard {
  /** The version of lite that mended it, or `code`: seen by reading it. */
  version: string;
  hazard: string;
  story: Story | TestStory;
  /** The rule of the design by which it can not be met here; the story shows the rule. */
  excluded?: string;
}

const NO_LEASES = 'streams have no writers, leases or dormancy: a stream is a row, and one log writes them all';
const NO_TRANSACTIONS = 'there are no transactions to conflict: each decision is one turn against what is queued';
const NO_CHANNELS = 'a follower is a position, not a channel with a capacity';
const NO_CURSOR = 'a deletion keeps no cursor: the next process begins from the tables';

export const HAZARDS: readonly Hazard[] = [
  { version: '0.41.2', hazard: 'acknowledged before the bytes are on disk', story: beside.ACK_BEFORE_DISK },
  {
    version: '0.39.3',
    hazard: 'readers of events can not tell that they caught up',
    story: following.PING_WITHOUT_TAIL,
  },
  {
    version: '0.39.2',
    hazard: 'already-exists based on a row that is not durable',
    story: durability.EXISTS_BEFORE_DURABLE,
  },
  { version: '0.36.8', hazard: 'unknown features look like unknown paths', story: requests.UNKNOWN_FEATURE },
  { version: '0.36.4', hazard: 'a list cursor that sorts before the prefix', story: requests.CURSOR_BEFORE_PREFIX },
  {
    version: '0.36.4',
    hazard: 'a wrong encryption key is an error of the server',
    story: encryption.KEY_THAT_IS_NONE,
  },
  { version: '0.36.3', hazard: 'proxies hold live streams back', story: following.HELD_BACK_ON_THE_WAY },
  { version: '0.36.3', hazard: 'resume arithmetic overflows', story: following.RESUME_OVERFLOW },
  {
    version: '0.36.3',
    hazard: 'session token or endpoint of S3 silently ignored',
    story: beside.TOKEN_IGNORED,
    excluded: 'credentials come from the chain of the official client alone, the endpoint from the URL of the store',
  },
  {
    version: '0.36.1',
    hazard: 'deletion on empty switched off between scan and deletion',
    story: empty.SWITCHED_OFF_BETWEEN,
  },
  {
    version: '0.34.0',
    hazard: 'a cleared field falls back to an old default',
    story: configuration.CLEARED_TO_AN_OLD_DEFAULT,
  },
  {
    version: '0.34.0',
    hazard: 'conflicts of control operations are errors of the server',
    story: naming.CONCURRENT_CONTROL,
    excluded: NO_TRANSACTIONS,
  },
  {
    version: '0.34.0',
    hazard: 'an append accepted behind the deletion, then lost',
    story: deletion.APPEND_BEHIND_DELETION,
  },
  { version: '0.34.0', hazard: 'the scan for emptiness races with an append', story: empty.SCAN_RACES_APPEND },
  { version: '0.34.0', hazard: 'a scan leaks into the rows of the next stream', story: empty.NEIGHBOURS_ROWS },
  { version: '0.33.0', hazard: 'an explicit zero is lost on a round trip', story: configuration.EXPLICIT_ZERO_LOST },
  { version: '0.32.0', hazard: 'PUT merges, so that its repetition differs', story: configuration.PUT_MERGES },
  {
    version: '0.30.4',
    hazard: 'another algorithm is reported as a wrong key',
    story: encryption.CIPHER_BY_CHANGE,
  },
  { version: '0.30.3', hazard: 'arithmetic of numbers at their limits', story: requests.NUMBERS_AT_THE_LIMIT },
  {
    version: '0.30.2',
    hazard: 'more records than random nonces allow',
    story: encryption.MORE_THAN_NONCES,
  },
  {
    version: '0.30.0',
    hazard: 'a request arrives as the writer goes idle, a handle is used after a minute',
    story: resources.DORMANT_WRITER,
    excluded: NO_LEASES,
  },
  {
    version: '0.29.31',
    hazard: 'a wrong key is not told from corruption',
    story: encryption.KEY_OR_CORRUPTION,
  },
  { version: '0.29.25', hazard: 'a basin that is created and not there yet', story: durability.CREATED_BEFORE_DURABLE },
  { version: '0.29.23', hazard: 'a stale worker wipes the stream created again', story: deletion.STALE_WORKER },
  {
    version: '0.29.22',
    hazard: 'deletion on empty counts the time before it was switched on',
    story: empty.ARMED_IN_RETROSPECT,
  },
  {
    version: '0.29.21',
    hazard: 'the wait of a slow follower ends early or never',
    story: waiting.WAIT_OF_A_SLOW_READER,
  },
  {
    version: '0.29.21',
    hazard: 'waiting for durability on a closed store hangs',
    story: durability.HANG_BEHIND_THE_END,
  },
  { version: '0.29.20', hazard: 'acknowledgements leak before durability', story: durability.ACK_BEFORE_DURABLE },
  {
    version: '0.29.20',
    hazard: 'a fence is in force before a crash takes it back',
    story: durability.FENCE_BEFORE_DURABLE,
  },
  { version: '0.29.20', hazard: 'a follower is cut off after a minute of rest', story: following.FOLLOWER_CUT_OFF },
  { version: '0.29.18', hazard: 'a trigger is lost, so that a deletion waits', story: deletion.LOST_TRIGGER },
  { version: '0.29.17', hazard: 'each heartbeat begins the wait anew', story: waiting.WAIT_BEHIND_HEARTBEATS },
  { version: '0.29.16', hazard: 'a dead handle is used until restart', story: resources.DEAD_HANDLE },
  { version: '0.29.15', hazard: 'the store grows without bound', story: resources.NOTHING_COLLECTED },
  { version: '0.29.7', hazard: 'two writers of one stream give the same numbers', story: naming.TWO_WRITERS },
  {
    version: '0.29.0',
    hazard: 'a command at the edge of a batch applies twice or never',
    story: durability.COMMAND_AT_THE_EDGE,
  },
  { version: '0.29.0', hazard: 'a limit that is met exactly ends in an error', story: waiting.EXACT_LIMIT },
  { version: '0.29.0', hazard: 'names that are joined without delimiter collide', story: naming.UNDELIMITED_NAMES },
  { version: '0.28.4', hazard: 'a half-deleted stream is shown', story: deletion.READABLE_WHILE_DELETED },
  {
    version: '0.28.2',
    hazard: 'the scan for emptiness misses what is not durable yet',
    story: empty.SCAN_MISSES_UNDURABLE,
  },
  { version: '0.28.1', hazard: 'a reader of a fully trimmed stream spins', story: following.SPIN_ON_TRIMMED },
  { version: '0.28.0', hazard: 'sessions do not create streams as appends do', story: naming.AUTO_CREATE_BY_SESSION },
  { version: '0.27.0', hazard: 'an impossible range hangs or returns data', story: requests.IMPOSSIBLE_RANGE },
  { version: '0.26.0', hazard: 'a fenced process says that it is healthy', story: requests.FENCED_BUT_HEALTHY },
  { version: 'code', hazard: 'a deletion races its own worker and answers 404', story: deletion.DELETE_RACES_WORKER },
  {
    version: 'code',
    hazard: 'deleted, created again, and the new one marked as deleted',
    story: deletion.DELETE_RECREATE_MARK,
  },
  { version: 'code', hazard: 'a crash between the two steps of a deletion', story: deletion.CRASH_WITHIN_DELETION },
  {
    version: 'code',
    hazard: 'the deletion of a basin restarts in the middle of its list',
    story: deletion.BASIN_CURSOR,
    excluded: NO_CURSOR,
  },
  { version: 'code', hazard: 'a timestamp of 2^64 - 1 freezes time', story: requests.TIME_FROZEN },
  { version: 'code', hazard: 'fence, data and fence in one batch across a crash', story: durability.FENCE_DATA_FENCE },
  {
    version: 'code',
    hazard: 'the fate of a commit is unknown, with followers of a fence',
    story: durability.UNKNOWN_WITH_FOLLOWERS,
  },
  {
    version: 'code',
    hazard: 'a follower lags by exactly the capacity of its channel',
    story: following.LAG_AT_CAPACITY,
    excluded: NO_CHANNELS,
  },
  { version: 'code', hazard: 'a record arrives in the moment a wait ends', story: waiting.RECORD_AT_THE_DEADLINE },
  { version: 'code', hazard: 'a stalled session holds the room of all', story: resources.STALLED_SESSION },
];

const EVERY = HAZARDS.map(({ story }) => story);

/** Those that are played in a simulated world. */
export const STORIES: readonly Story[] = EVERY.filter((story) => 'play' in story);
/** Those that a test beside the code plays. */
export const TEST_STORIES: readonly TestStory[] = EVERY.filter((story) => 'test' in story);
