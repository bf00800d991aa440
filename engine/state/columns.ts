/** Columns of packed tables: one typed array per property, one element per row. They only ever grow. */

export type Column = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

/** Copies `old` to the front of `grown`, which is longer, and returns that. */
export function copied<Kind extends Column>(old: Kind, grown: Kind): Kind {
  grown.set(old);
  return grown;
}

/** Bytes of the columns, unused rows included. */
export function bytesOf(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + column.byteLength, 0);
}
