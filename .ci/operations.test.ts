/** docs/OPERATIONS.md is what operators go by, so its tables are the program's: flags, metrics, log fields, exit codes. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

import { LogLines } from '../engine/adapters/log-lines.ts';
import { LogTelemetry } from '../engine/adapters/log-telemetry.ts';
import { Metrics } from '../engine/adapters/metrics.ts';
import { EXIT } from '../engine/main.ts';
import { serveCommand } from '../scenarios/cli/serve.ts';

const page = readFileSync(fileURLToPath(new URL('../docs/OPERATIONS.md', import.meta.url)), 'utf8');

/** Cells of the rows of the table with this heading, without marks. */
function table(heading: string): string[][] {
  const lines = page
    .slice(page.indexOf(`\n| ${heading} `))
    .trimStart()
    .split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  );
}

test('every flag of serve is there with its variable and its default, and no other', () => {
  const options = serveCommand().options.map(({ long, envVar, defaultValue, defaultValueDescription: shown }) => {
    const none = defaultValue === undefined || long?.startsWith('--no-') === true;
    return [long, envVar, none ? '' : (shown ?? String(defaultValue))];
  });
  const documented = table('flag').map(([flag, variable, value]) => [
    flag,
    variable,
    flag === '--flush-ms' ? '' : value,
  ]);
  expect(documented).toEqual(options);
});

test('every metric of ours is there with its type, and no other', async () => {
  const metrics = new Metrics(() => ({ connections: 0, requests: 0, bodyBytes: 0, unsentBytes: 0, engine: null }));
  const { text } = await metrics.exposition();
  metrics.stop();
  const types = [...text.matchAll(/^# TYPE ((?:s2|tailrace)_\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  expect(types.length).toBeGreaterThan(15);
  expect(new Set(table('metric').map(([name, type]) => `${name} ${type}`))).toEqual(new Set(types));
});

test('every field of a log line is there, and no other', () => {
  const fields = new Set<string>();
  const write = (line: string): void => Object.keys(JSON.parse(line) as object).forEach((field) => fields.add(field));
  const lines = new LogLines({ format: 'json', write });
  const telemetry = new LogTelemetry(lines, 'everything');
  telemetry.event('log.fenced', 7);
  const request = { id: '1', method: 'GET', target: '/', protocol: 'h2', status: 200, cut: false } as const;
  telemetry.request({ ...request, isSession: false, durationMs: 1 });
  // What the program says itself (`adapters/voice.ts`).
  for (const said of ['message', 'details']) fields.add(said);
  expect(new Set(table('field').flatMap(([names]) => names?.split(', ')))).toEqual(fields);
});

test('every exit code is there', () => {
  const codes = table('code').flatMap(([code]) => code?.split(', ').map(Number));
  expect(codes).toEqual([...Object.values(EXIT), 128 + 2, 128 + 15]);
});
