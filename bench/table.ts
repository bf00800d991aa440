/**
 * What a benchmark reports, and how it is printed: a measured value, the floor of the same run it is held against, the
 * ratio of the two, and the goal. A row without a goal is information; a row with one says met or missed.
 */

export interface Row {
  what: string;
  value: number;
  unit: string;
  /** The bare cost of the same work, measured in the same run, in the same unit. */
  floor?: { what: string; value: number };
  /** `of` says what the bound applies to: the value, or the ratio of value to floor. */
  goal?: { of: 'value' | 'ratio'; bound: 'at least' | 'at most'; than: number };
}

const HEADINGS = ['what', 'value', 'unit', 'floor', 'ratio', 'goal', 'verdict', 'the floor is'];
/** Columns of numbers, aligned at their right edge. */
const RIGHT = new Set([1, 3, 4]);

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** A markdown table that reads well as plain text too. */
export function formatTable(rows: readonly Row[]): string {
  const lines = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  const shown = lines.map((cells) => lineOf(cells.map((cell, column) => padded(cell, column, widths[column]!))));
  const rule = lineOf(
    widths.map((width, column) => (RIGHT.has(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))),
  );
  return `${[shown[0], rule, ...shown.slice(1)].join('\n')}\n`;
}

function cellsOf(row: Row): string[] {
  return [
    row.what,
    numeral(row.value),
    row.unit,
    row.floor === undefined ? '' : numeral(row.floor.value),
    row.floor === undefined ? '' : (row.value / row.floor.value).toFixed(2),
    row.goal === undefined ? '' : goalText(row),
    row.goal === undefined ? '' : isMet(row) ? 'met' : 'MISSED',
    row.floor?.what ?? '',
  ];
}

function goalText({ goal, unit }: Row): string {
  if (goal === undefined) return '';
  const sign = goal.bound === 'at least' ? '>=' : '<=';
  return goal.of === 'ratio' ? `ratio ${sign} ${goal.than}` : `${sign} ${numeral(goal.than)} ${unit}`;
}

export function isMet({ value, floor, goal }: Row): boolean {
  if (goal === undefined) return true;
  const measured = goal.of === 'ratio' ? value / (floor?.value ?? Number.NaN) : value;
  return goal.bound === 'at least' ? measured >= goal.than : measured <= goal.than;
}

function numeral(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function padded(cell: string, column: number, width: number): string {
  return RIGHT.has(column) ? cell.padStart(width) : cell.padEnd(width);
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
