/**
 * Read sessions: the same events as S2S frames (API contract §5.8) or as server-sent events (§5.7). Whatever is wrong
 * before the first of them is an ordinary response.
 */

import type { ReadEvent } from '../core/outcome.ts';
import type { ReadInput } from '../core/read-plan.ts';
import type { Operations } from '../engine.ts';
import type { Compression, HttpRequest, HttpResponse } from '../ports.ts';
import { rejection, unwritten } from './errors.ts';
import { textFormat } from './format.ts';
import { withKeyToTheEnd } from './headers.ts';
import type { StreamAddress } from './records.ts';
import { streamingResponse } from './response.ts';
import { FrameWriter, SESSION_CONTENT_TYPE } from './s2s-messages.ts';
import { EVENTS_CONTENT_TYPE, EventWriter, lastEventIdHeader, resumedRead } from './sse-events.ts';

type Events = AsyncGenerator<ReadEvent, void>;

export function readFrames(
  engine: Operations,
  at: StreamAddress,
  input: ReadInput,
  request: HttpRequest,
  compression: Compression | null,
): Promise<HttpResponse> {
  const writer = new FrameWriter(request.headers, compression);
  return respond(engine, at, input, request, SESSION_CONTENT_TYPE, (events) => frames(events, writer));
}

/** A client that comes back with `last-event-id` goes on where it stopped. */
export function readEvents(
  engine: Operations,
  at: StreamAddress,
  input: ReadInput,
  request: HttpRequest,
): Promise<HttpResponse> {
  const writer = new EventWriter(textFormat(request.headers));
  const last = lastEventIdHeader(request.headers);
  const rest = last === null ? input : resumedRead(input, last);
  return respond(engine, at, rest, request, EVENTS_CONTENT_TYPE, (events) => serverSent(events, writer));
}

function respond(
  engine: Operations,
  at: StreamAddress,
  input: ReadInput,
  request: HttpRequest,
  contentType: string,
  written: (events: Events) => AsyncGenerator<Uint8Array, void>,
): Promise<HttpResponse> {
  return withKeyToTheEnd(request.headers, async (key) => {
    const opened = await engine.readSession(at.basin, at.stream, input, request.signal, key);
    switch (opened.kind) {
      case 'open':
        return streamingResponse(contentType, written(opened.events));
      case 'unwritten':
        return unwritten(opened.tail);
      case 'rejected':
        return rejection(opened.reason);
    }
  });
}

async function* frames(events: Events, writer: FrameWriter): AsyncGenerator<Uint8Array, void> {
  for await (const event of events) {
    switch (event.kind) {
      case 'batch':
        yield* writer.batch(event.records, event.tail);
        break;
      case 'heartbeat':
        yield writer.heartbeat(event.tail);
        break;
      case 'failed':
        yield writer.error(rejection(event.reason));
    }
  }
}

async function* serverSent(events: Events, writer: EventWriter): AsyncGenerator<Uint8Array, void> {
  for await (const event of events) {
    switch (event.kind) {
      case 'batch':
        yield writer.batch(event.records, event.tail);
        break;
      case 'heartbeat':
        yield writer.ping(event.atMs, event.tail);
        break;
      case 'failed':
        // No mark of the end follows: the client must not take this for all there is.
        yield writer.error(rejection(event.reason));
        return;
    }
  }
  yield writer.done();
}
