/**
 * Encryption, as far as the service has it today: it promises none. Until streams can be encrypted these stories hold it to
 * that; then they become the ones their hazards are about.
 */

import { BASIN, codeOf, RECORDS, shown, STREAM } from './stage.ts';
import { must, type Story } from './story.ts';

const CONFIG_JSON = 'engine/api/config-json.ts';
const HEADERS = 'engine/api/headers.ts';

const asKey = (key: string) => ({ 's2-encryption-key': key });

export const KEY_THAT_IS_NONE: Story = {
  name: 'key-that-is-none',
  claim: 'a key that can be none is the mistake of the client: bad_header, before anything is read or written',
  play: async (stage) => {
    await stage.provision();
    await stage.append('a');
    for (const key of ['', 'k'.repeat(45)]) {
      for (const [line, body] of [
        [`POST ${RECORDS}`, { records: [{ body: 'b' }] }],
        [`GET ${RECORDS}?seq_num=0`, undefined],
      ] as const) {
        const answer = await stage.ask(line, body, asKey(key));
        const isRefused = answer.status === 400 && codeOf(answer) === 'bad_header';
        must(isRefused, `${line} with a key of ${key.length} characters is answered with ${shown(answer)}`);
      }
    }
    must((await stage.tail()) === 1, 'an append with a key that is none was stored');
  },
  plant: {
    lie: 'a header that is wrong is an error of the server',
    edits: [
      {
        file: HEADERS,
        find: "return new BadRequest('bad_header', `Invalid header",
        replace: "return new BadRequest('other', `Invalid header",
      },
    ],
  },
};

export const CIPHER_BY_CREATION: Story = {
  name: 'cipher-by-creation',
  claim: 'no basin is created with a cipher, so no stream has records that are encrypted, or too many of them',
  play: async (stage) => {
    for (const line of ['POST /v1/basins', `PUT /v1/basins/${BASIN}`]) {
      const refused = await stage.ask(line, { basin: BASIN, config: { stream_cipher: 'aes-256-gcm' } });
      if (refused.status === 501 && codeOf(refused) === 'not_implemented') continue;
      await stage.get(201, 'POST /v1/streams', { stream: STREAM });
      await stage.append('as it was sent');
      const isPlain = [...stage.objects.values()].some((object) => Buffer.from(object).includes('as it was sent'));
      must(!isPlain, `told ${shown(refused)}, and then a record stood in the store as it was sent`);
    }
  },
  plant: {
    lie: 'a basin promises a cipher that nobody uses',
    edits: [
      {
        file: CONFIG_JSON,
        find: 'streamCipher: cipher(object) ?? null,',
        replace: "streamCipher: (object['stream_cipher'] ?? null) as Cipher | null,",
      },
    ],
  },
};

export const CIPHER_BY_CHANGE: Story = {
  name: 'cipher-by-change',
  claim: 'no basin gets a cipher later, so nothing is read with another algorithm than it was written with',
  play: async (stage) => {
    await stage.get(201, 'POST /v1/basins', { basin: BASIN });
    const refused = await stage.ask(`PATCH /v1/basins/${BASIN}`, { stream_cipher: 'aegis-256' });
    const created = await stage.ask('POST /v1/streams', { stream: STREAM });
    const isRefused = refused.status === 501 && codeOf(refused) === 'not_implemented';
    must(isRefused, `a cipher was asked for and told ${shown(refused)}, and a stream is ${shown(created)}`);
    await stage.get(200, `PATCH /v1/basins/${BASIN}`, { stream_cipher: null });
  },
  plant: {
    lie: 'a PATCH sets a cipher that a creation would refuse',
    edits: [
      {
        file: CONFIG_JSON,
        find: "...part('streamCipher', cipher(object)),",
        replace: "...part('streamCipher', object['stream_cipher'] as Cipher | null | undefined),",
      },
    ],
  },
};

export const KEY_OF_A_PLAIN_STREAM: Story = {
  name: 'key-of-a-plain-stream',
  claim: 'no key is wrong for a stream that is not encrypted',
  play: async (stage) => {
    await stage.provision();
    const [one, other] = ['A', 'B'].map((letter) => asKey(`${letter.repeat(43)}=`));
    await stage.get(200, `POST ${RECORDS}`, { records: [{ body: 'a' }] }, one);
    for (const headers of [{}, one, other]) {
      const { body } = await stage.get(200, `GET ${RECORDS}?seq_num=0`, undefined, headers);
      must(JSON.stringify(body).includes('"body":"a"'), `a record reads as ${JSON.stringify(body)}`);
    }
  },
  plant: {
    lie: 'every key is the wrong one',
    edits: [
      {
        file: HEADERS,
        find: "const key = headerText(headers, 's2-encryption-key')?.trim() ?? null;",
        replace:
          "const key = headerText(headers, 's2-encryption-key')?.trim() ?? null;\n" +
          "  if (key?.startsWith('B')) throw new BadRequest('decryption_failed', 'the key is wrong');",
      },
    ],
  },
};
