/** `tailrace check FILE`: is this history linearizable? Exit 0 ok, 1 violation, 2 unknown, 3 bad input. */

import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';

const EXIT_VIOLATION = 1;
const EXIT_UNKNOWN = 2;
export const EXIT_BAD_INPUT = 3;

export function checkCommand(): Command {
  return new Command('check')
    .description("check a history in the format of S2's verification tool (JSON lines)")
    .argument('<file>', 'history, one event per line; - for standard input')
    .option('--strict-s2', "treat the empty fencing token as S2's model does: as none")
    .option('--html <file>', 'write the history page too')
    .addHelpText('after', '\nExit codes: 0 linearizable, 1 violation, 2 undecided within the budget, 3 bad input.')
    .action(async (file: string, options: { strictS2?: boolean; html?: string }) => {
      process.exitCode = await check(file, options);
    });
}

async function check(file: string, options: { strictS2?: boolean; html?: string }): Promise<number> {
  const { checkStream, describeVerdict, parseHistory } = await import('../../checker/index.ts');
  const text = readInput(file);
  if (text === null) return EXIT_BAD_INPUT;
  const parsed = parseHistory(text);
  if (parsed.kind === 'malformed') {
    console.error(`${file}:${parsed.line}: ${parsed.message}`);
    return EXIT_BAD_INPUT;
  }
  const verdict = checkStream(parsed.history, { strictS2: options.strictS2 === true });
  console.log(describeVerdict(verdict));
  if (options.html !== undefined) {
    const { judgedPage } = await import('../judged-page.ts');
    writeFileSync(options.html, judgedPage(file, parsed.history, verdict));
    console.log(`page: ${options.html}`);
  }
  return { ok: 0, illegal: EXIT_VIOLATION, unknown: EXIT_UNKNOWN }[verdict.verdict];
}

/** The file's text (`-`: standard input), or null after saying what is wrong. */
export function readInput(file: string): string | null {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      {
        ENOENT: 'no such file',
        EISDIR: 'this is a directory; give a history file',
        EACCES: 'no permission to read it',
      }[code ?? ''] ?? (error as Error).message;
    console.error(`${file}: ${reason}`);
    return null;
  }
}
