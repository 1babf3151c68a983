interface SwatchProps {
  readonly line: { readonly color: string; readonly dash?: readonly number[] };
  /** The colour of the area around it, if it has one. */
  readonly area?: string | undefined;
}

/** A bit of a line, beside its name. */
export function Swatch({ line, area }: SwatchProps) {
  return (
    <svg class="line-swatch" viewBox="0 0 14 4" aria-hidden="true" style={area && { background: `var(${area})` }}>
      <path
        d="M0 2h14"
        stroke-dasharray={line.dash?.map((length) => length * 0.8).join(" ")}
        style={{ stroke: `var(${line.color})` }}
      />
    </svg>
  );
}
