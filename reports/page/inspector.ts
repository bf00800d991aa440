/**
 * What is pinned, in words, below the charts. Follows the selection, whoever changes it.
 */

import { describeOperation } from '../describe.ts';
import { operationFacts, showFacts } from './facts.ts';
import { make, requireElement } from './page-data.ts';
import { stepInLane } from './selection.ts';
import type { Stage } from './stage.ts';
import type { ZoomControl } from './zoom-control.ts';

export function showSelection(stage: Stage, zoomControl: ZoomControl): void {
  const inspector = requireElement('inspector');
  stage.onSelect(() => {
    inspector.replaceChildren();
    inspector.hidden = stage.selected === null && stage.pinned === null;
    const { selected: index, pinned } = stage;
    const operation = index === null ? undefined : stage.model.operations[index];
    if (index !== null && operation !== undefined) {
      const buttons = addHead(inspector, describeOperation(operation));
      addButton(buttons, '‹', 'Previous operation of this client', () => stepInLane(stage, -1));
      addButton(buttons, '›', 'Next operation of this client', () => stepInLane(stage, 1));
      addButton(buttons, 'Zoom to it', 'Show it with its surroundings', () => zoomControl.showOperation(index));
      addButton(buttons, 'Close', 'Clear the selection', () => stage.select(null));
      showFacts(inspector, operationFacts(stage, index));
    } else if (pinned !== null) {
      const buttons = addHead(inspector, pinned.title);
      if (pinned.fromMs !== null) {
        const show = (): void => zoomControl.showMs(pinned.fromMs, pinned.untilMs);
        addButton(buttons, 'Zoom to it', 'Show it with its surroundings', show);
      }
      addButton(buttons, 'Close', 'Clear the selection', () => stage.pin(null));
      showFacts(inspector, pinned.facts);
    }
  });
}

function addHead(parent: Element, title: string): Element {
  const head = make('div', { className: 'inspector-head', parent });
  make('strong', { text: title, parent: head });
  return make('div', { className: 'group', parent: head });
}

function addButton(parent: Element, text: string, title: string, act: () => void): void {
  const button = make('button', { text, parent });
  button.type = 'button';
  button.title = title;
  button.addEventListener('click', act);
}
