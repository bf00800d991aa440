/** Every promise has a store that breaks it, and the probe names that promise; honest stores pass, also shaky ones. */

import { afterEach, describe, expect, test } from 'vitest';

import type { BlobStore, ByteRange, Clock, GetOutcome, ListOutcome, PutOutcome, StoreFault } from '../ports.ts';
import { FakeS3, type FakeS3Habits } from '../testing/s3-fake.ts';
import { CHECK_NAMES, ConformanceError, probeConformance, ProbeInterrupted } from './conformance-probe.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { openS3BlobStore, type S3BlobStore } from './s3-blob-store.ts';
import { systemCompute } from './system-compute.ts';
import { systemEntropy } from './system-entropy.ts';
import { systemRandom } from './system-random.ts';

/** Waiting costs nothing here. */
const clock: Clock = { wallMs: () => 0, monoMs: () => 0, sleep: async () => undefined };

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function probe(blobs: BlobStore): Promise<string[]> {
  const passed: string[] = [];
  const ports = { blobs, clock, random: systemRandom, entropy: systemEntropy, compute: systemCompute };
  await probeConformance(ports, 'the store', (check) => passed.push(check));
  return passed;
}

async function failedCheck(blobs: BlobStore): Promise<ConformanceError> {
  const error: unknown = await probe(blobs).then(
    () => new Error('every check was passed'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConformanceError)) throw error;
  expect(error.message).toContain(`the store fails the conformance check "${error.check}": `);
  expect(error.message).not.toContain('\n');
  return error;
}

async function s3(habits: FakeS3Habits): Promise<{ fake: FakeS3; store: S3BlobStore }> {
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
  const fake = await FakeS3.start(habits);
  const store = await openS3BlobStore({ bucket: 'bucket', prefix: '', endpoint: fake.endpoint, region: 'us-east-1' });
  closers.push(async () => {
    await store.close();
    await fake.close();
  });
  return { fake, store };
}

test('an honest store passes every check and nothing stays behind', async () => {
  const store = new MemoryBlobStore();
  expect(await probe(store)).toEqual(CHECK_NAMES);
  expect(store.usage().objects).toBe(0);
});

test('an honest S3 store passes, by way of its protocol', async () => {
  const { fake, store } = await s3({ pageKeysMax: 2 });
  expect(await probe(store)).toEqual(CHECK_NAMES);
  expect(fake.objects.size).toBe(0);
});

describe('an S3 store that', () => {
  test('ignores conditional writes is refused by the name of the check', async () => {
    const { fake, store } = await s3({ conditions: 'ignored' });
    const { check, message } = await failedCheck(store);
    expect(check).toBe('a name is created once');
    expect(message).toMatch(/the second create of one name was accepted.*`If-None-Match: \*`.*docs\/STORES\.md/);
    expect(fake.objects.size).toBe(0);
  });

  test('looks first and writes later is refused by the race', async () => {
    const { store } = await s3({ conditions: 'racy' });
    const { check, message } = await failedCheck(store);
    expect(check).toBe('of 8 concurrent creates exactly one is done');
    expect(message).toContain('8 of 8 creates of one name were accepted');
  });

  test('lists without order is refused with the option that helps', async () => {
    const { store } = await s3({ listing: 'reversed' });
    const { check, message } = await failedCheck(store);
    expect(check).toBe('a listing after a write has it, in the order of names');
    expect(message).toContain('?listing=unsorted');
  });

  test('remembers that an object was absent is refused', async () => {
    const { store } = await s3({ remembersAbsence: true });
    expect((await failedCheck(store)).check).toBe('a name that was absent is found once it is created');
  });

  test('does not know conditional requests is refused, not waited for', async () => {
    const { fake, store } = await s3({});
    fake.answer = ({ headers }) =>
      headers['if-none-match'] === '*' ? { status: 501, code: 'NotImplemented' } : undefined;
    expect((await failedCheck(store)).check).toBe('a name is created once');
  });
});

/** An honest store but for the calls that are replaced. */
class Liar extends MemoryBlobStore {
  constructor(lies: (truth: MemoryBlobStore) => Partial<BlobStore>) {
    super();
    const truth = new MemoryBlobStore();
    const honest: BlobStore = {
      putIfAbsent: (key, parts) => truth.putIfAbsent(key, parts),
      put: (key, parts) => truth.put(key, parts),
      get: (key, range) => truth.get(key, range),
      list: (prefix, after, limit) => truth.list(prefix, after, limit),
      delete: (keys) => truth.delete(keys),
    };
    Object.assign(this, honest, lies(truth));
  }
}

function altered(outcome: GetOutcome, alter: (bytes: Uint8Array) => Uint8Array): GetOutcome {
  return outcome.kind === 'found' ? { ...outcome, bytes: alter(outcome.bytes) } : outcome;
}

describe('a store is convicted of', () => {
  test.each<[lie: string, check: string, (truth: MemoryBlobStore) => Partial<BlobStore>]>([
    [
      'replacing the object of a create it refuses',
      'a name is created once',
      (truth) => ({
        async putIfAbsent(key, parts): Promise<PutOutcome> {
          const outcome = await truth.putIfAbsent(key, parts);
          if (outcome.kind !== 'refused') return outcome;
          await truth.delete([key]);
          await truth.putIfAbsent(key, parts);
          return outcome;
        },
      }),
    ],
    ['refusing every create', 'a name is created once', () => ({ putIfAbsent: async () => ({ kind: 'refused' }) })],
    [
      "giving a race's loser the object",
      'of 8 concurrent creates exactly one is done',
      (truth) => {
        let won: string | null = null;
        return {
          async putIfAbsent(key, parts): Promise<PutOutcome> {
            const outcome = await truth.putIfAbsent(key, parts);
            const isLast = new TextDecoder().decode(parts[0]) === 'rival 7';
            if (outcome.kind === 'done') won = key;
            if (!isLast || won !== key) return outcome;
            await truth.delete([key]);
            await truth.putIfAbsent(key, parts);
            return outcome;
          },
        };
      },
    ],
    [
      'reads that come late',
      'a read after a write finds it',
      (truth) => {
        const read = new Map<string, number>();
        return {
          async get(key, range): Promise<GetOutcome> {
            const reads = (read.get(key) ?? 0) + 1;
            read.set(key, reads);
            const found = await truth.get(key, range);
            // What the first two checks read is there.
            const isEarly = found.kind === 'found' && /^(first|rival)/.test(new TextDecoder().decode(found.bytes));
            return reads === 1 && !isEarly ? { kind: 'absent' } : found;
          },
        };
      },
    ],
    [
      'a flipped bit',
      'what is read has the CRC of what was written',
      (truth) => ({
        get: async (key, range) =>
          altered(await truth.get(key, range), (bytes) =>
            bytes.length < 1000 ? bytes : bytes.map((byte, index) => (index === 99 ? byte ^ 1 : byte)),
          ),
      }),
    ],
    [
      'a body cut short',
      'what is read has the CRC of what was written',
      (truth) => ({
        get: async (key, range) => altered(await truth.get(key, range), (bytes) => bytes.subarray(0, 100_000)),
      }),
    ],
    ['ignoring ranges', 'a range is read exactly', (truth) => ({ get: async (key) => truth.get(key) })],
    [
      'bytes past the end',
      'a range past the end finds no bytes',
      (truth) => ({
        get: async (key, range?: ByteRange) => truth.get(key, range?.start === 10 ? { start: 9, end: 10 } : range),
      }),
    ],
    [
      'listings that come late',
      'a listing after a write has it, in the order of names',
      (truth) => {
        let hidden = '';
        return {
          async putIfAbsent(key, parts): Promise<PutOutcome> {
            hidden = key;
            return truth.putIfAbsent(key, parts);
          },
          list: async (prefix, after, limit) => without(await truth.list(prefix, after, limit), hidden),
        };
      },
    ],
    [
      'listings in the order of folders',
      'a listing after a write has it, in the order of names',
      (truth) => ({
        async list(prefix): Promise<ListOutcome> {
          const page = await truth.list(prefix);
          if (page.kind !== 'page') return page;
          return { ...page, blobs: page.blobs.toSorted((a, b) => a.key.localeCompare(b.key)) };
        },
      }),
    ],
    [
      'listing what was deleted',
      'a listing after a deletion has it not',
      () => ({ delete: async () => ({ kind: 'done' }) }),
    ],
  ])('%s', async (_, check, lies) => {
    expect((await failedCheck(new Liar(lies))).check).toBe(check);
  });
});

function without(page: ListOutcome, hidden: string): ListOutcome {
  return page.kind === 'page' ? { ...page, blobs: page.blobs.filter(({ key }) => key !== hidden) } : page;
}

describe('a store that is shaky', () => {
  const fault: StoreFault = { code: 'conflict', message: 'try again', retryable: true };

  test('passes when it answers in the end', async () => {
    let calls = 0;
    const shaky = <T>(call: () => Promise<T>, failure: T): Promise<T> => {
      calls += 1;
      return calls % 3 === 0 ? Promise.resolve(failure) : call();
    };
    const store = new Liar((truth) => ({
      // Every third create happens and nobody hears of it.
      putIfAbsent: async (key, parts) => {
        const outcome = await truth.putIfAbsent(key, parts);
        return shaky<PutOutcome>(async () => outcome, { kind: 'unknown', fault });
      },
      get: (key, range) => shaky<GetOutcome>(() => truth.get(key, range), { kind: 'failed', fault }),
      list: (prefix, after, limit) =>
        shaky<ListOutcome>(() => truth.list(prefix, after, limit), { kind: 'failed', fault }),
    }));
    expect(await probe(store)).toEqual(CHECK_NAMES);
  });

  test('is called away, not a liar, when it never answers', async () => {
    let asked = 0;
    const store = new Liar(() => ({
      putIfAbsent: async () => {
        asked += 1;
        return { kind: 'unknown', fault };
      },
    }));
    await expect(probe(store)).rejects.toThrow(
      /^the conformance probe stopped at "a name is created once": try again$/,
    );
    expect(asked).toBeGreaterThan(3);
  });

  test('is not asked twice when it denies access', async () => {
    let asked = 0;
    const denied: StoreFault = { code: 'denied', message: 'no', retryable: false };
    const store = new Liar(() => ({
      putIfAbsent: async () => {
        asked += 1;
        return { kind: 'failed', fault: denied };
      },
    }));
    await expect(probe(store)).rejects.toThrow(ProbeInterrupted);
    expect(asked).toBe(1);
  });
});
