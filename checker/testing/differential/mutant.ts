/** One rule of the checker taken out or bent, as edits of its text. What `find` is must stand there. */

export interface Mutant {
  readonly breaks: string;
  /** On what histories it shows: the state of a stream tells nearly everything that is in a configuration. */
  readonly on: 'streams' | 'registers' | 'key-values' | 'extended';
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}
