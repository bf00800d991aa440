/**
 * Colours that carry meaning stay apart for eyes that see fewer of them, or something else tells the same: a shape, a fill, a
 * word. Read from the style sheets, light and dark; deficiencies as simulated by Viénot, Brettel and Mollon (1999) for
 * protanopia and deuteranopia, by Brettel, Viénot and Mollon (1997) in one plane for tritanopia, and luminance alone.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const IDENTITY: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
/** On linear red, green and blue. */
const EYES: Readonly<Record<string, Matrix>> = {
  usual: IDENTITY,
  protanopia: [
    [0.112_38, 0.887_62, 0],
    [0.112_38, 0.887_62, 0],
    [0.004_01, -0.004_01, 1],
  ],
  deuteranopia: [
    [0.292_75, 0.707_25, 0],
    [0.292_75, 0.707_25, 0],
    [-0.022_34, 0.022_34, 1],
  ],
  tritanopia: [
    [1, 0.144_61, -0.144_61],
    [0, 0.859_24, 0.140_76],
    [0, 0.859_24, 0.140_76],
  ],
  achromatopsia: [
    [0.2126, 0.7152, 0.0722],
    [0.2126, 0.7152, 0.0722],
    [0.2126, 0.7152, 0.0722],
  ],
};

/** Told apart by colour alone, at a glance: distance in CIELAB at least this. */
const APART = 12;

/** Pairs and, where the colours are not enough for some eyes, what else tells them apart. */
const PAIRS: readonly (readonly [a: string, b: string, alsoBy?: string])[] = [
  ['append', 'read', 'height of the bar'],
  ['append', 'check-tail', 'height of the bar'],
  ['read', 'check-tail', 'height of the bar'],
  ['append', 'unknown', 'hatching'],
  ['read', 'unknown', 'hatching'],
  ['good', 'bad', 'verdicts have a sign and words, spans an outline, points a cross'],
  ['good', 'warn', 'spans are hatched, points are triangles'],
  ['warn', 'bad', 'hatching against outline, triangle against cross'],
  ['neutral', 'bad', 'outline, cross'],
  ['neutral', 'warn', 'hatching, triangle'],
  ['floor', 'ceiling', 'one lies above the other'],
  ['bad', 'selection', 'thickness of the frame'],
];

describe.each(['light', 'dark'] as const)('in %s', (theme) => {
  const colours = coloursOf(theme);
  const colour = (name: string): Triple => linear(colours.get(name) ?? `no colour --${name}`);

  test('pairs that mean something different look different to all eyes, or differ in more than colour', () => {
    const alike = PAIRS.flatMap(([a, b, alsoBy]) =>
      Object.entries(EYES)
        .filter(([, eye]) => distance(seen(colour(a), eye), seen(colour(b), eye)) < APART)
        .flatMap(([name]) => (alsoBy === undefined ? [`${a} and ${b} with ${name}`] : [])),
    );
    expect(alike).toEqual([]);
    // To most eyes colour is enough.
    for (const [a, b] of PAIRS) expect(distance(colour(a), colour(b)), `${a} and ${b}`).toBeGreaterThan(APART);
  });

  test('what is text has contrast enough to be read, and marks enough to be seen, by all eyes', () => {
    const low: string[] = [];
    const wants = (names: readonly string[], grounds: readonly string[], least: number): void => {
      for (const name of names) {
        for (const ground of grounds) {
          for (const [eye, matrix] of Object.entries(EYES)) {
            const ratio = contrast(seen(colour(name), matrix), seen(colour(ground), matrix));
            if (ratio < least) low.push(`${name} on ${ground} with ${eye}: ${ratio.toFixed(2)}`);
          }
        }
      }
    };
    wants(['ink', 'ink-soft', 'accent'], ['surface', 'page'], 4.5);
    wants(['bad'], ['surface', 'bad-wash'], 4.5);
    wants(['good'], ['good-wash'], 4.5);
    wants(['undecided'], ['undecided-wash'], 4.5);
    wants(['on-mark'], ['append', 'read', 'check-tail'], 4.5);
    wants(
      ['on-hue'],
      [1, 2, 3, 4, 5, 6, 7, 8].map((hue) => `hue-${hue}`),
      4.5,
    );
    wants(['append', 'read', 'check-tail', 'bad', 'good', 'neutral', 'floor', 'selection'], ['surface'], 3);
    expect(low).toEqual([]);
  });
});

// --- colours -----------------------------------------------------------------------------------------------------

/** What the dark theme does not name is as in the light one. */
function coloursOf(theme: 'light' | 'dark'): ReadonlyMap<string, string> {
  const text = ['page.css', 'history.css'].map((name) =>
    readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8'),
  );
  const dark = /@media screen and \(prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}/;
  const blocks = text.flatMap((sheet) => {
    const light = /:root \{([^}]*)\}/.exec(sheet)?.[1] ?? '';
    return theme === 'light' ? [light] : [light, dark.exec(sheet)?.[1] ?? ''];
  });
  return new Map(
    blocks.flatMap((block) => [...block.matchAll(/--([\w-]+): (#[\da-f]{6})\b/g)].map((m) => [m[1]!, m[2]!])),
  );
}

function linear(hex: string): Triple {
  const parts = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  if (parts.some(Number.isNaN)) throw new Error(hex);
  return parts.map((part) => (part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as unknown as Triple;
}

function seen([r, g, b]: Triple, eye: Matrix): Triple {
  return eye.map(([x, y, z]) => Math.min(1, Math.max(0, x * r + y * g + z * b))) as unknown as Triple;
}

/** As in the Web Content Accessibility Guidelines: 1 to 21. */
function contrast(a: Triple, b: Triple): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function luminance([r, g, b]: Triple): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Distance in CIELAB (CIE 1976), white at D65. */
function distance(a: Triple, b: Triple): number {
  const [left, right] = [lab(a), lab(b)];
  return Math.hypot(left[0] - right[0], left[1] - right[1], left[2] - right[2]);
}

function lab([r, g, b]: Triple): Triple {
  const f = (t: number): number => (t > 0.008_856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [x, y, z] = [
    f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505),
    f(luminance([r, g, b])),
    f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089),
  ];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
