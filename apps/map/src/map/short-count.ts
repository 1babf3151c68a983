/** A count in four characters at most, to stand in a mark: `999`, `1.2k`, `35k`, `1.5M`. */
export function shortCount(count: number): string {
  if (count < 1000) return String(count);
  const [size, unit] = count < 999_500 ? [count / 1000, "k"] : [count / 1_000_000, "M"];
  return `${size < 9.95 ? size.toFixed(1) : size.toFixed(0)}${unit}`;
}
