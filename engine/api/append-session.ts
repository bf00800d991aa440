/**
 * An append session over S2S (API contract §4.5, §6.2): frames in, one acknowledgement out for each, in order.
 *
 * What comes while the session goes on is read no faster than the engine admits it. A frame that is no input, or an input
 * that fails, is answered behind every acknowledgement before it, and ends the session.
 */

import type { AppendOutcome } from '../core/outcome.ts';
import type { AppendSession, Operations } from '../engine.ts';
import type { Compression, HttpRequest, HttpResponse } from '../ports.ts';
import { appendRejection, BadRequest, errorResponse, rejection, unknownOutcome } from './errors.ts';
import { withKeyToTheEnd } from './headers.ts';
import { streamingResponse } from './response.ts';
import type { StreamAddress } from './records.ts';
import { FrameBuffers } from './frame-buffers.ts';
import { PAYLOAD_BYTES_MAX } from './s2s-frames.ts';
import { AppendInputDecoder, FrameWriter, SESSION_CONTENT_TYPE } from './s2s-messages.ts';

/** What the sessions of one server share. */
export interface SessionMeans {
  compression: Compression | null;
  frames: FrameBuffers;
}

/** For all sessions of one server together: 32 MiB at most. */
export function sessionFrames(): FrameBuffers {
  return new FrameBuffers(PAYLOAD_BYTES_MAX, 16);
}

export function appendSession(
  engine: Operations,
  at: StreamAddress,
  request: HttpRequest,
  means: SessionMeans,
): Promise<HttpResponse> {
  return withKeyToTheEnd(request.headers, async (key) => {
    const opened = await engine.appendSession(at.basin, at.stream, key);
    if (opened.kind === 'rejected') return rejection(opened.reason);
    const writer = new FrameWriter(request.headers, means.compression);
    const inputs = new AppendInputDecoder(means.compression, means.frames);
    return streamingResponse(SESSION_CONTENT_TYPE, answers(opened.session, request, inputs, writer));
  });
}

async function* answers(
  session: AppendSession,
  request: HttpRequest,
  inputs: AppendInputDecoder,
  writer: FrameWriter,
): AsyncGenerator<Uint8Array, void> {
  const leave = () => session.abandon();
  request.signal?.addEventListener('abort', leave);
  if (request.signal?.aborted === true) leave();
  try {
    let mistake: unknown = null;
    void feed(session, request, inputs, (found) => (mistake = found));
    for await (const outcome of session.outcomes()) {
      yield outcome.kind === 'durable' ? writer.ack(outcome.ack) : writer.error(failure(outcome));
      if (outcome.kind !== 'durable') return;
    }
    // A regular end says that everything was answered. A request that broke off was not, so neither is this response whole.
    if (mistake instanceof BadRequest) yield writer.error(errorResponse(mistake.code, mistake.message));
    else if (mistake !== null) throw mistake;
  } finally {
    request.signal?.removeEventListener('abort', leave);
    leave();
  }
}

/**
 * Submits what comes until the session takes no more. What is wrong with it is told before the session is closed for it:
 * a BadRequest, or what the body broke off with.
 */
async function feed(
  session: AppendSession,
  request: HttpRequest,
  inputs: AppendInputDecoder,
  mistaken: (mistake: unknown) => void,
): Promise<void> {
  try {
    for await (const chunk of request.body) {
      inputs.push(chunk);
      for (let input = inputs.next(); input !== null; input = inputs.next()) {
        if (!(await session.submit(input))) return;
      }
    }
    inputs.end();
    session.close();
  } catch (error) {
    mistaken(error);
    if (error instanceof BadRequest) session.close();
    // What was admitted goes its way, and nobody is there to be told.
    else session.abandon();
  } finally {
    // What was admitted lies in the log's own memory, and what was not is not wanted.
    inputs.release();
  }
}

function failure(outcome: Exclude<AppendOutcome, { kind: 'durable' }>) {
  return outcome.kind === 'rejected' ? appendRejection(outcome.reason) : unknownOutcome(outcome.message);
}
