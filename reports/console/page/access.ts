/**
 * The box for an access token, which shows itself when the server asks for one. The token stays with this tab and goes with it;
 * the page begins anew with it, so every part asks again.
 */

import { element, showProblem } from './dom.ts';
import { keepToken, whenRefused } from './server.ts';

/** Shows the box whenever a request is refused for want of a token that counts. */
export function askForToken(): void {
  const form = element('access', HTMLFormElement);
  const input = element('access-token', HTMLInputElement);
  const problem = element('access-problem', HTMLSpanElement);
  whenRefused((hadToken) => {
    if (!form.hidden) return;
    form.hidden = false;
    showProblem(problem, hadToken ? 'that token does not count, or not any more' : null);
    input.focus();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    keepToken(input.value.trim());
    location.reload();
  });
}
