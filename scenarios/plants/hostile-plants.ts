/** Wrong engines that a store has to break its promises for: what they leave out is what detects that. */

import type { Plant } from './plants.ts';

const FORMAT = 'engine/log/format.ts';
const SLOT_PUTS = 'engine/log/slot-puts.ts';
const TAKEOVER = 'engine/log/takeover.ts';
const PROBE = 'engine/adapters/conformance-probe.ts';
const FRAMES = 'engine/segments/segment-frames.ts';

export const HOSTILE_PLANTS: readonly Plant[] = [
  {
    name: 'body-unchecked',
    lie: 'the checksums of the body of a log object are not looked at',
    edits: [
      {
        file: FORMAT,
        find: 'if (compute.crc32(bytes.subarray(HEADER_BYTES)) !== header.bodyCrc) {',
        replace: 'if (header.bodyCrc < 0) {',
      },
      {
        file: FORMAT,
        find: 'if (compute.crc32(payload) !== frameCrc(bytes, at)) {',
        replace: 'if (payload.length < 0) {',
      },
    ],
    profile: 'hostile',
    seedsMax: 1_000,
  },
  {
    name: 'frames-unchecked',
    lie: 'the checksums of the frames of a segment are not looked at',
    edits: [
      {
        file: FRAMES,
        find: "if (compute.crc32(payload) !== frameCrc(bytes, at)) throw damage('does not match its checksum');",
        replace: '',
      },
    ],
    profile: 'hostile',
    seedsMax: 1_000,
  },
  {
    name: 'frames-of-any-stream',
    lie: 'a sound frame counts for the place it is found in, whatever it holds',
    edits: [
      {
        file: FRAMES,
        find: 'if (chunk.streamId !== run.streamId || chunk.firstSeqNum !== seqNum) {',
        replace: 'if (chunk.count < 0) {',
      },
    ],
    profile: 'hostile',
    seedsMax: 1_000,
  },
  {
    name: 'any-writer',
    lie: 'a takeover replays whatever has the epoch in force, whoever wrote it',
    edits: [
      {
        file: TAKEOVER,
        find: 'if (!sameIdentity(header.identity, this.#first.identity)) return twoWriters(header, this.#first);',
        replace: 'if (header.epoch < 0) return twoWriters(header, this.#first);',
      },
    ],
    profile: 'hostile',
    seedsMax: 1_000,
  },
  {
    name: 'any-epoch',
    lie: 'a takeover replays data of any epoch and any writer',
    edits: [
      {
        file: TAKEOVER,
        find: 'if (header.epoch !== this.epoch) return contradiction(header, this.epoch);',
        replace: 'if (header.epoch < 0) return contradiction(header, this.epoch);',
      },
      {
        file: TAKEOVER,
        find: 'if (!sameIdentity(header.identity, this.#first.identity)) return twoWriters(header, this.#first);',
        replace: 'if (header.epoch < 0) return twoWriters(header, this.#first);',
      },
    ],
    profile: 'hostile',
    seedsMax: 1_000,
  },
  {
    name: 'slot-unchecked',
    lie: 'a log object counts for the slot it is found in, whichever it says it is',
    edits: [
      {
        file: FORMAT,
        find: 'if (common.slot !== slot) throw',
        replace: 'if (common.slot < 0) throw',
      },
    ],
    profile: 'hostile',
    seedsMax: 1_000,
  },
  {
    name: 'foreign-is-ours',
    lie: 'what is found in a slot of ours after a refusal counts as our own earlier attempt',
    edits: [
      {
        file: SLOT_PUTS,
        find: "if (sameIdentity(header.identity, this.#owner.identity)) return 'ours';",
        replace: "if (header.epoch <= this.#owner.epoch) return 'ours';",
      },
    ],
    profile: 'hostile',
    seedsMax: 1_000,
  },
  {
    name: 'conditions-untried',
    lie: 'the conformance probe does not mind that a name is created twice',
    edits: [
      {
        file: PROBE,
        find: "if ((await create(key, 'second')) === 'done') fail('the second create of one name was accepted, not refused');",
        replace: '',
      },
      {
        file: PROBE,
        find: "if (text(await read(key)) !== 'first') fail('a create that was refused replaced the object');",
        replace: '',
      },
      { file: PROBE, find: 'if (winners.length > 1) fail(', replace: 'if (winners.length > RIVALS) fail(' },
      {
        file: PROBE,
        find: 'return winners.length === 1 ? null : (doubt ?? null);',
        replace: 'return winners.length >= 1 ? null : (doubt ?? null);',
      },
    ],
    profile: 'hostile',
    says: /ignores conditions was found fit/,
    seedsMax: 1_000,
  },
];
