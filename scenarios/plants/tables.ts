/**
 * Which wrong engine is planted against which table of the fault catalogue (`scenarios/rows.ts`), and against which lesson of the
 * model of the storage protocol. Every wrong engine is in one table; docs/SIMULATION.md shows them to readers, and a test holds
 * it to this and each table to two at least.
 */

export interface PlantTable {
  /** Letters of the rows it is about, or a word where the catalogue has none. */
  about: string;
  plants: readonly string[];
}

export const PLANT_TABLES: readonly PlantTable[] = [
  {
    about: 'W: writers, fencing, failover',
    plants: [
      ...['no-fence', 'no-skip', 'no-validation', 'validated-by-slot', 'any-writer', 'any-epoch', 'foreign-is-ours'],
      ...['newest-by-listing', 'one-listing', 'config-of-a-former-owner', 'change-told-early'],
    ],
  },
  {
    about: 'A: ambiguous storage',
    plants: [
      ...['refused-is-success', 'unknown-as-rejected', 'loss-always-definite', 'body-unchecked', 'frames-unchecked'],
      ...['frames-of-any-stream', 'slot-unchecked', 'conditions-untried', 'waits-for-ever', 'hangs-in-the-dark'],
      ...['unavailable-for-nothing', 'no-rest-granted'],
    ],
  },
  {
    about: 'P: acknowledgements, pipelining, sessions',
    plants: [
      ...['ack-before-put', 'ack-out-of-order', 'half-a-batch', 'ack-of-another-time', 'noop-of-the-undurable'],
      ...['session-follows-its-name', 'refused-with-its-own-token'],
    ],
  },
  {
    about: 'R: readers, followers, the tail',
    plants: [
      ...['shown-before-durable', 'stale-tail', 'probe-in-flight', 'probe-covers-late-askers', 'proof-by-any-commit'],
      ...['sure-in-the-dark', 'gap-at-the-seam', 'one-record-too-many', 'tail-of-creation', 'session-skips-sealed'],
      ...['heartbeat-unproved', 'repeat-after-falling-behind', 'quiet-end', 'timestamp-behind-segment'],
    ],
  },
  {
    about: 'T: time',
    plants: [
      ...['raw-clock', 'time-of-each-record', 'never-capped', 'retention-by-timestamp', 'a-year-is-never-over'],
      'expiry-by-the-local-clock',
    ],
  },
  {
    about: 'D: trim, retention, deletion, creation anew',
    plants: [
      ...[
        'id-used-again',
        'trim-not-in-segments',
        'trim-falls-back',
        'empty-by-what-is-durable',
        'deletion-told-early',
      ],
      ...[
        'deletion-by-name',
        'deleted-is-listed',
        'counts-outlive-basins',
        'sealed-for-a-week',
        'trim-counted-too-far',
      ],
    ],
  },
  {
    about: 'G: checkpoints, compaction, garbage',
    plants: [
      ...['collected-before-published', 'published-without-install', 'fences-collected', 'orphans-of-any-epoch'],
      ...['orphans-before-published', 'orphans-kept', 'retired-kept', 'edited-before-published', 'install-replaces'],
      ...['one-publication-kept', 'pages-from-loaded'],
    ],
  },
  {
    about: 'C: conditions and repetition',
    plants: ['no-match-seq-num', 'no-fencing-token', 'token-forgotten', 'token-alone'],
  },
  {
    about: 'E: encryption',
    plants: [
      ...['nonces-counted-anew', 'key-kept', 'headers-in-plain', 'associated-data-left-out', 'incarnation-left-out'],
      ...['born-in-plain', 'cleared-cipher-stays', 'cipher-told-by-the-basin'],
    ],
  },
  {
    about: 'L, N: limits and configurations',
    plants: ['ensure-merges', 'null-keeps', 'cleared-to-s2', 'born-without-defaults', 'more-behind-the-last'],
  },
  { about: 'usage', plants: ['bytes-are-records', 'reads-uncounted', 'gauge-by-latest-time'] },
  {
    about: 'access tokens',
    plants: [
      ...['prefix-the-wrong-way', 'prefix-both-ways', 'grants-beyond-itself', 'cache-outlives-revocation'],
      'session-outlives-revocation',
    ],
  },
];

/** What the model of the storage protocol was wrong in once, or is wrong in on purpose, and the engine that is so. */
export const LESSONS: readonly (readonly [lesson: string, plant: string])[] = [
  ['slots are acknowledged out of order', 'ack-out-of-order'],
  ['the newest checkpoint is the one that is listed', 'newest-by-listing'],
  ['a read is answered without a proof of ownership', 'stale-tail'],
  ['a takeover goes on at the next slot, within the window of the owner before', 'no-skip'],
  ['a takeover is not validated', 'no-validation'],
  ['a takeover is validated by what is at or above its own slot', 'validated-by-slot'],
  ['things are collected when the INSTALL is committed, before the publication', 'collected-before-published'],
  ['fences are collected', 'fences-collected'],
  ['ownership is proved by a slot that may have been collected', 'probe-in-flight'],
  ['a checkpoint is published that is not installed', 'published-without-install'],
  ['orphans are told without their epoch', 'orphans-of-any-epoch'],
  ['a loss is called definite without a look at the publications', 'loss-always-definite'],
  ['one publication is kept, where a listing is not of one moment', 'one-publication-kept'],
];
