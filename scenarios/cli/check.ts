/**
 * `tailrace check FILE`: could this history have happened? Exit 0 ok, 1 violation, 2 undecided or wrongly called, 3 bad input,
 * and 70 where the checker itself failed, which is no word about the history.
 *
 * Without `--model` the file is a history of an S2 stream, or one of Jepsen or Knossos, which is recognised by itself;
 * with one it holds operations of that model.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import type { Findings } from './findings.ts';
import { EXIT_BAD_INPUT, EXIT_USAGE, InputError, EXIT_BUG } from './input-error.ts';
import { mustBeWritable } from './must-be-writable.ts';
import { type Input, inputOf } from './pieces.ts';

const EXIT_VIOLATION = 1;
const EXIT_UNKNOWN = 2;

export interface CheckOptions {
  strictS2?: boolean;
  model?: string;
  initial?: string;
  budget?: number;
  explain?: boolean;
  json?: boolean;
  html?: string;
}

export function checkCommand(): Command {
  return new Command('check')
    .description('check a history: of a stream as S2 writes it, or of another object')
    .argument('<file>', 'history, one event or operation per line; - for standard input')
    .option(
      '--model <name>',
      'what the history is of: stream, register, cas-register, key-value, set, queue, fencing-lock',
    )
    .option('--initial <value>', 'what a register holds at first, as JSON or a word (default: null)')
    .option('--strict-s2', "treat the empty fencing token as S2's model does: as none")
    .option(
      '--budget <steps>',
      'give up after so many steps (default: 20,000,000; for a search on our own format 2,000,000)',
      wholeNumber,
    )
    .option('--explain', 'say more: the guilty operations in full, or the order found')
    .option('--json', 'print the verdict as one line of JSON')
    .option('--html <file>', 'write a page of it too')
    .addHelpText(
      'after',
      '\nExit codes: 0 linearizable, 1 violation, 2 undecided within the budget or wrong arguments, 3 bad input,\n' +
        '70 a bug of tailrace itself, which says nothing about the history.',
    )
    .action(async (file: string, options: CheckOptions) => {
      process.exitCode = await check(file, options);
    });
}

async function check(file: string, options: CheckOptions): Promise<number> {
  try {
    if (options.html !== undefined) mustBeWritable(`--html ${options.html}`, options.html);
    const findings = await judge(file, inputOf(file), options);
    console.log(options.json === true ? JSON.stringify(findings.json) : findings.text);
    if (options.html !== undefined) {
      writeFileSync(options.html, findings.page());
      if (options.json !== true) console.log(`page: ${options.html}`);
    }
    return { ok: 0, illegal: EXIT_VIOLATION, unknown: EXIT_UNKNOWN }[findings.verdict];
  } catch (error) {
    return exitWithout(file, error);
  }
}

/** Says on the error output why there is no verdict. */
function exitWithout(file: string, error: unknown): number {
  if (error instanceof InputError) {
    console.error(error.message);
    return error.exitCode;
  }
  if (error instanceof Error && 'syscall' in error) {
    console.error(`${file}: ${reasonOf(error)}`);
    return EXIT_BAD_INPUT;
  }
  console.error(error);
  console.error(
    `${file}: this is a bug of tailrace and says nothing about the history; please report it with the file`,
  );
  return EXIT_BUG;
}

/** Throws an InputError that says what is wrong with the file, or with the model asked for. */
async function judge(file: string, input: Input, options: CheckOptions): Promise<Findings> {
  const [head = new Uint8Array(0)] = input.pieces();
  const { isOfJepsen } = await import('../../checker/index.ts');
  const isJepsens = isOfJepsen(new TextDecoder().decode(head.subarray(0, 200)));
  const isStream = options.model === 'stream' || (options.model === undefined && !isJepsens);
  if (isStream && isJepsens)
    throw new InputError(`${file}: the file is a history of Jepsen or Knossos, not of a stream; leave --model out`);
  if (isStream && options.initial !== undefined)
    throw new InputError('a stream is empty at first; --initial is for registers', EXIT_USAGE);
  const found = isStream
    ? (await import('./check-stream.ts')).judgeStream(file, input, options)
    : (await import('./check-object.ts')).judgeObject(file, input.whole(), options, isJepsens);
  if (!('refusal' in found)) return found;
  const isOfOperations =
    options.model === undefined && /"(input|call|invoke)"\s*:/.test(new TextDecoder().decode(head.subarray(0, 2_000)));
  throw new InputError(
    found.refusal + (isOfOperations ? ' (for operations of another object than a stream give --model)' : ''),
  );
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number from 1.');
  return value;
}

/** The file's text (`-`: standard input), or null after saying what is wrong. */
export function readInput(file: string): string | null {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    console.error(`${file}: ${reasonOf(error)}`);
    return null;
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file',
    EISDIR: 'this is a directory; give a history file',
    EACCES: 'no permission to read it',
  };
  return reasons[code ?? ''] ?? message;
}
