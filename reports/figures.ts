/**
 * Numbers as people read them. Never the machine's locale: the same figure has the same bytes everywhere.
 */

/** `1234567` → `1,234,567`; fractions keep at most three digits. */
export function formatNumber(value: number): string {
  const [whole = '0', fraction = ''] = trimmed(Math.abs(value).toFixed(3)).split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  const sign = value < 0 && (whole !== '0' || fraction !== '') ? '−' : '';
  return sign + grouped + (fraction === '' ? '' : `.${fraction}`);
}

/** `1 run`, `2 runs`. Regular plurals only; pass the plural otherwise. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(count)} ${count === 1 ? noun : plural}`;
}

/** A length of time in the largest unit that keeps it readable: `850 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 10) return `${trimmed(ms.toFixed(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${trimmed((ms / 1000).toFixed(1))} s`;
  const totalSeconds = Math.round(ms / 1000);
  const hours = Math.floor(totalSeconds / 3600);
  const minutes = Math.floor(totalSeconds / 60) % 60;
  const seconds = totalSeconds % 60;
  if (hours >= 48) return `${formatNumber(Math.round(hours / 24))} days`;
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
}

/** A share of a whole in per cent; tiny and nearly full shares never round to 0 % or 100 %. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  if (part === whole) return '100 %';
  const percent = (part / whole) * 100;
  if (percent < 0.1) return '< 0.1 %';
  if (percent > 99.9) return '> 99.9 %';
  return `${trimmed(percent.toFixed(1))} %`;
}

function trimmed(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}
