import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SHAPES } from "../src/map/shapes.ts";

type Color = readonly [number, number, number];

/**
 * How colours look to people without one kind of cones, in linear light: the matrices of Machado, Oliveira and Fernandes,
 * "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.
 */
const SIGHTS: Readonly<Record<string, readonly Color[]>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Distances in OKLab: black and white are 1 apart. What is 0.02 apart can just be told apart side by side. */
const LEAST = 0.09;

const styles = readFileSync(new URL("../src/styles/tokens.css", import.meta.url), "utf8");
const THEMES = { light: styles.slice(0, styles.indexOf('"dark"')), dark: styles.slice(styles.indexOf('"dark"')) };

test("every mark has a colour", () => {
  for (const name of Object.keys(SHAPES)) {
    const [, color] = new RegExp(`\\.status-${name}[^{]*\\{\\s*--status: var\\((--[a-z-]+)\\)`).exec(styles) ?? [];
    for (const [theme, text] of Object.entries(THEMES)) expect(text, `${name}, ${theme}`).toContain(`${color}: #`);
  }
});

for (const [theme, text] of Object.entries(THEMES)) {
  const statuses = [...text.matchAll(/--status-([a-z-]+): (#[0-9a-f]{6})/g)].map(([, name = "", hex = ""]) => ({
    name,
    color: linear(hex),
  }));

  for (const [sight, matrix] of Object.entries(SIGHTS)) {
    test(`no two statuses look alike, ${theme}, to ${sight} sight`, () => {
      expect(statuses).toHaveLength(8);
      const seen = statuses.map(({ name, color }) => ({ name, lab: oklab(seenBy(matrix, color)) }));
      const alike = seen.flatMap((one, i) =>
        seen.slice(i + 1).flatMap((other) => (apart(one.lab, other.lab) < LEAST ? [`${one.name} ${other.name}`] : [])),
      );
      expect(alike).toEqual([]);
    });
  }

  test(`marks stand out from what is behind them, ${theme}`, () => {
    const surface = linear(/--surface: (#[0-9a-f]{6})/.exec(text)?.[1] ?? "");
    // Who is not in the round is to stand back.
    const faint = statuses.filter(({ name, color }) => name !== "idle" && contrast(color, surface) < 3);
    expect(faint.map(({ name, color }) => `${name} ${contrast(color, surface)}`)).toEqual([]);
  });
}

function linear(hex: string): Color {
  const part = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

function seenBy(matrix: readonly Color[], color: Color): Color {
  const part = (row: Color | undefined): number => Math.min(1, Math.max(0, row === undefined ? 0 : dot(row, color)));
  return [part(matrix[0]), part(matrix[1]), part(matrix[2])];
}

function dot([a, b, c]: Color, [x, y, z]: Color): number {
  return a * x + b * y + c * z;
}

function oklab(color: Color): Color {
  const l = Math.cbrt(dot([0.4122214708, 0.5363325363, 0.0514459929], color));
  const m = Math.cbrt(dot([0.2119034982, 0.6806995451, 0.1073969566], color));
  const s = Math.cbrt(dot([0.0883024619, 0.2817188376, 0.6299787005], color));
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], [l, m, s]),
    dot([1.9779984951, -2.428592205, 0.4505937099], [l, m, s]),
    dot([0.0259040371, 0.7827717662, -0.808675766], [l, m, s]),
  ];
}

function apart([a, b, c]: Color, [x, y, z]: Color): number {
  return Math.hypot(a - x, b - y, c - z);
}

/** As WCAG has it. */
function contrast(one: Color, other: Color): number {
  const light = (color: Color): number => dot([0.2126, 0.7152, 0.0722], color) + 0.05;
  return Math.max(light(one), light(other)) / Math.min(light(one), light(other));
}
