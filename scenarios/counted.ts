/** Numbers of things as people write them: `1 seed`, `2 seeds`, `1 process`, `2 processes`. */

export function counted(count: number, noun: string, several = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : several}`;
}
