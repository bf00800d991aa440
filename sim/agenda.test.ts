import { describe, expect, test } from 'vitest';
import { Agenda } from './agenda.ts';
import { mix32 } from './hash.ts';

const ALICE = { name: 'alice' };
const BOB = { name: 'bob' };

function drain(agenda: Agenda): void {
  while (agenda.size > 0) agenda.take(agenda.nextSlot())();
}

describe('the agenda', () => {
  test('entries come by time, and at one time in the order they were added', () => {
    const agenda = new Agenda();
    const added: { time: number; index: number }[] = [];
    const came: { time: number; index: number }[] = [];
    for (let index = 0; index < 5000; index++) {
      const entry = { time: mix32(index) % 300, index };
      added.push(entry);
      agenda.add(entry.time, null, 'k', '', () => came.push(entry));
    }
    drain(agenda);
    expect(came).toEqual([...added].sort((x, y) => x.time - y.time || x.index - y.index));
  });

  test('the order holds while entries are added, cancelled and taken in between', () => {
    const agenda = new Agenda();
    const model = new Map<number, { time: number; order: number }>();
    let order = 0;
    let now = 0;
    const ran: number[] = [];
    for (let step = 0; step < 2500; step++) {
      const die = mix32(step);
      if (die % 5 < 3) {
        const time = now + (mix32(die) % 100);
        const id = order++;
        const handle: number = agenda.add(time, null, 'k', '', () => ran.push(handle));
        model.set(handle, { time, order: id });
      } else if (die % 5 === 3 && model.size > 0) {
        const victim = [...model.keys()][die % model.size]!;
        agenda.cancel(victim);
        model.delete(victim);
      } else if (model.size > 0) {
        const [handle, entry] = [...model].sort(([, x], [, y]) => x.time - y.time || x.order - y.order)[0]!;
        now = agenda.nextTimeUs();
        expect(now).toBe(entry.time);
        agenda.take(agenda.nextSlot())();
        expect(ran.at(-1)).toBe(handle);
        model.delete(handle);
      }
      expect(agenda.size).toBe(model.size);
    }
  });

  test('a handle is good for one entry only, even when its place is used again', () => {
    const agenda = new Agenda();
    let ran = 0;
    const first = agenda.add(1, null, 'k', '', () => {});
    drain(agenda);
    agenda.add(2, null, 'k', '', () => ran++);
    agenda.cancel(first);
    agenda.cancel(first);
    drain(agenda);
    expect(ran).toBe(1);
  });

  test('cancelling what an owner has leaves what others have', () => {
    const agenda = new Agenda();
    const ran: string[] = [];
    for (let i = 0; i < 10; i++) {
      agenda.add(i, ALICE, 'k', '', () => ran.push('alice'));
      agenda.add(i, BOB, 'k', '', () => ran.push('bob'));
      agenda.add(i, null, 'k', '', () => ran.push('world'));
    }
    agenda.park(agenda.nextSlot());
    expect(agenda.cancelOwned(ALICE)).toBe(10);
    agenda.unpark(ALICE, 100);
    drain(agenda);
    expect(ran.filter((who) => who === 'alice')).toEqual([]);
    expect(ran).toHaveLength(20);
  });

  test('parked entries come back in the order they were due, and can be cancelled meanwhile', () => {
    const agenda = new Agenda();
    const ran: number[] = [];
    agenda.add(30, ALICE, 'k', '', () => ran.push(30));
    const doomed = agenda.add(20, ALICE, 'k', '', () => ran.push(20));
    agenda.add(10, ALICE, 'k', '', () => ran.push(10));
    agenda.add(40, ALICE, 'k', '', () => ran.push(40));
    for (let i = 0; i < 3; i++) agenda.park(agenda.nextSlot());
    agenda.cancel(doomed);
    agenda.unpark(ALICE, 35);
    expect(agenda.nextTimeUs()).toBe(35);
    drain(agenda);
    expect(ran).toEqual([10, 30, 40]);
  });

  test('times far apart keep their order, days beyond what 32 bits hold', () => {
    const agenda = new Agenda();
    const added: { time: number; index: number }[] = [];
    const came: { time: number; index: number }[] = [];
    for (let index = 0; index < 2000; index++) {
      const entry = { time: Math.floor((mix32(index) * 2 ** (mix32(~index) % 22)) / 2 ** (index % 30)), index };
      added.push(entry);
      agenda.add(entry.time, null, 'k', '', () => came.push(entry));
    }
    drain(agenda);
    expect(Math.max(...added.map(({ time }) => time))).toBeGreaterThan(2 ** 50);
    expect(came).toEqual([...added].sort((x, y) => x.time - y.time || x.index - y.index));
  });

  test('what is scheduled before an entry that was only looked at comes first, and equal times stay in order', () => {
    const agenda = new Agenda();
    const ran: string[] = [];
    const add = (timeUs: number, name: string): number => agenda.add(timeUs, null, 'k', '', () => ran.push(name));
    for (const name of ['c', 'd', 'e']) add(7_000, name);
    add(9_000, 'g');
    expect(agenda.nextTimeUs()).toBe(7_000);
    add(6_999, 'b');
    add(7_000, 'f');
    add(5_000, 'a');
    drain(agenda);
    expect(ran.join('')).toBe('abcdefg');
  });
});
