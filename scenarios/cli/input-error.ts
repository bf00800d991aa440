/**
 * What a person gave that can not be used; the program says the message in one line and exits.
 *
 * Two codes: 2 for how the program was called, the same in every command, and 3 for what it found there, such as a file
 * that is no history or a store that does not answer. What nobody foresaw is a bug of ours and neither of them.
 */

export const EXIT_USAGE = 2;

export const EXIT_BAD_INPUT = 3;

/** EX_SOFTWARE of sysexits.h. */
export const EXIT_BUG = 70;

export class InputError extends Error {
  override name = 'InputError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_BAD_INPUT) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * What `read` makes of a file that somebody named. Throws an InputError that names the file: with 2 when it can not be read at all,
 * with 3 when it holds something else than it should.
 */
export function readable<Value>(file: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new InputError(`${file}: ${reasonOf(error)}`, isOfTheSystem(error) ? EXIT_USAGE : EXIT_BAD_INPUT);
  }
}

/** What the system says of files, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'what should be its folder is a file',
  EEXIST: 'what should be its folder is a file',
  EISDIR: 'it is a folder',
  EACCES: 'no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
};

export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return isOfTheSystem(error) ? (REASONS[error.code ?? ''] ?? message) : message;
}

function isOfTheSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
