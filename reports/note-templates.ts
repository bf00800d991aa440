/**
 * Notes of clients, stored once for all that differ in their numbers only: `3 records from 17` is the template
 * `# records from #` and the numbers 3 and 17. Histories have a note per operation and few ways to say them.
 */

/** Stands for a number in a template; a note that contains it is kept as it is. */
const PLACE = '\u0001';
/** No sign, no leading nought, short enough to be exact. */
const NUMBER = /(?<![\d.])(?:0|[1-9]\d{0,14})(?![\d.])/g;

export interface Note {
  template: string;
  numbers: readonly number[];
}

export function splitNote(text: string): Note {
  if (text.includes(PLACE)) return { template: text, numbers: [] };
  const numbers: number[] = [];
  const template = text.replaceAll(NUMBER, (digits) => {
    numbers.push(Number(digits));
    return PLACE;
  });
  return { template, numbers };
}

export function joinNote({ template, numbers }: Note): string {
  if (numbers.length === 0) return template;
  let next = 0;
  return template.replaceAll(PLACE, () => String(numbers[next++]));
}
