import { beforeAll, describe, expect, test } from 'vitest';
import { renderHistory, renderRun, renderSweep } from './index.ts';
import { buildPages } from './testing/built-pages.ts';
import { fakeRun, fakeSweep } from './testing/fake-run.ts';

beforeAll(buildPages);

const EVIL = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&`;

describe('a page', () => {
  test('has the same bytes for the same input', () => {
    const pages = (): string[] => {
      const { run, history } = fakeRun({ operations: 300 });
      return [renderRun(run, history), renderSweep(fakeSweep({ failing: 5 }))];
    };
    expect(pages()).toEqual(pages());
  });

  test('asks for nothing outside itself', () => {
    const { run, history } = fakeRun();
    for (const page of [renderRun(run, history), renderSweep(fakeSweep({ failing: 3 }))]) {
      const references = [...page.matchAll(/<[^>]*\s(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
      expect(references.filter((address) => !/^(#|data:)/.test(address ?? ''))).toEqual([]);
      expect(page).toContain(`content="default-src &#39;none&#39;;`);
      expect(page).not.toMatch(/@import|url\(/);
    }
  });

  test('shows markup from clients, hosts and humans as text', () => {
    const { run, history } = fakeRun();
    const evilRun = {
      ...run,
      scenario: EVIL,
      seed: EVIL,
      profile: EVIL,
      plant: EVIL,
      repro: EVIL,
      traceHash: EVIL,
      failure: { kind: 'linearizability' as const, signature: EVIL, message: EVIL, opIds: [1] },
      probes: { [EVIL]: 1 },
      drawn: { [EVIL]: EVIL },
      sideLines: [EVIL],
      tracks: [{ track: EVIL, label: EVIL, detail: EVIL, startMs: 0, endMs: 1, tone: 'bad' as const }],
    };
    const evilHistory = history.map((event) => ({ ...event, note: EVIL }));
    const sweep = fakeSweep({ failing: 2 });
    const evilSweep = {
      ...sweep,
      scenario: EVIL,
      build: EVIL,
      nodeVersion: EVIL,
      startedAt: EVIL,
      results: sweep.results.map((result) => ({
        ...result,
        profile: EVIL,
        failure: evilRun.failure,
        plant: EVIL,
        repro: EVIL,
      })),
      harnessErrors: [{ seed: EVIL, profile: EVIL, message: EVIL, repro: EVIL }],
      probes: [{ name: EVIL, sentence: EVIL, required: true, row: EVIL }],
    };
    for (const page of [renderRun(evilRun, evilHistory), renderSweep(evilSweep)]) {
      expect(page).not.toContain('<img');
      expect(page).not.toContain('alert(1)</script>');
      expect([...page.matchAll(/<script/g)].length).toBe(2);
      expect(page).toContain('&lt;img src=x');
    }
  });

  test('grows linearly with the operations of a history', () => {
    const size = (operations: number): number => {
      const { history } = fakeRun({ operations, clients: 5, stale: false });
      return renderHistory({ name: 'h', history, verdict: 'ok', failure: null, linearization: null }).length;
    };
    const [one, two, four] = [size(2000), size(4000), size(8000)];
    expect((four - two) / (two - one)).toBeLessThan(2.3);
    expect((four - two) / 4000).toBeLessThan(70);
  });

  test('of an empty history says that nothing was checked', () => {
    expect(renderHistory({ name: 'h', history: [], verdict: 'ok', failure: null, linearization: [] })).toContain(
      'Nothing was checked',
    );
  });
});

test('the history page says what a tired person needs before any script has run', () => {
  const { run, history } = fakeRun();
  const page = renderRun(run, history).replaceAll(/\s+/g, ' ');
  expect(page).toContain('<h1>Not linearizable</h1>');
  expect(page).toContain('npx tailrace sim repro --seed 1729 --profile failover');
  expect(page).toContain(run.traceHash);
  expect(page).toContain('href="#op-109"');
});

test('a failure that tells a story has its first line for a heading, and side streams are listed', () => {
  const { run, history } = fakeRun();
  const failure = { kind: 'linearizability' as const, signature: 'side: lost', message: 'first\n  second', opIds: [] };
  const page = renderRun({ ...run, failure, sideLines: ['side-1 w: delete → deleted'] }, history);
  expect(page).toContain('<h2 id="violation-title">First</h2>');
  expect(page).toContain('<pre>  second</pre>');
  expect(page).toContain('side-1 w: delete → deleted');
});
