/**
 * Tries out whether a BlobStore keeps the promises the log rests on, above all that a name can be created once.
 *
 * Several stores that speak S3 drop the condition of a create or check it too early; on those an acknowledged
 * append can be overwritten by a rival, so they are refused by the name of the check that failed. A store that is
 * only away is waited for a while; what it answers then is judged, what it did not answer is not.
 *
 * Objects are made below `probe/` under names nobody else uses, and deleted again.
 */

import type { ByteRange, Ports, PutOutcome, StoreFault } from '../ports.ts';

/** Everything the probe writes, and the remembered result, is below this. Other users of a store ignore it. */
export const PROBE_PREFIX = 'probe/';

export type ProbePorts = Pick<Ports, 'blobs' | 'clock' | 'random' | 'entropy' | 'compute'>;

/** The store is not fit to use. The message is one line: the check, the store, what was seen, what to do. */
export class ConformanceError extends Error {
  override name = 'ConformanceError';
  /** The name of the check. */
  readonly check: string;

  constructor(check: string, message: string) {
    super(message);
    this.check = check;
  }
}

/** A check could not be made because the store did not answer, or refused for another reason. */
export class ProbeInterrupted extends Error {
  override name = 'ProbeInterrupted';
  readonly fault: StoreFault;

  constructor(check: string, fault: StoreFault) {
    super(`the conformance probe stopped at "${check}": ${fault.message}`);
    this.fault = fault;
  }
}

interface Check {
  name: string;
  /** What may be wrong with a store that fails. */
  remedy: string;
  run(bench: Bench): Promise<void>;
}

const RIVALS = 8;

/** A store that looks first and writes later may do well once by luck. */
const RACES = 5;

/** Attempts at one call, or at one race, that ended unknown. */
const ATTEMPTS_MAX = 8;

const RETRY_MS = 50;

const CONDITIONS_REMEDY =
  'the store must honour `If-None-Match: *`; use another store or a newer version of it, see docs/STORES.md';
const CONSISTENCY_REMEDY =
  'the store must be strongly consistent; take caches out of the way and choose its strongest consistency';
const TRANSPORT_REMEDY = 'look for a proxy or gateway that changes what passes through it';

const CHECKS: readonly Check[] = [
  {
    name: 'a name is created once',
    remedy: CONDITIONS_REMEDY,
    async run({ create, read, fresh, fail }) {
      const key = fresh();
      const first = await create(key, 'first');
      if (first !== 'done') fail('a fresh name was refused');
      if ((await create(key, 'second')) === 'done') fail('the second create of one name was accepted, not refused');
      if (text(await read(key)) !== 'first') fail('a create that was refused replaced the object');
    },
  },
  {
    name: `of ${RIVALS} concurrent creates exactly one is done`,
    remedy: CONDITIONS_REMEDY,
    async run(bench) {
      for (let races = 0, doubts = 0; races < RACES;) {
        const fault = await race(bench);
        if (fault === null) races += 1;
        else await bench.pause((doubts += 1), fault);
      }
    },
  },
  {
    name: 'a read after a write finds it',
    remedy: CONSISTENCY_REMEDY,
    async run({ create, read, fresh, fail }) {
      for (let round = 0; round < 4; round += 1) {
        const key = fresh();
        await create(key, key);
        if (text(await read(key)) !== key) fail('an object that was just created was not found');
      }
    },
  },
  {
    name: 'a name that was absent is found once it is created',
    remedy: CONSISTENCY_REMEDY,
    async run({ create, read, fresh, fail }) {
      const key = fresh();
      if ((await read(key)) !== null) fail('a fresh name was found');
      await create(key, key);
      if ((await read(key)) === null) fail('a name that was asked for before it existed stays absent');
    },
  },
  {
    name: 'what is read has the CRC of what was written',
    remedy: TRANSPORT_REMEDY,
    async run({ ports, put, read, fresh, fail }) {
      const key = fresh();
      const part = ports.entropy.bytes(16_384);
      const parts = Array.from({ length: 16 }, (_, index) => masked(part, index));
      const crc = parts.reduce((seed, bytes) => ports.compute.crc32(bytes, seed), 0);
      await put(key, parts);
      const bytes = await read(key);
      if (bytes?.length !== 16 * part.length) fail(`${bytes?.length ?? 0} bytes came back, not ${16 * part.length}`);
      if (ports.compute.crc32(bytes ?? new Uint8Array(0)) !== crc) fail('other bytes came back');
    },
  },
  {
    name: 'a range is read exactly',
    remedy: TRANSPORT_REMEDY,
    async run({ create, read, fresh, fail }) {
      const key = fresh();
      await create(key, '0123456789');
      const cases: [ByteRange, string][] = [
        [{ start: 0, end: 4 }, '0123'],
        [{ start: 3, end: 7 }, '3456'],
        [{ start: 7, end: 50 }, '789'],
      ];
      for (const [range, expected] of cases) {
        const found = text(await read(key, range));
        if (found !== expected) fail(`the range ${range.start}..${range.end} gave ${JSON.stringify(found)}`);
      }
    },
  },
  {
    name: 'a range past the end finds no bytes',
    remedy: TRANSPORT_REMEDY,
    async run({ create, read, fresh, fail }) {
      const key = fresh();
      await create(key, '0123456789');
      const found = text(await read(key, { start: 10, end: 20 }));
      if (found !== '') fail(`the range 10..20 of ten bytes gave ${JSON.stringify(found)}`);
    },
  },
  {
    name: 'a listing after a write has it, in the order of names',
    remedy: `${CONSISTENCY_REMEDY}; for a store that lists without order add ?listing=unsorted to its URL`,
    async run({ create, list, fresh, fail }) {
      const folder = fresh();
      const names = ['b', 'a', 'c/2', 'c/10', 'B', 'c-1'].map((name) => `${folder}/${name}`);
      for (const [index, key] of names.entries()) {
        await create(key, key);
        const listed = await list(`${folder}/`);
        const wanted = names.slice(0, index + 1).toSorted();
        if (listed.join() !== wanted.join()) fail(`it lists ${short(listed)}, not ${short(wanted)}`);
      }
    },
  },
  {
    name: 'a listing after a deletion has it not',
    remedy: CONSISTENCY_REMEDY,
    async run({ create, remove, read, list, fresh, fail }) {
      const folder = fresh();
      const [kept, gone] = [`${folder}/kept`, `${folder}/gone`];
      await create(kept, 'x');
      await create(gone, 'x');
      await remove([gone, `${folder}/never-was`]);
      if ((await list(`${folder}/`)).join() !== kept) fail('a deleted object is still listed');
      if ((await read(gone)) !== null) fail('a deleted object is still found');
    },
  },
];

/** Names of the checks, in the order they are made. */
export const CHECK_NAMES: readonly string[] = CHECKS.map(({ name }) => name);

/**
 * Makes every check against the store, which `where` names in messages. `onPassed` hears of each. Throws a
 * ConformanceError for a broken promise and ProbeInterrupted for a store that does not answer.
 */
export async function probeConformance(
  ports: ProbePorts,
  where: string,
  onPassed: (check: string) => void = () => {},
): Promise<void> {
  const made: string[] = [];
  try {
    for (const check of CHECKS) {
      await check.run(new Bench(ports, check, where, made));
      onPassed(check.name);
    }
  } finally {
    // What stays behind after a failure is small and in nobody's way.
    await ports.blobs.delete(made).catch(() => undefined);
  }
}

/** A loop, because simulated servers come here often and a call for each byte is slow. */
function masked(bytes: Uint8Array, mask: number): Uint8Array {
  const other = bytes.slice();
  for (let i = 0; i < other.length; i++) other[i]! ^= mask;
  return other;
}

/** Null when exactly one of the rivals won; the fault when the store's answers do not tell. */
async function race({ ports, fresh, read, fail }: Bench): Promise<StoreFault | null> {
  const key = fresh();
  const outcomes = await Promise.all(
    Array.from({ length: RIVALS }, (_, rival) => ports.blobs.putIfAbsent(key, [bytesOf(`rival ${rival}`)])),
  );
  const winners = outcomes.flatMap(({ kind }, rival) => (kind === 'done' ? [rival] : []));
  if (winners.length > 1) fail(`${winners.length} of ${RIVALS} creates of one name were accepted`);
  const doubtful = outcomes.flatMap((outcome) => ('fault' in outcome ? [outcome.fault] : []));
  const [doubt] = doubtful;
  if (winners.length === 0 && doubt === undefined) fail('every one of them was refused');
  const found = text(await read(key));
  if (winners.length === 1 && found !== `rival ${winners[0]}`)
    fail(`one was accepted, but the object is ${found ?? 'absent'}`);
  return winners.length === 1 ? null : (doubt ?? null);
}

/** What a check works with: calls that are repeated while the store is away, and names of its own. */
class Bench {
  readonly ports: ProbePorts;
  readonly #check: Check;
  readonly #where: string;
  readonly #made: string[];
  readonly #nonce: string;
  #names = 0;

  constructor(ports: ProbePorts, check: Check, where: string, made: string[]) {
    this.ports = ports;
    this.#check = check;
    this.#where = where;
    this.#made = made;
    this.#nonce = Array.from(ports.entropy.bytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /** A name nobody else uses; objects at it and below it are deleted in the end. */
  readonly fresh = (): string => {
    const key = `${PROBE_PREFIX}${this.#nonce}-${(this.#names += 1)}`;
    this.#made.push(key);
    return key;
  };

  readonly fail = (seen: string): never => {
    const { name, remedy } = this.#check;
    throw new ConformanceError(name, `${this.#where} fails the conformance check "${name}": ${seen}; ${remedy}`);
  };

  readonly create = (key: string, content: string): Promise<'done' | 'refused'> => this.put(key, [bytesOf(content)]);

  readonly put = async (key: string, parts: readonly Uint8Array[]): Promise<'done' | 'refused'> => {
    if (!this.#made.includes(key)) this.#made.push(key);
    for (let attempt = 0; ; attempt += 1) {
      const outcome: PutOutcome = await this.ports.blobs.putIfAbsent(key, parts);
      if (outcome.kind === 'done') return 'done';
      // After an unknown attempt the object may be our own.
      if (outcome.kind === 'refused') return attempt > 0 && (await this.#holds(key, parts)) ? 'done' : 'refused';
      await this.pause(attempt, outcome.fault);
    }
  };

  /** Null when the object is absent. */
  readonly read = async (key: string, range?: ByteRange): Promise<Uint8Array | null> => {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.ports.blobs.get(key, range);
      if (outcome.kind === 'found') return outcome.bytes;
      if (outcome.kind === 'absent') return null;
      await this.pause(attempt, outcome.fault);
    }
  };

  /** Every key with the prefix, page by page, as the store gives them. */
  readonly list = async (prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    let after: string | undefined;
    for (let attempt = 0; ;) {
      const outcome = await this.ports.blobs.list(prefix, after, 2);
      if (outcome.kind === 'failed') {
        await this.pause((attempt += 1), outcome.fault);
        continue;
      }
      keys.push(...outcome.blobs.map(({ key }) => key));
      if (outcome.next === null) return keys;
      after = outcome.next;
    }
  };

  readonly remove = async (keys: readonly string[]): Promise<void> => {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.ports.blobs.delete(keys);
      if (outcome.kind === 'done') return;
      await this.pause(attempt, outcome.fault);
    }
  };

  /** Waits before another attempt, unless there is no sense in one. */
  async pause(attempt: number, fault: StoreFault): Promise<void> {
    // These say that the store can not do what it is asked, which is what the probe is about.
    if (fault.code === 'unsorted-listing' || fault.code === 'unsupported') this.fail(fault.message);
    if (!fault.retryable || attempt >= ATTEMPTS_MAX) throw new ProbeInterrupted(this.#check.name, fault);
    const ceilingMs = RETRY_MS * 2 ** Math.min(attempt, 5);
    await this.ports.clock.sleep(ceilingMs / 2 + this.ports.random.below(ceilingMs / 2 + 1));
  }

  async #holds(key: string, parts: readonly Uint8Array[]): Promise<boolean> {
    const bytes = await this.read(key);
    const crc = (seed: number, part: Uint8Array) => this.ports.compute.crc32(part, seed);
    return bytes !== null && crc(0, bytes) === parts.reduce(crc, 0);
  }
}

function bytesOf(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/** The last parts of names, for a message. */
function short(keys: readonly string[]): string {
  return `[${keys.map((key) => key.split('/').slice(2).join('/')).join(' ')}]`;
}
