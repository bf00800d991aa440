import { describe, expect, test } from 'vitest';
import { worldWith } from './testing/in-world.ts';

describe('between two events nothing is half done', () => {
  test('a chain of sixty awaits ends before the next event begins', async () => {
    const world = worldWith();
    const log: string[] = [];
    const chain = async (name: string): Promise<void> => {
      for (let i = 0; i < 60; i++) await Promise.resolve();
      log.push(`${name} ended`);
    };
    for (const name of ['a', 'b', 'c']) {
      world.after(1, name, () => {
        log.push(`${name} began`);
        void chain(name);
      });
    }
    await world.run(() => false);
    expect(log).toEqual(['a began', 'a ended', 'b began', 'b ended', 'c began', 'c ended']);
  });

  test('chains of ten thousand, through thenables, generators and races, end too', async () => {
    const world = worldWith();
    let open = 0;
    const lasting: number[] = [];
    async function* numbers(): AsyncGenerator<number> {
      for (let i = 0; i < 100; i++) yield i;
    }
    const wild = async (): Promise<void> => {
      open++;
      for (let i = 0; i < 10_000; i++) await Promise.resolve();
      // oxlint-disable-next-line unicorn/no-thenable -- thenables are part of the claim
      for await (const n of numbers()) await { then: (done: (n: number) => void) => done(n) };
      await Promise.race([Promise.resolve(), new Promise<void>((resolve) => queueMicrotask(resolve))]);
      open--;
    };
    for (let i = 0; i < 5; i++) {
      world.after(i, 'wild', () => {
        lasting.push(open);
        void wild();
      });
    }
    await world.run(() => false);
    expect(lasting).toEqual([0, 0, 0, 0, 0]);
    expect(open).toBe(0);
  });

  test('what an event throws, rejects unhandled, or throws from a microtask fails the run and names the event', async () => {
    const culprits: [string, () => void][] = [
      [
        'throws',
        () => {
          throw new Error('boom');
        },
      ],
      ['rejects', () => void Promise.reject(new Error('boom'))],
      [
        'rejects late',
        () =>
          void (async () => {
            for (let i = 0; i < 80; i++) await Promise.resolve();
            throw new Error('boom');
          })(),
      ],
      [
        'throws in a microtask',
        () =>
          queueMicrotask(() => {
            throw new Error('boom');
          }),
      ],
    ];
    for (const [name, culprit] of culprits) {
      const world = worldWith();
      let after = 0;
      world.after(1, 'innocent', () => {});
      world.after(2, name, culprit);
      world.after(3, 'later', () => after++);
      expect(await world.run(() => false), name).toBe('failed');
      expect(world.failure, name).toMatchObject({ kind: 'invariant', message: 'Error: boom', event: 2, atMs: 2 });
      expect(after, name).toBe(0);
    }
  });

  test('a rejection that is handled within its event is nobody’s business', async () => {
    const world = worldWith();
    world.after(1, 'careful', () => {
      const doomed = Promise.reject(new Error('expected'));
      void (async () => {
        for (let i = 0; i < 20; i++) await Promise.resolve();
        await doomed.catch(() => {});
      })();
    });
    expect(await world.run(() => false)).toBe('idle');
    expect(world.failure).toBeNull();
  });

  test('the process gets its own listeners back', async () => {
    const before = process.listeners('unhandledRejection');
    await worldWith().run(() => false);
    expect(process.listeners('unhandledRejection')).toEqual(before);
  });
});

describe('running', () => {
  test('time jumps from event to event and stops at the limit', async () => {
    const world = worldWith();
    const times: number[] = [];
    for (const ms of [5, 3_600_000, 10]) world.after(ms, 'tick', () => times.push(world.nowMs));
    expect(await world.run(() => false, { untilMs: 1000 })).toBe('time');
    expect(world.nowMs).toBe(1000);
    expect(await world.run(() => false)).toBe('idle');
    expect(times).toEqual([5, 10, 3_600_000]);
  });

  test('the predicate is looked at before every event, and events can be counted out', async () => {
    const world = worldWith();
    let ran = 0;
    for (let i = 0; i < 500; i++) world.after(i, 'tick', () => ran++);
    expect(await world.run(() => ran === 77)).toBe('until');
    expect(ran).toBe(77);
    expect(await world.run(() => false, { eventsMax: 100 })).toBe('events');
    expect(ran).toBe(177);
  });
});
