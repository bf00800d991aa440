/** What becomes a log line, and how it looks. */

import { describe, expect, test } from 'vitest';

import { type LogFormat, LogLines } from './log-lines.ts';
import { type LogDetail, LogTelemetry } from './log-telemetry.ts';

function logging(detail: LogDetail, format: LogFormat = 'json') {
  const lines: string[] = [];
  const telemetry = new LogTelemetry(
    new LogLines({ format, write: (line) => void lines.push(line), wallMs: () => 0 }),
    detail,
  );
  return { telemetry, lines };
}

const GOOD = {
  id: '7-1',
  method: 'GET',
  target: '/v1/basins?prefix=secret',
  protocol: 'h2',
  status: 200,
  cut: false,
  isSession: false,
  durationMs: 3.4,
} as const;

describe('events of the engine', () => {
  test('that are notable become one JSON object a line', () => {
    const { telemetry, lines } = logging('notable');
    telemetry.event('append.durable', 1);
    telemetry.event('log.fenced', 'epoch 3\nfrom elsewhere');
    telemetry.event('takeover.started');
    telemetry.event('takeover.replayed-data', 3001);
    expect(lines).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"warn","event":"log.fenced","detail":"epoch 3\\nfrom elsewhere"}',
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"takeover.started"}',
    ]);
  });

  test('become one line of text each, whatever is in them', () => {
    const { telemetry, lines } = logging('notable', 'text');
    telemetry.event('log.fenced', 'epoch 3\nfrom "elsewhere"');
    telemetry.event('takeover.completed', 4);
    expect(lines).toEqual([
      '1970-01-01T00:00:00.000Z warn log.fenced detail="epoch 3\\nfrom \\"elsewhere\\""',
      '1970-01-01T00:00:00.000Z info takeover.completed detail=4',
    ]);
  });

  test('are told all or not at all when asked to', () => {
    for (const [detail, count] of [
      ['nothing', 0],
      ['notable', 0],
      ['requests', 0],
      ['everything', 1],
    ] as const) {
      const { telemetry, lines } = logging(detail);
      telemetry.event('append.durable', 1);
      expect(lines, detail).toHaveLength(count);
    }
  });
});

describe('requests', () => {
  test('that went well are told only when asked for, without their query', () => {
    for (const detail of ['nothing', 'notable'] as const) {
      const { telemetry, lines } = logging(detail);
      telemetry.request(GOOD);
      expect(lines, detail).toEqual([]);
    }
    const { telemetry, lines } = logging('requests', 'text');
    telemetry.request(GOOD);
    expect(lines).toEqual([
      '1970-01-01T00:00:00.000Z info request id=7-1 method=GET path=/v1/basins status=200 cut=false ms=3 protocol=h2',
    ]);
  });

  test('that failed, or that nobody waited for, are notable', () => {
    const { telemetry, lines } = logging('notable');
    telemetry.request({ ...GOOD, status: 500 });
    telemetry.request({ ...GOOD, status: null, cut: true });
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['warn', 'warn']);
  });
});
