/**
 * Labels of tracks that explain nothing by themselves, explained: exit codes of a server in the words of the operator's
 * manual, and damage by what it is done to. Pure.
 */

import type { TrackSpan } from '../scenarios/run.ts';

const EXITS: Readonly<Record<string, { word: string; detail: string }>> = {
  '0': { word: 'stopped', detail: 'it was asked to stop and did' },
  '3': { word: 'store refused', detail: 'the store refused for good, is damaged, or is not one of ours' },
  '4': { word: 'fenced', detail: 'another server has taken over, so that this one ended itself' },
};

const DAMAGE = 'the store keeps other bytes under this name than were written, until a sound copy is put back';

/** All that needs no explanation, and codes that nobody knows, are left as they are. */
export function inPlainWords(span: TrackSpan): TrackSpan {
  const damaged = /^damage (\S+)$/.exec(span.label)?.[1];
  if (damaged === undefined) return withExitWord(span);
  return { ...span, label: `object ${damaged} is damaged`, detail: span.detail ?? DAMAGE };
}

/** `exit 4` as `exit 4 (fenced)`, with a sentence where it had none. */
function withExitWord(span: TrackSpan): TrackSpan {
  const exit = EXITS[/^exit (\d+)$/.exec(span.label)?.[1] ?? ''];
  if (exit === undefined) return span;
  return { ...span, label: `${span.label} (${exit.word})`, detail: span.detail ?? exit.detail };
}
