import type { Signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Series } from "../model/round-series.ts";
import { theme } from "../theme.ts";
import { MetricValue } from "../ui/metric-value.tsx";
import { createPlot, type Plot } from "./plot.ts";

/** A line of a chart, with one value a round. */
export interface ChartLine {
  readonly label: string;
  readonly title?: string;
  /** The style sheet's variable for its colour. */
  readonly color: string;
  readonly values: Series;
}

/** An area between two lines. */
export interface ChartBand {
  readonly label: string;
  readonly title: string;
  readonly color: string;
  readonly low: Series;
  readonly high: Series;
}

/** What a chart shows. */
export interface ChartProps {
  readonly title: string;
  readonly rounds: readonly number[];
  readonly lines: readonly ChartLine[];
  /** An area behind the lines. */
  readonly band?: ChartBand;
  /** Rounds with a value that has no place on the scale. */
  readonly nonFinite?: readonly number[];
  readonly format: (value: number | null | undefined) => string;
  /** Whether the scale begins at 0. */
  readonly fromZero?: boolean;
  readonly shown: number | undefined;
  /** The round whose values stand in the caption. */
  readonly read: number | undefined;
  /** The round that is pointed at, in any chart. */
  readonly hovered: Signal<number | undefined>;
  onSeek(round: number): void;
}

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
