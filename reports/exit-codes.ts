/**
 * What an exit code of a server says, in the words of the operator's manual: a bare number explains nothing on a page. Pure.
 */

import type { TrackSpan } from '../scenarios/run.ts';

const EXITS: Readonly<Record<string, { word: string; detail: string }>> = {
  '0': { word: 'stopped', detail: 'it was asked to stop and did' },
  '3': { word: 'store refused', detail: 'the store refused for good, is damaged, or is not one of ours' },
  '4': { word: 'fenced', detail: 'another server has taken over, so that this one ended itself' },
};

/** `exit 4` as `exit 4 (fenced)`, with a sentence where it had none; all else, and codes nobody knows, as they are. */
export function withExitWord(span: TrackSpan): TrackSpan {
  const exit = EXITS[/^exit (\d+)$/.exec(span.label)?.[1] ?? ''];
  if (exit === undefined) return span;
  return { ...span, label: `${span.label} (${exit.word})`, detail: span.detail ?? exit.detail };
}
