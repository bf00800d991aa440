/**
 * Server-sent events as a client reads them (WHATWG HTML, "Server-sent events"), from chunks cut anywhere. Written here
 * and not with the engine's code, because a judge that shares code with the accused shares its bugs.
 */

export interface ServerSentEvent {
  /** Empty when the event has no name. */
  name: string;
  id: string | null;
  data: string;
}

export async function* serverSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent, void> {
  const utf8 = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += utf8.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      yield parsed(rest.slice(0, end));
      rest = rest.slice(end + 2);
    }
  }
}

function parsed(block: string): ServerSentEvent {
  const event: ServerSentEvent = { name: '', id: null, data: '' };
  for (const line of block.split('\n')) {
    const at = line.indexOf(': ');
    const value = line.slice(at + 2);
    switch (line.slice(0, at)) {
      case 'event':
        event.name = value;
        break;
      case 'id':
        event.id = value;
        break;
      case 'data':
        event.data = value;
    }
  }
  return event;
}
