interface MetricValueProps {
  readonly value: number | null | undefined;
  readonly format: (value: number | null | undefined) => string;
}

/** A number as text; one that is not finite carries a warning. */
export function MetricValue({ value, format }: MetricValueProps) {
  const text = format(value);
  if (typeof value !== "number" || Number.isFinite(value)) return <>{text}</>;
  return (
    <span class="non-finite" title="not a finite number">
      <span aria-hidden="true">⚠ </span>
      {text}
    </span>
  );
}
