/**
 * Server-sent events out of the bytes of a response (the HTML standard's event stream format, as far as S2 uses it).
 * `EventSource` would do the same, but can not send the header that names the basin.
 */

export interface ServerEvent {
  /** `message` when the server did not name it. */
  name: string;
  data: string;
}

export async function* eventsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    // Only the end of what came before can be half a separator.
    const searchFrom = Math.max(0, rest.length - 1);
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf('\n\n', searchFrom); end >= 0; end = rest.indexOf('\n\n', start)) {
      const event = eventOf(rest.slice(start, end));
      if (event !== null) yield event;
      start = end + 2;
    }
    rest = rest.slice(start);
  }
}

function eventOf(block: string): ServerEvent | null {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? null : { name, data: data.join('\n') };
}
