/**
 * The time slider: where it stands is marked on every chart, and beside it is the state of the log, its owner, what is in
 * flight and what each client is doing then.
 */

import { formatNumber } from '../figures.ts';
import { momentAt, type MomentSource } from '../moment-state.ts';
import { momentOf } from './facts.ts';
import { orderEvents } from './order-overlay.ts';
import { make, requireElement } from './page-data.ts';
import type { Stage } from './stage.ts';

export interface MomentControl {
  /** The event it stands at; null when it is off. */
  at(): number | null;
  set(event: number | null): void;
  step(direction: -1 | 1): void;
}

export function bindMoment(stage: Stage): MomentControl {
  const slider = requireElement('moment') as HTMLInputElement;
  const output = requireElement('moment-at');
  const off = requireElement('moment-off');
  const panel = requireElement('moment-state');
  const source = sourceOf(stage);
  slider.max = String(Math.max(0, stage.model.eventCount - 1));
  const set = (event: number | null): void => {
    const last = stage.model.eventCount - 1;
    stage.moment = event === null || last < 0 ? null : Math.max(0, Math.min(last, event));
    slider.value = String(stage.moment ?? 0);
    output.textContent = stage.moment === null ? '' : momentOf(stage, stage.moment);
    slider.setAttribute('aria-valuetext', stage.moment === null ? 'off' : output.textContent);
    off.hidden = stage.moment === null;
    panel.replaceChildren();
    if (stage.moment !== null) describe(stage, panel, source());
    stage.requestDraw();
  };
  slider.addEventListener('input', () => set(Number(slider.value)));
  off.addEventListener('click', () => {
    set(null);
    // The button is gone, and the keys with it.
    slider.focus();
  });
  return {
    at: () => stage.moment,
    set,
    step: (direction) => set(stage.moment === null ? firstInSight(stage) : stage.moment + direction),
  };
}

/** Where travelling begins: at what is pinned, else at the left edge of what is on show. */
function firstInSight(stage: Stage): number {
  const { selected, model, time, range } = stage;
  return selected === null ? Math.ceil(time.toEvent(range[0])) : (model.callEvents[selected] ?? 0);
}

function sourceOf({ model }: Stage): () => MomentSource {
  let made: MomentSource | null = null;
  return () => {
    const [whole] = model.order === null ? [] : model.partials();
    const order = whole === undefined ? null : { events: orderEvents(model.operations, whole), states: whole.states };
    const { operations, timesMs, envelope, tracks, trims } = model;
    return (made ??= { operations, timesMs, envelope, tracks, trims, order });
  };
}

function describe(stage: Stage, parent: HTMLElement, source: MomentSource): void {
  const { log, hosts, clients } = momentAt(source, stage.moment ?? 0);
  list(parent, 'Log', log);
  if (hosts.length > 0) {
    list(
      parent,
      'Owner, windows, faults',
      hosts.map(({ name, line }) => `${name}: ${line}`),
    );
  }
  const title = `Clients at work: ${formatNumber(clients.length)}`;
  const items = list(
    parent,
    title,
    clients.map(({ clientId, line }) => `client ${clientId}: ${line}`),
  );
  for (const [i, item] of items.entries()) {
    const index = clients[i]?.operation ?? 0;
    const link = make('button', { text: item.textContent ?? '', className: 'link' });
    link.type = 'button';
    link.addEventListener('click', () => stage.select(index));
    item.replaceChildren(link);
  }
}

function list(parent: Element, title: string, lines: readonly string[]): HTMLElement[] {
  const box = make('div', { parent });
  make('h3', { text: title, parent: box });
  const items = make('ul', { parent: box });
  return lines.map((text) => make('li', { text, parent: items }));
}
