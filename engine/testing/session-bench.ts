/** Sessions on the wire for tests: request bodies that are fed, responses that are listened to. */

import { FrameDecoder } from '../api/s2s-frames.ts';
import type { HttpResponse } from '../ports.ts';

/** A request body that is fed piece by piece. */
export class Feed {
  readonly #chunks: (Uint8Array | null | Error)[] = [];
  #wake: () => void = () => undefined;

  push(chunk: Uint8Array): void {
    this.#add(chunk);
  }

  end(): void {
    this.#add(null);
  }

  reset(): void {
    this.#add(new Error('reset'));
  }

  #add(chunk: Uint8Array | null | Error): void {
    this.#chunks.push(chunk);
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) await new Promise<void>((wake) => (this.#wake = wake));
      else if (chunk === null) return;
      else if (chunk instanceof Error) throw chunk;
      else yield chunk;
    }
  }
}

/** Reads a response in the background; `text` is what came so far, `frames` the same taken apart. */
export function listen(response: HttpResponse) {
  if (response.body instanceof Uint8Array) throw new Error(new TextDecoder().decode(response.body));
  const { body } = response;
  const chunks: Uint8Array[] = [];
  let ended: boolean | 'broken' = false;
  void (async () => {
    for await (const chunk of body) chunks.push(chunk);
    ended = true;
  })().catch(() => (ended = 'broken'));
  return {
    /** True after a regular end. */
    ended: () => ended,
    text: () => Buffer.concat(chunks).toString(),
    frames: () => {
      const decoder = new FrameDecoder();
      decoder.push(new Uint8Array(Buffer.concat(chunks)));
      const frames = [];
      for (let frame = decoder.next(); frame !== null; frame = decoder.next()) {
        if (frame.kind === 'message') frames.push(Buffer.from(frame.payload).toString('hex'));
        else frames.push([frame.status, JSON.parse(Buffer.from(frame.body).toString())]);
      }
      return frames;
    },
  };
}
