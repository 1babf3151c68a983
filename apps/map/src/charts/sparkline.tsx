interface SparklineProps {
  readonly label: string;
  /** A value for each round; null where there is none. */
  readonly values: readonly (number | null)[];
  /** Which of them to mark. */
  readonly at: number;
}

const WIDTH = 200;
const HEIGHT = 36;

/** A small line without axes. */
export function Sparkline({ label, values, at }: SparklineProps) {
  const points = pointsOf(values);
  const marked = points.find(({ index }) => index === at);
  return (
    <svg
      class="sparkline"
      viewBox={`0 -3 ${WIDTH} ${HEIGHT + 6}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {points.length === 1 && <line class="tick" x1="0" x2={WIDTH} y1={points[0]?.y} y2={points[0]?.y} />}
      <polyline points={points.map(({ x, y }) => `${x},${y}`).join(" ")} />
      {marked !== undefined && <line class="tick" x1={marked.x} x2={marked.x} y1={-3} y2={HEIGHT + 3} />}
    </svg>
  );
}

function pointsOf(values: readonly (number | null)[]): { index: number; x: number; y: number }[] {
  const known = values.flatMap((value, index) => (value === null || !Number.isFinite(value) ? [] : [{ index, value }]));
  const low = known.reduce((least, { value }) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = known.reduce((most, { value }) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return known.map(({ index, value }) => ({
    index,
    x: values.length > 1 ? (index / (values.length - 1)) * WIDTH : WIDTH / 2,
    y: high > low ? HEIGHT - ((value - low) / (high - low)) * HEIGHT : HEIGHT / 2,
  }));
}
