/**
 * Encryption with the keys of clients: what is wrong with a key is the client's mistake and told as that, what is wrong with a
 * record is not, and a stream keeps its cipher for life.
 */

import { type Answer, BASIN, codeOf, RECORDS, shown, type Stage } from './stage.ts';
import { must, type Story, type TestStory } from './story.ts';

const asKey = (key: string) => ({ 's2-encryption-key': key });
/** Of 32 bytes. */
const KEY = asKey(`${'A'.repeat(42)}E=`);
const OTHER = asKey(`${'B'.repeat(42)}E=`);

const append = (stage: Stage, body: string, key = KEY): Promise<Answer> =>
  stage.get(200, `POST ${RECORDS}`, { records: [{ body }] }, key);

const readsAs = (answer: Answer, body: string): boolean => JSON.stringify(answer.body).includes(`"body":"${body}"`);

export const KEY_THAT_IS_NONE: Story = {
  name: 'key-that-is-none',
  claim: 'a key that is none, or the wrong one, is the mistake of the client, and nothing is written with it',
  play: async (stage) => {
    await stage.provision({}, { stream_cipher: 'aegis-256' });
    await append(stage, 'a');
    for (const key of ['', 'k'.repeat(45), 'k'.repeat(44), 'no base64']) {
      for (const [line, body] of [
        [`POST ${RECORDS}`, { records: [{ body: 'b' }] }],
        [`GET ${RECORDS}?seq_num=0`, undefined],
      ] as const) {
        const answer = await stage.ask(line, body, asKey(key));
        const isRefused = answer.status === 400 && codeOf(answer) === 'bad_header';
        must(isRefused, `${line} with a key of ${key.length} characters is answered with ${shown(answer)}`);
      }
    }
    const wrong = await stage.ask(`GET ${RECORDS}?seq_num=0`, undefined, OTHER);
    must(wrong.status === 400, `a read with another key is answered with ${shown(wrong)}`);
    must((await stage.tail()) === 1, 'an append with a key that is none was stored');
  },
  plant: {
    lie: 'a key that is none is an error of the server',
    edits: [
      {
        file: 'engine/api/errors.ts',
        find: "return errorResponse('bad_header', flawedKey(reason.cipher, reason.flaw));",
        replace: "return errorResponse('other', flawedKey(reason.cipher, reason.flaw));",
      },
    ],
  },
};

export const MORE_THAN_NONCES: TestStory = {
  name: 'more-than-nonces',
  lie: 'a stream takes as many records as there are numbers, whatever its nonces are made of',
  edits: [
    {
      file: 'engine/core/limits.ts',
      find: 'export const AES_GCM_SEQ_NUM_MAX = 2 ** 32 - 1;',
      replace: 'export const AES_GCM_SEQ_NUM_MAX = Number.MAX_SAFE_INTEGER;',
    },
  ],
  directedOnly: true,
  test: { file: 'engine/core/admission.test.ts', claim: 'takes records up to number 2^32-1 and not one more' },
};

export const CIPHER_BY_CHANGE: Story = {
  name: 'cipher-by-change',
  claim:
    'a stream keeps the cipher it was created with, so nothing is read with another algorithm than it was written with',
  play: async (stage) => {
    await stage.provision({}, { stream_cipher: 'aes-256-gcm' });
    await append(stage, 'before');
    for (const cipher of ['aegis-256', null]) {
      await stage.get(200, `PATCH /v1/basins/${BASIN}`, { stream_cipher: cipher });
      await append(stage, `under ${cipher}`);
      const read = await stage.ask(`GET ${RECORDS}?seq_num=0`, undefined, KEY);
      must(
        read.status === 200 && readsAs(read, 'before'),
        `once its basin has ${cipher}, a stream reads ${shown(read)}`,
      );
    }
    const { body } = await stage.get(200, 'GET /v1/streams');
    must(JSON.stringify(body).includes('"cipher":"aes-256-gcm"'), `the stream is ${JSON.stringify(body)}`);
  },
  plant: {
    lie: 'an append is sealed with the cipher its basin has now',
    edits: [
      {
        file: 'engine/stream/appends.ts',
        find: 'const { cipher } = stream;',
        replace: 'const cipher = this.#journal.ahead.basin(basin)?.config.streamCipher ?? stream.cipher;',
      },
    ],
  },
};

export const KEY_OR_CORRUPTION: Story = {
  name: 'key-or-corruption',
  claim: 'a wrong key is told from a broken record, in every mode, and is no matter of other readers',
  play: async (stage) => {
    await stage.provision({}, { stream_cipher: 'aes-256-gcm' });
    await append(stage, 'a');
    await append(stage, 'b', OTHER);
    for (const query of ['seq_num=0', 'seq_num=1&count=1']) {
      const answer = await stage.ask(`GET ${RECORDS}?${query}`, undefined, query.includes('count') ? KEY : OTHER);
      const isWrongKey = answer.status === 400 && codeOf(answer) === 'decryption_failed';
      must(isWrongKey, `a read ?${query} with the wrong key is answered with ${shown(answer)}`);
    }
    const events = await stage.follow('?seq_num=0&wait=0', KEY);
    await stage.moment();
    const told = events.events.map(({ data }) => data).join();
    must(told.includes('"body":"a"'), `events with a key that opens the first of two records: ${told}`);
    must(told.includes('decryption_failed'), `events with a key that opens the first of two records: ${told}`);
    const plain = await stage.ask(`GET ${RECORDS}?seq_num=1`, undefined, OTHER);
    must(readsAs(plain, 'b'), `the reader with the other key gets ${shown(plain)}`);
  },
  plant: {
    lie: 'a record that does not open counts as broken',
    edits: [
      {
        file: 'engine/stream/record-seals.ts',
        find: "if (plain === null) return { kind: 'decryption-failed' };",
        replace: "if (plain === null) return damaged(seqNum, 'does not open');",
      },
    ],
  },
};
