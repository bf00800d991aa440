/**
 * The init file: basins and streams that are there before a server is ready, in the format of S2's own tools
 * (API contract §10). They are ensured: created when they are missing, brought to what the file says when they differ.
 *
 * The file becomes the API requests a client would send, so nothing here knows what a configuration is worth; only
 * durations are words here and seconds there.
 */

import type { HttpHandler, HttpRequest } from '../ports.ts';

/** The file can not be used. One line that names the place. */
export class InitFileError extends Error {
  override name = 'InitFileError';
}

/** One resource to ensure. `name` is for people, `target` and `body` are of the PUT. */
export interface InitStep {
  name: string;
  basin: string | null;
  target: string;
  body: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Throws an InitFileError. */
export function parseInitFile(text: string): InitStep[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new InitFileError(`it is not JSON: ${(error as Error).message.split('\n')[0]}`);
  }
  const file = object(parsed, 'the file', ['$schema', 'basins']);
  const basins = list(file['basins'], '`basins`');
  unique(basins, 'basin');
  return basins.flatMap(basinSteps);
}

/** Sends every step to `api` in turn and says what became of it. Throws an InitFileError for the first that is refused. */
export async function applyInitFile(
  steps: readonly InitStep[],
  api: HttpHandler,
  say: (line: string) => void,
): Promise<void> {
  for (const step of steps) {
    const { status, headers, body } = await api(request(step));
    const result = headers.get('s2-provision-result');
    if (result === undefined || status > 299) {
      const reason = body instanceof Uint8Array ? new TextDecoder().decode(body) : '';
      throw new InitFileError(`${step.name} was refused: ${reason || status}`);
    }
    say(`  ${step.name} (${OUTCOMES.get(result) ?? result})`);
  }
}

const OUTCOMES = new Map([
  ['created', 'created'],
  ['updated', 'config updated'],
  ['noop', 'config unchanged'],
]);

function request({ basin, target, body }: InitStep): HttpRequest {
  const headers = new Map([['content-type', 'application/json']]);
  if (basin !== null) headers.set('s2-basin', basin);
  const bytes = new TextEncoder().encode(body);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return { method: 'PUT', target, headers, body: chunks() };
}

function basinSteps(value: unknown): InitStep[] {
  const basin = object(value, 'a basin', ['name', 'config', 'streams']);
  const name = nameOf(basin, 'a basin');
  const config = basin['config'] === undefined ? {} : { config: basinConfig(basin['config'], name) };
  const streams = basin['streams'] === undefined ? [] : list(basin['streams'], `\`streams\` of ${name}`);
  unique(streams, `stream of ${name}`);
  const step = {
    name: `basin ${name}`,
    basin: null,
    target: `/v1/basins/${encodeURIComponent(name)}`,
    body: JSON.stringify(config),
  };
  return [step, ...streams.map((stream) => streamStep(name, stream))];
}

function streamStep(basin: string, value: unknown): InitStep {
  const stream = object(value, `a stream of ${basin}`, ['name', 'config']);
  const name = nameOf(stream, `a stream of ${basin}`);
  const config = stream['config'] === undefined ? {} : streamConfig(stream['config'], `${basin}/${name}`);
  return {
    name: `stream ${basin}/${name}`,
    basin,
    target: `/v1/streams/${encodeURIComponent(name)}`,
    body: JSON.stringify(config),
  };
}

function basinConfig(value: unknown, where: string): Json {
  const known = ['default_stream_config', 'stream_cipher', 'create_stream_on_append', 'create_stream_on_read'];
  const config = object(value, `the config of ${where}`, known);
  const defaults = config['default_stream_config'];
  if (defaults === undefined || defaults === null) return config;
  return { ...config, default_stream_config: streamConfig(defaults, `the default streams of ${where}`) };
}

function streamConfig(value: unknown, where: string): Json {
  const known = ['storage_class', 'retention_policy', 'timestamping', 'delete_on_empty'];
  const config = object(value, `the config of ${where}`, known);
  const sent: Record<string, unknown> = { ...config };
  const { retention_policy: retention, delete_on_empty: deletion, timestamping } = sent;
  if (typeof timestamping === 'object') object(timestamping, `\`timestamping\` of ${where}`, ['mode', 'uncapped']);
  if (retention !== undefined && retention !== null) {
    sent['retention_policy'] =
      retention === 'infinite' ? { infinite: {} } : { age: seconds(retention, `\`retention_policy\` of ${where}`) };
  }
  if (deletion !== undefined && deletion !== null) {
    const { min_age: minAge } = object(deletion, `\`delete_on_empty\` of ${where}`, ['min_age']);
    sent['delete_on_empty'] = { min_age_secs: seconds(minAge, `\`min_age\` of ${where}`) };
  }
  return sent;
}

/** Seconds of a unit, by every name S2's tools know it by. */
const UNITS = new Map<string, number>(
  Object.entries({
    's sec secs second seconds': 1,
    'm min mins minute minutes': 60,
    'h hr hrs hour hours': 3_600,
    'd day days': 86_400,
    'w week weeks': 7 * 86_400,
    'M month months': 2_630_016,
    'y year years': 31_557_600,
  }).flatMap(([names, unitS]) => names.split(' ').map((name): [string, number] => [name, unitS])),
);

/** `7days`, `1h 30m`. */
function seconds(value: unknown, what: string): number {
  const problem = new InitFileError(`${what} has to be a duration such as "7days" or "1h 30m"`);
  if (typeof value !== 'string' || !/^\s*(\d+\s*[a-zA-Z]+\s*)+$/.test(value)) throw problem;
  let total = 0;
  for (const [, count, unit] of value.matchAll(/(\d+)\s*([a-zA-Z]+)/g)) {
    const unitS = UNITS.get(unit ?? '');
    if (unitS === undefined) throw problem;
    total += Number(count) * unitS;
  }
  return total;
}

/** Unknown keys are refused: a key with a typing error would otherwise say nothing, quietly. */
function object(value: unknown, what: string, known: readonly string[]): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InitFileError(`${what} has to be an object`);
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new InitFileError(`${what} has no \`${unknown}\`; it may have ${known.join(', ')}`);
  return value as Json;
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new InitFileError(`${what} has to be a list`);
  return value;
}

function nameOf({ name }: Json, what: string): string {
  if (typeof name !== 'string' || name === '') throw new InitFileError(`${what} has no \`name\``);
  return name;
}

function unique(items: readonly unknown[], what: string): void {
  const seen = new Set<unknown>();
  for (const item of items) {
    const name = (item as { name?: unknown } | null)?.name;
    if (seen.has(name)) throw new InitFileError(`the ${what} ${JSON.stringify(name)} comes twice`);
    seen.add(name);
  }
}
