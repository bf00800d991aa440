/** The simulated disk loses what a real one may lose, keeps what a real one must keep, and both do happen. */

import { describe, expect, test } from 'vitest';

import type { FileHandle, FolderFiles } from '../adapters/folder-files.ts';
import { settled } from './manual-ports.ts';
import { seededDice } from './seeded-dice.ts';
import { SimulatedFiles } from './simulated-files.ts';

const SEEDS = 60;
const BODY = Uint8Array.from({ length: 100 }, (_, index) => index + 1);

interface Bench {
  disk: SimulatedFiles;
  files: FolderFiles;
  run: <T>(promise: Promise<T>) => Promise<T>;
}

function benchOf(seed: number): Bench {
  const disk = new SimulatedFiles(seededDice(seed, 'test'));
  return {
    disk,
    files: disk.process().files,
    run: async (promise) => {
      promise.catch(() => undefined);
      await settled();
      while (disk.step()) await settled();
      return promise;
    },
  };
}

/** What became of `look` after a power failure, over many seeds. */
async function outcomes(prepare: (bench: Bench) => Promise<void>, look: (bench: Bench) => string): Promise<string[]> {
  const seen = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const bench = benchOf(seed);
    await prepare(bench);
    bench.disk.powerFail();
    seen.add(look(bench));
  }
  return [...seen].toSorted();
}

const existence =
  (...paths: string[]) =>
  ({ disk }: Bench): string =>
    paths.map((path) => (disk.contentOf(path) === null ? 'gone' : 'there')).join(' ');

const wholeness = ({ disk }: Bench): string => {
  const content = disk.contentOf('/a');
  if (content === null) return 'gone';
  return Buffer.compare(content, BODY) === 0 ? 'whole' : 'torn';
};

async function write({ files, run }: Bench, path: string, synced: boolean): Promise<FileHandle> {
  const file = await run(files.open(path, 'wx'));
  await run(file.writev([BODY]));
  if (synced) await run(file.datasync());
  return file;
}

async function syncRoot({ files, run }: Bench): Promise<void> {
  await run((await run(files.open('/', 'r'))).sync());
}

describe('a power failure', () => {
  test('keeps what was synced, name and bytes', async () => {
    const prepare = async (bench: Bench): Promise<void> => {
      await write(bench, '/a', true);
      await syncRoot(bench);
    };
    expect(await outcomes(prepare, wholeness)).toEqual(['whole']);
  });

  test('tears bytes that were not synced, or keeps or loses them all', async () => {
    const prepare = async (bench: Bench): Promise<void> => {
      await write(bench, '/a', false);
      await syncRoot(bench);
    };
    expect(await outcomes(prepare, wholeness)).toEqual(['torn', 'whole']);
  });

  test('keeps or loses each name that was not synced by itself', async () => {
    const prepare = async (bench: Bench): Promise<void> => {
      await write(bench, '/a', true);
      await bench.run(bench.files.link('/a', '/b'));
    };
    const all = ['gone gone', 'gone there', 'there gone', 'there there'];
    expect(await outcomes(prepare, existence('/a', '/b'))).toEqual(all);
  });

  test('brings unlinked names back, or does not', async () => {
    const prepare = async (bench: Bench): Promise<void> => {
      await write(bench, '/a', true);
      await syncRoot(bench);
      await bench.run(bench.files.unlink('/a'));
    };
    expect(await outcomes(prepare, wholeness)).toEqual(['gone', 'whole']);
  });

  test('takes everything below a directory whose name was not synced', async () => {
    const prepare = async (bench: Bench): Promise<void> => {
      await bench.run(bench.files.mkdir('/d'));
      await write(bench, '/d/a', true);
      await bench.run((await bench.run(bench.files.open('/d', 'r'))).sync());
    };
    expect(await outcomes(prepare, existence('/d/a'))).toEqual(['gone', 'there']);
  });
});

describe('a sync', () => {
  test('covers what was there when it was asked for, and nothing later', async () => {
    const prepare = async (bench: Bench): Promise<void> => {
      const root = await bench.run(bench.files.open('/', 'r'));
      await write(bench, '/a', true);
      const sync = root.sync();
      await bench.run(Promise.all([bench.files.link('/a', '/late'), sync]));
    };
    expect(await outcomes(prepare, existence('/a', '/late'))).toEqual(['there gone', 'there there']);
  });

  test.each(['/a', '/'])('of %s that failed is followed by successes that are worth nothing', async (path) => {
    const prepare = async (bench: Bench): Promise<void> => {
      const { disk, files, run } = bench;
      const root = await run(files.open('/', 'r'));
      const file = await write(bench, '/a', false);
      disk.faultOf = (step, at) => (step.endsWith('sync') && at === path ? { errno: 'EIO' } : null);
      await expect(run(path === '/' ? root.sync() : file.datasync())).rejects.toMatchObject({ code: 'EIO' });
      disk.faultOf = () => null;
      await run(file.datasync());
      await run(root.sync());
    };
    expect(await outcomes(prepare, wholeness)).toEqual(path === '/' ? ['gone', 'whole'] : ['torn', 'whole']);
  });

  test('of a directory that failed is told once to every handle that was open', async () => {
    const { disk, files, run } = benchOf(1);
    const [first, second] = [await run(files.open('/', 'r')), await run(files.open('/', 'r'))];
    disk.faultOf = () => ({ errno: 'EIO' });
    await expect(run(first.sync())).rejects.toMatchObject({ code: 'EIO' });
    disk.faultOf = () => null;
    await run(first.sync());
    await expect(run(second.sync())).rejects.toMatchObject({ code: 'EIO' });
    await expect(run(files.open('/', 'r')), 'until the power was off').rejects.toMatchObject({ code: 'EIO' });
    disk.powerFail();
    await run((await run(disk.process().files.open('/', 'r'))).sync());
  });
});

test('a link to a taken name fails for every process', async () => {
  const bench = benchOf(1);
  await write(bench, '/a', true);
  const rival = bench.disk.process().files;
  await bench.run(rival.link('/a', '/b'));
  await expect(bench.run(bench.files.link('/a', '/b'))).rejects.toMatchObject({ code: 'EEXIST' });
});

test('of the calls of a killed process some happen, and none is answered', async () => {
  const happened = new Set<boolean>();
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const disk = new SimulatedFiles(seededDice(seed, 'test'));
    const process = disk.process();
    let answered = false;
    void process.files.open('/a', 'wx').then(() => (answered = true));
    process.kill();
    expect(disk.step(), 'nothing is left to do').toBe(false);
    await settled();
    expect(answered).toBe(false);
    happened.add(disk.contentOf('/a') !== null);
  }
  expect(happened).toEqual(new Set([true, false]));
});

test('a listing shows what stays, in no order, and of what comes and goes some', async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const bench = benchOf(seed);
    for (const name of ['a', 'b', 'gone']) await write(bench, `/${name}`, false);
    const listing = bench.files.readdir('/', { withFileTypes: true });
    await bench.run(Promise.all([listing, bench.files.unlink('/gone'), bench.files.mkdir('/new')]));
    const names = (await listing).map(({ name }) => name);
    expect(names.filter((name) => name === 'a' || name === 'b')).toHaveLength(2);
    orders.add(names.join(' '));
  }
  expect(orders.size).toBeGreaterThan(8);
});
