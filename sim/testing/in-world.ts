/** Builders for tests: worlds with every option defaulted, programs that hand back what they saw. */

import type { HttpHandler, HttpRequest, HttpResponse } from '../../engine/ports.ts';
import { QUIET, World, type FaultSettings, type HostPorts, type WorldOptions } from '../index.ts';

export function worldWith(faults: Partial<FaultSettings> = {}, options: Partial<WorldOptions> = {}): World {
  return new World({ seed: '1', profile: 'test', faults: { ...QUIET, ...faults }, ...options });
}

/** Runs `script` as the program of a client host and resolves with what it returned. Throws if the run failed. */
export async function inHost<T>(world: World, name: string, script: (ports: HostPorts) => Promise<T>): Promise<T> {
  const results: T[] = [];
  world.host(name, { role: 'client' }).start(async (ports) => void results.push(await script(ports)));
  const end = await world.run(() => results.length > 0);
  if (results.length === 0) throw new Error(`the script ended with ${end}: ${world.failure?.message ?? 'no failure'}`);
  return results[0]!;
}

/** Starts a server host that answers with `handler` at `<name>:80`. */
export async function serve(world: World, name: string, handler: HttpHandler): Promise<void> {
  let isServing = false;
  world.host(name).start(async ({ network }) => {
    await network.serve(`${name}:80`, handler);
    isServing = true;
  });
  await world.run(() => isServing);
}

export function request(target: string, fields: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'POST', target, headers: new Map(), body: chunks(), ...fields };
}

export async function* chunks(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield bytes(part);
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function ok(body: string): HttpResponse {
  return { status: 200, headers: new Map(), body: bytes(body) };
}

export async function textOf(body: HttpResponse['body'] | HttpRequest['body']): Promise<string> {
  const decoder = new TextDecoder();
  if (body instanceof Uint8Array) return decoder.decode(body);
  let text = '';
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text;
}

/** How a call ended, as one word: the text of the response, or `code sent` / `code unsent`. */
export async function outcomeOf(call: Promise<HttpResponse>): Promise<string> {
  try {
    return await textOf((await call).body);
  } catch (error) {
    const { code, sent } = error as { code?: string; sent?: boolean };
    if (code === undefined) throw error;
    return `${code} ${sent === true ? 'sent' : 'unsent'}`;
  }
}
