/** A store that tells how long its calls took and how they ended. It changes nothing about them. */

import type { BlobStore } from '../ports.ts';

/** How a call ended: the kinds of `engine/ports.ts`. `bytes` is what was put or got. */
export interface StoreCall {
  operation: 'put' | 'get' | 'list' | 'delete';
  outcome: 'done' | 'refused' | 'absent' | 'failed' | 'unknown';
  durationMs: number;
  bytes: number;
}

export function measuredStore(inner: BlobStore, onCall: (call: StoreCall) => void): BlobStore {
  async function timed<Outcome extends { kind: string }>(
    operation: StoreCall['operation'],
    call: Promise<Outcome>,
    bytesOf: (outcome: Outcome) => number = () => 0,
  ): Promise<Outcome> {
    const startMs = performance.now();
    const outcome = await call;
    const kind = outcome.kind === 'found' || outcome.kind === 'page' ? 'done' : outcome.kind;
    const durationMs = performance.now() - startMs;
    onCall({ operation, outcome: kind as StoreCall['outcome'], durationMs, bytes: bytesOf(outcome) });
    return outcome;
  }
  const put = (key: string, parts: readonly Uint8Array[], how: 'put' | 'putIfAbsent') => {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    return timed('put', inner[how](key, parts), () => bytes);
  };
  return {
    putIfAbsent: (key, parts) => put(key, parts, 'putIfAbsent'),
    put: (key, parts) => put(key, parts, 'put'),
    get: (key, range) =>
      timed('get', inner.get(key, range), (outcome) => (outcome.kind === 'found' ? outcome.bytes.length : 0)),
    list: (prefix, after, limit) => timed('list', inner.list(prefix, after, limit)),
    delete: (keys) => timed('delete', inner.delete(keys)),
  };
}
