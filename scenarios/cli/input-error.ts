/** Input a person gave that can not be used; the program says the message in one line and exits 3. */

export class InputError extends Error {
  override name = 'InputError';
}
