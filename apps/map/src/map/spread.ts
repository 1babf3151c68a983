/** The angle of a sunflower's seeds, which fills a disc evenly with any number of points. */
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** Offsets for points that share a place, in units of the distance that they should keep. */
export interface Spread {
  readonly dx: Float32Array;
  readonly dy: Float32Array;
  /** How many points share each point's place. */
  readonly crowd: Uint32Array;
}

/**
 * Spreads points that share a place over a disc around it. A point alone stays where it is.
 *
 * @param placeOf - a name for the place of a point, undefined if it has none
 */
export function spreadCrowds(count: number, placeOf: (index: number) => string | undefined): Spread {
  const crowds = new Map<string, number[]>();
  for (let index = 0; index < count; index++) {
    const place = placeOf(index);
    if (place === undefined) continue;
    const crowd = crowds.get(place);
    if (crowd === undefined) crowds.set(place, [index]);
    else crowd.push(index);
  }
  const spread = {
    dx: new Float32Array(count),
    dy: new Float32Array(count),
    crowd: new Uint32Array(count),
  };
  for (const members of crowds.values()) {
    members.forEach((index, seed) => {
      spread.crowd[index] = members.length;
      if (members.length === 1) return;
      const radius = Math.sqrt(seed + 0.5);
      spread.dx[index] = radius * Math.cos(seed * GOLDEN_ANGLE);
      spread.dy[index] = radius * Math.sin(seed * GOLDEN_ANGLE);
    });
  }
  return spread;
}

/** Circles that may move, by index. */
export interface Circles {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly radius: Float32Array;
}

/**
 * Pushes circles apart where they overlap, none further than `maxShift` from where it was. Takes time with the square of
 * their number.
 *
 * @param fixed - a circle that doesn't move
 */
export function pushApart(
  circles: Circles,
  fixed: { x: number; y: number; radius: number } | undefined,
  maxShift: number,
): void {
  const { x, y, radius } = circles;
  const home = { x: x.slice(), y: y.slice() };
  const count = x.length;
  for (let pass = 0; pass < 12; pass++) {
    for (let i = 0; i < count; i++) {
      for (let j = i + 1; j < count; j++) separate(circles, i, j);
      if (fixed === undefined) continue;
      const away = overlap(num(x, i) - fixed.x, num(y, i) - fixed.y, num(radius, i) + fixed.radius, i);
      x[i] = num(x, i) + away.x;
      y[i] = num(y, i) + away.y;
    }
    for (let i = 0; i < count; i++) {
      const [dx, dy] = [num(x, i) - num(home.x, i), num(y, i) - num(home.y, i)];
      const shift = Math.hypot(dx, dy);
      if (shift <= maxShift) continue;
      x[i] = num(home.x, i) + (dx / shift) * maxShift;
      y[i] = num(home.y, i) + (dy / shift) * maxShift;
    }
  }
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
