/**
 * Keeps one HTTP/2 peer from costing more than it is worth: floods of pings, settings and resets end its connection, and
 * so does asking for nothing, or not answering a ping.
 *
 * Frames that make work without asking for anything are counted in windows of time; a peer that goes beyond the limit is
 * told to calm down (RFC 9113 §10.5) and is gone. Node's library bounds the rest: answers that nobody reads, frames that
 * are not valid, headers without end.
 */

import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';

const WINDOW_MS = 10_000;

/** In one window. Clients ping every few seconds, set once or twice, and seldom take a request back. */
const MAX = { pings: 500, settings: 100, resets: 500 } as const;

export type Flood = keyof typeof MAX;

export interface GuardRules {
  /** Longest time without a stream, and for the answer to a ping. */
  idleMsMax: number;
  /** The peer flooded; its connection is being ended. */
  onFlood: (kind: Flood) => void;
}

export function guardSession(session: ServerHttp2Session, { idleMsMax, onFlood }: GuardRules): void {
  const counts: Record<Flood, number> = { pings: 0, settings: 0, resets: 0 };
  let windowStartMs = 0;
  let isOver = false;

  const count = (kind: Flood): void => {
    const nowMs = performance.now();
    if (nowMs - windowStartMs > WINDOW_MS) {
      windowStartMs = nowMs;
      Object.assign(counts, { pings: 0, settings: 0, resets: 0 });
    }
    counts[kind] += 1;
    if (counts[kind] <= MAX[kind] || isOver) return;
    isOver = true;
    onFlood(kind);
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.destroy();
  };
  session.on('ping', () => count('pings'));
  session.on('remoteSettings', () => count('settings'));

  let streams = 0;
  // Whatever frames come meanwhile: who keeps a connection asks for something now and then.
  let idle = setTimeout(leave, idleMsMax);
  function leave(): void {
    session.close();
  }
  session.on('stream', (stream: ServerHttp2Stream) => {
    streams += 1;
    clearTimeout(idle);
    stream.on('close', () => {
      streams -= 1;
      // Who cancels an answer that has begun had a reason to ask; who takes back what was not answered yet had none.
      if (stream.aborted && !stream.headersSent) count('resets');
      if (streams === 0 && !session.closed) idle = setTimeout(leave, idleMsMax);
    });
  });

  // Behind some errors of the protocol Node neither reads nor writes a connection any more, and tells nobody: its streams would
  // be under way for ever. A ping through the connection is what tells.
  let isAnswered = true;
  const watch = setInterval(() => {
    if (!isAnswered) return session.destroy();
    isAnswered = streams === 0;
    if (streams > 0) session.ping((error) => (isAnswered = error === null));
  }, idleMsMax);
  session.on('close', () => {
    clearTimeout(idle);
    clearInterval(watch);
  });
}
