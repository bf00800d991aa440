/**
 * Lines of a byte stream, as bytes: what is appended is what was there, whatever its encoding. A last line without a
 * newline is one too; a carriage return before the newline is not part of a line.
 */

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      pieces.push(chunk.subarray(start, end));
      yield lineOf(pieces);
      pieces = [];
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
  }
  if (pieces.length > 0) yield lineOf(pieces);
}

function lineOf(pieces: Uint8Array[]): Uint8Array {
  const line = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
