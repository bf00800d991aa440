/**
 * The page at `/`, for people who would rather look than read. The address says what is shown (`#basin/stream`, each
 * percent-encoded), so that it can be kept, sent and gone back to; every part asks the server by itself.
 */

import { askForToken } from './access.ts';
import { element } from './dom.ts';
import { HealthLine } from './health.ts';
import { Lists } from './lists.ts';
import { StreamView } from './stream-view.ts';

const lists = new Lists();
const streamView = new StreamView();

element('hint', HTMLPreElement).textContent = [
  `export S2_ACCOUNT_ENDPOINT=${location.origin}`,
  `export S2_BASIN_ENDPOINT=${location.origin}`,
  'npx tailrace create-basin my-basin',
  'npx tailrace create-stream s2://my-basin/my-stream',
  'echo hello | npx tailrace append s2://my-basin/my-stream',
].join('\n');

window.addEventListener('hashchange', show);
document.addEventListener('keydown', onKey);
askForToken();
void new HealthLine().run();
void lists.load().then(show);

function show(): void {
  const [basin = '', stream = ''] = location.hash.slice(1).split('/').map(decoded);
  document.title = [stream, basin, 'Tailrace'].filter(Boolean).join(' · ');
  streamView.show(basin === '' || stream === '' ? null : { basin, stream });
  void lists.show(basin === '' ? null : basin, stream === '' ? null : stream);
}

/** An address somebody typed may hold anything. */
function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** `/` filters, `a` appends, `p` pauses; none of it while somebody writes. */
function onKey(event: KeyboardEvent): void {
  const isWriting = event.target instanceof Element && event.target.closest('input, textarea, select') !== null;
  if (isWriting || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = {
    '/': () => lists.focusFilter(),
    a: () => streamView.focusAppend(),
    p: () => streamView.togglePause(),
  }[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}
