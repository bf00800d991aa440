/**
 * Reads a history file straight into the shape the sweep works on: a million events in about a second.
 *
 * Files as S2's collector and our recorders write them (no spaces, keys in that order) are scanned byte by byte, with no
 * object in between. Whatever is not plain, a line that is malformed above all, makes the exact parser of `jsonl.ts`
 * read the whole file instead; so this one only has to be right about what it accepts.
 */

import { type Operation, type Operations, OperationsBuilder, readOperations } from '../sweep/operations.ts';
import { ByteScanner, ascii } from './byte-scanner.ts';
import { parseHistory } from './jsonl.ts';

export type ReadStream =
  | { kind: 'operations'; operations: Operations }
  /** `line` counts from 1. */
  | { kind: 'malformed'; line: number; message: string };

/** Reads a whole file of UTF-8. */
export function readStream(bytes: Uint8Array): ReadStream {
  return readStreamFrom([bytes], () => bytes);
}

/**
 * The same from pieces of any size, so that a large file need not be in memory at once. `whole` is asked for all of it
 * when it turns out not to be plain. A piece may be changed after the next one was taken.
 */
export function readStreamFrom(pieces: Iterable<Uint8Array>, whole: () => Uint8Array): ReadStream {
  const plain = readPlain(pieces);
  if (plain !== null) return { kind: 'operations', operations: plain };
  const parsed = parseHistory(new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole()));
  return parsed.kind === 'malformed' ? parsed : { kind: 'operations', operations: readOperations(parsed.history) };
}

/** Null when the file is not plain. */
function readPlain(pieces: Iterable<Uint8Array>): Operations | null {
  const reader = new PlainReader();
  try {
    let rest: Uint8Array = new Uint8Array(0);
    for (const piece of pieces) {
      const first = piece.indexOf(NEWLINE) + 1;
      const end = piece.lastIndexOf(NEWLINE) + 1;
      if (end === 0) rest = joined(rest, piece);
      else {
        reader.read(joined(rest, piece.subarray(0, first)));
        reader.read(piece.subarray(first, end));
        rest = piece.slice(end);
      }
    }
    return rest.length === 0 ? reader.finish() : null;
  } catch (error) {
    if (error instanceof NotPlain) return null;
    throw error;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

const NEWLINE = 0x0a;
const CALL = ascii('{"event":{"Start":');
const RETURN = ascii('{"event":{"Finish":');
const READ = ascii('"Read"');
const CHECK_TAIL = ascii('"CheckTail"');
const APPEND = ascii('{"Append":{"num_records":');
const RECORD_HASHES = ascii(',"record_hashes":[');
const SET_TOKEN = ascii('],"set_fencing_token":');
const TOKEN = ascii(',"fencing_token":');
const MATCH = ascii(',"match_seq_num":');
const SUCCESSES = [
  { text: ascii('{"AppendSuccess":{"tail":'), kind: 'append' },
  { text: ascii('{"CheckTailSuccess":{"tail":'), kind: 'check-tail' },
  { text: ascii('{"ReadSuccess":{"tail":'), kind: 'read' },
] as const;
const STREAM_HASH = ascii(',"stream_hash":');
const FAILURES = [
  { text: ascii('"AppendIndefiniteFailure"'), kind: 'append', outcome: 'unknown' },
  { text: ascii('"AppendDefiniteFailure"'), kind: 'append', outcome: 'void' },
  { text: ascii('"ReadFailure"'), kind: 'read', outcome: 'void' },
  { text: ascii('"CheckTailFailure"'), kind: 'check-tail', outcome: 'void' },
] as const;
const CLOSED_TWICE = ascii('}}');
const CLIENT = ascii('},"client_id":');
const OP = ascii(',"op_id":');
const AT_MS = ascii(',"at_ms":');
const NOTE = ascii(',"note":');
const END = ascii('}\n');
const COMMA = ascii(',');
const NULL = ascii('null');
/** Ids above are read by the exact parser. */
const ID_MAX = 1 << 26;

/** A line that is not plain: the exact parser knows what it is. */
class NotPlain extends Error {}

class PlainReader {
  #scan = new ByteScanner(new Uint8Array(0));
  readonly #builder = new OperationsBuilder();
  readonly #openOf: (Operation | undefined)[] = [];
  #usedIds = new Uint8Array(1 << 12);
  // Of the latest line.
  #clientId = 0;
  #opId = 0;

  /** Whole lines. Throws `NotPlain`. */
  read(lines: Uint8Array): void {
    this.#scan = new ByteScanner(lines);
    while (!this.#scan.isAtEnd) this.#line();
  }

  finish(): Operations {
    return this.#builder.finish();
  }

  #line(): void {
    if (this.#scan.takes(CALL)) this.#call();
    else if (this.#scan.takes(RETURN)) this.#return();
    else throw new NotPlain();
  }

  #call(): void {
    if (this.#scan.takes(READ)) return this.#begin('read');
    if (this.#scan.takes(CHECK_TAIL)) return this.#begin('check-tail');
    this.#must(APPEND);
    const count = this.#number();
    const { records } = this.#builder;
    const start = records.count;
    this.#must(RECORD_HASHES);
    do {
      if (!this.#scan.readWord()) throw new NotPlain();
      records.push(this.#scan.hi, this.#scan.lo);
    } while (this.#scan.takes(COMMA));
    if (records.count - start !== count) throw new NotPlain();
    this.#must(SET_TOKEN);
    const setFencingToken = this.#token();
    this.#must(TOKEN);
    const fencingToken = this.#token();
    this.#must(MATCH);
    const matchSeqNum = this.#scan.takes(NULL) ? null : this.#number();
    this.#must(CLOSED_TWICE);
    this.#ids();
    const conditions = { matchSeqNum, fencingToken, setFencingToken };
    this.#openOf[this.#clientId] = this.#builder.append(this.#opId, this.#clientId, start, conditions);
  }

  #begin(kind: 'read' | 'check-tail'): void {
    this.#ids();
    this.#openOf[this.#clientId] = this.#builder.observe(this.#opId, this.#clientId, kind);
  }

  /** Of a call: no id is used twice, and the client has nothing open. */
  #ids(): void {
    this.#tail();
    if (this.#openOf[this.#clientId] !== undefined || this.#isUsed(this.#opId)) throw new NotPlain();
  }

  #return(): void {
    for (const { text, kind } of SUCCESSES) {
      if (!this.#scan.takes(text)) continue;
      const tail = this.#number();
      if (kind === 'read') {
        this.#must(STREAM_HASH);
        if (!this.#scan.readWord()) throw new NotPlain();
      }
      const hi = kind === 'read' ? this.#scan.hi : 0;
      const lo = kind === 'read' ? this.#scan.lo : 0;
      this.#must(CLOSED_TWICE);
      return this.#builder.succeed(this.#close(kind), tail, hi, lo);
    }
    for (const { text, kind, outcome } of FAILURES)
      if (this.#scan.takes(text)) return this.#builder.end(this.#close(kind), outcome);
    throw new NotPlain();
  }

  #close(kind: Operation['kind']): Operation {
    this.#tail();
    const operation = this.#openOf[this.#clientId];
    if (operation === undefined || operation.opId !== this.#opId || operation.kind !== kind) throw new NotPlain();
    this.#openOf[this.#clientId] = undefined;
    return operation;
  }

  /** What stands behind every event. */
  #tail(): void {
    this.#must(CLIENT);
    this.#clientId = this.#number();
    this.#must(OP);
    this.#opId = this.#number();
    if (this.#clientId > ID_MAX || this.#opId > ID_MAX) throw new NotPlain();
    if (this.#scan.takes(END)) return;
    if (this.#scan.takes(AT_MS)) this.#number();
    if (this.#scan.takes(NOTE)) this.#string();
    this.#must(END);
  }

  #token(): string | null {
    return this.#scan.takes(NULL) ? null : this.#string();
  }

  #string(): string {
    const text = this.#scan.readString();
    if (text === null) throw new NotPlain();
    return text;
  }

  #number(): number {
    const value = this.#scan.readNumber();
    if (value === -1) throw new NotPlain();
    return value;
  }

  #must(text: Uint8Array): void {
    if (!this.#scan.takes(text)) throw new NotPlain();
  }

  #isUsed(opId: number): boolean {
    if (opId >= this.#usedIds.length * 8) {
      const larger = new Uint8Array(Math.max(this.#usedIds.length * 2, (opId >>> 3) + 1));
      larger.set(this.#usedIds);
      this.#usedIds = larger;
    }
    const bit = 1 << (opId & 7);
    const isUsed = (this.#usedIds[opId >>> 3]! & bit) !== 0;
    this.#usedIds[opId >>> 3]! |= bit;
    return isUsed;
  }
}
