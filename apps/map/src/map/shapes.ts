import type { ClientStatus } from "../data/statuses.ts";

/** The form of a status: told apart without colour, at any size. */
export interface Shape {
  /** Corners around the origin, within a circle of radius 1; without any it is that circle. */
  readonly corners: readonly (readonly [number, number])[];
  /** Whether it is filled, or only an outline. */
  readonly filled: boolean;
}

const CIRCLE: Shape["corners"] = [];
const TRIANGLE: Shape["corners"] = regular(3, 1.2);
const DIAMOND: Shape["corners"] = regular(4, 1.15);
const STAR: Shape["corners"] = star(5, 1.25, 0.55);
const BAR: Shape["corners"] = [
  [-1.1, -0.35],
  [1.1, -0.35],
  [1.1, 0.35],
  [-1.1, 0.35],
];
const CROSS: Shape["corners"] = cross(1.05, 0.38);

/** What has a form: the statuses, and trouble that makes none. */
export type MarkName = ClientStatus | "outlier" | "silent";

/** The form of each. */
export const SHAPES: Record<MarkName, Shape> = {
  failed: { corners: CROSS, filled: true },
  dropped: { corners: DIAMOND, filled: true },
  non_finite: { corners: STAR, filled: true },
  straggler: { corners: TRIANGLE, filled: true },
  missing: { corners: DIAMOND, filled: false },
  waiting: { corners: CIRCLE, filled: false },
  active: { corners: CIRCLE, filled: true },
  idle: { corners: CIRCLE, filled: true },
  outlier: { corners: regular(3, 1.2).map(([x, y]) => [x, -y]), filled: false },
  silent: { corners: BAR, filled: true },
};

/** The server's: a cell of the hive. */
export const SERVER_CORNERS: Shape["corners"] = regular(6, 1);

/** Adds a form to a path. */
export function traceShape(path: CanvasPath, corners: Shape["corners"], x: number, y: number, radius: number): void {
  if (corners.length === 0) {
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([dx, dy], index) => {
    if (index === 0) path.moveTo(x + dx * radius, y + dy * radius);
    else path.lineTo(x + dx * radius, y + dy * radius);
  });
  path.closePath();
}

function regular(count: number, radius: number): Shape["corners"] {
  return Array.from({ length: count }, (_, index) => polar((index / count) * 2 * Math.PI, radius));
}

function star(points: number, outer: number, inner: number): Shape["corners"] {
  return Array.from({ length: 2 * points }, (_, index) =>
    polar((index / (2 * points)) * 2 * Math.PI, index % 2 === 0 ? outer : inner),
  );
}

/** An X: two bars of half width `bar`. */
function cross(reach: number, bar: number): Shape["corners"] {
  const upright: [number, number][] = [
    [-bar, -reach],
    [bar, -reach],
    [bar, -bar],
    [reach, -bar],
    [reach, bar],
    [bar, bar],
    [bar, reach],
    [-bar, reach],
    [-bar, bar],
    [-reach, bar],
    [-reach, -bar],
    [-bar, -bar],
  ];
  return upright.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);
}

/** Angles start at the top. */
function polar(angle: number, radius: number): [number, number] {
  return [radius * Math.sin(angle), -radius * Math.cos(angle)];
}
