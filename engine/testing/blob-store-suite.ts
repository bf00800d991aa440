/**
 * The contract every BlobStore signs: memory, folder, S3 and the simulated one run exactly these claims.
 *
 * An implementation's test file calls `blobStoreSuite` once. Every claim opens a fresh, empty store, so
 * claims never see each other's objects. The store must be in good health: faults are tested elsewhere.
 * What this suite proves of the simulated store is what makes the simulator evidence about the real ones.
 */

import { describe, expect, test } from 'vitest';

import type { BlobStore, ByteRange, ListedBlob, ListOutcome } from '../ports.ts';

/** One empty store and what belongs to it. */
export interface OpenedStore {
  store: BlobStore;
  /** Gives back what opening took. */
  close?(): Promise<void>;
  /** Another handle on the same objects, as a second process would have. The first handle stays in use. */
  reopen?(): Promise<BlobStore>;
  /** Makes the world go round until `promise` settles, for stores whose time stands still otherwise. */
  drive?<T>(promise: Promise<T>): Promise<T>;
}

/** Declared differences between implementations; a claim is made smaller by them, never left out. */
export interface StoreCapabilities {
  /** Length of the largest object tried. Default 8 MiB. */
  bigObjectBytes?: number;
  /** How many creators race for one name. Default 8. */
  rivals?: number;
}

/** Declares the claims. `open` is called once per claim and returns a store without objects. */
export function blobStoreSuite(
  name: string,
  open: () => Promise<OpenedStore>,
  capabilities: StoreCapabilities = {},
): void {
  const { bigObjectBytes = 8 * 1024 * 1024, rivals = 8 } = capabilities;

  function claim(title: string, body: (bench: Bench) => Promise<void>): void {
    test(title, async () => {
      const opened = await open();
      try {
        await body(benchOf(opened));
      } finally {
        await opened.close?.();
      }
    });
  }

  describe(`${name} keeps the BlobStore contract`, () => {
    describe('creating', () => {
      claim('an object that was created is found whole', async ({ create, read }) => {
        expect(await create('wal/1', text('hello'))).toBe('done');
        expect(await read('wal/1')).toEqual({ bytes: text('hello'), size: 5 });
      });

      claim('a name that is taken is refused and its content stays', async ({ create, read }) => {
        expect(await create('wal/1', text('first'))).toBe('done');
        expect(await create('wal/1', text('second, and longer'))).toBe('refused');
        expect(await read('wal/1')).toEqual({ bytes: text('first'), size: 5 });
      });

      claim('a name that is taken is refused for the same content too', async ({ create }) => {
        expect(await create('wal/1', text('same'))).toBe('done');
        expect(await create('wal/1', text('same'))).toBe('refused');
      });

      claim('of many concurrent creators exactly one is done, and its bytes stay', async ({ store, drive, read }) => {
        for (let round = 0; round < 5; round += 1) {
          const bodies = Array.from({ length: rivals }, (_, rival) => text(`round ${round}, rival ${rival}`));
          const outcomes = await drive(
            Promise.all(bodies.map((body) => store.putIfAbsent(`wal/${round}`, [body]).then(({ kind }) => kind))),
          );
          expect(outcomes.toSorted()).toEqual(['done', ...Array<string>(rivals - 1).fill('refused')]);
          expect((await read(`wal/${round}`)).bytes).toEqual(bodies[outcomes.indexOf('done')]);
        }
      });

      claim('a unique name is created by an unconditional put', async ({ store, drive, read }) => {
        expect(await drive(store.put('seg/1-1', [text('ab'), text('c')]))).toEqual({ kind: 'done' });
        expect((await read('seg/1-1')).bytes).toEqual(text('abc'));
      });

      claim('a deleted name can be created again with other bytes', async ({ create, remove, read }) => {
        expect(await create('wal/1', text('old'))).toBe('done');
        await remove('wal/1');
        expect(await create('wal/1', text('newer'))).toBe('done');
        expect((await read('wal/1')).bytes).toEqual(text('newer'));
      });

      claim('the body is the concatenation of its parts', async ({ store, drive, read }) => {
        const parts = [text('one '), new Uint8Array(0), text('two '), text('three')];
        expect(await drive(store.putIfAbsent('wal/1', parts))).toEqual({ kind: 'done' });
        expect(await read('wal/1')).toEqual({ bytes: text('one two three'), size: 13 });
      });

      claim('a part that is a view into a larger buffer contributes only its own bytes', async ({ create, read }) => {
        const arena = text('....payload....');
        expect(await create('wal/1', arena.subarray(4, 11))).toBe('done');
        expect((await read('wal/1')).bytes).toEqual(text('payload'));
      });

      claim('more parts than one system call takes are all stored in order', async ({ store, drive, read }) => {
        const parts = Array.from({ length: 3000 }, (_, index) => Uint8Array.of(index & 0xff, index >> 8));
        expect(await drive(store.putIfAbsent('wal/1', parts))).toEqual({ kind: 'done' });
        expect((await read('wal/1')).bytes).toEqual(Uint8Array.from(parts.flatMap((part) => [...part])));
      });

      claim('the caller may reuse its buffers once the call has ended', async ({ create, read }) => {
        const buffer = text('precious');
        expect(await create('wal/1', buffer)).toBe('done');
        buffer.fill(0);
        expect((await read('wal/1')).bytes).toEqual(text('precious'));
      });

      claim('an object without bytes exists', async ({ store, drive, create, read, keys }) => {
        expect(await drive(store.putIfAbsent('pub/1', []))).toEqual({ kind: 'done' });
        expect(await create('pub/2', new Uint8Array(0))).toBe('done');
        expect(await create('pub/1', text('late'))).toBe('refused');
        expect(await read('pub/1')).toEqual({ bytes: new Uint8Array(0), size: 0 });
        expect(await keys('pub/')).toEqual(['pub/1', 'pub/2']);
      });

      claim('a big object comes back unchanged', async ({ store, drive, read }) => {
        const half = noise(bigObjectBytes / 2);
        expect(await drive(store.putIfAbsent('seg/big', [half, half]))).toEqual({ kind: 'done' });
        const { bytes, size } = await read('seg/big');
        expect(size).toBe(2 * half.length);
        expect(sameBytes(bytes.subarray(0, half.length), half)).toBe(true);
        expect(sameBytes(bytes.subarray(half.length), half)).toBe(true);
      });
    });

    describe('reading', () => {
      claim('a name nobody created is absent', async ({ store, drive }) => {
        expect(await drive(store.get('wal/1'))).toEqual({ kind: 'absent' });
        expect(await drive(store.get('no/such/place'))).toEqual({ kind: 'absent' });
        expect(await drive(store.get('wal/1', { start: 0, end: 10 }))).toEqual({ kind: 'absent' });
      });

      claim('a name that is only the beginning of another is absent', async ({ store, drive, create }) => {
        await create('a/b/c', text('deep'));
        for (const key of ['a', 'a/b', 'a/b/c/d', 'a/b/cc']) {
          expect(await drive(store.get(key)), key).toEqual({ kind: 'absent' });
        }
      });

      claim('a name that was asked for before it existed is found afterwards', async ({ store, drive, create }) => {
        expect(await drive(store.get('wal/1'))).toEqual({ kind: 'absent' });
        await create('wal/1', text('here'));
        expect((await drive(store.get('wal/1'))).kind).toBe('found');
      });

      claim('a range finds exactly the part of it that exists, and the whole size', async ({ create, read }) => {
        await create('seg/1', text('0123456789'));
        const cases: [ByteRange, string][] = [
          [{ start: 0, end: 10 }, '0123456789'],
          [{ start: 3, end: 7 }, '3456'],
          [{ start: 9, end: 10 }, '9'],
          [{ start: 7, end: 100 }, '789'],
          [{ start: 10, end: 20 }, ''],
          [{ start: 500, end: 600 }, ''],
          [{ start: 4, end: 4 }, ''],
          [{ start: 0, end: 0 }, ''],
        ];
        for (const [range, expected] of cases) {
          const found = await read('seg/1', range);
          expect(found, `${range.start}..${range.end}`).toEqual({ bytes: text(expected), size: 10 });
        }
      });

      claim('every range of an empty object finds zero bytes', async ({ create, read }) => {
        await create('seg/1', new Uint8Array(0));
        expect(await read('seg/1', { start: 0, end: 5 })).toEqual({ bytes: new Uint8Array(0), size: 0 });
      });

      claim('the bytes of a read may be kept after the object is gone', async ({ create, read, remove }) => {
        await create('wal/1', text('keep me'));
        const { bytes } = await read('wal/1');
        const { bytes: part } = await read('wal/1', { start: 5, end: 7 });
        await remove('wal/1');
        await create('wal/1', text('XXXXXXX'));
        expect(bytes).toEqual(text('keep me'));
        expect(part).toEqual(text('me'));
      });

      claim('concurrent reads of several objects do not mix them up', async ({ store, drive, create }) => {
        const names = Array.from({ length: 12 }, (_, index) => `wal/${index}`);
        for (const key of names) await create(key, text(`body of ${key}`));
        const found = await drive(Promise.all(names.map((key) => store.get(key))));
        for (const [index, outcome] of found.entries()) {
          expect(outcome).toMatchObject({ kind: 'found', bytes: text(`body of ${names[index]}`) });
        }
      });
    });

    describe('listing', () => {
      claim('an empty store lists nothing', async ({ store, drive }) => {
        expect(await drive(store.list(''))).toEqual({ kind: 'page', blobs: [], next: null });
        expect(await drive(store.list('wal/'))).toEqual({ kind: 'page', blobs: [], next: null });
      });

      claim('keys come in byte order with their sizes', async ({ store, drive, create }) => {
        for (const key of ['b', 'B', 'a-1', 'a.1', 'a/1', 'a1', 'a_1', 'a', 'A', 'a/1/x', 'a/1-x', '0', '-', '_']) {
          expect(await create(key, text(key))).toBe('done');
        }
        const ordered = ['-', '0', 'A', 'B', '_', 'a', 'a-1', 'a.1', 'a/1', 'a/1-x', 'a/1/x', 'a1', 'a_1', 'b'];
        expect(await drive(store.list(''))).toEqual({
          kind: 'page',
          blobs: ordered.map((key): ListedBlob => ({ key, size: key.length })),
          next: null,
        });
      });

      claim('a prefix selects by characters, not by path segments', async ({ create, keys }) => {
        for (const key of ['wal/1', 'wal/10', 'wal/2', 'wal', 'walrus', 'wa/l', 'pub/1']) await create(key, text(key));
        expect(await keys('wal/')).toEqual(['wal/1', 'wal/10', 'wal/2']);
        expect(await keys('wal/1')).toEqual(['wal/1', 'wal/10']);
        expect(await keys('wal')).toEqual(['wal', 'wal/1', 'wal/10', 'wal/2', 'walrus']);
        expect(await keys('wa')).toEqual(['wa/l', 'wal', 'wal/1', 'wal/10', 'wal/2', 'walrus']);
        expect(await keys('wal/3')).toEqual([]);
        expect(await keys('nowhere/at/all/')).toEqual([]);
      });

      claim('names that differ only in capitals are different names', async ({ create, read, keys }) => {
        expect(await create('seg/ab', text('small'))).toBe('done');
        expect(await create('seg/aB', text('mixed'))).toBe('done');
        expect(await create('Seg/ab', text('other'))).toBe('done');
        expect((await read('seg/aB')).bytes).toEqual(text('mixed'));
        expect(await keys('')).toEqual(['Seg/ab', 'seg/aB', 'seg/ab']);
      });

      claim('`after` is exclusive and need not exist', async ({ create, keys }) => {
        for (const key of ['wal/1', 'wal/3', 'wal/5']) await create(key, text(key));
        expect(await keys('wal/', 'wal/1')).toEqual(['wal/3', 'wal/5']);
        expect(await keys('wal/', 'wal/2')).toEqual(['wal/3', 'wal/5']);
        expect(await keys('wal/', 'wal/5')).toEqual([]);
        expect(await keys('wal/', 'a')).toEqual(['wal/1', 'wal/3', 'wal/5']);
        expect(await keys('wal/', 'x')).toEqual([]);
      });

      claim('a limit cuts the page and `next` leads on to the end', async ({ store, drive, create }) => {
        const wanted = ['seg/1', 'seg/2', 'wal/1', 'wal/2', 'wal/3', 'wal/3/a', 'wal/4'];
        for (const key of wanted) await create(key, text(key));
        for (const limit of [1, 2, 3, 7, 8]) {
          const seen: string[] = [];
          let after: string | null = null;
          do {
            const page: ListOutcome = await drive(
              after === null ? store.list('', undefined, limit) : store.list('', after, limit),
            );
            if (page.kind !== 'page') throw new Error(`listing failed: ${page.fault.message}`);
            expect(page.blobs.length).toBeLessThanOrEqual(limit);
            seen.push(...page.blobs.map(({ key }) => key));
            after = page.next;
          } while (after !== null && seen.length <= wanted.length);
          expect(seen, `limit ${limit}`).toEqual(wanted);
        }
      });

      claim('a page that ends with the last key says so', async ({ store, drive, create }) => {
        for (const key of ['wal/1', 'wal/2']) await create(key, text(key));
        expect(await drive(store.list('wal/', undefined, 2))).toMatchObject({ kind: 'page', next: null });
      });

      claim('without a limit a page has at most 1000 keys', async ({ store, drive, keys }) => {
        const wanted = Array.from({ length: 1003 }, (_, index) => `wal/${String(index).padStart(4, '0')}`);
        const outcomes = await drive(Promise.all(wanted.map((key) => store.putIfAbsent(key, []))));
        expect(outcomes.every(({ kind }) => kind === 'done')).toBe(true);
        const page = await drive(store.list('wal/'));
        if (page.kind !== 'page') throw new Error(`listing failed: ${page.fault.message}`);
        expect(page.blobs.length).toBeLessThanOrEqual(1000);
        expect(page.next).not.toBeNull();
        expect(await keys('wal/')).toEqual(wanted);
      });

      claim('an object that was created is in every listing that begins afterwards', async ({ create, keys }) => {
        for (let count = 1; count <= 9; count += 1) {
          expect(await create(`wal/${count}`, text('x'))).toBe('done');
          expect(await keys('wal/')).toHaveLength(count);
        }
      });
    });

    describe('deleting', () => {
      claim('deleted objects are neither found nor listed', async ({ store, drive, create, keys }) => {
        for (const key of ['wal/1', 'wal/2', 'wal/3']) await create(key, text(key));
        expect(await drive(store.delete(['wal/1', 'wal/3']))).toEqual({ kind: 'done' });
        expect(await drive(store.get('wal/1'))).toEqual({ kind: 'absent' });
        expect((await drive(store.get('wal/2'))).kind).toBe('found');
        expect(await keys('')).toEqual(['wal/2']);
      });

      claim('deleting a name that does not exist is done', async ({ store, drive, create, keys }) => {
        await create('wal/1', text('stays'));
        expect(await drive(store.delete(['wal/2', 'never/was/here', 'wal', 'wal/1/2']))).toEqual({ kind: 'done' });
        expect(await drive(store.delete([]))).toEqual({ kind: 'done' });
        expect(await keys('')).toEqual(['wal/1']);
      });

      claim('deleting twice, also within one call, is done', async ({ store, drive, create, keys }) => {
        await create('wal/1', text('x'));
        expect(await drive(store.delete(['wal/1', 'wal/1']))).toEqual({ kind: 'done' });
        expect(await drive(store.delete(['wal/1']))).toEqual({ kind: 'done' });
        expect(await keys('')).toEqual([]);
      });

      claim('more names than fit one request of any store can be deleted by one call', async (bench) => {
        const { store, drive, create, keys } = bench;
        for (const key of ['wal/0', 'wal/1200', 'wal/2499', 'wal/x']) await create(key, text(key));
        const doomed = Array.from({ length: 2500 }, (_, index) => `wal/${index}`);
        expect(await drive(store.delete(doomed))).toEqual({ kind: 'done' });
        expect(await keys('')).toEqual(['wal/x']);
      });

      claim('deleting a name leaves the names below it and above it', async ({ store, drive, create, keys }) => {
        for (const key of ['a', 'a/b', 'a/b/c']) await create(key, text(key));
        expect(await drive(store.delete(['a/b']))).toEqual({ kind: 'done' });
        expect(await keys('')).toEqual(['a', 'a/b/c']);
      });
    });

    describe('names', () => {
      claim('every legal name works, up to 512 bytes', async ({ create, read, keys }) => {
        const legal = ['a', '...', '.hidden', '-', '_', 'tmp/x', 'a.blob/b', 'a.blob', 'a', 'Z9._-/z', LONGEST_KEY];
        for (const key of new Set(legal)) expect(await create(key, text(key)), key).toBe('done');
        for (const key of legal) expect((await read(key)).bytes, key).toEqual(text(key));
        expect(await keys('')).toEqual([...new Set(legal)].toSorted());
      });

      claim('a name that is not legal is a mistake of the caller and throws', async ({ store, drive }) => {
        for (const key of BAD_KEYS) {
          const calls = [
            () => store.putIfAbsent(key, [text('x')]),
            () => store.put(key, [text('x')]),
            () => store.get(key),
            () => store.delete(['fine', key]),
          ];
          for (const call of calls) await expectMistake(drive, call, `key ${JSON.stringify(key)}`);
        }
        expect(await drive(store.list(''))).toEqual({ kind: 'page', blobs: [], next: null });
      });

      claim('a range or a limit that makes no sense throws', async ({ store, drive, create }) => {
        await create('wal/1', text('x'));
        for (const [start, end] of [
          [-1, 5],
          [5, 4],
          [0.5, 2],
          [0, Number.NaN],
          [0, Infinity],
        ] as const) {
          await expectMistake(drive, () => store.get('wal/1', { start, end }), `range ${start}..${end}`);
        }
        for (const limit of [0, -1, 1.5, Number.NaN]) {
          await expectMistake(drive, () => store.list('', undefined, limit), `limit ${limit}`);
        }
      });
    });

    describe('several handles', () => {
      claim('what one handle created, another finds, lists and is refused', async ({ create, reopen }) => {
        await create('wal/1', text('from the first'));
        const second = await reopen();
        expect((await second.read('wal/1')).bytes).toEqual(text('from the first'));
        expect(await second.keys('')).toEqual(['wal/1']);
        expect(await second.create('wal/1', text('again'))).toBe('refused');
        expect(await second.create('wal/2', text('x'))).toBe('done');
        expect(await create('wal/2', text('y'))).toBe('refused');
      });

      claim('of creators on two handles exactly one is done', async ({ store, drive, reopen, read }) => {
        const second = (await reopen()).store;
        for (let round = 0; round < 5; round += 1) {
          const key = `wal/${round}`;
          const outcomes = await drive(
            Promise.all([
              store.putIfAbsent(key, [text('first')]).then(({ kind }) => kind),
              second.putIfAbsent(key, [text('second')]).then(({ kind }) => kind),
            ]),
          );
          expect(outcomes.toSorted()).toEqual(['done', 'refused']);
          expect((await read(key)).bytes).toEqual(text(outcomes[0] === 'done' ? 'first' : 'second'));
        }
      });
    });
  });
}

/** The store under test with the calls the claims make most, each driven to its end. */
interface Bench {
  store: BlobStore;
  drive: <T>(promise: Promise<T>) => Promise<T>;
  /** `putIfAbsent` with one part; the kind of its outcome. */
  create: (key: string, bytes: Uint8Array) => Promise<string>;
  /** The found bytes; throws when the object is absent. */
  read: (key: string, range?: ByteRange) => Promise<{ bytes: Uint8Array; size: number }>;
  /** All keys of a listing, over all its pages. */
  keys: (prefix: string, after?: string) => Promise<string[]>;
  remove: (key: string) => Promise<void>;
  /** A bench over a second handle, or over the same one where a store has no such thing. */
  reopen: () => Promise<Bench>;
}

function benchOf(opened: OpenedStore): Bench {
  const { store } = opened;
  const drive = opened.drive?.bind(opened) ?? (<T>(promise: Promise<T>): Promise<T> => promise);
  return {
    store,
    drive,
    create: async (key, bytes) => (await drive(store.putIfAbsent(key, [bytes]))).kind,
    read: async (key, range) => {
      const outcome = await drive(range === undefined ? store.get(key) : store.get(key, range));
      if (outcome.kind !== 'found') throw new Error(`expected to find ${key}, got ${JSON.stringify(outcome)}`);
      return { bytes: plain(outcome.bytes), size: outcome.size };
    },
    keys: async (prefix, after) => {
      const keys: string[] = [];
      for (let from = after; ;) {
        const page = await drive(from === undefined ? store.list(prefix) : store.list(prefix, from));
        if (page.kind !== 'page') throw new Error(`listing failed: ${page.fault.message}`);
        keys.push(...page.blobs.map(({ key }) => key));
        if (page.next === null) return keys;
        from = page.next;
      }
    },
    remove: async (key) => {
      expect(await drive(store.delete([key]))).toEqual({ kind: 'done' });
    },
    reopen: async () => benchOf({ ...opened, store: opened.reopen ? await opened.reopen() : store, drive }),
  };
}

/** 512 bytes in segments of at most 120, the longest a folder can name when all letters are capitals. */
const LONGEST_KEY = `${`${'K'.repeat(120)}/`.repeat(4)}${'k'.repeat(28)}`;

const BAD_KEYS = [
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  'a/./b',
  '../a',
  'a/..',
  'a b',
  'a\\b',
  'a\0b',
  'a\n',
  'a+b',
  'a^b',
  'ä',
  'a:b',
  `${LONGEST_KEY}k`,
];

/** The call throws or rejects, with an error that a programmer recognises as a mistake of his own. */
async function expectMistake(drive: Bench['drive'], call: () => Promise<unknown>, what: string): Promise<void> {
  const caught: unknown = await drive(
    Promise.resolve()
      .then(call)
      .then(
        () => 'nothing was thrown',
        (error: unknown) => error,
      ),
  );
  expect(caught instanceof TypeError || caught instanceof RangeError, `${what}: ${String(caught)}`).toBe(true);
  expect((caught as Error).message.length, what).toBeGreaterThan(10);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** A plain array of the same bytes, so that a Buffer and a Uint8Array with equal content compare equal. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes without a short period, the same on every call. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** Fast equality: a matcher that describes differences takes seconds over megabytes. */
function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
