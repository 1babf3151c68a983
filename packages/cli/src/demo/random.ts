/** The next number from [0, 1). */
export type Random = () => number;

/**
 * A generator of random numbers (sfc32) that gives the same sequence for the same parts, on every machine. Each use has
 * parts of its own, so that one more draw in one place changes nothing in another.
 */
export function randomFrom(...parts: readonly (string | number)[]): Random {
  const text = parts.join("/");
  let a = hash(text, 0x9e3779b9);
  let b = hash(text, 0x85ebca6b);
  let c = hash(text, 0xc2b2ae35);
  let counter = 1;
  const next: Random = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first numbers still show how alike two seeds are.
  for (let i = 0; i < 16; i++) next();
  return next;
}

/** FNV-1a with a basis of its own. */
function hash(text: string, basis: number): number {
  let value = basis | 0;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value;
}

/** A draw from the standard normal distribution (Box–Muller). */
export function normal(random: Random): number {
  // 1 - u, because the logarithm of 0 is infinite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A draw from the gamma distribution of scale 1 (Marsaglia and Tsang). */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Shares of a whole, drawn from the symmetric Dirichlet distribution: the smaller alpha, the more uneven. */
export function dirichlet(random: Random, alpha: number, count: number): number[] {
  const draws = Array.from({ length: count }, () => gamma(random, alpha));
  const sum = draws.reduce((total, draw) => total + draw, 0);
  return draws.map((draw) => draw / sum);
}

/** The index of one of the shares, drawn with that probability. */
export function pick(random: Random, shares: readonly number[]): number {
  let left = random();
  for (const [index, share] of shares.entries()) {
    left -= share;
    if (left < 0) return index;
  }
  return shares.length - 1;
}

/** A copy in random order. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
