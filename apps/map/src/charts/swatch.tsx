/** A bit of a line, beside its name. */
export function Swatch({ line }: { line: { readonly color: string; readonly dash?: readonly number[] } }) {
  return (
    <svg class="line-swatch" viewBox="0 0 14 4" aria-hidden="true">
      <path
        d="M0 2h14"
        stroke-dasharray={line.dash?.map((length) => length * 0.8).join(" ")}
        style={{ stroke: `var(${line.color})` }}
      />
    </svg>
  );
}
