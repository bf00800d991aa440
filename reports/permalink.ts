/**
 * What a person looks at, as the part of the address behind `#`: `op-42&scale=warped&view=1200..1450&hide=read`.
 *
 * Pure. Reading what was written gives the same back; what makes no sense is left out, so that an old link still opens.
 */

import type { ScaleMode } from './time-scale.ts';

export interface Outlook {
  /** The operation that is pinned, by its id. */
  opId: number | null;
  /** Something else that is pinned: panel and number in it. */
  pin: string | null;
  scale: ScaleMode | null;
  /** First and last value on the time axis; null for the whole run. */
  view: readonly [number, number] | null;
  /** Kinds and outcomes that are hidden. */
  hidden: readonly string[];
  find: string;
  /** Where the time slider stands, in events; null when it is off. */
  at: number | null;
}

export const NO_OUTLOOK: Outlook = { opId: null, pin: null, scale: null, view: null, hidden: [], find: '', at: null };

const SCALES: readonly ScaleMode[] = ['ms', 'warped', 'event'];

/** Without the `#`; empty when there is nothing to say. */
export function formatOutlook({ opId, pin, scale, view, hidden, find, at }: Outlook): string {
  const parts: string[] = [];
  if (opId !== null) parts.push(`op-${opId}`);
  if (pin !== null) parts.push(`pin=${encodeURIComponent(pin)}`);
  if (scale !== null) parts.push(`scale=${scale}`);
  if (view !== null) parts.push(`view=${view.map(rounded).join('..')}`);
  if (hidden.length > 0) parts.push(`hide=${hidden.map(encodeURIComponent).join(',')}`);
  if (find !== '') parts.push(`find=${encodeURIComponent(find)}`);
  if (at !== null) parts.push(`at=${at}`);
  return parts.join('&');
}

/** With or without the `#`. */
export function parseOutlook(hash: string): Outlook {
  const parts = hash.replace(/^#/, '').split('&');
  const opId = /^op-(\d+)$/.exec(parts.find((part) => part.startsWith('op-')) ?? '')?.[1];
  const value = (name: string): string | null => {
    const found = parts.find((part) => part.startsWith(`${name}=`));
    return found === undefined ? null : decoded(found.slice(name.length + 1));
  };
  const at = value('at');
  return {
    opId: opId === undefined ? null : Number(opId),
    pin: value('pin'),
    scale: SCALES.find((scale) => scale === value('scale')) ?? null,
    view: viewOf(value('view')),
    hidden: (value('hide') ?? '').split(',').filter((name) => name !== ''),
    find: value('find') ?? '',
    at: at !== null && /^\d+$/.test(at) ? Number(at) : null,
  };
}

function viewOf(text: string | null): [number, number] | null {
  const [from, until] = (text ?? '').split('..').map(Number);
  if (from === undefined || until === undefined || !(until > from)) return null;
  return [from, until];
}

function rounded(value: number): string {
  return String(Number(value.toFixed(3)));
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // A link that was cut off in the middle of a letter.
  }
}
