/**
 * Which operation is selected, and its name in the address: `#op-42` selects operation 42, whether the link
 * was clicked on the violation card, pasted by a colleague or reached with the back button.
 */

import { requireElement } from './page-data.ts';
import type { Stage } from './stage.ts';
import type { ZoomControl } from './zoom-control.ts';

export function bindSelectionToAddress(stage: Stage, zoomControl: ZoomControl): void {
  stage.onSelect(() => {
    const opId = stage.selected === null ? null : stage.model.operations[stage.selected]?.opId;
    const address = opId === null || opId === undefined ? ' ' : `#op-${opId}`;
    if (location.hash !== address.trim())
      history.replaceState(null, '', address.trim() === '' ? location.pathname : address);
  });
  const followAddress = (): void => {
    const index = indexInAddress(stage);
    if (index === null) return;
    stage.select(index);
    zoomControl.showOperation(index);
    requireElement('charts').scrollIntoView({ block: 'start', behavior: 'auto' });
  };
  addEventListener('hashchange', followAddress);
  // A second click on the same link changes no address, but should still bring the operation back into view.
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const link = event.target.closest<HTMLAnchorElement>('a[href^="#op-"]');
    if (link !== null && link.hash === location.hash) followAddress();
  });
  followAddress();
}

/** Selects the next or previous operation of the same client; does nothing at the ends. */
export function stepInLane(stage: Stage, direction: -1 | 1): void {
  const { selected, model } = stage;
  if (selected === null) return;
  const clientId = model.operations[selected]?.clientId;
  for (let index = selected + direction; index >= 0 && index < model.operations.length; index += direction) {
    if (model.operations[index]?.clientId === clientId) return stage.select(index);
  }
}

function indexInAddress(stage: Stage): number | null {
  const opId = /^#op-(\d+)$/.exec(location.hash)?.[1];
  return opId === undefined ? null : (stage.model.indexOfOpId.get(Number(opId)) ?? null);
}
