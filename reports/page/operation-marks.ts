/**
 * How an operation looks, wherever it is drawn: hue by kind, fill by outcome.
 *
 * Solid is durable or answered, an outline alone is rejected or failed, hatching is unknown. The guilty get a
 * red frame, the selected one a thick one in ink. What a search did not find is pale.
 */

import type { Operation, OperationKind, OperationOutcome } from '../operations.ts';
import { hatch, type Palette } from './palette.ts';
import type { Stage } from './stage.ts';

/** Narrower bars are drawn this wide, in pixels, so that nothing vanishes. */
export const WIDTH_PX_MIN = 2.5;
export const PALE = 0.16;

const GUILTY_PX = 2;

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * Left and right edge of an operation in pixels. One of unknown outcome ends where its client gave up;
 * `openUntil` is where its effect may still happen, the end of the run.
 */
export function extentOf(stage: Stage, index: number): { left: number; right: number; openUntil: number | null } {
  const { factor, shift } = stage.line;
  const left = factor * (stage.axis.calls[index] ?? 0) + shift;
  const right = factor * (stage.axis.ends[index] ?? 0) + shift;
  const staysOpen = stage.model.staysOpen[index] === 1;
  return {
    left,
    right: Math.max(right, left + WIDTH_PX_MIN),
    openUntil: staysOpen ? factor * stage.time.domain[1] + shift : null,
  };
}

/** Whether what a search found does not contain it. */
export function isPale(stage: Stage, index: number): boolean {
  return stage.found !== null && !stage.found.has(index);
}

export function drawMark(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  { kind, outcome }: Pick<Operation, 'kind' | 'outcome'>,
  box: Box,
): void {
  const colour = colourOf(stage.palette, kind, outcome);
  const { left, top, width, height } = box;
  switch (outcome) {
    case 'durable':
    case 'answered':
      brush.fillStyle = colour;
      brush.fillRect(left, top, width, height);
      return;
    case 'unknown':
    case 'open':
      brush.fillStyle = stage.palette.surface;
      brush.fillRect(left, top, width, height);
      brush.fillStyle = hatch(brush, colour);
      brush.fillRect(left, top, width, height);
      strokeInside(brush, box, colour, 1);
      return;
    case 'rejected':
    case 'failed':
      brush.fillStyle = stage.palette.surface;
      brush.fillRect(left, top, width, height);
      strokeInside(brush, box, colour, 1.25);
      return;
  }
}

/** A run of marks too narrow for outlines and hatching: edges alone where those are outlined, all of it otherwise. */
export function drawRun(
  stage: Stage,
  brush: CanvasRenderingContext2D,
  { kind, outcome }: Pick<Operation, 'kind' | 'outcome'>,
  { left, top, width, height }: Box,
): void {
  brush.fillStyle = colourOf(stage.palette, kind, outcome);
  if (outcome !== 'rejected' && outcome !== 'failed') return brush.fillRect(left, top, width, height);
  brush.fillRect(left, top, width, 1.25);
  brush.fillRect(left, top + height - 1.25, width, 1.25);
}

/** Frames on top of the mark: red for the guilty, ink for the selected, thin ink for the hovered. */
export function drawFrames(stage: Stage, brush: CanvasRenderingContext2D, index: number, box: Box): void {
  const isGuilty = stage.model.guilty.has(index);
  const inner = isGuilty ? GUILTY_PX : 0;
  if (isGuilty) strokeAround(brush, box, { colour: stage.palette.bad, width: GUILTY_PX, gap: 0 });
  const ink = stage.palette.selection;
  if (stage.selected === index) strokeAround(brush, box, { colour: ink, width: 2.5, gap: inner });
  else if (stage.hovered === index) strokeAround(brush, box, { colour: ink, width: 1.5, gap: inner });
}

/** Whether it has to be drawn by itself, above the others. */
export function isEmphasised(stage: Stage, index: number): boolean {
  return stage.model.isGuilty[index] === 1 || stage.selected === index || stage.hovered === index;
}

function colourOf(palette: Palette, kind: OperationKind, outcome: OperationOutcome): string {
  return outcome === 'unknown' ? palette.unknown : palette[kind];
}

function strokeInside(brush: CanvasRenderingContext2D, box: Box, colour: string, width: number): void {
  brush.strokeStyle = colour;
  brush.lineWidth = width;
  const inset = width / 2;
  brush.strokeRect(
    box.left + inset,
    box.top + inset,
    Math.max(0.5, box.width - width),
    Math.max(0.5, box.height - width),
  );
}

function strokeAround(
  brush: CanvasRenderingContext2D,
  box: Box,
  { colour, width, gap }: { colour: string; width: number; gap: number },
): void {
  brush.strokeStyle = colour;
  brush.lineWidth = width;
  const outset = gap + width / 2 + 0.5;
  brush.strokeRect(box.left - outset, box.top - outset, box.width + 2 * outset, box.height + 2 * outset);
}
