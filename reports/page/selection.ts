/**
 * What a person looks at, kept in the address: `#op-42` pins operation 42, whether the link was clicked on the violation
 * card, pasted by a colleague or reached with the back button; scale, view, filters, search and time slider stand beside it.
 */

import { formatOutlook, NO_OUTLOOK, type Outlook, parseOutlook } from '../permalink.ts';
import type { Filters } from './filters.ts';
import type { Find } from './find.ts';
import type { MomentControl } from './moment.ts';
import { requireElement } from './page-data.ts';
import type { Stage } from './stage.ts';
import type { Thing } from './things.ts';
import type { Toolbar } from './toolbar.ts';
import type { ZoomControl } from './zoom-control.ts';

/** The address is written once what changes it has come to rest; browsers refuse to write it at every frame. */
const REST_MS = 250;

export interface AddressParts {
  stage: Stage;
  zoomControl: ZoomControl;
  toolbar: Toolbar;
  filters: Filters;
  find: Find;
  moment: MomentControl;
  thingById: (id: string) => Thing | null;
}

export function bindAddress(parts: AddressParts): void {
  const { stage } = parts;
  let waiting = 0;
  let written = location.hash;
  const write = (): void => {
    const text = formatOutlook(outlookOf(parts));
    written = text === '' ? '' : `#${text}`;
    if (location.hash !== written) history.replaceState(null, '', written === '' ? location.pathname : written);
  };
  const follow = (): void => {
    written = location.hash;
    show(parts, parseOutlook(location.hash));
  };
  follow();
  stage.onChange(() => {
    clearTimeout(waiting);
    waiting = window.setTimeout(write, REST_MS);
  });
  stage.onSelect(write);
  addEventListener('hashchange', () => {
    if (location.hash !== written) follow();
  });
  // A second click on the same link changes no address, but should still bring the operation back into view.
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const link = event.target.closest<HTMLAnchorElement>('a[href^="#op-"]');
    if (link === null) return;
    event.preventDefault();
    show(parts, { ...outlookOf(parts), view: null, opId: parseOutlook(link.hash).opId });
  });
}

/** Pins the next or previous shown operation of the same client; does nothing at the ends. */
export function stepInLane(stage: Stage, direction: -1 | 1): void {
  const { selected, model, shown } = stage;
  const from = selected ?? (direction > 0 ? -1 : model.operations.length);
  const clientId = selected === null ? null : model.operations[selected]?.clientId;
  for (let index = from + direction; index >= 0 && index < model.operations.length; index += direction) {
    const isSame = clientId === null || model.operations[index]?.clientId === clientId;
    if (isSame && shown[index] === 1) return stage.select(index);
  }
}

/** Pins the operation of the lane above or below that is nearest in time. */
export function stepAcrossLanes(stage: Stage, direction: -1 | 1): void {
  const { selected, model, shown } = stage;
  if (selected === null) return stepInLane(stage, 1);
  const lane = (model.laneOf[selected] ?? 0) + direction;
  const call = model.callEvents[selected] ?? 0;
  let nearest: number | null = null;
  for (const [index, other] of model.laneOf.entries()) {
    if (other !== lane || shown[index] !== 1) continue;
    const distance = Math.abs((model.callEvents[index] ?? 0) - call);
    if (nearest === null || distance < Math.abs((model.callEvents[nearest] ?? 0) - call)) nearest = index;
  }
  if (nearest !== null) stage.select(nearest);
}

function outlookOf({ stage, zoomControl, toolbar, filters, find, moment }: AddressParts): Outlook {
  const { selected, pinned, model } = stage;
  return {
    opId: selected === null ? null : (model.operations[selected]?.opId ?? null),
    pin: pinned?.id ?? null,
    scale: toolbar.isFirstScale() ? null : stage.time.mode,
    view: zoomControl.isWhole() ? null : stage.range,
    hidden: filters.hidden(),
    find: find.text(),
    at: moment.at(),
  };
}

function show({ stage, zoomControl, toolbar, filters, find, moment, thingById }: AddressParts, outlook: Outlook): void {
  const { opId, pin, scale, view, hidden, find: text, at } = outlook;
  toolbar.setScale(scale);
  filters.hide(hidden);
  find.look(text);
  moment.set(at);
  const index = opId === null ? null : (stage.model.indexOfOpId.get(opId) ?? null);
  if (index === null) stage.pin(pin === null ? null : thingById(pin));
  else stage.select(index);
  if (view !== null) zoomControl.showRange(view);
  else if (index !== null) zoomControl.showOperation(index);
  if (formatOutlook(outlook) !== formatOutlook(NO_OUTLOOK)) {
    requireElement('charts').scrollIntoView({ block: 'start', behavior: 'auto' });
  }
}
