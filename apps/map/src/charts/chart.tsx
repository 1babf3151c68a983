import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { theme } from "../theme.ts";
import { MetricValue } from "../ui/metric-value.tsx";
import type { ChartProps } from "./chart-props.ts";
import { createPlot, type Plot } from "./plot.ts";

/** A small chart over the rounds. A click goes to the round. */
export function Chart(props: ChartProps) {
  const { title, rounds, lines, band, nonFinite = [], format, shown, read } = props;
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const position = read === undefined ? -1 : rounds.indexOf(read);

  useLayoutEffect(() => {
    if (element.current === null) return undefined;
    const created = createPlot(element.current, latest.current, {
      onHover(round) {
        latest.current.hovered.value = round;
      },
      onSeek: (round) => latest.current.onSeek(round),
    });
    plot.current = created;
    return () => created.close();
  }, []);

  const currentTheme = theme.value;
  useEffect(() => {
    plot.current?.update({ ...latest.current, rounds, shown });
  }, [rounds, lines, shown, currentTheme]);

  const isEmpty = lines.every(({ values }) => values.every((value) => value === null));
  return (
    <figure class={isEmpty ? "chart without-values" : "chart"}>
      <figcaption>
        <span class="chart-title">{title}</span>
        {lines.map(({ label, title: explanation, color, values }, line) => (
          <span key={label} class="chart-value" title={explanation}>
            <i class="swatch" style={{ background: `var(${color})` }} />
            {lines.length > 1 && label}
            <b>
              <MetricValue
                value={line === 0 && read !== undefined && nonFinite.includes(read) ? Number.NaN : values[position]}
                format={format}
              />
            </b>
          </span>
        ))}
        {band !== undefined && (
          <span class="chart-value" title={band.title}>
            <i class="swatch wide" style={{ background: `var(${band.color})` }} />
            {band.label}
          </span>
        )}
      </figcaption>
      <div class="plot" ref={element} />
      {isEmpty && <p class="plot-empty">not reported</p>}
    </figure>
  );
}
