/** Secrets badly kept: nonces that come again, keys that stay, records that are nailed to no place. */

import type { Plant } from './plants.ts';

const SEALS = 'engine/stream/record-seals.ts';
const HEADERS = 'engine/api/headers.ts';

export const SECRETS_PLANTS: readonly Plant[] = [
  {
    name: 'nonces-counted-anew',
    lie: 'nonces are counted, and a process that starts again counts from the beginning',
    edits: [
      {
        file: SEALS,
        find: 'const nonces = ports.entropy.bytes(aead.nonceBytes * records.length);',
        replace:
          'const drawn = (DRAWN.get(ports.entropy) ?? 0) + 1;\n' +
          '  DRAWN.set(ports.entropy, drawn);\n' +
          '  const nonces = Uint8Array.from({ length: aead.nonceBytes * records.length }, (_, i) =>\n' +
          '    i % aead.nonceBytes === 0 ? drawn : Math.floor(i / aead.nonceBytes),\n' +
          '  );',
      },
      {
        file: SEALS,
        find: '/** What an append to a stream with this cipher needs',
        replace:
          'const DRAWN = new WeakMap<object, number>();\n\n/** What an append to a stream with this cipher needs',
      },
    ],
    seedsMax: 1_000,
    says: /a nonce was used twice/,
  },
  {
    name: 'key-kept',
    lie: 'the key of a request is kept, and serves those that bring none',
    edits: [
      {
        file: HEADERS,
        find: "const key = headerText(headers, 's2-encryption-key')?.trim() ?? null;",
        replace: "const key = (KEPT.key = headerText(headers, 's2-encryption-key')?.trim() ?? KEPT.key);",
      },
      {
        file: HEADERS,
        find: '/** Length of the base64 text',
        replace: 'const KEPT: { key: string | null } = { key: null };\n\n/** Length of the base64 text',
      },
    ],
    seedsMax: 1_000,
    says: /without a key of an encrypted stream was served|without a key was answered with|"without a key", was not sealed/,
  },
  {
    name: 'headers-in-plain',
    lie: 'what is sealed is written beside itself',
    edits: [
      {
        file: SEALS,
        find: 'const envelope = envelopeOf(record);',
        replace: 'const envelope = envelopeOf({ headers: [], body: record.body });',
      },
      {
        file: SEALS,
        find: 'return { headers: [], body };',
        replace: 'return { headers: [{ name: record.body, value: record.body }], body };',
      },
    ],
    seedsMax: 1_000,
    says: /has a plaintext or a key of an encrypted stream in it/,
  },
  {
    name: 'associated-data-left-out',
    lie: 'the tag of a record vouches for its content and not for its place',
    edits: [
      { file: SEALS, find: 'place.at(chunk.firstSeqNum + i, timestamp, size)', replace: 'new Uint8Array(0)' },
      { file: SEALS, find: 'this.#place.at(seqNum, timestamp, size)', replace: 'new Uint8Array(0)' },
    ],
    seedsMax: 1_000,
    says: /sealed records were moved about in a copy of the store: at \d+/,
  },
  {
    name: 'incarnation-left-out',
    lie: 'the tag of a record vouches for names and numbers, which the next stream of the name has, too',
    edits: [{ file: 'engine/core/sealed-record.ts', find: 'this.#u64(1, id);', replace: 'this.#u64(1, id * 0);' }],
    seedsMax: 5_000,
    says: /sealed records were moved about in a copy of the store: at \d+/,
  },
];
