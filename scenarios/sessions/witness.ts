/**
 * Stands beside the server and writes into the judged history what its read sessions say of the tail: each heartbeat is a
 * check-tail that began when the event before it was taken. Nobody further away could hold a server to that, because
 * events travel.
 */

import type { Engine } from '../../engine/index.ts';
import type { Recorder } from '../recorder.ts';

type Session = Awaited<ReturnType<Engine['readSession']>>;
type Events = Extract<Session, { kind: 'open' }>['events'];

/** The engine, with every session on `stream` witnessed. */
export function witnessed(engine: Engine, stream: string, recorder: Recorder): Engine {
  const readSession: Engine['readSession'] = async (...asked) => {
    const opened = await engine.readSession(...asked);
    if (opened.kind !== 'open' || asked[1] !== stream) return opened;
    return { kind: 'open', events: heard(opened.events, recorder) };
  };
  return new Proxy(engine, {
    get: (target, property) => (property === 'readSession' ? readSession : Reflect.get(target, property)),
  });
}

async function* heard(events: Events, recorder: Recorder): Events {
  const clientId = recorder.newClientId();
  try {
    for (;;) {
      const since = recorder.moment();
      const next = await events.next();
      if (next.done !== true && next.value.kind === 'heartbeat') {
        const tail = next.value.tail.seqNum;
        const outcome = { kind: 'check-tail-success' as const, tail };
        const session = `read/${clientId}`;
        recorder.happened(since, clientId, { kind: 'check-tail' }, outcome, `a heartbeat with tail ${tail}`, {
          session,
        });
      }
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await events.return();
  }
}
