/**
 * The quantile of sorted values, interpolated between neighbours.
 *
 * @param sorted - ascending, finite
 * @param q - 0 to 1
 */
export function quantile(sorted: ArrayLike<number>, q: number): number | undefined {
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (position - Math.floor(position));
}
