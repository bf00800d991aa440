/** What becomes of the chunks one end sends: messages to the other end's reader, in pieces, or cut short. */

import type { WorldContext } from '../context.ts';
import type { BodySink } from './body.ts';
import { cutPoint, splitChunk } from './call-plan.ts';
import type { Arrivals } from './slow-drain.ts';
import type { Way, Wire } from './wire.ts';

export interface StreamSinkOptions {
  context: WorldContext;
  wire: Wire;
  way: Way;
  reader: Arrivals;
  /** The body breaks off in the middle. */
  isCut: boolean;
  /** The end of the body was sent; and it arrived. */
  onSent: () => void;
  onArrived: () => void;
  /** Breaks the connection for both ends. */
  reset: () => void;
}

export function streamSink(options: StreamSinkOptions): BodySink {
  const { context, wire, way, reader, isCut, onSent, onArrived, reset } = options;
  const { name } = wire.link(way);

  function breakOff(): void {
    context.probes.reachable(way === 'up' ? 'fault.net.request-cut' : 'fault.net.response-cut');
    reset();
  }

  return {
    chunk(bytes) {
      if (bytes.length === 0) return true;
      const kept = isCut ? bytes.subarray(0, cutPoint(context, name, bytes.length)) : bytes;
      const pieces = splitChunk(context, name, kept);
      for (const piece of pieces) wire.send(way, () => reader.push(piece), pieces.length > 1);
      if (isCut) breakOff();
      return !isCut;
    },
    end() {
      if (isCut) {
        breakOff();
        return;
      }
      wire.send(way, () => {
        reader.end();
        onArrived();
      });
      onSent();
    },
    // The sender's own code gave up on the body; the other end sees a connection that broke.
    broke: reset,
  };
}
