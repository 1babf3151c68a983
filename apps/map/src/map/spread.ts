/** The angle of a sunflower's seeds, which fills a disc evenly with any number of points. */
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** Circles that may move, by index. */
export interface Circles {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly radius: Float32Array;
}

/** A circle that stays where it is. */
export interface FixedCircle {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** Where the seed of a number, from 0, stands in a sunflower whose seeds are about 1 apart. */
export function sunflower(seed: number): { x: number; y: number } {
  const radius = Math.sqrt(seed + 0.5);
  return { x: radius * Math.cos(seed * GOLDEN_ANGLE), y: radius * Math.sin(seed * GOLDEN_ANGLE) };
}

const PASSES = 12;
/** Circles that are further apart than this at first hardly meet. */
const SLACK = 10;

/**
 * Pushes circles apart where they overlap, none further than its `maxShift` from where it was.
 *
 * @param fixed - a circle that doesn't move
 */
export function pushApart(
  circles: Circles,
  fixed: FixedCircle | undefined,
  maxShift: (circle: number) => number,
): void {
  const { x, y, radius } = circles;
  const home = { x: x.slice(), y: y.slice() };
  const pairs = nearPairs(circles);
  for (let pass = 0; pass < PASSES; pass++) {
    for (let pair = 0; pair < pairs.length; pair += 2) separate(circles, pairs[pair] ?? 0, pairs[pair + 1] ?? 0);
    for (let i = 0; i < x.length; i++) {
      if (fixed !== undefined) {
        const away = overlap(num(x, i) - fixed.x, num(y, i) - fixed.y, num(radius, i) + fixed.radius, i);
        x[i] = num(x, i) + away.x;
        y[i] = num(y, i) + away.y;
      }
      const [dx, dy] = [num(x, i) - num(home.x, i), num(y, i) - num(home.y, i)];
      const shift = Math.hypot(dx, dy);
      const most = maxShift(i);
      if (shift <= most) continue;
      x[i] = num(home.x, i) + (dx / shift) * most;
      y[i] = num(home.y, i) + (dy / shift) * most;
    }
  }
}

/** The pairs of circles that may come to touch, as indices one after the other. */
function nearPairs({ x, y, radius }: Circles): number[] {
  const pairs: number[] = [];
  const cell = 2 * radius.reduce((most, r) => Math.max(most, r), 1) + SLACK;
  const cells = new Map<number, number[]>();
  const keyOf = (column: number, row: number): number => column * 1e6 + row;
  for (let i = 0; i < x.length; i++) {
    const [column, row] = [Math.floor(num(x, i) / cell), Math.floor(num(y, i) / cell)];
    if (Number.isNaN(column)) continue;
    for (let near = 0; near < 9; near++) {
      for (const j of cells.get(keyOf(column + (near % 3) - 1, row + Math.floor(near / 3) - 1)) ?? []) {
        const reach = num(radius, i) + num(radius, j) + SLACK;
        if (Math.abs(num(x, i) - num(x, j)) < reach && Math.abs(num(y, i) - num(y, j)) < reach) pairs.push(j, i);
      }
    }
    const key = keyOf(column, row);
    const members = cells.get(key);
    if (members === undefined) cells.set(key, [i]);
    else members.push(i);
  }
  return pairs;
}

function separate({ x, y, radius }: Circles, i: number, j: number): void {
  const away = overlap(num(x, i) - num(x, j), num(y, i) - num(y, j), num(radius, i) + num(radius, j), i);
  if (away.x === 0 && away.y === 0) return;
  x[i] = num(x, i) + away.x / 2;
  y[i] = num(y, i) + away.y / 2;
  x[j] = num(x, j) - away.x / 2;
  y[j] = num(y, j) - away.y / 2;
}

const NO_OVERLAP = { x: 0, y: 0 };

/** The way to go so that two circles, at a difference, no longer overlap. NaN differences don't. */
function overlap(dx: number, dy: number, reach: number, seed: number): { x: number; y: number } {
  if (!(Math.abs(dx) < reach && Math.abs(dy) < reach)) return NO_OVERLAP;
  const distance = Math.hypot(dx, dy);
  if (distance >= reach) return NO_OVERLAP;
  if (distance < 1e-3) {
    const angle = (seed + 1) * GOLDEN_ANGLE;
    return { x: reach * Math.cos(angle), y: reach * Math.sin(angle) };
  }
  const push = (reach - distance) / distance;
  return { x: dx * push, y: dy * push };
}

function num(values: Float32Array, index: number): number {
  return values[index] ?? Number.NaN;
}
