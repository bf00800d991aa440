/** `tailrace check` of anything but a stream: the general search on one of the shipped models. */

import {
  type CatalogueEntry,
  checkOperations,
  MODELS,
  type Operation,
  parseJepsen,
  parseOperations,
  type PartitionResult,
  readValue,
  type SearchResult,
} from '../../checker/index.ts';
import type { CheckOptions } from './check.ts';
import type { Findings, Refusal } from './findings.ts';
import { EXIT_USAGE, InputError } from './input-error.ts';

const STEPS_MAX = 20_000_000;
const SHOWN_MAX = 12;

type Operations = readonly Operation<never, never>[];

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Throws an InputError when it is asked for a model that there is not, or that cannot begin as it is told to. */
export function judgeObject(
  file: string,
  bytes: Uint8Array,
  options: CheckOptions,
  isJepsens: boolean,
): Findings | Refusal {
  // Whatever the file holds.
  if (options.model !== undefined) entryOf(options.model, options.initial);
  const text = new TextDecoder().decode(bytes);
  const read = isJepsens ? readJepsen(text, options.model) : readPlain(text, options.model ?? '');
  if ('line' in read) return { refusal: `${file}:${read.line}: ${read.message}` };
  if ('refusal' in read) return read;
  const entry = entryOf(read.model, options.initial);
  const result = checkOperations(entry.model, read.operations, { stepsMax: options.budget ?? STEPS_MAX });
  return {
    verdict: result.verdict,
    text: describe(entry, read.model, result, options.explain === true).join('\n'),
    json: jsonOf(file, read, result),
    page: () => pageOf(file, describe(entry, read.model, result, true).join('\n')),
  };
}

/** The model as it is said to begin. */
function entryOf(model: string, initial?: string): CatalogueEntry {
  const wrong = (what: string): InputError => new InputError(what, EXIT_USAGE);
  const known = Object.hasOwn(MODELS, model) ? MODELS[model] : undefined;
  if (known === undefined)
    throw wrong(`there is no model "${model}"; known are stream, ${Object.keys(MODELS).join(', ')}`);
  if (initial === undefined) return known;
  if (known.from === undefined) throw wrong(`a ${model} is empty at first; --initial is for registers`);
  const read = readValue(initial);
  if (read.kind === 'malformed') throw wrong(`--initial: ${read.message}`);
  return { ...known, model: known.from(read.value) };
}

interface Known {
  model: string;
  operations: Operations;
  /** By rank, where operations were told any. */
  stamps: readonly (number | bigint)[] | null;
}

type Read = Known | { line: number; message: string } | Refusal;

function readJepsen(text: string, wanted: string | undefined): Read {
  const parsed = parseJepsen(text);
  if (parsed.kind === 'malformed') return parsed;
  const model = parsed.kind === 'key-value' ? 'key-value' : wanted === 'register' ? wanted : 'cas-register';
  if (wanted !== undefined && wanted !== model)
    return { refusal: `the file is a history of a ${parsed.kind}, not of a ${wanted}` };
  return { model, operations: parsed.operations as Operations, stamps: null };
}

function readPlain(text: string, model: string): Read {
  const parsed = parseOperations(text, entryOf(model));
  return parsed.kind === 'malformed' ? parsed : { model, ...parsed };
}

function describe(entry: CatalogueEntry, model: string, result: SearchResult<never, never>, isLong: boolean): string[] {
  const { verdict, operationCount, partitions, steps } = result;
  if (operationCount === 0) return ['OK  nothing was checked: no operation was answered or can have had an effect'];
  const parts = partitions.length === 1 ? '' : ` in ${partitions.length} parts`;
  if (verdict === 'ok') {
    const orders = isLong ? partitions.flatMap((part) => orderOf(entry, part)) : [];
    return [`OK  ${counted(operationCount, 'operation')} of a ${model}${parts}, linearizable`, ...orders];
  }
  const part = partitions.find((other) => other.verdict === verdict)!;
  const stuck = part.stuck.map(
    ({ operation, reason }) => `    ${lineOf(entry, part, operation)}: ${reason ?? 'illegal'}`,
  );
  const title =
    verdict === 'unknown'
      ? [
          'UNKNOWN  neither proved nor refuted within the budget',
          `  ${counted(steps, 'step')} spent; a larger budget may decide (--budget)`,
        ]
      : [`VIOLATION  no order of the operations of this ${model} explains what the clients saw`];
  return [
    ...title,
    `  the longest legal order${verdict === 'unknown' ? ' found' : ''} has ${part.partialLinearizations[0]?.length ?? 0} of ${counted(part.operations.length, 'operation')}`,
    ...(isLong ? orderOf(entry, part) : orderOf(entry, part).slice(-SHOWN_MAX)),
    verdict === 'unknown' ? '  and there could have come next:' : '  and nothing that could come next fits:',
    ...stuck.slice(0, SHOWN_MAX),
  ];
}

function orderOf(entry: CatalogueEntry, part: PartitionResult<never, never>): string[] {
  return (part.partialLinearizations[0] ?? []).map((operation) => `    ${lineOf(entry, part, operation)}`);
}

function lineOf({ model }: CatalogueEntry, part: PartitionResult<never, never>, index: number): string {
  const { clientId, input, output } = part.operations[index]!;
  return `client ${clientId}: ${model.describeOperation?.(input, output) ?? JSON.stringify({ input, output })}`;
}

function jsonOf(file: string, { model, stamps }: Known, result: SearchResult<never, never>): Record<string, unknown> {
  /** As given; JSON has no infinity, and few readers of it have whole numbers beyond 2^53-1. */
  const stampOf = (time: number): number | string | null => {
    if (time === Number.POSITIVE_INFINITY) return null;
    const given = stamps === null ? time : stamps[time]!;
    return typeof given === 'bigint' ? `${given}` : given;
  };
  const { verdict, steps, operationCount, partitions } = result;
  return {
    file,
    model,
    verdict,
    operations: operationCount,
    steps,
    parts: partitions.map((part) => ({
      verdict: part.verdict,
      operations: part.operations.map((operation) => ({
        ...operation,
        call: stampOf(operation.call),
        return: stampOf(operation.return),
      })),
      partialLinearizations: part.partialLinearizations,
      stuck: part.stuck,
    })),
  };
}

function pageOf(file: string, text: string): string {
  const escaped = (raw: string): string => raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<title>${escaped(file)}</title>`,
    '<style>:root{color-scheme:light dark}body{margin:2rem;font:14px/1.5 ui-monospace,monospace}</style></head>',
    `<body><h1>${escaped(file)}</h1><pre>${escaped(text)}</pre></body></html>`,
    '',
  ].join('\n');
}
