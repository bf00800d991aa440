/** What `tailrace store …` prints: columns that line up, sizes both exact and readable, and one sentence at the end. */

import type { Amount, DryRun, DryRunObject, Soundness, StoredObject, StoreStatistics } from '../../engine/main.ts';

/** One line per object, then one per kind. */
export function inventoryText(objects: readonly StoredObject[]): string {
  const width = Math.max(5, ...objects.map(({ bytes }) => String(bytes).length));
  const rows = objects.map(({ kind, key, bytes }) => `${kind.padEnd(11)}  ${String(bytes).padStart(width)}  ${key}`);
  const kinds = [...new Set(objects.map(({ kind }) => kind))];
  const ofKind = (kind: string) => amountOf(objects.filter((object) => object.kind === kind));
  const sums = kinds.map((kind) => [kind, amountText(ofKind(kind))] as const);
  const head = `${'KIND'.padEnd(11)}  ${'BYTES'.padStart(width)}  OBJECT`;
  return [head, ...rows, '', ...table([...sums, ['all', amountText(amountOf(objects))]])].join('\n');
}

/** One line per object that a collection would delete, one per reason, and what stays although it looks dead. */
export function dryRunText(plan: DryRun): string {
  if (plan.blocked !== null) return `nothing would be deleted: ${plan.blocked}`;
  const { garbage, kept } = plan;
  if (garbage.length === 0) return ['nothing would be deleted now', ...keptText(kept)].join('\n');
  const reasons = [...new Set(garbage.map(({ why }) => why))];
  const sums = reasons.map((why) => `${amountText(amountOf(garbage.filter((one) => one.why === why)))}: ${why}`);
  const head = `a collection of the owner of epoch ${plan.epoch} would delete ${amountText(amountOf(garbage))}:`;
  return [head, ...objectLines(garbage), '', ...sums, ...keptText(kept)].join('\n');
}

function keptText(kept: readonly DryRunObject[]): string[] {
  return kept.length === 0 ? [] : ['', `stays: ${amountText(amountOf(kept))}`, ...objectLines(kept)];
}

function objectLines(objects: readonly DryRunObject[]): string[] {
  const width = Math.max(...objects.map(({ bytes }) => String(bytes).length));
  return objects.map(({ key, bytes, why }) => `  ${String(bytes).padStart(width)}  ${key}  ${why}`);
}

export function statisticsText(stat: StoreStatistics): string {
  const frames = stat.liveBytes + stat.deadBytes;
  const percent = frames === 0 ? '' : `, ${Math.round((100 * stat.deadBytes) / frames)} % of the records' bytes`;
  return table([
    ['epoch', `${stat.epoch} (${counted(stat.fences, 'fence')})`],
    ['published', stat.published ?? 'nothing yet: a server would read the log from its beginning'],
    ['behind it', `${amountText(stat.behind)} of log that a server would replay`],
    ['streams', String(stat.streams)],
    ['segments', amountText(stat.segments)],
    ['live', bytesText(stat.liveBytes)],
    ['dead', `${bytesText(stat.deadBytes)}${percent}`],
    ['orphans', `${amountText(stat.orphans)} of owners that are gone`],
    ['unsettled', `${amountText(stat.unsettled)} of the present owner that nothing names yet, or any more`],
    ['collectable', `${amountText(stat.collectable)} of log that the checkpoint made unnecessary`],
    ['litter', `${amountText(stat.litter)} of log that a collection left behind`],
    ['all', amountText(stat.all)],
  ]).join('\n');
}

export function soundnessText(where: string, sound: Soundness): string {
  const from = sound.checkpointSlot === null ? 'no checkpoint yet' : `checkpoint of slot ${sound.checkpointSlot}`;
  const parts = [
    `epoch ${sound.epoch}`,
    from,
    counted(sound.pages, 'page'),
    counted(sound.fences, 'fence'),
    `${counted(sound.slots, 'log slot')} behind it`,
    `${counted(sound.segments, 'segment')} (${counted(sound.frames, 'frame')}, ${bytesText(sound.segmentBytes)})`,
  ];
  return `${where} is sound: ${parts.join(', ')}`;
}

function amountOf(objects: readonly { bytes: number }[]): Amount {
  return { objects: objects.length, bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function amountText({ objects, bytes }: Amount): string {
  return `${counted(objects, 'object')}, ${bytesText(bytes)}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function bytesText(bytes: number): string {
  if (bytes < 1024) return counted(bytes, 'byte');
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${['', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  return rows.map(([name, value]) => `${name.padEnd(11)}  ${value}`);
}
