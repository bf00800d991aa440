/**
 * The pinned operation, in words, below the charts. Follows the selection, whoever changes it.
 */

import { describeOperation, factsOf } from '../describe.ts';
import { circumstanceFacts, showFacts } from './facts.ts';
import { make, requireElement } from './page-data.ts';
import { stepInLane } from './selection.ts';
import type { Stage } from './stage.ts';
import type { ZoomControl } from './zoom-control.ts';

export function showSelection(stage: Stage, zoomControl: ZoomControl): void {
  const inspector = requireElement('inspector');
  stage.onSelect(() => {
    inspector.replaceChildren();
    inspector.hidden = stage.selected === null;
    const operation = stage.selected === null ? undefined : stage.model.operations[stage.selected];
    if (operation === undefined || stage.selected === null) return;
    const head = make('div', { className: 'inspector-head', parent: inspector });
    make('strong', { text: describeOperation(operation), parent: head });
    const index = stage.selected;
    const buttons = make('div', { className: 'group', parent: head });
    addButton(buttons, '‹', 'Previous operation of this client', () => stepInLane(stage, -1));
    addButton(buttons, '›', 'Next operation of this client', () => stepInLane(stage, 1));
    addButton(buttons, 'Zoom to it', 'Show it with its surroundings', () => zoomControl.showOperation(index));
    addButton(buttons, 'Close', 'Clear the selection', () => stage.select(null));
    showFacts(inspector, [...factsOf(operation), ...circumstanceFacts(stage, index)]);
  });
}

function addButton(parent: Element, text: string, title: string, act: () => void): void {
  const button = make('button', { text, parent });
  button.type = 'button';
  button.title = title;
  button.addEventListener('click', act);
}
