/**
 * The colours of the canvases, taken from the style sheet so that light and dark have one source.
 *
 * Kinds and outcomes differ in shape as well (height, outline, hatching): colour is never the only sign.
 */

const NAMES = [
  'append',
  'read',
  'check-tail',
  'unknown',
  'good',
  'warn',
  'bad',
  'neutral',
  'band',
  'floor',
  'ceiling',
  'grid',
  'stripe',
  'ink',
  'ink-soft',
  'on-mark',
  'surface',
  'order',
  'selection',
  'accent',
  'hue-1',
  'hue-2',
  'hue-3',
  'hue-4',
  'hue-5',
  'hue-6',
  'hue-7',
  'hue-8',
  'on-hue',
] as const;

export type ColourName = (typeof NAMES)[number];
export type Palette = Readonly<Record<ColourName, string>>;

export const FONT = '11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';
export const FONT_STRONG = `600 ${FONT}`;

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colours = NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  return Object.fromEntries(colours) as Palette;
}

/** Calls back whenever the system switches between light and dark. */
export function onThemeChange(listener: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', listener);
}

const HATCH_PX = 6;
const hatches = new Map<string, CanvasPattern>();

/** Diagonal stripes in one colour, for outcomes nobody knows. */
export function hatch(context: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  const known = hatches.get(colour);
  if (known !== undefined) return known;
  const tile = document.createElement('canvas');
  tile.width = HATCH_PX;
  tile.height = HATCH_PX;
  const brush = tile.getContext('2d');
  if (brush === null) return colour;
  brush.strokeStyle = colour;
  brush.lineWidth = 2;
  brush.beginPath();
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    brush.moveTo(shift, HATCH_PX);
    brush.lineTo(shift + HATCH_PX, 0);
  }
  brush.stroke();
  const pattern = context.createPattern(tile, 'repeat');
  if (pattern === null) return colour;
  hatches.set(colour, pattern);
  return pattern;
}
