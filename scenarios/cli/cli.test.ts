/** The program as a person meets it: what each command prints and how it exits. Runs the built one. */

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Simcase } from '../cases/simcase.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tailrace-cli-'));

interface Exit {
  code: number;
  stdout: string;
  stderr: string;
}

function tailrace(...args: string[]): Promise<Exit> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

function file(name: string, ...lines: string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.join('\n'));
  return path;
}

const APPEND =
  '{"event":{"Start":{"Append":{"num_records":1,"record_hashes":[7],"set_fencing_token":null,"fencing_token":null,"match_seq_num":null}}},"client_id":1,"op_id":1}';
const APPENDED = '{"event":{"Finish":{"AppendSuccess":{"tail":1}}},"client_id":1,"op_id":1}';
const CHECK = '{"event":{"Start":"CheckTail"},"client_id":2,"op_id":2}';
const TAIL_0 = '{"event":{"Finish":{"CheckTailSuccess":{"tail":0}}},"client_id":2,"op_id":2}';

describe.concurrent('help', () => {
  const commands = [
    [],
    ['sim'],
    ['sim', 'run'],
    ['sim', 'sweep'],
    ['sim', 'explore'],
    ['sim', 'repro'],
    ['sim', 'meta'],
    ['check'],
    ['report'],
    ['serve'],
    ['record'],
  ];
  test.each(commands.map((words) => [words.join(' '), words] as const))(
    'tailrace %s --help explains itself',
    async (_, words) => {
      const { code, stdout } = await tailrace(...words, '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: tailrace ${words.join(' ')}`.trim());
    },
  );
});

describe.concurrent('check', () => {
  test('says ok and exits 0 for a history that could have happened', async () => {
    const { code, stdout } = await tailrace('check', file('ok.jsonl', APPEND, APPENDED, ''));
    expect([code, stdout]).toEqual([0, expect.stringContaining('OK')]);
  });

  test('names the guilty operations and exits 1 for a stale tail', async () => {
    const { code, stdout } = await tailrace('check', file('stale.jsonl', APPEND, APPENDED, CHECK, TAIL_0, ''));
    expect(code).toBe(1);
    expect(stdout).toContain('stale-tail');
    expect(stdout).toMatch(/op 1.*op 2|op 2.*op 1/s);
  });

  test('--explain shows the guilty lines, --json the verdict for programs, --html writes a page', async () => {
    const path = file('explained.jsonl', APPEND, APPENDED, CHECK, TAIL_0, '');
    const explained = await tailrace('check', path, '--explain');
    expect([explained.code, explained.stdout]).toEqual([1, expect.stringContaining(`line 4: ${TAIL_0}`)]);
    const { code, stdout } = await tailrace('check', path, '--json', '--html', `${path}.html`);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'illegal', violation: { code: 'stale-tail', opIds: [2, 1] } });
    expect(readFileSync(`${path}.html`, 'utf8')).toMatch(/^<!doctype html>/i);
  });

  test('a budget that is too small is undecided, exit 2', async () => {
    const write = (id: number, end: string): string =>
      `{"client_id":${id},"call":0,"return":${end},"input":{"op":"write","value":${id}},"output":{"outcome":"ok","value":null}}`;
    const path = file('hard.jsonl', ...[1, 2, 3, 4, 5, 6, 7, 8].map((id) => write(id, '9')));
    expect(await tailrace('check', path, '--model', 'register', '--budget', '1')).toMatchObject({ code: 2 });
    expect(await tailrace('check', path, '--model', 'register')).toMatchObject({ code: 0 });
  });

  test('recognises a history of Jepsen, and says why nothing could come next', async () => {
    const step = (type: string, value: string): string => `{:process 0, :type ${type}, :f :read, :value ${value}}`;
    const { code, stdout } = await tailrace('check', file('jepsen.edn', step(':invoke', 'nil'), step(':ok', '3')));
    expect([code, stdout]).toEqual([1, expect.stringContaining('client 0: read -> 3: the register holds null')]);
  });

  test('a model that does not exist exits 2, a line that is none of its operations 3', async () => {
    const path = file('other.jsonl', '{"client_id":1,"id":1,"call":{"op":"push"}}');
    expect(await tailrace('check', path, '--model', 'stack')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('queue'),
    });
    expect(await tailrace('check', path, '--model', 'queue')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(':1: '),
    });
  });

  test('operations of another object are refused with a hint where no model is given', async () => {
    const path = file('unnamed.jsonl', '{"client_id":1,"id":1,"call":{"op":"read"}}');
    expect(await tailrace('check', path)).toMatchObject({ code: 3, stderr: expect.stringContaining('--model') });
  });

  test('explains extended histories and makes pages of them, creations included', async () => {
    const ids = (op: number): string => `"client_id":1,"op_id":${op}}`;
    const path = file(
      'lives.jsonl',
      '{"tailrace_history":1,"initially":"absent"}',
      `{"event":{"Start":{"Create":{"token":null}}},${ids(1)}`,
      `{"event":{"Finish":"Created"},${ids(1)}`,
      `{"event":{"Start":"CheckTail"},${ids(2)}`,
      `{"event":{"Finish":{"CheckTailSuccess":{"tail":0}}},${ids(2)}`,
    );
    expect(await tailrace('check', path, '--explain', '--html', `${path}.html`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('op 1, op 2'),
    });
    expect(readFileSync(`${path}.html`, 'utf8')).toMatch(/^<!doctype html>/i);
  });

  test('says that nothing was checked when the file is empty', async () => {
    const { code, stdout } = await tailrace('check', file('empty.jsonl'));
    expect([code, stdout]).toEqual([0, expect.stringMatching(/nothing/i)]);
  });

  test.each([
    ['a bad line', 'bad.jsonl', [APPEND, 'gibberish', APPENDED], ':2:'],
    ['a truncated file', 'cut.jsonl', [APPEND, APPENDED.slice(0, 30)], ':2:'],
    ['a finish without a start', 'orphan.jsonl', [APPENDED], ':1:'],
  ])('exits 3 and names the line of %s', async (_, name, lines, where) => {
    const { code, stderr } = await tailrace('check', file(name, ...lines));
    expect(code).toBe(3);
    expect(stderr).toContain(`${name}${where}`);
  });

  test('refuses a directory and a missing file with the reason', async () => {
    expect(await tailrace('check', folder)).toMatchObject({ code: 3, stderr: expect.stringContaining('directory') });
    expect(await tailrace('check', join(folder, 'nowhere'))).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('no such file'),
    });
  });

  test('keeps a hash of 2^64-1 exact', async () => {
    const max = APPEND.replace('[7]', '[18446744073709551615]');
    const over = APPEND.replace('[7]', '[18446744073709551616]');
    expect(await tailrace('check', file('max.jsonl', max, APPENDED, ''))).toMatchObject({ code: 0 });
    expect(await tailrace('check', file('over.jsonl', over, APPENDED, ''))).toMatchObject({ code: 3 });
  });
});

describe.concurrent('sim', () => {
  test('run prints verdict and trace and writes a page; repro prints the same trace', async () => {
    const run = await tailrace('sim', 'run', '--seed', '7', '--profile', 'failover', '--ops', '15');
    expect(run.code).toBe(0);
    const trace = /trace\s+([0-9a-f]{16})/.exec(run.stdout)?.[1];
    expect(trace).toBeDefined();
    expect(readFileSync(join(folder, /page\s+(\S+)/.exec(run.stdout)?.[1] as string), 'utf8')).toContain(
      '<!doctype html>',
    );
    const again = await tailrace('sim', 'repro', '--seed', '7', '--profile', 'failover', '--ops', '15');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(`trace    ${trace}`) });
  });

  test('the run of a sweep that was given a size is named with it', async () => {
    const same = await tailrace('sim', 'diff', '7/failover', '7/failover', '--ops', '15');
    expect(same).toMatchObject({ code: 0, stdout: 'the runs are the same\n' });
    const small = await tailrace('sim', 'shrink', '7/failover', '--ops', '1');
    expect(small).toMatchObject({ code: 3, stderr: expect.stringContaining('passes') });
  });

  test('sweep ends with a summary and a page', async () => {
    const sweep = await tailrace('sim', 'sweep', '--seeds', '0..9', '--ops', '4', '--jobs', '2');
    expect(sweep.code).toBe(0);
    expect(sweep.stdout).toContain('ok  9 seeds');
    const page = readFileSync(join(folder, /page: (\S+)/.exec(sweep.stdout)?.[1] as string), 'utf8');
    expect(page).toContain('<!doctype html>');
  });

  test('two shards of a sweep share the work and repeat nothing', async () => {
    const shards = await Promise.all(
      ['0/2', '1/2'].map((shard) =>
        tailrace(
          'sim',
          'sweep',
          '--seeds',
          '0..9',
          '--ops',
          '3',
          '--profile',
          'quiet',
          '--shard',
          shard,
          '--jobs',
          '1',
          '--out',
          `shard-${shard[0]}`,
        ),
      ),
    );
    expect(shards.map(({ stdout }) => /ok {2}(\d) seeds/.exec(stdout)?.[1])).toEqual(['5', '4']);
  });

  // A small run: nightly a fresh one of full size.
  test('meta finds the same bytes in every circumstance', { timeout: 120_000 }, async () => {
    const small = ['--clients', '2', '--ops', '3', '--other-seeds', '3'];
    const { code, stdout } = await tailrace('sim', 'meta', '--seed', '11', '--profile', 'swarm', ...small);
    expect(stdout).not.toContain('DIFFERENT');
    expect(stdout.match(/equal/g)?.length).toBeGreaterThanOrEqual(7);
    expect(code).toBe(0);
  });

  test.each([
    [['sim', 'run'], '--seed'],
    [['sim', 'sweep'], '--seeds'],
    [['sim', 'run', '--seed', '1', '--profile', 'nice'], 'quiet, lossy'],
    [['sim', 'sweep', '--seeds', '5..5'], 'A < B'],
    [['sim', 'sweep', '--time', '5 minutes'], '30s'],
  ])('%j is refused with what was expected', async (args, expected) => {
    const { code, stderr } = await tailrace(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
  });

  test('probes refuses what is not the record of a sweep', async () => {
    const { code, stderr } = await tailrace('sim', 'probes', file('cut-sweep.json', '{"format":"tailrace-sw'));
    expect(code).toBe(3);
    expect(stderr).toContain('not whole JSON');
    const empty = await tailrace('sim', 'probes', file('empty-sweep.json', '{"format":"tailrace-sweep/1"}'));
    expect(empty).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: .*: scenario is missing\n$/) });
  });

  test('a folder that can not be written is named in one line', async () => {
    const { code, stderr } = await tailrace('sim', 'run', '--seed', '1', '--ops', '2', '--out', join(PROGRAM, 'x'));
    expect(code).toBe(3);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe.concurrent('a case', () => {
  const kept = JSON.parse(readFileSync(new URL('../corpus/stale-tail.simcase', import.meta.url), 'utf8')) as Simcase;
  const changed = (name: string, change: Partial<Simcase>): string =>
    file(name, JSON.stringify({ ...kept, ...change }));

  test('of a wrong engine is not repeated by the right one, which says where it is', async () => {
    const { catches: _, ...found } = {
      ...kept,
      plant: 'stale-tail',
      expect: { ...kept.expect, traceHash: '', verdict: 'x' },
    };
    const path = file('wrong.simcase', JSON.stringify(found));
    const there = (command: string) => expect.stringContaining(`node .plants/stale-tail.mjs sim ${command} ${path}`);
    expect(await tailrace('sim', 'repro', path)).toMatchObject({ code: 2, stdout: there('repro') });
    expect(await tailrace('sim', 'explain', path)).toMatchObject({ code: 3, stderr: there('explain') });
  });

  test('in which nothing goes wrong any more is stale, though its verdict is the one that was expected', async () => {
    const repro = await tailrace('sim', 'repro', changed('dull.simcase', { lively: [] }));
    expect(repro).toMatchObject({ code: 2, stdout: expect.stringMatching(/dark [^]*stale: /) });
  });

  test('that no wrong engine fails is not kept', async () => {
    const { code, stderr } = await tailrace('sim', 'keep', changed('any.simcase', {}), 'kept.simcase', '--notes', 'n');
    expect([code, stderr]).toEqual([3, expect.stringContaining('no .plants/stale-tail.mjs: npm run plants')]);
  });
});

describe.concurrent('bad arguments', () => {
  test.each([
    [['check']],
    [['check', 'a.jsonl', '--bogus']],
    [['report']],
    [['record', '--ops', 'many']],
    [['record', '--transport', 'pigeon']],
    [['sim', 'dance']],
    [['sim', 'repro']],
    [['sim', 'repro', 'none.simcase']],
    [['sim', 'shrink']],
    [['sim', 'shrink', 'none.simcase']],
    [['sim', 'explain', 'mycase']],
    [['sim', 'repro', '--seed', '7/quiet']],
    [['sim', 'repro', 'case.simcase', '--seed', '7']],
    [['create-basin', 'My']],
    [['serve', '--port', '70000']],
    [['serve', '--max-body-bytes', 'much']],
    [['serve', '--log-format', 'yaml']],
    [['serve', '--bogus']],
    [['store', 'ls']],
    [['store', 'verify', 'memory:']],
    [['dance']],
  ] as const)('%j exits 2 and never like a violation', async (args) => {
    const { code, stderr } = await tailrace(...args);
    expect(code).toBe(2);
    expect(stderr).toContain('error:');
  });
});

test('record finds out before it begins that its file can not be written', async () => {
  const where = ['--endpoint', 'http://127.0.0.1:1', '--basin', 'my-basin', '--stream', 's'];
  const { code, stderr } = await tailrace('record', ...where, '-o', join(folder, 'nowhere', 'h.jsonl'));
  expect(code).toBe(3);
  expect(stderr).toContain('can not be written');
});

test('record may go on with a stream that has a fencing token, by requests and in sessions, in either format', async () => {
  const server = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const endpoint = await new Promise<string>((resolve) => {
      server.stdout.on('data', (banner: Buffer) => {
        const url = /http:\/\/127\.0\.0\.1:\d+/.exec(banner.toString())?.[0];
        if (url !== undefined) resolve(url);
      });
    });
    const where = ['--endpoint', endpoint, '--basin', 'my-basin', '--stream', 's', '--workflow', 'fencing'];
    for (const [history, ...how] of [
      ['first.jsonl'],
      ['second.jsonl', '--session'],
      ['third.ext.jsonl', '--session', '--transport', 's2s'],
    ] as [string, ...string[]][]) {
      const recorded = await tailrace('record', ...where, ...how, '--clients', '2', '--ops', '20', '-o', history);
      expect(recorded).toMatchObject({ code: 0, stdout: expect.stringMatching(/\((?!0)\d+ appends durable/) });
      expect(await tailrace('check', history)).toMatchObject({ code: 0, stdout: expect.stringContaining('OK') });
      const isOurs = readFileSync(join(folder, history), 'utf8').includes('ReadPartSuccess');
      expect(isOurs).toBe(history === 'third.ext.jsonl');
      expect(await tailrace('report', history)).toMatchObject({ code: 0 });
    }
  } finally {
    server.kill('SIGKILL');
  }
});

test('report refuses a record that was cut off', async () => {
  const cut = file('run-cut.json', '{"format":"tailrace-run/1","seed":');
  expect(await tailrace('report', cut)).toMatchObject({ code: 3, stderr: expect.stringContaining('not whole JSON') });
});

test('report makes a page of a bare history', async () => {
  const { code, stdout } = await tailrace('report', file('page.jsonl', APPEND, APPENDED, CHECK, TAIL_0, ''));
  expect(code).toBe(0);
  expect(readFileSync(/page: (\S+)/.exec(stdout)?.[1] as string, 'utf8')).toContain('stale');
});

test('record says in one line why nothing was recorded', { timeout: 120_000 }, async () => {
  const { code, stderr } = await tailrace(
    'record',
    '--endpoint',
    'http://127.0.0.1:1',
    '--basin',
    'my-basin',
    '--stream',
    's',
    '-o',
    'none.jsonl',
  );
  expect(code).toBe(3);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
