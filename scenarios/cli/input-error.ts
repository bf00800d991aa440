/**
 * What a person gave that can not be used; the program says the message in one line and exits.
 *
 * Two codes: 2 for how the program was called, the same in every command, and 3 for what it found there, such as a file
 * that is no history or a store that does not answer.
 */

export const EXIT_USAGE = 2;

export const EXIT_BAD_INPUT = 3;

export class InputError extends Error {
  override name = 'InputError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_BAD_INPUT) {
    super(message);
    this.exitCode = exitCode;
  }
}
