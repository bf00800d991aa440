/**
 * The log itself, by position: which append wrote which records, what nobody acknowledged and who may have filled it, and
 * under which fencing token.
 *
 * Pure. Holes are what later appends or reads prove to be there although no acknowledged append covers it. Tiles that claim
 * the same positions lie in rows of their own: two in one place are a violation to be seen.
 */

import type { Operation } from './operations.ts';

export interface LogTile {
  start: number;
  end: number;
  operation: number;
  /** 0, or more where another tile claims the same positions. */
  row: number;
  /** Whether the place is what the checker's order implies, not what was acknowledged. */
  isImplied: boolean;
}

interface LogHole {
  start: number;
  end: number;
  /** Appends of unknown outcome that would fit into it. */
  candidates: readonly number[];
}

export interface LogTiles {
  /** By start. */
  tiles: readonly LogTile[];
  rowCount: number;
  holes: readonly LogHole[];
  /** Tokens in force, by the position from which on; the first is the empty one. */
  tokens: readonly { from: number; token: string; operation: number | null }[];
  /** Largest tail anybody reported. */
  tail: number;
}

/** More rows than this are not worth drawing. */
const ROWS_MAX = 4;
/** Of a hole, so many appends are named. */
const CANDIDATES_MAX = 8;

export function logTilesOf(operations: readonly Operation[], unknownPlaces: ReadonlyMap<number, number>): LogTiles {
  const tiles = tilesOf(operations, unknownPlaces);
  const tail = operations.reduce((largest, { endSeqNum }) => Math.max(largest, endSeqNum ?? 0), 0);
  return {
    tiles,
    rowCount: tiles.reduce((count, { row }) => Math.max(count, row + 1), 1),
    holes: holesOf(operations, tiles, tail),
    tokens: tokensOf(operations, tiles),
    tail,
  };
}

function tilesOf(operations: readonly Operation[], unknownPlaces: ReadonlyMap<number, number>): LogTile[] {
  const placed = operations.flatMap(({ kind, startSeqNum, endSeqNum, recordCount }, operation) => {
    if (kind !== 'append') return [];
    const implied = unknownPlaces.get(operation);
    if (startSeqNum !== null && endSeqNum !== null)
      return { start: startSeqNum, end: endSeqNum, operation, row: 0, isImplied: false };
    return implied === undefined
      ? []
      : { start: implied, end: implied + recordCount, operation, row: 0, isImplied: true };
  });
  placed.sort((a, b) => a.start - b.start || a.operation - b.operation);
  const ends: number[] = [];
  for (const tile of placed) {
    const free = ends.findIndex((end) => end <= tile.start);
    tile.row = free === -1 ? Math.min(ends.length, ROWS_MAX - 1) : free;
    ends[tile.row] = Math.max(ends[tile.row] ?? 0, tile.end);
  }
  return placed;
}

function holesOf(operations: readonly Operation[], tiles: readonly LogTile[], tail: number): LogHole[] {
  const holes: LogHole[] = [];
  const unplaced = new Set(operations.keys());
  for (const { operation } of tiles) unplaced.delete(operation);
  const unknown = [...unplaced].filter((index) => operations[index]?.outcome === 'unknown');
  const add = (start: number, end: number): void => {
    const fits = (index: number): boolean => (operations[index]?.recordCount ?? 0) <= end - start;
    if (end > start) holes.push({ start, end, candidates: unknown.filter(fits).slice(0, CANDIDATES_MAX) });
  };
  let covered = 0;
  for (const { start, end } of tiles) {
    add(covered, start);
    covered = Math.max(covered, end);
  }
  add(covered, tail);
  return holes;
}

function tokensOf(operations: readonly Operation[], tiles: readonly LogTile[]): LogTiles['tokens'] {
  const tokens: { from: number; token: string; operation: number | null }[] = [{ from: 0, token: '', operation: null }];
  for (const { end, operation } of tiles) {
    const token = operations[operation]?.setFencingToken;
    if (token !== null && token !== undefined) tokens.push({ from: end, token, operation });
  }
  return tokens;
}
