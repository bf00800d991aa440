/**
 * Good, neutral, warning and bad on the tracks: not by colour alone, since to some eyes these are one.
 */

import { type ColourName, hatch } from './palette.ts';

/** From the middle of a point to its ends. */
export const POINT_PX = 5;

/** A box on its wash: what warns is hatched, what is bad has an outline; all begin with a bar. */
export function drawTone(
  brush: CanvasRenderingContext2D,
  tone: ColourName,
  colour: string,
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
): void {
  if (tone === 'warn') {
    brush.globalAlpha = 0.35;
    brush.fillStyle = hatch(brush, colour);
    brush.fillRect(left, top, width, height);
    brush.globalAlpha = 1;
  }
  if (tone === 'bad') {
    brush.strokeStyle = colour;
    brush.lineWidth = 1;
    brush.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  }
  brush.fillStyle = colour;
  brush.fillRect(left, top, 3, height);
}

/** What warns is a triangle, what is bad a cross, all else a diamond. */
export function drawPoint(brush: CanvasRenderingContext2D, tone: ColourName, at: number, middle: number): void {
  const reach = POINT_PX;
  brush.beginPath();
  if (tone === 'bad') {
    brush.strokeStyle = brush.fillStyle;
    brush.lineWidth = 2.5;
    brush.moveTo(at - reach + 1, middle - reach + 1);
    brush.lineTo(at + reach - 1, middle + reach - 1);
    brush.moveTo(at - reach + 1, middle + reach - 1);
    brush.lineTo(at + reach - 1, middle - reach + 1);
    return brush.stroke();
  }
  if (tone === 'warn') {
    brush.moveTo(at, middle - reach);
    brush.lineTo(at + reach, middle + reach - 1);
    brush.lineTo(at - reach, middle + reach - 1);
    return brush.fill();
  }
  brush.moveTo(at, middle - reach);
  brush.lineTo(at + reach, middle);
  brush.lineTo(at, middle + reach);
  brush.lineTo(at - reach, middle);
  brush.fill();
}
