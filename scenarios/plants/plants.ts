/**
 * Wrong engines, made on purpose: each a few edits of the real sources, applied to a build of its own and never
 * to the product. A sweep must catch every one of them; how many seeds that takes is the honest measure of the
 * simulator. An edit whose text is not found exactly once fails the build, so plants can not go stale unnoticed.
 */

export interface Edit {
  /** Path from the top of the repository. */
  file: string;
  find: string;
  replace: string;
}

export interface Plant {
  name: string;
  /** What is wrong, in one sentence. */
  lie: string;
  edits: readonly Edit[];
  /** Seeds within which a sweep over all profiles, or over its own, must find it. */
  seedsMax: number;
  /** The one profile that has what it is about; all of them without it. */
  profile?: string;
  /** What the failure has to say, of one that others than those it is for would catch, too. */
  says?: RegExp;
}

const SLOT_LOG = 'engine/log/slot-log.ts';
const SLOT_PUTS = 'engine/log/slot-puts.ts';
const TAKEOVER = 'engine/log/takeover.ts';
const APPENDS = 'engine/stream/appends.ts';
const BIRTHS = 'engine/stream/births.ts';
const READS = 'engine/stream/reads.ts';
const ADMISSION = 'engine/core/admission.ts';

export const PLANTS: readonly Plant[] = [
  {
    name: 'ack-before-put',
    lie: 'appends are acknowledged when their slot is issued; the put follows 40 ms later',
    edits: [
      {
        file: SLOT_LOG,
        find: 'void this.#puts.makeDurable(slot);',
        replace:
          'void this.#ports.clock.sleep(40).then(() => this.#puts.makeDurable(slot));\n' +
          '    void Promise.resolve().then(() => this.#markDurable(slot));',
      },
    ],
    seedsMax: 100,
  },
  {
    name: 'refused-is-success',
    lie: 'a put that was refused (412) counts as done, whoever owns the object',
    edits: [
      {
        file: SLOT_PUTS,
        find: "if ((await this.#whoseIs(slot)) === 'settled') return;",
        replace: 'return this.#log.durable(slot);',
      },
    ],
    seedsMax: 100,
  },
  {
    name: 'no-fence',
    lie: 'a takeover does not fence: it goes on behind the window without telling the former owner',
    edits: [
      {
        file: TAKEOVER,
        find: 'const outcome = await blobs.putIfAbsent(slotKey(slot), parts);',
        replace:
          "const outcome = (parts.length > 0 ? { kind: 'done' } : await blobs.putIfAbsent(slotKey(slot), parts)) as Awaited<ReturnType<BlobStore['putIfAbsent']>>;",
      },
    ],
    seedsMax: 100,
  },
  {
    name: 'no-skip',
    lie: 'a fence does not skip the window, so late puts of the former owner meet the new one',
    edits: [{ file: TAKEOVER, find: 'next: slot + WINDOW_SLOTS };', replace: 'next: slot + 1 };' }],
    seedsMax: 100,
  },
  {
    name: 'shown-before-durable',
    lie: 'reads and check-tails show what is admitted, not what is durable',
    edits: [
      {
        file: BIRTHS,
        find: 'const stream = tables.streamByName(basin, name);',
        replace: 'const stream = journal.ahead.streamByName(basin, name);',
      },
    ],
    seedsMax: 100,
  },
  {
    name: 'stale-tail',
    lie: 'reads are answered from memory without a proof of ownership, by a fenced server too',
    edits: [
      {
        file: READS,
        find: 'if (!(await standing.proved())) return rejected(standing.refusal());',
        replace: 'await Promise.resolve();',
      },
    ],
    seedsMax: 100,
  },
  {
    name: 'no-match-seq-num',
    lie: 'match_seq_num is not looked at',
    edits: [
      {
        file: ADMISSION,
        find: 'if (input.matchSeqNum !== null && input.matchSeqNum !== stream.tail.seqNum) {',
        replace: 'if (input.matchSeqNum !== null && input.matchSeqNum > Number.MAX_SAFE_INTEGER) {',
      },
    ],
    seedsMax: 100,
  },
  {
    name: 'no-fencing-token',
    lie: 'the fencing token of an append is not looked at',
    edits: [
      {
        file: ADMISSION,
        find: 'if (input.fencingToken !== null && input.fencingToken !== stream.fencingToken) {',
        replace: 'if (input.fencingToken !== null && input.fencingToken.length > 36) {',
      },
    ],
    seedsMax: 100,
  },
  {
    name: 'half-a-batch',
    lie: 'the second half of a batch is dropped, the acknowledgement covers all of it',
    edits: [
      {
        file: APPENDS,
        find: 'const admission = admit(stream, input, nowMs, arrivalMs);',
        replace:
          'const half = input.records.slice(0, Math.ceil(input.records.length / 2));\n' +
          '    const admission = admit(stream, { ...input, records: half }, nowMs, arrivalMs);\n' +
          "    if (admission.type === 'chunk') Object.assign(half, { asked: input.records.length });",
      },
      {
        file: APPENDS,
        find: 'const end: StreamPosition = { seqNum: chunk.firstSeqNum + chunk.count, timestamp: chunk.lastTimestamp };',
        replace:
          'const asked = (chunk.batch.records as unknown as { asked: number }).asked;\n' +
          '    const end: StreamPosition = { seqNum: chunk.firstSeqNum + asked, timestamp: chunk.lastTimestamp };\n' +
          '    if (tail !== undefined) return { start: { seqNum: chunk.firstSeqNum, timestamp: chunk.firstTimestamp }, end, tail: tail.seqNum > end.seqNum ? tail : end };',
      },
    ],
    seedsMax: 100,
  },
  {
    name: 'raw-clock',
    lie: 'timestamps come straight from the wall clock, backwards too',
    edits: [{ file: ADMISSION, find: 'runningMax = Math.max(runningMax, wanted);', replace: 'runningMax = wanted;' }],
    seedsMax: 100,
  },
  {
    name: 'unknown-as-rejected',
    lie: 'an append the store did not confirm in time is reported as certainly without effect',
    edits: [
      {
        file: APPENDS,
        find: 'append.chunk !== null ? LATE : rejected(',
        replace: 'append.chunk !== null ? rejected(UNAVAILABLE) : rejected(',
      },
    ],
    seedsMax: 100,
  },
  {
    name: 'waits-for-ever',
    lie: 'whoever lists and is failed by the store once waits for ever',
    edits: [
      {
        file: 'engine/log/persistent-store.ts',
        find: 'const outcome = await this.#ports.blobs.list(prefix, from);',
        replace:
          'const outcome = await this.#ports.blobs.list(prefix, from);\n' +
          "        if (outcome.kind === 'failed') return new Promise<never>(() => {});",
      },
    ],
    // Who waits for what is what a failure of liveness has to say.
    says: /not reached.*\n(.*\n)* {2}node-\d is running: its last word was takeover\..*\n(.*\n)*.* waits for/,
    seedsMax: 300,
  },
];
