/**
 * What travelled between hosts, packed: messages, and calls of the store as a request that takes effect and an answer that
 * comes back. Pure; microseconds inside, milliseconds outside.
 */

import type { TrackMessage, TrackSpan } from '../scenarios/run.ts';
import { ColumnReader, ColumnWriter } from './columns.ts';
import { joinNote, splitNote } from './note-templates.ts';

export interface Message {
  sentMs: number;
  /** Null when it never arrived. */
  arrivedMs: number | null;
  from: string;
  to: string;
  label: string;
}

export interface PackedMessages {
  count: number;
  hosts: readonly string[];
  /** Templates: labels differ in their numbers. */
  labels: readonly string[];
  columns: string;
}

const STORE = 'store';
const US_PER_MS = 1000;

/** Both kinds together, by the moment they were sent. */
export function messagesOf(sent: readonly TrackMessage[], spans: readonly TrackSpan[]): Message[] {
  const messages = sent.map(([sentMs, arrivedMs, from, to, label]): Message => ({
    ...{ sentMs, from, to, label },
    arrivedMs: arrivedMs < 0 ? null : arrivedMs,
  }));
  const calls = spans.filter(({ track, effectsMs }) => track === 'storage' && effectsMs !== undefined);
  return [...messages, ...calls.flatMap(callMessages)].sort((a, b) => a.sentMs - b.sentMs);
}

/** The request arrives when it takes effect; the answer leaves then, and arrives unless the caller never learned. */
function callMessages({ label, startMs, endMs, detail, effectsMs = [] }: TrackSpan): Message[] {
  const host = detail?.split(' ')[0] ?? '';
  const [request = '', outcome] = label.split(': ');
  const requests = effectsMs.map((arrivedMs) => ({
    sentMs: startMs,
    arrivedMs,
    from: host,
    to: STORE,
    label: request,
  }));
  const [first] = effectsMs;
  if (first === undefined || outcome === undefined || outcome === 'unknown' || first > endMs) return requests;
  const answer = { sentMs: first, arrivedMs: endMs, from: STORE, to: host, label: `${request}: ${outcome}` };
  return [...requests, { ...answer, arrivedMs: Math.max(endMs, first) }];
}

export function packMessages(messages: readonly Message[]): PackedMessages {
  const hosts = indexed();
  const labels = indexed();
  const writer = new ColumnWriter();
  let last = 0;
  for (const { sentMs, arrivedMs, from, to, label } of messages) {
    const sent = Math.round(sentMs * US_PER_MS);
    writer.unsigned(sent - last);
    last = sent;
    writer.unsigned(arrivedMs === null ? 0 : 1 + Math.max(0, Math.round(arrivedMs * US_PER_MS) - sent));
    writer.unsigned(hosts.of(from));
    writer.unsigned(hosts.of(to));
    const { template, numbers } = splitNote(label);
    writer.unsigned(labels.of(template));
    writer.unsigned(numbers.length);
    for (const number of numbers) writer.unsigned(number);
  }
  return { count: messages.length, hosts: hosts.all(), labels: labels.all(), columns: writer.text() };
}

export function unpackMessages({ count, hosts, labels, columns }: PackedMessages): Message[] {
  const reader = new ColumnReader(columns);
  let sent = 0;
  return Array.from({ length: count }, () => {
    sent += reader.unsigned();
    const travelled = reader.unsigned();
    const from = hosts[reader.unsigned()] ?? '';
    const to = hosts[reader.unsigned()] ?? '';
    const template = labels[reader.unsigned()] ?? '';
    const numbers = Array.from({ length: reader.unsigned() }, () => reader.unsigned());
    return {
      sentMs: sent / US_PER_MS,
      arrivedMs: travelled === 0 ? null : (sent + travelled - 1) / US_PER_MS,
      ...{ from, to, label: joinNote({ template, numbers }) },
    };
  });
}

/** Names in the order of a person: hosts that serve, then the store, then who calls. */
export function lifelinesOf(messages: readonly Message[]): string[] {
  const names = [...new Set(messages.flatMap(({ from, to }) => [from, to]))];
  const rank = (name: string): number => (name === STORE ? 1 : name.startsWith('node-') ? 0 : 2);
  return names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function indexed(): { of(text: string): number; all(): string[] } {
  const indexes = new Map<string, number>();
  return {
    of: (text) => {
      const known = indexes.get(text);
      if (known !== undefined) return known;
      indexes.set(text, indexes.size);
      return indexes.size - 1;
    },
    all: () => [...indexes.keys()],
  };
}
